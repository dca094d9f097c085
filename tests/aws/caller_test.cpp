#include "aws/caller.h"

#include <gtest/gtest.h>

#include <spdlog/sinks/ostream_sink.h>

#include <asio/io_context.hpp>
#include <sstream>

#include "base/digest.h"
#include "base/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/script_transport.h"

namespace ddbvault {
namespace {

constexpr const char* kThrottled =
    R"({"__type":"x#ThrottlingException","message":"Rate exceeded"})";
constexpr const char* kInternal =
    R"({"__type":"x#InternalServerError","message":"Internal server error"})";

// Hands out key 1, and after each Invalidate() the next one.
class CountingCredentials : public CredentialsProvider {
 public:
  Task<Credentials> Get() override {
    if (failures > 0) {
      --failures;
      throw Error(Reaction::kRetryLater, "the metadata service does not answer");
    }
    if (clock != nullptr) co_await clock->Sleep(takes);
    Credentials credentials;
    credentials.access_key_id = "AKID" + std::to_string(number);
    credentials.secret_access_key = "secret";
    if (number <= last_with_token) credentials.session_token = "token" + std::to_string(number);
    co_return credentials;
  }
  void Invalidate() override { ++number; }
  int number = 1;
  int last_with_token = 1000;
  int failures = 0;
  Duration takes{0};
  Clock* clock = nullptr;
};

class CallerTest : public testing::Test {
 protected:
  CallerTest() {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(logger);
    options_.service = "dynamodb";
    options_.region = "eu-central-1";
    options_.endpoint = "https://dynamodb.eu-central-1.amazonaws.com";
    request_.headers.Add("X-Amz-Target", "DynamoDB_20120810.ListTables");
    request_.body = "{}";
  }

  ~CallerTest() override { spdlog::set_default_logger(before_); }

