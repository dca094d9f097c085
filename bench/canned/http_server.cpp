#include "bench/canned/http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <system_error>

namespace ddbvault {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{64} << 10;
constexpr int kBacklog = 1024;

[[noreturn]] void ThrowErrno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameName(std::string_view sent, std::string_view lower) {
  if (sent.size() != lower.size()) return false;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (Lower(sent[i]) != lower[i]) return false;
  }
  return true;
}

std::string Decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      decoded.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

// Calls back with each name and value of a query until it returns true.
template <typename Visit>
bool AnyParameter(std::string_view query, const Visit& visit) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1);
    if (visit(one.substr(0, equals), value)) return true;
  }
  return false;
}

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 404:
      return "Not Found";
    case 412:
      return "Precondition Failed";
    default:
      return "Canned";
  }
}

}  // namespace

std::string_view CannedRequest::Header(std::string_view name) const {
  std::string_view left = head;
  while (!left.empty()) {
    const std::string_view line = left.substr(0, left.find("\r\n"));
    left.remove_prefix(std::min(left.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !SameName(line.substr(0, colon), name)) continue;
    const std::size_t start = line.find_first_not_of(' ', colon + 1);
    return start == std::string_view::npos ? std::string_view() : line.substr(start);
  }
  return {};
}

std::string CannedRequest::Parameter(std::string_view name) const {
  std::string found;
  AnyParameter(query, [&](std::string_view each, std::string_view value) {
    if (each != name) return false;
    found = Decoded(value);
    return true;
  });
  return found;
}

bool CannedRequest::HasParameter(std::string_view name) const {
  return AnyParameter(query,
                      [name](std::string_view each, std::string_view) { return each == name; });
}

struct HttpServer::Connection {
  explicit Connection(int descriptor) : fd(descriptor) {}
  ~Connection() { close(fd); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd;
  std::string in;
  std::string out;
  std::size_t sent = 0;    // of `out`
  bool continued = false;  // "100 Continue" was said for the request that is coming in
  bool waits = false;      // for room to write
};

HttpServer::HttpServer(Handler handler, std::uint16_t port) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_ < 0) ThrowErrno("socket");
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0) ThrowErrno("bind");
  if (listen(listener_, kBacklog) != 0) ThrowErrno("listen");
  if (getsockname(listener_, generic, &size) != 0) ThrowErrno("getsockname");
  port_ = ntohs(address.sin_port);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (epoll_ < 0 || wake_ < 0) ThrowErrno("epoll");
  Watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  Watch(wake_, EPOLLIN, EPOLL_CTL_ADD);
}

HttpServer::~HttpServer() {
  connections_.clear();
  close(wake_);
  close(epoll_);
  close(listener_);
}

void HttpServer::Stop() {
  stopped_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

void HttpServer::Run() {
  std::array<epoll_event, 256> events{};
  while (!stopped_) {
    timespec left{};
    if (!delayed_.empty()) {
      const auto wait = std::max<std::chrono::nanoseconds>(
          delayed_.front().due - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0));
      left.tv_sec = wait.count() / 1'000'000'000;
      left.tv_nsec = wait.count() % 1'000'000'000;
    }
    // Milliseconds would be too coarse: a latency of 1 ms would be anything up to 2.
    const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()),
                                   delayed_.empty() ? nullptr : &left, nullptr);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      if (event.data.fd == listener_) {
        Accept();
      } else if (event.data.fd != wake_) {
        OnEvents(static_cast<std::size_t>(event.data.fd), event.events);
      }
    }
    SendDue();
  }
}

void HttpServer::Watch(int fd, std::uint32_t events, int operation) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_, operation, fd, &event);
}

void HttpServer::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    ++accepted_;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto index = static_cast<std::size_t>(fd);
    if (connections_.size() <= index) connections_.resize(index + 1);
    connections_[index] = std::make_shared<Connection>(fd);
    Watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void HttpServer::OnEvents(std::size_t fd, std::uint32_t events) {
  const std::shared_ptr<Connection> connection = connections_[fd];
  if (!connection) return;
  if ((events & EPOLLOUT) != 0 && !Write(*connection)) return Close(fd);
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
  if (!Read(*connection)) return Close(fd);
  Serve(connection);
}

void HttpServer::Close(std::size_t fd) { connections_[fd].reset(); }

// False: the other side has closed.
bool HttpServer::Read(Connection& connection) {
  for (;;) {
    const std::size_t before = connection.in.size();
    connection.in.resize(before + kReadAtOnce);
    const ssize_t got = recv(connection.fd, connection.in.data() + before, kReadAtOnce, 0);
    connection.in.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (static_cast<std::size_t>(got) < kReadAtOnce) return true;
  }
}

void HttpServer::Serve(const std::shared_ptr<Connection>& connection) {
  std::string& in = connection->in;
  for (;;) {
    const std::size_t end = in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string_view whole = in;
    const std::string_view line = whole.substr(0, whole.find("\r\n"));
    CannedRequest request;
    request.method = line.substr(0, line.find(' '));
    std::string_view target = line.substr(std::min(line.size(), request.method.size() + 1));
    target = target.substr(0, target.find(' '));
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.head = whole.substr(line.size() + 2, end - line.size());
    const std::string_view length = request.Header("content-length");
    std::size_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    if (whole.size() < end + 4 + size) {
      if (connection->continued || request.Header("expect").empty()) return;
      connection->continued = true;
      connection->out += "HTTP/1.1 100 Continue\r\n\r\n";
      Write(*connection);
      return;
    }
    request.body = whole.substr(end + 4, size);
    Answer(connection, request);
    connection->continued = false;
    in.erase(0, end + 4 + size);
  }
}

std::string_view HttpServer::Date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_of_) {
    std::array<char, 64> text{};
    std::tm parts{};
    gmtime_r(&now, &parts);
    date_.assign(text.data(),
                 std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    date_of_ = now;
  }
  return date_;
}

void HttpServer::Answer(const std::shared_ptr<Connection>& connection,
                        const CannedRequest& request) {
  const CannedAnswer answer = handler_(request);
  std::string bytes;
  bytes.reserve(256 + answer.headers.size() + answer.body.size());
  bytes.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  bytes.append(Reason(answer.status)).append("\r\nDate: ").append(Date());
  bytes.append("\r\nContent-Length: ").append(std::to_string(answer.body.size()));
  bytes.append("\r\n").append(answer.headers).append("\r\n");
  if (!answer.only_head) bytes += answer.body;
  const std::chrono::nanoseconds latency(latency_.load());
  if (latency.count() == 0) {
    connection->out += bytes;
    Write(*connection);
  } else {
    delayed_.push_back({std::chrono::steady_clock::now() + latency, connection, std::move(bytes)});
  }
}

void HttpServer::SendDue() {
  if (delayed_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  while (!delayed_.empty() && delayed_.front().due <= now) {
    const std::shared_ptr<Connection> connection = delayed_.front().connection.lock();
    if (connection) {
      connection->out += delayed_.front().bytes;
      Write(*connection);
    }
    delayed_.pop_front();
  }
}

// False: the other side is gone.
bool HttpServer::Write(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t count = send(connection.fd, connection.out.data() + connection.sent,
                               connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      if (errno != EAGAIN) return false;
      if (!connection.waits) Watch(connection.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      connection.waits = true;
      return true;
    }
    connection.sent += static_cast<std::size_t>(count);
  }
  connection.out.clear();
  connection.sent = 0;
  if (connection.waits) Watch(connection.fd, EPOLLIN, EPOLL_CTL_MOD);
  connection.waits = false;
  return true;
}

}  // namespace ddbvault
