#include "aws/s3_client.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>

#include "aws/caller.h"
#include "base/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/script_transport.h"

namespace ddbvault {
namespace {

constexpr const char* kModified = "Fri, 20 Nov 2026 12:00:00 GMT";

class S3ClientTest : public testing::Test {
 protected:
  S3Client Client(std::string endpoint, bool path_style, S3Checksums checksums = {}) {
    CallerOptions options;
    options.service = "s3";
    options.region = "eu-central-1";
    options.endpoint = std::move(endpoint);
    options.protocol = AwsProtocol::kXml;
    Credentials credentials;
    credentials.access_key_id = "AKID";
    credentials.secret_access_key = "secret";
    auto caller = std::make_shared<AwsCaller>(
        transport_, clock_, std::make_shared<StaticCredentials>(credentials), options);
    return S3Client(std::move(caller), "bucket", path_style, checksums);
  }
  template <typename T>
  T Run(Task<T> task) {
    return RunWithFakeTime(context_, clock_, std::move(task));
  }
  S3PutRequest PutOf(std::string key) {
    S3PutRequest put;
    put.key = std::move(key);
    put.body = "123456789";
    put.content_type = "application/json";
    put.metadata = {{"event", "INSERT"}};
    return put;
  }
  const ScriptTransport::Seen& last() const { return transport_.requests().back(); }

