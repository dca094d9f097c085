// S3, as far as ddbvault asks it, with one versioned bucket.
//
// Objects of items (names of 64 hex digits) are taken and forgotten, and answered from the load.
// All others are few and kept, the newest version of each: the program's own bookkeeping depends on
// them, conditions and all.  Of those that are large (a snapshot's data) only the size is kept.
// For one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "bench/canned/canned_items.h"
#include "bench/canned/canned_load.h"
#include "bench/canned/http_server.h"

namespace ddbvault {

enum class S3Operation { kOther, kPutItem, kGetItem, kHeadItem };

// Objects other than those of items.
struct KeptObject {
  std::string body;
  std::uint64_t size = 0;
  std::string etag;
  std::string version_id;
  Time modified{};
  std::string headers;  // metadata and content type, whole lines
};
using KeptObjects = std::map<std::string, KeptObject, std::less<>>;

class CannedS3 {
 public:
  explicit CannedS3(CannedLoad load);

  CannedAnswer Answer(const CannedRequest& request, S3Operation& operation);
  KeptObjects& kept() { return kept_; }

 private:
  CannedAnswer Put(std::string_view key, const CannedRequest& request, bool item);
  CannedAnswer Get(std::string_view key, const CannedRequest& request) const;
  CannedAnswer GetItem(std::string_view name, bool head) const;
  CannedAnswer Remove(std::string_view key, const CannedRequest& request);
  CannedAnswer Multipart(std::string_view key, const CannedRequest& request);
  CannedAnswer List(const CannedRequest& request) const;
  std::string ListItems(const CannedRequest& request, std::string_view prefix, bool versions) const;
  std::string ListKept(std::string_view prefix, bool versions) const;

  CannedLoad load_;
  CannedNames names_;
  NumberedText item_;
  std::string item_headers_;
  std::string written_;  // headers of the answer to an item's PUT
  KeptObjects kept_;
  std::map<std::string, std::uint64_t, std::less<>> uploads_;  // sizes so far
  std::uint64_t writes_ = 0;
};

}  // namespace ddbvault
