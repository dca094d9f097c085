#include "tests/support/proxy/fault_proxy.h"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include "base/error.h"

namespace ddbvault {
namespace {

using asio::ip::tcp;

// What belongs to one connection, not to the message.
bool IsHopByHop(std::string_view name) {
  const auto equal = [name](std::string_view other) {
    return std::equal(name.begin(), name.end(), other.begin(), other.end(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    });
  };
  return equal("connection") || equal("keep-alive") || equal("transfer-encoding") ||
         equal("content-length") || equal("expect");
}

ProxyRequest ParseHead(std::string_view head) {
  ProxyRequest request;
  std::string_view line = head.substr(0, head.find("\r\n"));
  request.method = line.substr(0, line.find(' '));
  line.remove_prefix(line.find(' ') + 1);
  request.target = line.substr(0, line.find(' '));
  head.remove_prefix(head.find("\r\n") + 2);
  while (head.substr(0, 2) != "\r\n") {
    line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
    request.headers.Add(std::string(line.substr(0, colon)), std::string(line.substr(value)));
    head.remove_prefix(line.size() + 2);
  }
  return request;
}

HttpOptions UpstreamOptions() {
  HttpOptions options;
  options.user_agent.clear();  // the client's own is passed on
  return options;
}

}  // namespace

struct FaultProxy::Listener {
  explicit Listener(EventLoop& loop)
      : acceptor(loop.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}
  tcp::acceptor acceptor;
};

class FaultProxy::Connection {
 public:
  Connection(FaultProxy& proxy, tcp::socket socket) : proxy_(proxy), socket_(std::move(socket)) {}

  // Ends with an asio::system_error when the client closes.
  static Task<void> Serve(std::unique_ptr<Connection> connection) {
    bool goes_on = true;
    while (goes_on) {
      ProxyRequest request = co_await connection->Read();
      const bool head = request.method == "HEAD";
      const ProxyReply reply = co_await connection->proxy_.Pass(0, std::move(request));
      goes_on = co_await connection->Write(reply, head);
    }
  }

 private:
  Task<ProxyRequest> Read() {
    auto dynamic = asio::dynamic_buffer(buffer_);
    const std::size_t head_size =
        co_await asio::async_read_until(socket_, dynamic, "\r\n\r\n", asio::use_awaitable);
    ProxyRequest request = ParseHead(std::string_view(buffer_).substr(0, head_size));
    std::size_t length = 0;
    if (request.headers.Has("content-length")) {
      length = std::stoul(std::string(request.headers.Find("content-length")));
    }
    if (buffer_.size() < head_size + length) {
      const auto enough = asio::transfer_exactly(head_size + length - buffer_.size());
      co_await asio::async_read(socket_, dynamic, enough, asio::use_awaitable);
    }
    request.body = buffer_.substr(head_size, length);
    buffer_.erase(0, head_size + length);
    co_return request;
  }

  // False: the connection is closed.
  Task<bool> Write(const ProxyReply& reply, bool head) {
    if (reply.fate == ProxyReply::Fate::kCut) co_return false;
    const HttpResponse& response = reply.response;
    std::string text = "HTTP/1.1 " + std::to_string(response.status) + " Proxied\r\n";
    for (const auto& [name, value] : response.headers.fields()) {
      if (!IsHopByHop(name)) text.append(name).append(": ").append(value).append("\r\n");
    }
    if (!response.headers.Has("Date")) text += "Date: " + FormatHttpTime(clock_.Now()) + "\r\n";
    // An answer to HEAD has the length of what it does not have.
    const std::string length = head ? std::string(response.headers.Find("Content-Length"))
                                    : std::to_string(response.body.size());
    if (response.status != 204 && response.status != 304 && !length.empty()) {
      text += "Content-Length: " + length + "\r\n";
    }
    text += "\r\n";
    const bool truncated = reply.fate == ProxyReply::Fate::kTruncated;
    if (!head) text += response.body.substr(0, response.body.size() / (truncated ? 2 : 1));
    const auto buffers = asio::buffer(text);
    co_await asio::async_write(socket_, buffers, asio::use_awaitable);
    co_return !truncated;
  }

  FaultProxy& proxy_;
  tcp::socket socket_;
  SystemClock clock_;
  std::string buffer_;
};

FaultProxy::FaultProxy(std::string upstream)
    : upstream_(std::move(upstream)),
      loop_(UpstreamOptions()),
      listener_(std::make_unique<Listener>(loop_)) {}

FaultProxy::~FaultProxy() {
  if (!thread_.joinable()) return;
  asio::post(loop_.executor(), [this] { listener_->acceptor.close(); });
  thread_.join();
}

void FaultProxy::Start() {
  thread_ = std::thread([this] { loop_.Run(Accept()); });
}

std::string FaultProxy::url() const {
  return "http://127.0.0.1:" + std::to_string(listener_->acceptor.local_endpoint().port());
}

// Until the acceptor is closed.
Task<void> FaultProxy::Accept() {
  for (;;) {
    std::optional<tcp::socket> socket;
    try {
      socket = co_await listener_->acceptor.async_accept(asio::use_awaitable);
    } catch (const asio::system_error&) {
      co_return;
    }
    socket->set_option(tcp::no_delay(true));
    auto connection = std::make_unique<Connection>(*this, std::move(*socket));
    const auto ended = [](const std::exception_ptr&) {};  // the client is gone
    asio::co_spawn(loop_.executor(), Connection::Serve(std::move(connection)), ended);
  }
}

Task<ProxyReply> FaultProxy::Pass(std::size_t layer, ProxyRequest request) {
  if (layer == layers_.size()) co_return co_await AskServer(std::move(request));
  const ProxyNext next = [this, layer](ProxyRequest passed) {
    return Pass(layer + 1, std::move(passed));
  };
  co_return co_await layers_[layer]->Handle(std::move(request), next);
}

Task<ProxyReply> FaultProxy::AskServer(ProxyRequest request) {
  HttpRequest onward;
  onward.method = request.method;
  onward.url = upstream_ + request.target;
  for (const auto& [name, value] : request.headers.fields()) {
    if (!IsHopByHop(name)) onward.headers.Add(name, value);
  }
  onward.body = request.body;
  onward.use_proxy = false;
  ProxyReply reply;
  try {
    reply.response = co_await loop_.Send(onward);
  } catch (const Error&) {
    reply.fate = ProxyReply::Fate::kCut;  // as the client would have seen it
  }
  co_return reply;
}

}  // namespace ddbvault
