// Counts what is asked of a server, by what it costs: each try is a request.
//
//   DynamoDB   by operation: "Scan", "BatchWriteItem"
//   S3         "PUT item", "GET item", "HEAD item" of items' objects (64 hex digits, not below
//   "_/"),
//              "LIST", and "GET other", ... for the rest
//
// For any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

class RequestCounts : public ProxyLayer {
 public:
  using Counts = std::map<std::string, std::int64_t>;

  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override {
    {
      const std::lock_guard lock(mutex_);
      ++counts_[KindOf(request)];
    }
    co_return co_await next(std::move(request));
  }

  // Those since the last time.
  Counts Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(counts_, {});
  }

 private:
  static std::string KindOf(const ProxyRequest& request) {
    if (!request.operation().empty()) return std::string(request.operation());
    if (request.HasParameter("list-type") || request.HasParameter("versions")) return "LIST";
    return request.method + (IsItem(request.path()) ? " item" : " other");
  }
  static bool IsItem(std::string_view path) {
    constexpr std::size_t kHexOfSha256 = 64;
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name.size() == kHexOfSha256 && path.find("/_/") == std::string_view::npos &&
           name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  }

  std::mutex mutex_;
  Counts counts_;
};

}  // namespace ddbvault
