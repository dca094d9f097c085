#include "tests/support/http_script_server.h"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include "base/task.h"

namespace ddbvault {

using asio::ip::tcp;

struct HttpScriptServer::Loop {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
};

struct HttpScriptServer::Connection {
  HttpScriptServer& server;
  tcp::socket socket;
  int number;
  std::string buffer;

  static Task<void> Accept(HttpScriptServer& server) {
    for (int number = 1;; ++number) {
      tcp::socket socket = co_await server.loop_->acceptor.async_accept(asio::use_awaitable);
      socket.set_option(tcp::no_delay(true));
      {
        const std::lock_guard lock(server.mutex_);
        server.connections_ = number;
      }
      auto connection =
          std::make_unique<Connection>(Connection{server, std::move(socket), number, {}});
      asio::co_spawn(server.loop_->context, Serve(std::move(connection)), asio::detached);
    }
  }

  static Task<void> Serve(std::unique_ptr<Connection> connection) {
    // Ends with an asio::system_error when the client closes.
    while (true) {
      const ScriptedRequest request = co_await connection->ReadRequest();
      const ScriptedReply reply = connection->server.Decide(request);
      const bool goes_on = co_await connection->Answer(request, reply);
      if (!goes_on) co_return;
    }
  }

  Task<ScriptedRequest> ReadRequest() {
    auto dynamic = asio::dynamic_buffer(buffer);
    const std::size_t head_size =
        co_await asio::async_read_until(socket, dynamic, "\r\n\r\n", asio::use_awaitable);
    ScriptedRequest request = ParseHead(std::string_view(buffer).substr(0, head_size));
    request.connection = number;
    std::size_t length = 0;
    if (request.headers.Has("content-length")) {
      length = std::stoul(std::string(request.headers.Find("content-length")));
    }
    if (buffer.size() < head_size + length) {
      const std::size_t missing = head_size + length - buffer.size();
      const auto enough = asio::transfer_exactly(missing);
      co_await asio::async_read(socket, dynamic, enough, asio::use_awaitable);
    }
    request.body = buffer.substr(head_size, length);
    buffer.erase(0, head_size + length);
    co_return request;
  }

  static ScriptedRequest ParseHead(std::string_view head) {
    ScriptedRequest request;
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

  // False: the connection is closed.
  Task<bool> Answer(const ScriptedRequest& request, const ScriptedReply& reply) {
    if (reply.no_answer) co_return false;
    if (reply.stall) {
      // Until the client gives up: there is nothing more to read.
      char byte = 0;
      const auto buffers = asio::buffer(&byte, 1);
      co_await asio::async_read(socket, buffers, asio::use_awaitable);
      co_return false;
    }
    std::string text = reply.raw;
    if (text.empty()) {
      text = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
      for (const auto& [name, value] : reply.headers.fields()) {
        text.append(name).append(": ").append(value).append("\r\n");
      }
      if (reply.status >= 200 && reply.status != 204 && reply.status != 304) {
        text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
      }
      text += "\r\n";
      if (request.method != "HEAD") {
        text += reply.body.substr(0, reply.cut_after.value_or(reply.body.size()));
      }
    }
    const auto buffers = asio::buffer(text);
    co_await asio::async_write(socket, buffers, asio::use_awaitable);
    co_return !reply.cut_after && reply.raw.empty() && !reply.close_after;
  }
};

HttpScriptServer::HttpScriptServer() : loop_(std::make_unique<Loop>()) {
  port_ = loop_->acceptor.local_endpoint().port();
  asio::co_spawn(loop_->context, Connection::Accept(*this), asio::detached);
  thread_ = std::thread([this] {
    while (!loop_->context.stopped()) {
      try {
        loop_->context.run();
      } catch (const asio::system_error&) {
        // A client has gone: its task ends with that.
      }
    }
  });
}

HttpScriptServer::~HttpScriptServer() {
  loop_->context.stop();
  thread_.join();
}

void HttpScriptServer::Reply(ScriptedReply reply) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(reply));
}

void HttpScriptServer::Reply(int status, std::string body) {
  ScriptedReply reply;
  reply.status = status;
  reply.body = std::move(body);
  Reply(std::move(reply));
}

void HttpScriptServer::Otherwise(Handler handler) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(handler);
}

std::vector<ScriptedRequest> HttpScriptServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int HttpScriptServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

ScriptedReply HttpScriptServer::Decide(const ScriptedRequest& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  if (!script_.empty()) {
    ScriptedReply reply = std::move(script_.front());
    script_.pop_front();
    return reply;
  }
  if (otherwise_) return otherwise_(request);
  ScriptedReply reply;
  reply.status = 500;
  reply.body = "the script is at its end";
  return reply;
}

}  // namespace ddbvault
