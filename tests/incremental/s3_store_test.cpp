// What S3Store does about answers that are lost; the suite itself runs against a real server
// (tests/e2e/s3_store_conformance_test.cpp).
#include "incremental/s3_store.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>

#include "aws/caller.h"
#include "base/digest.h"
#include "base/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/script_transport.h"

namespace ddbvault {
namespace {

constexpr const char* kModified = "Fri, 20 Nov 2026 12:00:00 GMT";

class S3StoreTest : public testing::Test {
 protected:
  S3StoreTest() {
    CallerOptions options;
    options.service = "s3";
    options.region = "us-east-1";
    options.endpoint = "http://s3.test";
    options.protocol = AwsProtocol::kXml;
    Credentials credentials;
    credentials.access_key_id = "AKID";
    credentials.secret_access_key = "secret";
    auto caller = std::make_shared<AwsCaller>(
        transport_, clock_, std::make_shared<StaticCredentials>(credentials), options);
    client_ = std::make_shared<S3Client>(std::move(caller), "bucket", true);
    store_ = std::make_unique<S3Store>(client_, "/pre/", true);
  }
  template <typename T>
  T Run(Task<T> task) {
    return RunWithFakeTime(context_, clock_, std::move(task));
  }
  PutResult Put(PutCondition condition, std::string_view body = "mine") {
    PutRequest request;
    request.key = "orders/a";
    request.body = body;
    request.metadata = {{"writer", "w1"}};
    request.condition = condition;
    request.etag = condition == PutCondition::kIfMatches ? "e0" : "";
    return Run(store_->Put(std::move(request)));
  }
  void AnswerWithObject(std::string body, std::string writer) {
    transport_.Answer(200, std::move(body),
                      {{"ETag", "\"e1\""},
                       {"x-amz-version-id", "v1"},
                       {"Last-Modified", kModified},
                       {"x-amz-meta-writer", std::move(writer)}});
  }