  asio::io_context context_;
  FakeClock clock_;
  ScriptTransport transport_;
};

TEST_F(S3ClientTest, PutsWithACrcOverHttps) {
  transport_.Answer(200, "", {{"ETag", "\"e\""}, {"x-amz-version-id", "v"}});
  S3Client client = Client("https://s3.eu-central-1.amazonaws.com", false);
  const S3PutResult result = Run(client.PutObject(PutOf("a b/../\xC3\xA9+")));
  EXPECT_EQ(result.etag, "e");
  EXPECT_EQ(result.version_id, "v");
  EXPECT_EQ(last().method, "PUT");
  EXPECT_EQ(last().url, "https://bucket.s3.eu-central-1.amazonaws.com/a%20b/../%C3%A9%2B");
  EXPECT_EQ(last().body, "123456789");
  EXPECT_EQ(last().headers.Find("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  // CRC-32's check value 0xCBF43926.
  EXPECT_EQ(last().headers.Find("x-amz-checksum-crc32"), "y/Q5Jg==");
  EXPECT_EQ(last().headers.Find("x-amz-meta-event"), "INSERT");
  EXPECT_EQ(last().headers.Find("Content-Type"), "application/json");
  EXPECT_EQ(last().idle_most, HttpRequest().idle_most);
}

TEST_F(S3ClientTest, PutsWithTheBodysHashOverHttpOrWhenChecksumsAreOff) {
  for (const char* endpoint : {"http://127.0.0.1:9000", "https://other"}) {
    transport_.Answer(200);
    S3Client client = Client(endpoint, true, {false, false});
    Run(client.PutObject(PutOf("k")));
    EXPECT_EQ(last().url, std::string(endpoint) + "/bucket/k");
    EXPECT_EQ(last().headers.Find("x-amz-content-sha256"),
              "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
    EXPECT_FALSE(last().headers.Has("x-amz-checksum-crc32"));
  }
}

TEST_F(S3ClientTest, AConditionalPutTakesOnlyAConnectionThatWasJustUsed) {
  S3Client client = Client("http://s3.test", true);
  transport_.Answer(200, "", {{"ETag", "\"e\""}});
  S3PutRequest put = PutOf("k");
  put.if_none_match = "*";
  EXPECT_FALSE(Run(client.PutObject(put)).precondition_failed);
  EXPECT_EQ(last().headers.Find("If-None-Match"), "*");
  EXPECT_EQ(last().idle_most, std::chrono::seconds(2));
  transport_.Answer(200);
  put = PutOf("k");
  put.if_match = "e";
  EXPECT_FALSE(Run(client.PutObject(put)).precondition_failed);
  EXPECT_EQ(last().headers.Find("If-Match"), "e");
  EXPECT_EQ(last().idle_most, std::chrono::seconds(2));
}

TEST_F(S3ClientTest, AFailedPreconditionIsAnOutcomeAndSaysWhetherAnEarlierTryMayHaveWritten) {
  S3Client client = Client("http://s3.test", true);
  S3PutRequest put = PutOf("k");
  put.if_none_match = "*";
  transport_.Answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
  S3PutResult result = Run(client.PutObject(put));
  EXPECT_TRUE(result.precondition_failed);
  EXPECT_FALSE(result.unanswered_attempt);
  transport_.Fail(BrokenConnection());
  transport_.Answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
  result = Run(client.PutObject(put));
  EXPECT_TRUE(result.precondition_failed);
  EXPECT_TRUE(result.unanswered_attempt);
  // If-Match of an object that is gone.
  put = PutOf("k");
  put.if_match = "e";
  transport_.Answer(404, "<Error><Code>NoSuchKey</Code></Error>");
  EXPECT_TRUE(Run(client.PutObject(put)).precondition_failed);
  transport_.Answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
  EXPECT_THROW(Run(client.PutObject(put)), Error);
  // An unconditional one has no precondition that could fail.
  transport_.Answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
  EXPECT_THROW(Run(client.PutObject(PutOf("k"))), Error);
}

TEST_F(S3ClientTest, NothingThereIsNoErrorButNoBucketIs) {
  S3Client client = Client("http://s3.test", true);
  for (const char* code : {"NoSuchKey", "NoSuchVersion"}) {
    transport_.Answer(404, std::string("<Error><Code>") + code + "</Code></Error>");
    EXPECT_FALSE(Run(client.GetObject("k", "v")));
  }
  transport_.Answer(405);
  EXPECT_FALSE(Run(client.GetObject("k", "v")));
  transport_.Answer(404);
  EXPECT_FALSE(Run(client.HeadObject("k", "")));
  transport_.Answer(405);
  EXPECT_FALSE(Run(client.HeadObject("k", "v")));
  transport_.Answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
  try {
    Run(client.GetObject("k", ""));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kNotFound);
    EXPECT_EQ(error.hint(), "Create the bucket bucket, or correct its name or the region.");
  }
}

TEST_F(S3ClientTest, ComparesTheChecksumThatS3Keeps) {
  S3Client client = Client("https://s3.test", true);
  const auto answer = [&](std::string body, std::string crc, std::string type) {
    transport_.Answer(200, std::move(body),
                      {{"Last-Modified", kModified},
                       {"x-amz-checksum-crc32", std::move(crc)},
                       {"x-amz-checksum-type", std::move(type)}});
  };
  answer("123456789", "y/Q5Jg==", "FULL_OBJECT");
  EXPECT_EQ(Run(client.GetObject("k", ""))->body, "123456789");
  EXPECT_EQ(last().headers.Find("x-amz-checksum-mode"), "ENABLED");
  answer("123456780", "y/Q5Jg==-2", "COMPOSITE");
  EXPECT_EQ(Run(client.GetObject("k", ""))->body, "123456780");
  answer("123456780", "y/Q5Jg==", "FULL_OBJECT");
  try {
    Run(client.GetObject("k", ""));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
  }
}

TEST_F(S3ClientTest, ReadsARangeAndTheSizeOfTheWhole) {
  S3Client client = Client("http://s3.test", true);
  transport_.Answer(206, "45", {{"Last-Modified", kModified}, {"Content-Range", "bytes 3-4/1234"}});
  const auto part = Run(client.GetObject("k", "", 3, 2, "e"));
  EXPECT_EQ(part->body, "45");
  EXPECT_EQ(part->size, 1234U);
  EXPECT_EQ(last().headers.Find("Range"), "bytes=3-4");
  EXPECT_EQ(last().headers.Find("If-Match"), "e");
  transport_.Answer(416, "<Error><Code>InvalidRange</Code></Error>");
  EXPECT_EQ(Run(client.GetObject("k", "", 9999, 2))->body, "");
  transport_.Answer(412);
  try {
    Run(client.GetObject("k", "", 3, 2, "e"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kConflict);
  }
}

TEST_F(S3ClientTest, ReadsTheLifecycleAndTakesNoneForNoRules) {
  S3Client client = Client("http://s3.test", true);
  transport_.Answer(200,
                    "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status>"
                    "<Filter><Prefix>backup/</Prefix></Filter><NoncurrentVersionExpiration>"
                    "<NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule>"
                    "</LifecycleConfiguration>");
  const std::vector<S3LifecycleRule> rules = Run(client.GetBucketLifecycle());
  EXPECT_EQ(last().target(), "/bucket?lifecycle=");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].id, "old");
  EXPECT_EQ(rules[0].noncurrent_expiration, 30U);
  transport_.Answer(404, "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>");
  EXPECT_TRUE(Run(client.GetBucketLifecycle()).empty());
  transport_.Answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
  EXPECT_THROW(Run(client.GetBucketLifecycle()), Error);
}

TEST_F(S3ClientTest, KnowsHowFarTheServersClockIsAhead) {
  S3Client client = Client("http://s3.test", true);
  EXPECT_EQ(client.server_ahead(), Duration(0));
  transport_.Answer(200, "<VersioningConfiguration/>",
                    {{"Date", FormatHttpTime(clock_.Now() + std::chrono::seconds(90))}});
  Run(client.GetBucketVersioning());
  EXPECT_EQ(client.server_ahead(), std::chrono::seconds(90));
}

}  // namespace
}  // namespace ddbvault
