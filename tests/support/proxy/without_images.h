// Takes the NewImage from records that cannot be applied without it: as no AWS ever sends them, and
// as a follower must be ready for.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/proxy/records_answer.h"

namespace ddbvault {

class WithoutImages : public ProxyLayer {
 public:
  // Of each record whose NewImage contains `text`, however often it is read.
  explicit WithoutImages(std::string text) : text_(std::move(text)) {}

  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override {
    const bool records = request.operation() == "GetRecords";
    ProxyReply reply = co_await next(std::move(request));
    if (!records || reply.response.status != 200) co_return reply;
    const RecordsPage page = ReadRecords(reply.response);
    std::vector<std::string> all;
    for (const ChangeView& change : page.batch.changes()) {
      std::string record(change.raw);
      if (change.new_image.find(text_) != std::string_view::npos) {
        const std::string member = "\"NewImage\":" + std::string(change.new_image) + ",";
        const std::size_t at = record.find(member);
        if (at != std::string::npos) {
          record.erase(at, member.size());
          ++count_;
        }
      }
      all.push_back(std::move(record));
    }
    co_return RecordsReply(all, page.next_iterator);
  }

  std::uint64_t count() const { return count_; }

 private:
  std::string text_;
  std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace ddbvault