  asio::io_context context_;
  FakeClock clock_;
  ScriptTransport transport_;
  std::shared_ptr<S3Client> client_;
  std::unique_ptr<S3Store> store_;
};

TEST_F(S3StoreTest, AConditionalPutIsOursWhenTheLostTryWroteIt) {
  transport_.Fail(BrokenConnection()).Answer(412);
  AnswerWithObject("mine", "w1");
  const PutResult result = Put(PutCondition::kIfAbsent);
  EXPECT_TRUE(result.written);
  EXPECT_EQ(result.version_id, "v1");
  EXPECT_EQ(result.etag, "e1");
  EXPECT_FALSE(result.in_doubt);
  ASSERT_EQ(transport_.requests().size(), 3U);
  EXPECT_EQ(transport_.requests()[0].target(), "/bucket/pre/orders/a");
  EXPECT_EQ(transport_.requests()[0].headers.Find("If-None-Match"), "*");
}

// A server that says so of each page would be listed for ever.
TEST_F(S3StoreTest, AListingThatDoesNotGetOnIsAnError) {
  const std::string page =
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
      "NextContinuationToken></ListBucketResult>";
  transport_.Answer(200, page).Answer(200, page);
  EXPECT_EQ(Run(store_->List("orders/", "", "")).next, "t");
  EXPECT_THROW(Run(store_->List("orders/", "t", "")), Error);
  const std::string versions =
      "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>pre/orders/a</"
      "NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker></ListVersionsResult>";
  transport_.Answer(200, versions).Answer(200, versions);
  const std::string next = Run(store_->ListVersions("orders/", "")).next;
  EXPECT_FALSE(next.empty());
  EXPECT_THROW(Run(store_->ListVersions("orders/", next)), Error);
}

// A kept connection dies while the first copy is on its way: libcurl sends another by itself.
TEST_F(S3StoreTest, AConditionalPutIsOursWhenTheTransportSentItTwice) {
  const auto refused_after = [this](int sends) {
    transport_.Then([sends](const HttpRequest& request) {
      *request.sends = sends;
      HttpResponse response;
      response.status = 412;
      return response;
    });
    AnswerWithObject("mine", "w1");
    return Put(PutCondition::kIfAbsent);
  };
  const PutResult twice = refused_after(2);
  EXPECT_TRUE(twice.written);
  EXPECT_FALSE(twice.in_doubt) << "one copy has written, and one was refused";
  const PutResult more = refused_after(3);
  EXPECT_TRUE(more.written);
  EXPECT_TRUE(more.in_doubt) << "of three copies one may still be on its way";
}

TEST_F(S3StoreTest, OneThatWasSentTwiceOnItsSecondTryIsInDoubt) {
  transport_.Fail(BrokenConnection()).Then([](const HttpRequest& request) {
    *request.sends = 2;
    HttpResponse response;
    response.status = 412;
    return response;
  });
  AnswerWithObject("mine", "w1");
  const PutResult result = Put(PutCondition::kIfAbsent);
  EXPECT_TRUE(result.written);
  EXPECT_TRUE(result.in_doubt);
}

TEST_F(S3StoreTest, WhatWentBeforeAConflictThatDoesNotEndIsInDoubt) {
  for (int i = 0; i < 4; ++i) {
    transport_.Answer(409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
  }
  AnswerWithObject("mine", "w1");
  const PutResult result = Put(PutCondition::kIfAbsent);
  EXPECT_TRUE(result.written);
  EXPECT_TRUE(result.in_doubt);
}

TEST_F(S3StoreTest, AConditionalPutIsNotOursWhenAnothersObjectIsThere) {
  transport_.Fail(BrokenConnection()).Answer(412);
  AnswerWithObject("mine", "w2");
  const PutResult others = Put(PutCondition::kIfMatches);
  EXPECT_FALSE(others.written);
  EXPECT_TRUE(others.in_doubt) << "the lost try may still arrive, and find its condition to hold";
  transport_.Fail(BrokenConnection()).Answer(412);
  AnswerWithObject("theirs", "w1");
  EXPECT_FALSE(Put(PutCondition::kIfMatches).written);
  EXPECT_EQ(transport_.requests()[0].headers.Find("If-Match"), "e0");
}

TEST_F(S3StoreTest, ARefusalAtTheFirstTryIsBelievedWithoutALook) {
  transport_.Answer(412);
  const PutResult refused = Put(PutCondition::kIfAbsent);
  EXPECT_FALSE(refused.written);
  EXPECT_FALSE(refused.in_doubt);
  EXPECT_EQ(transport_.requests().size(), 1U);
}

TEST_F(S3StoreTest, IfMatchesOnNothingIsARefusalButNoBucketIsAnError) {
  transport_.Answer(404, "<Error><Code>NoSuchKey</Code></Error>");
  EXPECT_FALSE(Put(PutCondition::kIfMatches).written);
  transport_.Answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
  try {
    Put(PutCondition::kIfMatches);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kNotFound);
    EXPECT_EQ(error.hint(), "Create the bucket bucket, or correct its name or the region.");
  }
}

TEST_F(S3StoreTest, AWriteAfterALostAnswerIsInDoubt) {
  transport_.Fail(BrokenConnection()).Answer(200, "", {{"ETag", "\"e1\""}});
  EXPECT_TRUE(Put(PutCondition::kNone).in_doubt);
  transport_.Answer(200, "", {{"ETag", "\"e1\""}});
  EXPECT_FALSE(Put(PutCondition::kNone).in_doubt);
}

// Law 8: the lease may run out between two tries.
TEST_F(S3StoreTest, APutAsksBeforeEachTryWhetherItMayBeSent) {
  int asked = 0;
  PutRequest request;
  request.key = "orders/a";
  request.body = "mine";
  request.may_send = [&asked] { return ++asked <= 1; };
  transport_.Fail(BrokenConnection()).Answer(200, "", {{"ETag", "\"e1\""}});
  EXPECT_THROW(Run(store_->Put(std::move(request))), Error);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(transport_.requests().size(), 1U);
}

TEST_F(S3StoreTest, ADeleteMarkerAsksBeforeEachTryWhetherItMayBeSent) {
  int asked = 0;
  const MaySend may_send = [&asked] { return ++asked <= 1; };
  transport_.Fail(BrokenConnection()).Answer(204);
  EXPECT_THROW(Run(store_->PutDeleteMarker("orders/a", may_send)), Error);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(transport_.requests().size(), 1U);
}

TEST_F(S3StoreTest, NoDeleteGoesOutWithoutAVersionId) {
  EXPECT_THROW(Run(store_->RemoveVersion("orders/a", "")), Error);
  EXPECT_TRUE(transport_.requests().empty());
}

class S3WriterTest : public S3StoreTest {
 protected:
  void AnswerParts(int parts) {
    transport_.Answer(200,
                      "<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
                      "</InitiateMultipartUploadResult>");
    for (int i = 0; i < parts; ++i) {
      transport_.Answer(200, "", {{"ETag", '"' + Hex(AsBytes(Md5("part"))) + '"'}});
    }
  }
  // Long enough for a request or two of other tasks, with their retries.
  Task<void> Turns() { co_await clock_.Sleep(std::chrono::minutes(1)); }
  std::unique_ptr<ObjectWriter> WriteTwoParts() {
    auto writer = Run(store_->Create("data", "text/plain"));
    const std::string body(9'000'000, 'x');
    Run(writer->Write(body));
    return writer;
  }
  std::string last_target() const { return transport_.requests().back().target(); }
};

TEST_F(S3WriterTest, ACompletionWhoseAnswerWasLostIsFound) {
  AnswerParts(2);
  const std::string md5(AsBytes(Md5("part")));
  const std::string etag = Hex(AsBytes(Md5(md5 + md5))) + "-2";
  transport_.Fail(BrokenConnection())
      .Answer(404, "<Error><Code>NoSuchUpload</Code></Error>")
      .Answer(200, "",
              {{"ETag", '"' + etag + '"'},
               {"Content-Length", "9000000"},
               {"x-amz-version-id", "v7"},
               {"Last-Modified", kModified}});
  auto writer = WriteTwoParts();
  const PutResult result = Run(writer->Commit());
  EXPECT_TRUE(result.written);
  EXPECT_EQ(result.version_id, "v7");
  EXPECT_EQ(result.etag, etag);
}

TEST_F(S3WriterTest, AFailureInsideA200IsAFailureAndTheUploadIsAborted) {
  AnswerParts(2);
  transport_.Otherwise([](const HttpRequest& request) {
    if (request.method == "DELETE") return MakeResponse(204);
    return MakeResponse(200, "  \n<Error><Code>InternalError</Code></Error>");
  });
  auto writer = WriteTwoParts();
  try {
    Run(writer->Commit());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
    EXPECT_EQ(error.code(), "InternalError");
  }
  EXPECT_EQ(transport_.requests().back().method, "DELETE");
  EXPECT_EQ(last_target(), "/bucket/pre/data?uploadId=u1");
}

TEST_F(S3WriterTest, AFailedPartAbortsTheUploadAndItsErrorIsTheOneThatIsThrown) {
  AnswerParts(0);
  transport_.Answer(403, "<Error><Code>AccessDenied</Code></Error>").Answer(500).Answer(500);
  transport_.Otherwise([](const HttpRequest&) { return MakeResponse(500); });
  try {
    WriteTwoParts();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "AccessDenied");
  }
  EXPECT_EQ(transport_.requests().back().method, "DELETE");
}

TEST_F(S3WriterTest, AbortsTheUploadWhenItIsDiscarded) {
  AnswerParts(1);
  transport_.Answer(204);
  auto writer = WriteTwoParts();
  Run(writer->Discard());
  EXPECT_EQ(transport_.requests().back().method, "DELETE");
  EXPECT_EQ(last_target(), "/bucket/pre/data?uploadId=u1");
  writer.reset();
  Run(Turns());
  EXPECT_EQ(transport_.answers_left(), 0u) << "once is enough";
}

TEST_F(S3WriterTest, AbortsTheUploadWhenItIsDropped) {
  AnswerParts(1);
  transport_.Answer(500).Answer(204);
  WriteTwoParts().reset();
  Run(Turns());
  EXPECT_EQ(transport_.requests().back().method, "DELETE");
  EXPECT_EQ(last_target(), "/bucket/pre/data?uploadId=u1");
  EXPECT_EQ(transport_.answers_left(), 0u);
}

TEST_F(S3WriterTest, AbortsNothingThatWasCommittedOrNeverBegun) {
  AnswerParts(2);
  transport_.Answer(
      200, "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>");
  auto writer = WriteTwoParts();
  Run(writer->Commit());
  writer.reset();
  Run(store_->Create("data", "text/plain")).reset();
  Run(Turns());
  EXPECT_EQ(transport_.requests().back().method, "POST");
}

}  // namespace
}  // namespace ddbvault
