// What passes through the fault proxy, and what stands in its way.
//
//   client --> FaultProxy --> layer 1 --> layer 2 --> ... --> the real server
//          <--            <--         <--         <--
//
// A layer sees each request on its way in and its answer on the way out.  It may change either,
// answer by itself, ask the server more than once, or lose the answer.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "aws/http.h"
#include "base/task.h"

namespace ddbvault {

struct ProxyRequest {
  std::string method;
  std::string target;  // path and query, as sent
  HttpHeaders headers;
  std::string body;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  // Without the '?'; empty when there is none.
  std::string_view query() const;
  // True when the query has the parameter, with or without a value.
  bool HasParameter(std::string_view name) const;
  // "GetRecords" of X-Amz-Target: DynamoDBStreams_20120810.GetRecords; empty for S3.
  std::string_view operation() const;
  // The client says (amz-sdk-request) that it will not try again.
  bool IsLastTry() const;
};

struct ProxyReply {
  enum class Fate {
    kWhole,
    kCut,        // the connection is closed without a byte
    kTruncated,  // all of the body is promised, half of it is sent, the connection is closed
  };
  HttpResponse response;
  Fate fate = Fate::kWhole;
};

using ProxyNext = std::function<Task<ProxyReply>(ProxyRequest)>;

// Called on the proxy's thread; many requests may be on their way at once.
class ProxyLayer {
 public:
  virtual ~ProxyLayer() = default;
  // `next` is what stands behind this layer; it stays valid until the task has ended.
  virtual Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) = 0;
};

// Answers as the services write them.
ProxyReply JsonReply(int status, std::string body);  // DynamoDB, with its x-amz-crc32
ProxyReply JsonError(std::string_view name, std::string_view message, int status = 400);
ProxyReply XmlError(int status, std::string_view code, std::string_view message);

}  // namespace ddbvault
