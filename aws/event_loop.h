// The one thread that everything of ddbvault runs on: tasks, timers, signals, and HTTP.
//
//   EventLoop loop(options);
//   loop.Run(Main(loop));
//
// One thread: whoever calls Run().  Only executor() may be used (posted to) from other threads.
#pragma once

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "aws/curl_transport.h"
#include "aws/http.h"
#include "base/task.h"

namespace ddbvault {

class EventLoop : public HttpTransport {
 public:
  // Throws Error{kFixCommand} when ca_bundle cannot be read.
  explicit EventLoop(HttpOptions options = {});
  // Destroys tasks that still wait here, and with them their requests.
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // What tasks of this loop run on.
  Executor executor();
  asio::io_context& context();

  // Runs the loop until the task has ended, and returns its result or throws its error.  Other
  // tasks run meanwhile; what they have left goes on with the next Run().
  template <typename T>
  T Run(Task<T> task);

  // Calls `handler` on the loop, with the number, for each SIGINT and SIGTERM from now on.
  void OnSignals(std::function<void(int)> handler);

  // See HttpTransport.  `request` must stay valid until the task has ended.  Proxies come from the
  // environment as libcurl reads it (HTTPS_PROXY, NO_PROXY, ...).  Redirects are not followed.
  Task<HttpResponse> Send(const HttpRequest& request) override;

  // Requests that have been started and not ended, without those that wait in line.
  std::size_t in_flight() const;

 private:
  struct State;
  void RunUntil(const bool& done);

  std::unique_ptr<State> state_;
};

template <typename T>
T EventLoop::Run(Task<T> task) {
  bool done = false;
  std::exception_ptr error;
  const auto end = [this, &done, &error](std::exception_ptr e) {
    error = std::move(e);
    done = true;
    context().stop();
  };
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(executor(), std::move(task), end);
    RunUntil(done);
    if (error) std::rethrow_exception(error);
  } else {
    std::optional<T> result;
    asio::co_spawn(executor(), std::move(task), [&end, &result](std::exception_ptr e, T value) {
      if (!e) result.emplace(std::move(value));
      end(std::move(e));
    });
    RunUntil(done);
    if (error) std::rethrow_exception(error);
    return std::move(*result);
  }
}

}  // namespace ddbvault
