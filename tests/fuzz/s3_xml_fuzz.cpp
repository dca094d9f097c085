// Answers of S3: listings, versioning, lifecycle rules, multipart uploads, errors.
#include "aws/s3_client.h"
#include "aws/s3_xml.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

void CheckEntries(const S3Listing& listing) {
  for (const S3Entry& entry : listing.entries) {
    Require(!entry.key.empty(), "an entry of a listing has a key");
    Require(entry.etag.find('"') == std::string::npos || entry.etag.size() > 1,
            "an ETag is without its quotes");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml = Text(data, size);
  Takes([&] {
    const S3Listing listing = ParseListObjectsV2(xml);
    CheckEntries(listing);
    Require(!listing.truncated || !listing.continuation_token.empty(),
            "a listing that goes on says how");
  });
  Takes([&] {
    const S3Listing listing = ParseListObjectVersions(xml);
    CheckEntries(listing);
    Require(!listing.truncated || !listing.next_key_marker.empty(),
            "a listing of versions that goes on says how");
  });
  Takes([&] {
    const std::string status = ParseBucketVersioning(xml);
    Require(status.empty() || status == "Enabled" || status == "Suspended",
            "versioning is in one of three states");
  });
  Takes([&] { ParseBucketLifecycle(xml); });
  Takes([&] { Require(!ParseInitiateMultipartUpload(xml).empty(), "an upload has an id"); });
  Takes([&] { ParseCompleteMultipartUpload(xml); });
  ParseS3Error(xml);  // never throws
  UnquoteETag(xml);
  return 0;
}
