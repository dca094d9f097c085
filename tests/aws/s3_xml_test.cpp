#include "aws/s3_xml.h"

#include <gtest/gtest.h>

#include "aws/s3_client.h"
#include "base/error.h"

namespace ddbvault {
namespace {

std::string List(const std::string& inside) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3\">" +
         inside + "</ListBucketResult>";
}

std::string Contents(const std::string& key) {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2026-11-20T12:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
         "<Size>5</Size></Contents>";
}

std::string MessageOf(const std::string& xml) {
  try {
    ParseListObjectsV2(xml);
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
    return error.what();
  }
  return "no error";
}

TEST(S3Xml, ReadsAPageOfObjects) {
  const S3Listing page = ParseListObjectsV2(
      List("<IsTruncated>true</IsTruncated><NextContinuationToken>t/+=</NextContinuationToken>" +
           Contents("a/b") + Contents("c")));
  EXPECT_TRUE(page.truncated);
  EXPECT_EQ(page.continuation_token, "t/+=");
  ASSERT_EQ(page.entries.size(), 2U);
  EXPECT_EQ(page.entries[0].key, "a/b");
  EXPECT_EQ(page.entries[0].etag, "e");
  EXPECT_EQ(page.entries[0].size, 5U);
  EXPECT_EQ(FormatTime(page.entries[0].last_modified), "2026-11-20T12:00:00Z");
}

TEST(S3Xml, DecodesKeysOnlyWhenTheServerSaysThatTheyAreEncoded) {
  const std::string end = "<IsTruncated>false</IsTruncated>";
  const auto key = [](const std::string& xml) { return ParseListObjectsV2(xml).entries[0].key; };
  EXPECT_EQ(key(List("<EncodingType>url</EncodingType>" + end + Contents("a+b%2Bc%2F%0A%c3%a9"))),
            "a b+c/\n\xC3\xA9");
  EXPECT_EQ(key(List(end + Contents("a+b%2B &amp; c"))), "a+b%2B & c");
  EXPECT_EQ(key(List(end + Contents(" "))), " ");
  for (const char* bad : {"a%", "a%2", "a%2g"}) {
    EXPECT_EQ(MessageOf(List("<EncodingType>url</EncodingType>" + end + Contents(bad))),
              "S3's answer is not to be understood: a key that is not percent-encoded");
  }
}

TEST(S3Xml, RefusesWhatIsNotAWholeListing) {
  const std::string whole = List("<IsTruncated>false</IsTruncated>" + Contents("a"));
  EXPECT_EQ(MessageOf(whole), "no error");
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_NE(MessageOf(whole.substr(0, cut)), "no error") << cut;
  }
  const std::string start = "S3's answer is not to be understood: ";
  EXPECT_EQ(MessageOf("<html></html>"), start + "no ListBucketResult");
  EXPECT_EQ(MessageOf(List(Contents("a"))), start + "IsTruncated is neither true nor false");
  EXPECT_EQ(MessageOf(List("<IsTruncated>true</IsTruncated>")),
            start + "a listing that goes on, without NextContinuationToken");
  EXPECT_EQ(MessageOf(List("<IsTruncated>false</IsTruncated>" + Contents(""))),
            start + "an empty key");
}

TEST(S3Xml, KeepsVersionsAndMarkersInTheOrderOfTheDocument) {
  const auto entry = [](const char* kind, const char* id, const char* latest) {
    return std::string("<") + kind + "><Key>a</Key><VersionId>" + id + "</VersionId><IsLatest>" +
           latest + "</IsLatest><LastModified>2026-11-20T12:00:00Z</LastModified><Size>3</Size></" +
           kind + ">";
  };
  const S3Listing page = ParseListObjectVersions(
      "<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextKeyMarker>a%20b</NextKeyMarker><NextVersionIdMarker>2</NextVersionIdMarker>" +
      entry("DeleteMarker", "3", "true") + entry("Version", "2", "false") +
      entry("DeleteMarker", "1", "false") + "</ListVersionsResult>");
  ASSERT_EQ(page.entries.size(), 3U);
  EXPECT_TRUE(page.entries[0].is_delete_marker);
  EXPECT_TRUE(page.entries[0].is_latest);
  EXPECT_FALSE(page.entries[1].is_delete_marker);
  EXPECT_EQ(page.entries[1].size, 3U);
  EXPECT_EQ(page.entries[2].version_id, "1");
  EXPECT_EQ(page.next_key_marker, "a b");
  EXPECT_EQ(page.next_version_id_marker, "2");
}

