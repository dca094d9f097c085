#include "aws/event_loop.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <set>

#include "base/error.h"
#include "tests/support/http_script_server.h"

namespace ddbvault {
namespace {

using std::chrono::steady_clock;

HttpRequest Request(std::string method, std::string url, std::string_view body = {}) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.body = body;
  request.use_proxy = false;
  return request;
}

ScriptedReply Ok(std::string body = {}) {
  ScriptedReply reply;
  reply.body = std::move(body);
  return reply;
}

// The Error that a request ends with; Error(kCancelled, "") if it ends well.
Error Failure(EventLoop& loop, const HttpRequest& request) {
  try {
    loop.Run(loop.Send(request));
  } catch (const Error& error) {
    return error;
  }
  return {Reaction::kCancelled, ""};
}

// Set as long as it lives.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~EnvironmentVariable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class EventLoopTest : public testing::Test {
 protected:
  HttpScriptServer server_;
  EventLoop loop_;
};

TEST_F(EventLoopTest, ReturnsWhatTheTaskReturnsAndThrowsWhatItThrows) {
  const auto seven = []() -> Task<int> { co_return 7; };
  EXPECT_EQ(loop_.Run(seven()), 7);
  const auto fail = []() -> Task<void> {
    throw Error(Reaction::kConflict, "no");
    co_return;
  };
  EXPECT_THROW(loop_.Run(fail()), Error);
  EXPECT_EQ(loop_.Run(seven()), 7);
}

TEST_F(EventLoopTest, SendsTheRequestAsItIsAndReturnsTheAnswer) {
  ScriptedReply reply = Ok("answer");
  reply.status = 201;
  reply.headers.Add("X-One", " two ");
  server_.Reply(reply);
  HttpRequest request =
      Request("PUT", server_.url() + "/a//b/../c%2F?x=%20&versions=", R"({"id":{"S":"1"}})");
  request.headers.Add("x-amz-date", "20261120T120000Z");
  request.headers.Add("x-empty", "");
  const HttpResponse response = loop_.Run(loop_.Send(request));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "answer");
  EXPECT_GE(response.body.capacity(), response.body.size() + 64);
  EXPECT_EQ(response.headers.Find("x-one"), "two");

  const ScriptedRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/a//b/../c%2F?x=%20&versions=");
  EXPECT_EQ(seen.body, R"({"id":{"S":"1"}})");
  std::set<std::string> names;
  for (const auto& [name, value] : seen.headers.fields()) names.emplace(name);
  EXPECT_EQ(names, (std::set<std::string>{"Host", "User-Agent", "x-amz-date", "x-empty",
                                          "Content-Length"}));
  EXPECT_EQ(seen.headers.Find("host"), "127.0.0.1:" + std::to_string(server_.port()));
}

