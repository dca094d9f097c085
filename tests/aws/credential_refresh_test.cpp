#include "aws/credential_refresh.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::StepClock;
using std::chrono::minutes;
using std::chrono::seconds;

// Gives "K1", "K2", ... that live for `lifetime`, one turn of the loop after it was asked.
class CountingSource : public CredentialSource {
 public:
  explicit CountingSource(StepClock& clock) : clock_(clock) {}
  std::string name() const override { return "the source"; }
  bool outlives_expiry() const override { return prolonged; }
  Task<std::optional<Credentials>> Fetch() override {
    ++fetches;
    const Executor executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    if (error) throw Error(*error);
    if (nothing) co_return std::nullopt;
    Credentials credentials;
    credentials.access_key_id = "K" + std::to_string(fetches);
    if (lifetime) credentials.expires = clock_.now + *lifetime;
    co_return credentials;
  }
  int fetches = 0;
  bool nothing = false;
  bool prolonged = false;
  std::optional<Duration> lifetime = minutes(60);
  std::optional<Error> error;

 private:
  StepClock& clock_;
};

class RefreshTest : public testing::Test {
 protected:
  std::string Get() { return Await(provider.Get()).access_key_id; }

  // What `count` tasks that ask side by side get: a key or the message of an Error.
  std::vector<std::string> GetTogether(std::size_t count) {
    std::vector<std::string> keys(count);
    const std::function<Task<void>(std::size_t)> worker = [this,
                                                           &keys](std::size_t i) -> Task<void> {
      try {
        const Credentials credentials = co_await provider.Get();
        keys[i] = credentials.access_key_id;
      } catch (Error& failure) {
        keys[i] = failure.Within("w").what();
      }
    };
    const auto all = [&]() -> Task<bool> {
      co_await RunWorkers(count, worker);
      co_return true;
    };
    Await(all());
    return keys;
  }

  StepClock clock;
  std::shared_ptr<CountingSource> source = std::make_shared<CountingSource>(clock);
  RefreshingCredentials provider{source, clock};
};

TEST_F(RefreshTest, FetchesOnceForAllWhoAskAtOnce) {
  EXPECT_EQ(GetTogether(5), std::vector<std::string>(5, "K1"));
  EXPECT_EQ(source->fetches, 1);
}

TEST_F(RefreshTest, GivesEachWhoWaitedItsOwnError) {
  source->error = Error(Reaction::kRetryLater, "down");
  EXPECT_EQ(GetTogether(3), std::vector<std::string>(3, "w: down"));
  EXPECT_EQ(source->fetches, 1);
}

TEST_F(RefreshTest, KeepsWhatIsFarFromExpiryAndWhatNeverExpires) {
  Get();
  clock.now += minutes(44);
  EXPECT_EQ(Get(), "K1");
  source->lifetime.reset();
  provider.Invalidate();
  EXPECT_EQ(Get(), "K2");
  clock.now += std::chrono::hours(10000);
  EXPECT_EQ(Get(), "K2");
}

TEST_F(RefreshTest, LetsOneFetchWhileOthersGoOnWithFifteenMinutesLeft) {
  Get();
  clock.now += minutes(45);
  EXPECT_EQ(GetTogether(3), (std::vector<std::string>{"K2", "K1", "K1"}));
  EXPECT_EQ(source->fetches, 2);
}

TEST_F(RefreshTest, MakesAllWaitWithTenMinutesLeft) {
  Get();
  clock.now += minutes(50);
  EXPECT_EQ(GetTogether(3), std::vector<std::string>(3, "K2"));
  EXPECT_EQ(source->fetches, 2);
}

TEST_F(RefreshTest, ToleratesAFailureUntilTheOldOnesExpireAndPausesInBetween) {
  Get();
  source->error = Error(Reaction::kRetryLater, "down");
  clock.now += minutes(45);
  EXPECT_EQ(Get(), "K1");
  EXPECT_EQ(Get(), "K1");
  EXPECT_EQ(source->fetches, 2) << "the next try is a minute later";
  clock.now += minutes(1);
  EXPECT_EQ(GetTogether(3), std::vector<std::string>(3, "K1"));
  EXPECT_EQ(source->fetches, 3);
  clock.now += minutes(14);
  EXPECT_STREQ(ErrorOf([&] { Get(); }).what(), "down");
  source->error.reset();
  EXPECT_EQ(Get(), "K5");
}

TEST_F(RefreshTest, DoesNotAskForShortLivedOnesWithEveryCall) {
  source->lifetime = minutes(5);
  EXPECT_EQ(Get(), "K1");
  EXPECT_EQ(Get(), "K1");
  clock.now += minutes(1);
  EXPECT_EQ(Get(), "K2");
}

TEST_F(RefreshTest, RefusesExpiredOnesAndNone) {
  source->lifetime = minutes(0);
  const Error expired = ErrorOf([&] { Get(); });
  EXPECT_STREQ(expired.what(), "the credentials in the source expired at 2026-11-20T11:54:00Z");
  EXPECT_EQ(expired.reaction(), Reaction::kPermission);
  source->nothing = true;
  EXPECT_STREQ(ErrorOf([&] { Get(); }).what(), "there are no credentials in the source");
}

TEST_F(RefreshTest, ProlongsExpiredOnesOfASourceThatIsStable) {
  source->prolonged = true;
  source->lifetime = minutes(-5);
  EXPECT_EQ(Get(), "K1");
  const Time until = *Await(provider.Get()).expires;
  EXPECT_GE(until, clock.now + minutes(10));
  EXPECT_LE(until, clock.now + minutes(15));
  EXPECT_EQ(source->fetches, 1);
  clock.now += minutes(16);
  source->error = Error(Reaction::kRetryLater, "down");
  EXPECT_EQ(Get(), "K1");
  EXPECT_GT(*Await(provider.Get()).expires, clock.now);
  clock.now += minutes(16);
  source->error.reset();
  source->lifetime = minutes(60);
  EXPECT_EQ(Get(), "K3");
}

TEST_F(RefreshTest, FetchesAgainWhenToldThatTheOldOnesAreRefused) {
  Get();
  clock.now += seconds(9);
  provider.Invalidate();
  EXPECT_EQ(Get(), "K1") << "they are newer than the request that was refused";
  clock.now += seconds(1);
  provider.Invalidate();
  EXPECT_EQ(Get(), "K2");
}

}  // namespace
}  // namespace ddbvault