TEST(S3Xml, ReadsErrorsAndWhatIsNone) {
  const S3ErrorDocument error = ParseS3Error(
      "<Error><Code>NoSuchKey</Code><Message>gone</Message><RequestId>7f2c</RequestId></Error>");
  EXPECT_EQ(error.code, "NoSuchKey");
  EXPECT_EQ(error.message, "gone");
  EXPECT_EQ(error.request_id, "7f2c");
  for (const char* other : {"", "<html/>", "502 Bad Gateway", "<Error>"}) {
    EXPECT_EQ(ParseS3Error(other).code, "");
  }
}

TEST(S3Xml, WritesWhatS3Reads) {
  EXPECT_EQ(FormatCreateBucket("us-east-1"), "");
  EXPECT_EQ(FormatCreateBucket("eu-central-1"),
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>");
  const std::string complete = FormatCompleteMultipartUpload({"a", "b"});
  EXPECT_NE(complete.find("<Part><PartNumber>2</PartNumber><ETag>\"b\"</ETag></Part>"),
            std::string::npos)
      << complete;
}

TEST(S3Xml, ReadsEveryFormOfALifecycleRule) {
  const std::vector<S3LifecycleRule> rules = ParseBucketLifecycle(
      "<LifecycleConfiguration xmlns=\"http://s3\">"
      "<Rule><ID>a</ID><Prefix>old/</Prefix><Status>Disabled</Status>"
      "<Expiration><Days>7</Days></Expiration></Rule>"
      "<Rule><ID>b</ID><Filter><And><Prefix>new/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>"
      "</And></Filter><Status>Enabled</Status>"
      "<Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration>"
      "<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays>"
      "<NewerNoncurrentVersions>5</NewerNoncurrentVersions></NoncurrentVersionExpiration>"
      "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>"
      "</AbortIncompleteMultipartUpload>"
      "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>"
      "<NoncurrentVersionTransition><NoncurrentDays>1</NoncurrentDays>"
      "<StorageClass>DEEP_ARCHIVE</StorageClass></NoncurrentVersionTransition></Rule>"
      "<Rule><Filter/><Status>Enabled</Status>"
      "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>"
      "</LifecycleConfiguration>");
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_FALSE(rules[0].enabled);
  EXPECT_EQ(rules[0].prefix, "old/");
  EXPECT_EQ(rules[0].expiration, 7U);
  EXPECT_FALSE(rules[0].noncurrent_expiration);
  EXPECT_TRUE(rules[1].enabled);
  EXPECT_EQ(rules[1].prefix, "new/");
  EXPECT_TRUE(rules[1].filtered);
  EXPECT_EQ(rules[1].expiration_date, "2027-01-01T00:00:00Z");
  EXPECT_EQ(rules[1].noncurrent_expiration, 30U);
  EXPECT_EQ(rules[1].newer_noncurrent_versions, 5U);
  EXPECT_EQ(rules[1].abort_uploads, 2U);
  EXPECT_EQ(rules[1].storage_classes, (std::vector<std::string>{"GLACIER", "DEEP_ARCHIVE"}));
  EXPECT_EQ(rules[2].prefix, "");
  EXPECT_FALSE(rules[2].filtered);
  EXPECT_FALSE(rules[2].expiration);
  EXPECT_THROW(ParseBucketLifecycle("<LifecycleConfiguration>"), Error);
  EXPECT_THROW(ParseBucketLifecycle("<LifecycleConfiguration><Rule><Expiration><Days>x</Days>"
                                    "</Expiration></Rule></LifecycleConfiguration>"),
               Error);
}

}  // namespace
}  // namespace ddbvault
