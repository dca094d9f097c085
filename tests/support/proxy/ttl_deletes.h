// Makes the deletes of chosen items look like TTL's: their REMOVE records get the userIdentity of
// DynamoDB.  (DynamoDB Local never deletes by TTL.)
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tests/support/proxy/records_answer.h"

namespace ddbvault {

class TtlDeletes : public ProxyLayer {
 public:
  // Asked with a record's Keys, as DynamoDB JSON.
  using Chosen = std::function<bool(std::string_view keys)>;
  explicit TtlDeletes(Chosen chosen) : chosen_(std::move(chosen)) {}

  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override {
    const bool records = request.operation() == "GetRecords";
    ProxyReply reply = co_await next(std::move(request));
    if (!records || reply.response.status != 200) co_return reply;
    const RecordsPage page = ReadRecords(reply.response);
    std::vector<std::string> all;
    for (const ChangeView& change : page.batch.changes()) {
      std::string record(change.raw);
      if (change.event_name == EventName::kRemove && chosen_(change.keys)) {
        record.insert(1, R"("userIdentity":{"type":"Service",)"
                         R"("principalId":"dynamodb.amazonaws.com"},)");
        ++count_;
      }
      all.push_back(std::move(record));
    }
    co_return RecordsReply(all, page.next_iterator);
  }

  std::uint64_t count() const { return count_; }

 private:
  Chosen chosen_;
  std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace ddbvault
