#include "tests/support/proxy/proxy_layer.h"

#include <charconv>

#include "base/digest.h"

namespace ddbvault {
namespace {

// The number behind "name=" in "attempt=1; max=4"; -1 when there is none.
int NumberOf(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return -1;
  text.remove_prefix(at + name.size());
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string_view ProxyRequest::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

bool ProxyRequest::HasParameter(std::string_view name) const {
  std::string_view rest = query();
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    if (part.substr(0, part.find('=')) == name) return true;
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  return false;
}

std::string_view ProxyRequest::operation() const {
  const std::string_view target_header = headers.Find("X-Amz-Target");
  const std::size_t dot = target_header.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : target_header.substr(dot + 1);
}

bool ProxyRequest::IsLastTry() const {
  const std::string_view text = headers.Find("amz-sdk-request");
  const int attempt = NumberOf(text, "attempt=");
  return attempt >= 0 && attempt >= NumberOf(text, "max=");
}

ProxyReply JsonReply(int status, std::string body) {
  ProxyReply reply;
  reply.response.status = status;
  reply.response.headers.Set("Content-Type", "application/x-amz-json-1.0");
  reply.response.headers.Set("x-amzn-RequestId", RandomUuid());
  reply.response.headers.Set("x-amz-crc32", std::to_string(Crc32(body)));
  reply.response.body = std::move(body);
  return reply;
}

ProxyReply JsonError(std::string_view name, std::string_view message, int status) {
  return JsonReply(status, R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + std::string(name) +
                               R"(","message":")" + std::string(message) + "\"}");
}

ProxyReply XmlError(int status, std::string_view code, std::string_view message) {
  const std::string id = RandomUuid();
  ProxyReply reply;
  reply.response.status = status;
  reply.response.headers.Set("Content-Type", "application/xml");
  reply.response.headers.Set("x-amz-request-id", id);
  reply.response.body = R"(<?xml version="1.0" encoding="UTF-8"?><Error><Code>)" +
                        std::string(code) + "</Code><Message>" + std::string(message) +
                        "</Message><RequestId>" + id + "</RequestId></Error>";
  return reply;
}

}  // namespace ddbvault
