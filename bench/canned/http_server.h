// An HTTP/1.1 server on loopback that costs as little as one can: one thread, epoll, keep-alive.
//
// For the thread that calls Run(), but for Stop(), SetLatency() and accepted(), which any thread
// may call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

// Views into the connection's buffer: valid while the handler runs.
struct CannedRequest {
  std::string_view method;
  std::string_view path;   // "/bucket/key", as sent
  std::string_view query;  // without "?"
  std::string_view head;   // all header lines
  std::string_view body;

  // Empty: there is no such header.  `name` in lower case.
  std::string_view Header(std::string_view name) const;
  // The value, decoded; empty also when there is no such parameter.
  std::string Parameter(std::string_view name) const;
  bool HasParameter(std::string_view name) const;
};

struct CannedAnswer {
  int status = 200;
  std::string headers;  // whole lines, each with its end; Content-Length and Date are added
  std::string body;
  bool only_head = false;  // of a HEAD: the length of `body` is told, and nothing of it sent
};

class HttpServer {
 public:
  using Handler = std::function<CannedAnswer(const CannedRequest&)>;

  // Listens from here on.  Port 0: any free one.  Throws std::system_error.
  HttpServer(Handler handler, std::uint16_t port);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const { return port_; }
  // Until Stop().
  void Run();
  void Stop();
  // Of each answer that is made from now on.  All wait equally long, so they leave in the order in
  // which they came.
  void SetLatency(std::chrono::nanoseconds latency) { latency_ = latency.count(); }
  // Connections so far.
  std::uint64_t accepted() const { return accepted_; }

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Connection;
  struct Delayed {
    Instant due;
    std::weak_ptr<Connection> connection;
    std::string bytes;
  };

  void Accept();
  void OnEvents(std::size_t fd, std::uint32_t events);
  bool Read(Connection& connection);
  void Serve(const std::shared_ptr<Connection>& connection);
  void Answer(const std::shared_ptr<Connection>& connection, const CannedRequest& request);
  bool Write(Connection& connection);
  void SendDue();
  void Close(std::size_t fd);
  void Watch(int fd, std::uint32_t events, int operation) const;
  std::string_view Date();

  Handler handler_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::int64_t> latency_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::vector<std::shared_ptr<Connection>> connections_;  // by descriptor
  std::deque<Delayed> delayed_;
  std::string date_;
  std::time_t date_of_ = 0;
};

}  // namespace ddbvault
