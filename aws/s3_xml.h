// S3's XML documents, read and written, and STS's answers.  Only s3_xml.cpp includes pugixml.
//
// What comes from the server is hostile until parsed: at most 64 MB, entities as pugixml resolves
// them (no external or recursive ones), every number and time strict.  All Parse... throw
// Error{kCorrupt} for what is not whole XML of the right shape.  (ParseListObjectsV2 and
// ParseListObjectVersions are declared in s3_client.h.)
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

struct S3LifecycleRule;  // s3_client.h

struct S3ErrorDocument {
  std::string code;  // "NoSuchKey"; empty when the text is not S3's error XML
  std::string message;
  std::string request_id;
  std::string region;  // where the bucket is, when S3 says so
};

// Also of STS's <ErrorResponse>.  Never throws: an error's body may be anything (a proxy's HTML,
// nothing at all).
S3ErrorDocument ParseS3Error(std::string_view xml);

// "Enabled", "Suspended" or "" (never enabled).
std::string ParseBucketVersioning(std::string_view xml);
std::vector<S3LifecycleRule> ParseBucketLifecycle(std::string_view xml);
// The upload id.
std::string ParseInitiateMultipartUpload(std::string_view xml);

// The answer to CompleteMultipartUpload is 200 before S3 knows how it ends: it may be an error.
struct S3CompleteDocument {
  std::string etag;       // without quotes; some servers (Ceph 16) leave it empty
  S3ErrorDocument error;  // error.code is not empty: it failed
};
S3CompleteDocument ParseCompleteMultipartUpload(std::string_view xml);

// The texts of STS's answer to `action`, by their path below <ActionResult>: "Account",
// "Credentials/Expiration".  Empty when it is no whole answer to that action.  Never throws.
using StsTexts = std::map<std::string, std::string, std::less<>>;
StsTexts ParseStsResult(std::string_view xml, std::string_view action);

std::string FormatCreateBucket(std::string_view region);  // empty for us-east-1, as S3 wants it
std::string FormatBucketVersioning(bool enabled);
std::string FormatCompleteMultipartUpload(const std::vector<std::string>& etags);

// "\"abc\"" -> "abc"; also W/"abc".
std::string UnquoteETag(std::string_view etag);

}  // namespace ddbvault