TEST_F(EventLoopTest, SpeaksAllMethods) {
  server_.Otherwise([](const ScriptedRequest&) { return Ok("body"); });
  for (const char* method : {"GET", "HEAD", "DELETE", "PUT", "POST"}) {
    const HttpRequest request = Request(method, server_.url() + "/");
    const HttpResponse response = loop_.Run(loop_.Send(request));
    EXPECT_EQ(response.body, method == std::string("HEAD") ? "" : "body");
  }
  const auto seen = server_.requests();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[0].method, "GET");
  EXPECT_EQ(seen[1].method, "HEAD");
  EXPECT_EQ(seen[2].method, "DELETE");
  EXPECT_EQ(seen[3].method, "PUT");
  EXPECT_EQ(seen[4].method, "POST");
  EXPECT_FALSE(seen[0].headers.Has("content-length"));
  EXPECT_EQ(seen[3].headers.Find("content-length"), "0");
  EXPECT_FALSE(seen[4].headers.Has("content-type"));
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(EventLoopTest, SendsLargeBodiesWhole) {
  std::string body;
  for (int i = 0; body.size() < 300'000; ++i) body += std::to_string(i);
  server_.Otherwise([](const ScriptedRequest& request) { return Ok(request.body); });
  const HttpRequest request = Request("PUT", server_.url() + "/", body);
  const HttpResponse response = loop_.Run(loop_.Send(request));
  EXPECT_TRUE(response.body == body);
  EXPECT_FALSE(server_.requests().at(0).headers.Has("expect"));
}

TEST(EventLoop, SendsAThousandPutsOverSixtyFourConnections) {
  HttpScriptServer server;
  server.Otherwise([](const ScriptedRequest& request) { return Ok(request.body); });
  HttpOptions options;
  options.max_connections = 64;
  EventLoop loop(options);
  const auto put = [&](int i) -> Task<void> {
    const std::string body = "item " + std::to_string(i);
    const HttpRequest request = Request("PUT", server.url() + "/" + std::to_string(i), body);
    const HttpResponse response = co_await loop.Send(request);
    EXPECT_EQ(response.body, body);
    EXPECT_LE(loop.in_flight(), 64U);
  };
  const auto all = [&]() -> Task<void> {
    TaskGroup group(loop.executor());
    for (int i = 0; i < 1000; ++i) group.Spawn(put(i));
    co_await group.Join();
  };
  loop.Run(all());
  std::set<std::string> targets;
  for (const ScriptedRequest& request : server.requests()) targets.insert(request.target);
  EXPECT_EQ(targets.size(), 1000U);
  EXPECT_EQ(server.requests().size(), 1000U);
  EXPECT_LE(server.connections(), 64);
  EXPECT_EQ(loop.in_flight(), 0U);
}

TEST_F(EventLoopTest, ReusesAConnectionThatHasNotBeenIdleForTooLong) {
  server_.Otherwise([](const ScriptedRequest&) { return Ok(); });
  HttpRequest request = Request("GET", server_.url() + "/");
  for (int i = 0; i < 3; ++i) loop_.Run(loop_.Send(request));
  EXPECT_EQ(server_.connections(), 1);
  // By libcurl's own clock, in whole seconds: nothing but time makes a connection idle.
  SystemClock clock;
  loop_.Run(clock.Sleep(std::chrono::seconds(1)));
  loop_.Run(loop_.Send(request));
  EXPECT_EQ(server_.connections(), 1);
  loop_.Run(clock.Sleep(std::chrono::seconds(1)));
  request.idle_most = std::chrono::seconds(0);
  loop_.Run(loop_.Send(request));
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(EventLoopTest, SaysWhenARequestWasSentTwice) {
  server_.Reply(200, "1");
  ScriptedReply dead;
  dead.no_answer = true;
  server_.Reply(dead);
  server_.Reply(200, "2");
  HttpRequest request = Request("PUT", server_.url() + "/", "body");
  int sends = 0;
  request.sends = &sends;
  loop_.Run(loop_.Send(request));
  EXPECT_EQ(sends, 1);
  // libcurl takes the connection that it kept, gets nothing, and sends all of it once more.
  const HttpResponse second = loop_.Run(loop_.Send(request));
  EXPECT_EQ(second.body, "2");
  EXPECT_EQ(sends, 3);
  EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(EventLoopTest, SaysThatAFailedRequestWasSent) {
  ScriptedReply dead;
  dead.no_answer = true;
  server_.Reply(dead);
  HttpRequest request = Request("PUT", server_.url() + "/", "body");
  int sends = 0;
  request.sends = &sends;
  const Error error = Failure(loop_, request);
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(sends, 1);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(EventLoopTest, GoesThroughTheProxyOfTheEnvironmentUnlessToldNotTo) {
  HttpScriptServer proxy;
  proxy.Otherwise([](const ScriptedRequest&) { return Ok("proxy"); });
  server_.Otherwise([](const ScriptedRequest&) { return Ok("direct"); });
  const EnvironmentVariable http_proxy("http_proxy", proxy.url());
  const EnvironmentVariable no_proxy("no_proxy", "");
  const EnvironmentVariable upper_no_proxy("NO_PROXY", "");
  HttpRequest request = Request("GET", server_.url() + "/latest/api/token");
  EXPECT_EQ(loop_.Run(loop_.Send(request)).body, "direct");
  request.use_proxy = true;
  EXPECT_EQ(loop_.Run(loop_.Send(request)).body, "proxy");
  EXPECT_EQ(proxy.requests().at(0).target, server_.url() + "/latest/api/token");
}

TEST_F(EventLoopTest, FindsThatAKeptConnectionWasClosed) {
  ScriptedReply reply = Ok("1");
  reply.close_after = true;
  server_.Reply(reply);
  server_.Reply(200, "2");
  const HttpRequest request = Request("PUT", server_.url() + "/", "body");
  EXPECT_EQ(loop_.Run(loop_.Send(request)).body, "1");
  EXPECT_EQ(loop_.Run(loop_.Send(request)).body, "2");
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(EventLoopTest, AnswersOfEveryStatusAreAnswers) {
  server_.Reply(503, "<Error/>");
  ScriptedReply redirect = Ok();
  redirect.status = 301;
  redirect.headers.Add("Location", server_.url() + "/elsewhere");
  server_.Reply(redirect);
  const HttpRequest request = Request("GET", server_.url() + "/");
  EXPECT_EQ(loop_.Run(loop_.Send(request)).status, 503);
  EXPECT_EQ(loop_.Run(loop_.Send(request)).status, 301);
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(EventLoopTest, TakesTheLastOfSeveralHeads) {
  ScriptedReply reply;
  reply.raw =
      "HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-B: 2\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  server_.Reply(reply);
  const HttpRequest request = Request("GET", server_.url() + "/");
  const HttpResponse response = loop_.Run(loop_.Send(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.Has("x-a"));
  EXPECT_EQ(response.headers.Find("x-b"), "2");
  EXPECT_EQ(response.body, "abcde");
}

TEST_F(EventLoopTest, ABodyCutShortIsNoAnswer) {
  ScriptedReply reply = Ok("0123456789");
  reply.cut_after = 4;
  server_.Reply(reply);
  const Error error = Failure(loop_, Request("GET", server_.url() + "/"));
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(error.message(),
            "127.0.0.1:" + std::to_string(server_.port()) + " cut its answer short");
  EXPECT_EQ(error.http_status(), 0);
}

TEST_F(EventLoopTest, TakesNoAnswerThatIsTooLarge) {
  server_.Reply(Ok(std::string(kLargestBody, 'x')));
  server_.Reply(Ok(std::string(kLargestBody + 1, 'x')));
  const HttpRequest request = Request("GET", server_.url() + "/");
  EXPECT_EQ(loop_.Run(loop_.Send(request)).body.size(), kLargestBody);
  const Error error = Failure(loop_, request);
  EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
  EXPECT_EQ(error.message(),
            "127.0.0.1:" + std::to_string(server_.port()) + " answers with more than 128 MB");
}

TEST_F(EventLoopTest, AConnectionClosedEarlyIsNoAnswer) {
  ScriptedReply reply;
  reply.no_answer = true;
  server_.Reply(reply);
  const Error error = Failure(loop_, Request("PUT", server_.url() + "/", "x"));
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(error.message(), "127.0.0.1:" + std::to_string(server_.port()) +
                                 " closed the connection without an answer");
}

TEST_F(EventLoopTest, WhatIsNotHttpIsNoAnswer) {
  ScriptedReply reply;
  reply.raw = "SSH-2.0-OpenSSH_9.2p1\r\n";
  server_.Reply(reply);
  const Error error = Failure(loop_, Request("GET", server_.url() + "/"));
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(error.message(),
            "127.0.0.1:" + std::to_string(server_.port()) + " has answered, but not in HTTP");
}

TEST_F(EventLoopTest, SaysWhyItCannotConnect) {
  std::uint16_t port = 0;
  {
    const HttpScriptServer gone;
    port = gone.port();
  }
  const std::string host = "127.0.0.1:" + std::to_string(port);
  const Error error = Failure(loop_, Request("GET", "http://" + host + "/"));
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(error.message(), "cannot connect to " + host + ": connection refused");
  EXPECT_EQ(error.hint(), "check the network and the endpoint");
}

TEST_F(EventLoopTest, GivesUpWhenNothingMoves) {
  ScriptedReply reply;
  reply.stall = true;
  server_.Reply(reply);
  HttpRequest request = Request("GET", server_.url() + "/");
  request.idle_timeout = Duration(1000);
  const Error error = Failure(loop_, request);
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(error.message(),
            "127.0.0.1:" + std::to_string(server_.port()) + " has sent nothing for 1.0s");
}

TEST_F(EventLoopTest, LimitsTheWholeRequestWhenAsked) {
  ScriptedReply reply;
  reply.stall = true;
  server_.Reply(reply);
  HttpRequest request = Request("GET", server_.url() + "/");
  request.total_timeout = Duration(50);
  const Error error = Failure(loop_, request);
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(error.message(),
            "127.0.0.1:" + std::to_string(server_.port()) + " has not answered within 50ms");
}

TEST_F(EventLoopTest, RefusesWhatItCannotSend) {
  const Error url = Failure(loop_, Request("GET", "gopher://example/"));
  EXPECT_EQ(url.reaction(), Reaction::kFixCommand);
  HttpRequest request = Request("GET", server_.url() + "/");
  request.headers.Add("x-amz-meta-a", "1\r\nX-Evil: 2");
  const Error header = Failure(loop_, request);
  EXPECT_EQ(header.reaction(), Reaction::kFixCommand);
  EXPECT_EQ(header.message(),
            "the value of the header x-amz-meta-a contains a character that HTTP does not allow");
  EXPECT_EQ(loop_.in_flight(), 0U);
}

TEST_F(EventLoopTest, NamesACaBundleThatIsNotThere) {
  HttpOptions options;
  options.ca_bundle = "/nonexistent/ca.pem";
  try {
    const EventLoop loop(options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "cannot read the CA bundle /nonexistent/ca.pem: No such file or directory");
  }
}

TEST_F(EventLoopTest, SaysWhenNoConnectionComesAboutInTime) {
  // The script server waits for the end of a head, and TLS for the server.
  const std::string host = "127.0.0.1:" + std::to_string(server_.port());
  HttpRequest request = Request("GET", "https://" + host + "/");
  request.connect_timeout = Duration(20);
  const Error error = Failure(loop_, request);
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(error.message(), "cannot connect to " + host + ": no connection within 20ms");
}

TEST_F(EventLoopTest, DestroyedWhileRequestsAreUnderWayAndInLine) {
  ScriptedReply stall;
  stall.stall = true;
  server_.Otherwise([stall](const ScriptedRequest&) { return stall; });
  HttpOptions options;
  options.max_connections = 1;
  auto loop = std::make_unique<EventLoop>(options);
  const auto send = [](EventLoop* on, std::string url) -> Task<void> {
    const HttpRequest request = Request("GET", std::move(url));
    co_await on->Send(request);
  };
  for (int i = 0; i < 3; ++i) {
    asio::co_spawn(loop->executor(), send(loop.get(), server_.url() + "/"),
                   [](std::exception_ptr) {});
  }
  while (server_.requests().empty()) {
    loop->context().run_one_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(loop->in_flight(), 1U);
  loop.reset();
}

TEST_F(EventLoopTest, TheResultOfAWorkerWakesTheLoopAtOnce) {
  WorkerPool pool(1);
  const auto work = [&pool]() -> Task<steady_clock::duration> {
    steady_clock::duration best = std::chrono::hours(1);
    for (int i = 0; i < 20; ++i) {
      const auto start = steady_clock::now();
      co_await pool.Run([] { return 1; });
      best = std::min(best, steady_clock::now() - start);
    }
    co_return best;
  };
  EXPECT_LT(loop_.Run(work()), std::chrono::milliseconds(1));
}

TEST_F(EventLoopTest, UsesNoCpuWhileItWaits) {
  server_.Otherwise([](const ScriptedRequest&) { return Ok(); });
  ScriptedReply closing = Ok();
  closing.close_after = true;
  server_.Reply(closing);
  const auto wait = [this]() -> Task<long> {
    const HttpRequest request = Request("GET", server_.url() + "/");
    co_await loop_.Send(request);  // leaves a connection that the server closes
    asio::steady_timer timer(loop_.executor(), std::chrono::milliseconds(300));
    rusage before{};
    getrusage(RUSAGE_THREAD, &before);
    co_await timer.async_wait(asio::use_awaitable);
    rusage after{};
    getrusage(RUSAGE_THREAD, &after);
    co_return (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
               before.ru_stime.tv_sec) *
            1000000 +
        (after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
         before.ru_stime.tv_usec);
  };
  EXPECT_LT(loop_.Run(wait()), 10000);  // microseconds
}

TEST_F(EventLoopTest, ASignalReachesTheHandler) {
  Event signalled(loop_.executor());
  int number = 0;
  loop_.OnSignals([&](int n) {
    number = n;
    signalled.Set();
  });
  std::raise(SIGTERM);
  loop_.Run(signalled.Wait());
  EXPECT_EQ(number, SIGTERM);
}

}  // namespace
}  // namespace ddbvault