  std::vector<std::string> LogLines() const {
    std::vector<std::string> lines;
    std::istringstream text(log_.str());
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  AwsCaller& caller() {
    if (!caller_) caller_.emplace(transport_, clock_, credentials_, options_);
    return *caller_;
  }

  AwsResponse Call(std::vector<int> accepted = {}) {
    return RunWithFakeTime(context_, clock_, caller().Call(request_, std::move(accepted)));
  }

  // What a call throws; Error(kCancelled, "no error") when it does not.
  Error Failure(std::vector<int> accepted = {}) {
    try {
      Call(std::move(accepted));
    } catch (const Error& error) {
      return error;
    }
    return {Reaction::kCancelled, "no error"};
  }

  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream log_;
  FakeClock clock_;
  asio::io_context context_;
  ScriptTransport transport_;
  std::shared_ptr<CountingCredentials> credentials_ = std::make_shared<CountingCredentials>();
  CallerOptions options_;
  AwsRequest request_;
  std::optional<AwsCaller> caller_;
};

TEST_F(CallerTest, SendsASignedRequest) {
  transport_.Answer(200, "{}");
  request_.query = {{"b", "2 /"}, {"a", ""}};
  const AwsResponse response = Call();
  EXPECT_EQ(response.http.body, "{}");
  EXPECT_EQ(response.sends, 1);
  EXPECT_FALSE(response.unanswered_attempt);
  const auto& seen = transport_.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.url, "https://dynamodb.eu-central-1.amazonaws.com/?a=&b=2%20%2F");
  EXPECT_EQ(seen.body, "{}");
  EXPECT_TRUE(seen.use_proxy);
  EXPECT_EQ(seen.headers.Find("host"), "dynamodb.eu-central-1.amazonaws.com");
  EXPECT_EQ(seen.headers.Find("x-amz-date"), "20261120T120000Z");
  EXPECT_EQ(seen.headers.Find("x-amz-security-token"), "token1");
  EXPECT_EQ(seen.headers.Find("accept-encoding"), "identity");
  EXPECT_FALSE(seen.headers.Has("amz-sdk-request"));
  EXPECT_FALSE(seen.headers.Has("amz-sdk-invocation-id"));
  EXPECT_FALSE(seen.headers.Has("x-amz-content-sha256"));
  EXPECT_EQ(seen.headers.Find("authorization").substr(0, 82),
            "AWS4-HMAC-SHA256 Credential=AKID1/20261120/eu-central-1/dynamodb/aws4_request, Sig");
}

TEST_F(CallerTest, SaysNothingOfAPayloadUnlessItIsS3) {
  options_.service = "s3";
  options_.protocol = AwsProtocol::kXml;
  options_.endpoint = "https://s3.eu-central-1.amazonaws.com:443";
  request_.method = "PUT";
  request_.host = "bucket.s3.eu-central-1.amazonaws.com";
  request_.path = "/a//b/../c";
  transport_.Answer(200).Answer(200);
  Call();
  request_.payload_hash = PayloadHash::kUnsigned;
  request_.idle_most = std::chrono::seconds(5);
  Call();
  const auto& seen = transport_.requests();
  EXPECT_EQ(seen[0].url, "https://bucket.s3.eu-central-1.amazonaws.com/a//b/../c");
  EXPECT_EQ(seen[0].headers.Find("x-amz-content-sha256"), Hex(AsBytes(Sha256("{}"))));
  EXPECT_EQ(seen[0].idle_most, HttpRequest().idle_most);
  EXPECT_EQ(seen[1].headers.Find("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(seen[1].idle_most, std::chrono::seconds(5));
}

TEST_F(CallerTest, AnUnsignedPayloadNeedsTls) {
  options_.service = "s3";
  options_.protocol = AwsProtocol::kXml;
  options_.endpoint = "http://localhost:9000";
  request_.payload_hash = PayloadHash::kUnsigned;
  transport_.Answer(200);
  Call();
  const auto& seen = transport_.requests().at(0);
  EXPECT_EQ(seen.headers.Find("x-amz-content-sha256"), Hex(AsBytes(Sha256("{}"))));
  EXPECT_EQ(seen.headers.Find("host"), "localhost:9000");
}

TEST_F(CallerTest, NeverUsesAProxyForLoopback) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"http://localhost:8000", false},   {"http://127.0.0.1:4566", false},
      {"http://127.8.8.8", false},        {"http://[::1]:8000", false},
      {"http://s3.localhost:80", false},  {"http://128.0.0.1", true},
      {"http://localhost.example", true}, {"http://[::2]:8000", true}};
  for (const auto& [endpoint, proxy] : cases) {
    options_.endpoint = endpoint;
    caller_.reset();
    transport_.Answer(200);
    Call();
    EXPECT_EQ(transport_.requests().back().use_proxy, proxy) << endpoint;
  }
}

TEST_F(CallerTest, WithoutCredentialsRequestsAreNotSigned) {
  credentials_ = nullptr;
  caller_.emplace(transport_, clock_, nullptr, options_);
  transport_.Answer(200);
  Call();
  EXPECT_FALSE(transport_.requests().at(0).headers.Has("authorization"));
}

TEST_F(CallerTest, RefusesWhatIsNoEndpoint) {
  for (const char* endpoint : {"dynamodb.amazonaws.com", "ftp://x", "https://", ""}) {
    options_.endpoint = endpoint;
    caller_.reset();
    const std::string expected = "\"" + options_.endpoint + "\" is not the URL of an endpoint";
    try {
      caller();
      FAIL() << endpoint;
    } catch (const Error& error) {
      EXPECT_EQ(error.message(), expected);
    }
  }
}

TEST_F(CallerTest, RetriesUntilItSucceeds) {
  transport_.Answer(500, kInternal).Fail(BrokenConnection()).Answer(503).Answer(200, "{}");
  const AwsResponse response = Call();
  EXPECT_EQ(response.sends, 4);
  EXPECT_TRUE(response.unanswered_attempt);
  ASSERT_EQ(clock_.sleeps().size(), 3U);
  EXPECT_LE(clock_.sleeps()[0].count(), 25);
  EXPECT_LE(clock_.sleeps()[1].count(), 50);
  EXPECT_LE(clock_.sleeps()[2].count(), 100);
  const auto& seen = transport_.requests();
  EXPECT_EQ(seen[1].headers.Find("amz-sdk-request"), "attempt=2; max=4");
  EXPECT_EQ(seen[3].headers.Find("amz-sdk-request"), "attempt=4; max=4");
  EXPECT_EQ(seen[1].headers.Find("amz-sdk-invocation-id").size(), 36U);
  EXPECT_EQ(seen[1].headers.Find("amz-sdk-invocation-id"),
            seen[3].headers.Find("amz-sdk-invocation-id"));
}

TEST_F(CallerTest, GivesUpAfterTheLastTryAndSaysSo) {
  for (int i = 0; i < 4; ++i) {
    transport_.Answer(500, kInternal, {{"x-amzn-RequestId", "R" + std::to_string(i)}});
  }
  const Error error = Failure();
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_STREQ(error.what(),
               "Internal server error (InternalServerError), after 4 tries (request id R3)");
  EXPECT_EQ(error.code(), "InternalServerError");
  EXPECT_EQ(error.http_status(), 500);
  EXPECT_EQ(transport_.requests().size(), 4U);
}

TEST_F(CallerTest, WaitsLongerAfterAThrottle) {
  Duration longest{0};
  for (int i = 0; i < 40; ++i) {
    transport_.Answer(400, kThrottled).Answer(200);
    Call();
    longest = std::max(longest, clock_.sleeps().back());
    EXPECT_LE(clock_.sleeps().back().count(), 1000);
  }
  EXPECT_GT(longest.count(), 25);
}

TEST_F(CallerTest, FollowsTheServersWishWithinFiveSeconds) {
  transport_.Answer(503, "", {{"x-amz-retry-after", "1234"}})
      .Answer(503, "", {{"x-amz-retry-after", "3600000"}})
      .Answer(200);
  Call();
  EXPECT_EQ(clock_.sleeps().at(0).count(), 1234);
  EXPECT_GE(clock_.sleeps().at(1).count(), 5000);
  EXPECT_LE(clock_.sleeps().at(1).count(), 5050);
}

TEST_F(CallerTest, RetriesLessWhenMuchFails) {
  transport_.Otherwise([](const HttpRequest&) { return MakeResponse(500, kInternal); });
  for (int i = 0; i < 500 / 14 / 3; ++i) EXPECT_EQ(Failure().reaction(), Reaction::kRetryLater);
  const std::size_t before = transport_.requests().size();
  EXPECT_EQ(before, 11U * 4);
  Failure();  // two more retries
  const Error error = Failure();
  EXPECT_EQ(error.message(),
            "Internal server error (InternalServerError); no more, because too many other calls "
            "fail as well");
  EXPECT_EQ(transport_.requests().size(), before + 3 + 1);
}

TEST_F(CallerTest, TheLegacyModeHasNoQuota) {
  options_.retry_mode = RetryMode::kLegacy;
  transport_.Otherwise([](const HttpRequest&) { return MakeResponse(500, kInternal); });
  for (int i = 0; i < 30; ++i) Failure();
  EXPECT_EQ(transport_.requests().size(), 30U * 4);
}

TEST_F(CallerTest, TheAdaptiveModeSlowsDownWhenThrottled) {
  options_.retry_mode = RetryMode::kAdaptive;
  transport_.Answer(400, kThrottled);
  transport_.Otherwise([](const HttpRequest&) { return MakeResponse(200); });
  const Time start = clock_.Now();
  for (int i = 0; i < 10; ++i) Call();
  EXPECT_GT(clock_.Now() - start, Duration(2000));  // from half a request per second
}

TEST_F(CallerTest, DoesNotRetryWhatCannotHelp) {
  for (const char* code : {"ValidationException", "AccessDeniedException",
                           "ExpiredIteratorException", "TrimmedDataAccessException"}) {
    transport_.Answer(400, R"({"__type":"x#)" + std::string(code) + R"(","message":"No"})");
    const Error error = Failure();
    EXPECT_EQ(error.code(), code);
    EXPECT_EQ(error.message(), "No (" + std::string(code) + ")");
  }
  EXPECT_EQ(transport_.requests().size(), 4U);
  EXPECT_TRUE(clock_.sleeps().empty());
}

TEST_F(CallerTest, AcceptedStatusesAreAnswers) {
  transport_.Answer(412, "<Error><Code>PreconditionFailed</Code></Error>").Answer(404, "gone");
  EXPECT_EQ(Call({404, 412}).http.status, 412);
  EXPECT_EQ(Call({404, 412}).http.body, "gone");
}

TEST_F(CallerTest, AcceptedAfterAnUnansweredTryIsMarked) {
  transport_.Fail(BrokenConnection()).Answer(412).Answer(400, kThrottled).Answer(412);
  const AwsResponse doubtful = Call({412});
  EXPECT_EQ(doubtful.sends, 2);
  EXPECT_TRUE(doubtful.unanswered_attempt);
  const AwsResponse sure = Call({412});
  EXPECT_EQ(sure.sends, 2);
  EXPECT_FALSE(sure.unanswered_attempt);
}

TEST_F(CallerTest, WhatTheTransportSentTwiceIsMarkedAsUnanswered) {
  transport_.Then([](const HttpRequest& request) {
    *request.sends = 2;
    return MakeResponse(200, "{}");
  });
  const AwsResponse response = Call();
  EXPECT_EQ(transport_.requests().size(), 1U);  // one try
  EXPECT_EQ(response.sends, 2);
  EXPECT_TRUE(response.unanswered_attempt);
}

TEST_F(CallerTest, SendsAreThoseOfAllTries) {
  transport_
      .Then([](const HttpRequest& request) -> HttpResponse {
        *request.sends = 2;
        throw BrokenConnection();
      })
      .Fail(BrokenConnection())  // one of which nobody says how often it went out
      .Answer(200);
  EXPECT_EQ(Call().sends, 4);
}

TEST_F(CallerTest, ADamagedAnswerIsAskedForAgain) {
  const std::string body = R"({"Items":[]})";
  const std::string crc = std::to_string(Crc32(body));
  transport_.Answer(200, R"({"Items":[1]})", {{"x-amz-crc32", crc}})
      .Answer(200, body, {{"x-amz-crc32", crc}});
  EXPECT_EQ(Call().http.body, body);
  for (int i = 0; i < 4; ++i) transport_.Answer(200, "other", {{"x-amz-crc32", crc}});
  const Error error = Failure();
  EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
  EXPECT_EQ(error.message(),
            "an answer of dynamodb at dynamodb.eu-central-1.amazonaws.com was damaged on its way "
            "(x-amz-crc32), after 4 tries");
}

TEST_F(CallerTest, NewCredentialsAreFetchedOnceWhenTheOldAreRefused) {
  const std::string expired =
      R"({"__type":"x#ExpiredTokenException","message":"The security token is expired"})";
  transport_.Answer(400, expired).Answer(200);
  EXPECT_EQ(Call().sends, 2);
  EXPECT_EQ(transport_.requests()[1].headers.Find("x-amz-security-token"), "token2");
  EXPECT_TRUE(clock_.sleeps().empty());
  clock_.Advance(std::chrono::hours(1));
  transport_.Answer(400, expired).Answer(400, expired);
  const Error error = Failure();
  EXPECT_EQ(error.reaction(), Reaction::kPermission);
  EXPECT_EQ(error.message(),
            "The security token is expired (ExpiredTokenException), after 2 tries");
  EXPECT_EQ(credentials_->number, 3);
}

TEST_F(CallerTest, KeysWithoutATokenDoNotGoWithThatOfTheKeysBefore) {
  credentials_->last_with_token = 1;
  transport_
      .Answer(400,
              R"({"__type":"x#ExpiredTokenException","message":"The security token is expired"})")
      .Answer(200);
  Call();
  EXPECT_EQ(transport_.requests()[0].headers.Find("x-amz-security-token"), "token1");
  EXPECT_FALSE(transport_.requests()[1].headers.Has("x-amz-security-token"));
  EXPECT_EQ(transport_.requests()[1].headers.Find("authorization").find("token"),
            std::string_view::npos);
}

TEST_F(CallerTest, ManyCallsRefusedAtOnceAskForNewCredentialsOnce) {
  transport_.Otherwise([](const HttpRequest& request) {
    const bool old = request.headers.Find("x-amz-security-token") == "token1";
    return old ? MakeResponse(400, R"({"__type":"x#ExpiredTokenException","message":"m"})")
               : MakeResponse(200);
  });
  const auto call = [this]() -> Task<void> { co_await caller().Call(request_); };
  const auto all = [&]() -> Task<void> {
    TaskGroup group(context_.get_executor());
    for (int i = 0; i < 10; ++i) group.Spawn(call());
    co_await group.Join();
  };
  RunWithFakeTime(context_, clock_, all());
  EXPECT_EQ(credentials_->number, 2);
}

TEST_F(CallerTest, FailingCredentialsAreRetriedToo) {
  credentials_->failures = 2;
  transport_.Answer(200);
  const AwsResponse response = Call();
  EXPECT_EQ(transport_.requests().at(0).headers.Find("amz-sdk-request"), "attempt=3; max=4");
  EXPECT_EQ(response.sends, 1);
  EXPECT_FALSE(response.unanswered_attempt);
}

TEST_F(CallerTest, ASkewedClockIsCorrectedOnce) {
  const std::string skewed =
      R"({"__type":"x#InvalidSignatureException","message":"Signature expired"})";
  transport_.Answer(400, skewed, {{"Date", "Fri, 20 Nov 2026 12:30:00 GMT"}}).Answer(200);
  EXPECT_EQ(Call().sends, 2);
  EXPECT_EQ(transport_.requests()[1].headers.Find("x-amz-date"), "20261120T123000Z");
  EXPECT_EQ(caller().clock_skew(), std::chrono::minutes(30));
  EXPECT_TRUE(clock_.sleeps().empty());
  EXPECT_EQ(LogLines(), (std::vector<std::string>{
                            "warning dynamodb at dynamodb.eu-central-1.amazonaws.com: this "
                            "machine's clock is 30m00s slow; signing with AWS's time"}));
  // The clock is right now, so the signature is wrong for another reason.
  transport_.Answer(400, skewed, {{"Date", "Fri, 20 Nov 2026 12:30:10 GMT"}});
  const Error error = Failure();
  EXPECT_EQ(error.reaction(), Reaction::kPermission);
  EXPECT_EQ(error.hint(), "check the secret access key and this machine's clock");
}

// Signed with a fast clock, a try that is held up on its way would be taken for longer than its
// sender waits for it (kSignatureLife in incremental/doubts.h).
TEST_F(CallerTest, SignsWithAwsTimeOnceAnAnswerHasToldIt) {
  transport_.Answer(200, "{}", {{"Date", "Fri, 20 Nov 2026 11:50:00 GMT"}}).Answer(200);
  Call();
  EXPECT_EQ(transport_.requests()[0].headers.Find("x-amz-date"), "20261120T120000Z");
  Call();
  EXPECT_EQ(transport_.requests()[1].headers.Find("x-amz-date"), "20261120T115000Z");
}

TEST_F(CallerTest, KnowsAwsTimeAlsoWhenOurClockIsSet) {
  transport_.Answer(200, "{}", {{"Date", "Fri, 20 Nov 2026 11:50:00 GMT"}});
  Call();
  const auto aws_now = [this] { return FormatTime(clock_.Now() + caller().server_ahead()); };
  EXPECT_EQ(aws_now(), "2026-11-20T11:50:00Z");
  clock_.Set(clock_.Now() + std::chrono::hours(1));
  EXPECT_EQ(aws_now(), "2026-11-20T11:50:00Z");
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_EQ(aws_now(), "2026-11-20T11:51:00Z");
}

TEST_F(CallerTest, PatienceOutlastsEveryRetryAndEndsWithTheStop) {
  Stop stop;
  options_.patient = true;
  options_.stop = &stop;
  const Time start = clock_.Now();
  int answers = 0;
  transport_.Otherwise([&](const HttpRequest&) {
    if (++answers == 200) return MakeResponse(200, "at last");
    return MakeResponse(500, kInternal);
  });
  EXPECT_EQ(Call().http.body, "at last");
  for (const Duration sleep : clock_.sleeps()) EXPECT_LE(sleep.count(), 20000);
  const std::vector<std::string> lines = LogLines();
  ASSERT_GE(lines.size(), 3U);
  EXPECT_EQ(lines.front().substr(0, lines.front().find("4 tries")),
            "warning dynamodb at dynamodb.eu-central-1.amazonaws.com: Internal server error "
            "(InternalServerError); ");
  EXPECT_EQ(lines.back(), "info dynamodb at dynamodb.eu-central-1.amazonaws.com: answers again");
  EXPECT_LE(static_cast<std::int64_t>(lines.size()) - 2,
            (clock_.Now() - start) / std::chrono::seconds(30));

  answers = 1000;
  transport_.Otherwise([&](const HttpRequest&) {
    if (++answers == 1100) stop.Request();
    return MakeResponse(500, kInternal);
  });
  const Error error = Failure();
  EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  EXPECT_EQ(answers, 1100);
  // On the way out there are still the usual tries.
  transport_.Answer(500, kInternal).Answer(200, "saved");
  EXPECT_EQ(Call().http.body, "saved");
}

TEST_F(CallerTest, AsksBeforeEachTryWhetherItMayBeSent) {
  options_.patient = true;
  int asked = 0;
  request_.may_send = [&asked] { return ++asked <= 3; };
  for (int i = 0; i < 5; ++i) transport_.Answer(500, kInternal);
  const Error error = Failure();
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(transport_.requests().size(), 3U);
}

// Credentials may take a minute to come: what was allowed before that may be allowed no more.
TEST_F(CallerTest, AsksWhetherItMayBeSentWhenItHasWaitedForCredentials) {
  credentials_->takes = std::chrono::minutes(1);
  credentials_->clock = &clock_;
  const Time allowed_until = clock_.Now() + std::chrono::seconds(15);
  request_.may_send = [&] { return clock_.Now() < allowed_until; };
  transport_.Answer(200, "{}");
  EXPECT_EQ(Failure().message(), "a write that may not be sent any more was given up");
  EXPECT_EQ(transport_.requests().size(), 0U);
}

TEST_F(CallerTest, PatienceIsOnlyForWhatCanPass) {
  options_.patient = true;
  transport_.Answer(400, R"({"__type":"x#ExpiredIteratorException","message":"Expired"})");
  EXPECT_EQ(Failure().code(), "ExpiredIteratorException");
  transport_.Answer(400, R"({"__type":"x#AccessDeniedException","message":"No"})");
  EXPECT_EQ(Failure().reaction(), Reaction::kPermission);
  for (int i = 0; i < 4; ++i) transport_.Answer(200, "{}", {{"x-amz-crc32", "1"}});
  EXPECT_EQ(Failure().reaction(), Reaction::kCorrupt);
  EXPECT_EQ(transport_.answers_left(), 0U);
}

// Law 12, at whatever level and however badly it goes.
TEST_F(CallerTest, LogsNothingThatItSignsOrSends) {
  spdlog::default_logger()->set_level(spdlog::level::trace);
  options_.patient = true;
  request_.body = R"({"Key":{"id":{"S":"private"}}})";
  const std::string expired = R"({"__type":"x#ExpiredTokenException","message":"Expired"})";
  transport_.Answer(400, expired).Fail(BrokenConnection());
  for (int i = 0; i < 5; ++i) transport_.Answer(500, kInternal);
  transport_.Answer(200, R"({"Item":{"id":{"S":"private"}}})");
  Call();
  EXPECT_NE(log_.str().find("still trying"), std::string::npos);
  for (const char* quiet : {"AKID", "secret", "token", "private", "Signature"}) {
    EXPECT_EQ(log_.str().find(quiet), std::string::npos) << quiet << " in\n" << log_.str();
  }
}

TEST_F(CallerTest, AnErrorBehindAStatusOf200IsAnErrorInS3) {
  options_.service = "s3";
  options_.protocol = AwsProtocol::kXml;
  const std::string hidden =
      "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code><Message>m</Message></Error>";
  transport_.Answer(200, hidden).Answer(200, "<CompleteMultipartUploadResult/>");
  const AwsResponse response = Call();
  EXPECT_EQ(response.sends, 2);
  EXPECT_TRUE(response.unanswered_attempt);
  // The body of a GET is data, whatever it looks like.
  request_.method = "GET";
  transport_.Answer(200, hidden);
  EXPECT_EQ(Call().http.body, hidden);
}

}  // namespace
}  // namespace ddbvault
