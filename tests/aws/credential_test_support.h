// A home directory, an environment, a clock and a transport of the test's own, for the tests of
// settings and credentials.
#pragma once

#include <asio/io_context.hpp>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "aws/credential_source.h"
#include "aws/http.h"
#include "aws/settings.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "tests/support/temp_dir.h"

namespace ddbvault::credential_test {

// Runs one task on a loop of its own and returns what it returns.
template <typename T>
T Await(Task<T> task) {
  asio::io_context loop;
  std::optional<T> result;
  std::exception_ptr error;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failure, T value) {
    error = failure;
    result = std::move(value);
  });
  loop.run();
  if (error) std::rethrow_exception(error);
  return std::move(*result);
}

// The Error that `action` throws.
template <typename Action>
Error ErrorOf(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("no Error was thrown");
}

// Sleeping moves the time on.
class StepClock : public Clock {
 public:
  using Clock::Sleep;
  Time Now() const override { return now; }
  Duration Uptime() const override { return now.time_since_epoch(); }
  Task<void> Sleep(Duration duration, Stop*) override {
    now += duration;
    ++sleeps;
    co_return;
  }
  Time now = FromEpochSeconds(1795175640);  // 2026-11-20T11:54:00Z
  int sleeps = 0;
};

struct SentRequest {
  HttpRequest request;  // its body view is void
  std::string body;
};

// Answers with what `handler` returns or throws, one turn of the loop later.
class HandlerTransport : public HttpTransport {
 public:
  Task<HttpResponse> Send(const HttpRequest& request) override {
    sent.push_back({request, std::string(request.body)});
    const Executor executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    HttpResponse response = handler(sent.back());
    response.body.reserve(response.body.size() + 64);
    co_return response;
  }
  std::function<HttpResponse(const SentRequest&)> handler = [](const SentRequest&) -> HttpResponse {
    throw Error(Reaction::kRetryLater, "no route to host");
  };
  std::deque<SentRequest> sent;
};

inline HttpResponse Answer(int status, std::string body = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

class World {
 public:
  World() { env["HOME"] = home.path(); }

  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = home.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string Path(const std::string& name) const { return home.path() / name; }
  std::string Read(const std::string& name) const {
    std::ifstream file(home.path() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  AwsSettings Settings(const AwsOverrides& overrides = {}) const {
    return ResolveAwsSettings(overrides, [env = env](std::string_view name) {
      const auto found = env.find(name);
      return found == env.end() ? std::nullopt : std::optional<std::string>(found->second);
    });
  }
  CredentialContext Context(const AwsOverrides& overrides = {}) {
    return {transport, clock, workers, std::make_shared<AwsSettings>(Settings(overrides))};
  }

  TempDir home;
  std::map<std::string, std::string, std::less<>> env;
  StepClock clock;
  HandlerTransport transport;
  WorkerPool workers{1};
};

}  // namespace ddbvault::credential_test
