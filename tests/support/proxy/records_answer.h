// A GetRecords answer that is taken apart, changed, and put together again.  Records stay as they
// are, byte for byte.
#pragma once

#include <string>
#include <vector>

#include "aws/streams_client.h"
#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

// The answer's records are views into the page.
inline RecordsPage ReadRecords(const HttpResponse& response) {
  return ParseRecordsPage(std::make_unique<std::string>(response.body));
}

// `next_iterator` empty: the shard has ended.
inline ProxyReply RecordsReply(const std::vector<std::string>& records,
                               const std::string& next_iterator) {
  std::string body = R"({"Records":[)";
  for (const std::string& record : records) {
    if (body.back() != '[') body += ',';
    body += record;
  }
  body += "]";
  if (!next_iterator.empty()) body += R"(,"NextShardIterator":")" + next_iterator + "\"";
  return JsonReply(200, body + "}");
}

}  // namespace ddbvault
