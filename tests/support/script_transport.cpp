#include "tests/support/script_transport.h"

#include <stdexcept>

namespace ddbvault {

std::string ScriptTransport::Seen::target() const {
  const std::size_t scheme = url.find("://");
  const std::size_t path = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return path == std::string::npos ? "/" : url.substr(path);
}

ScriptTransport& ScriptTransport::Answer(int status, std::string body, Fields headers) {
  return Then([status, body = std::move(body), headers = std::move(headers)](const HttpRequest&) {
    return MakeResponse(status, body, headers);
  });
}

ScriptTransport& ScriptTransport::Fail(Error error) {
  return Then([error = std::move(error)](const HttpRequest&) -> HttpResponse { throw error; });
}

ScriptTransport& ScriptTransport::Then(Handler handler) {
  script_.push_back(std::move(handler));
  return *this;
}

Task<HttpResponse> ScriptTransport::Send(const HttpRequest& request) {
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  requests_.push_back({request.method, request.url, request.headers, std::string(request.body),
                       request.use_proxy, request.idle_most});
  Handler handler = otherwise_;
  if (!script_.empty()) {
    handler = std::move(script_.front());
    script_.pop_front();
  }
  if (!handler) {
    throw std::logic_error("a request that the test does not expect: " + request.method + " " +
                           request.url);
  }
  co_return handler(request);
}

HttpResponse MakeResponse(int status, std::string body, ScriptTransport::Fields headers) {
  HttpResponse response;
  response.status = status;
  for (auto& [name, value] : headers) response.headers.Add(std::move(name), std::move(value));
  response.body = std::move(body);
  response.body.reserve(response.body.size() + 64);
  return response;
}

Error BrokenConnection() {
  return {Reaction::kRetryLater, "the connection to example.com broke: connection reset by peer"};
}

}  // namespace ddbvault
