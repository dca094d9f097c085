#include "aws/credential_refresh.h"

#include <chrono>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kAdvisory = minutes(15);   // botocore's RefreshableCredentials
constexpr Duration kMandatory = minutes(10);  // the same
constexpr Duration kPause = minutes(1);       // botocore's IMDS refresh interval is of this order
constexpr Duration kFreshFetch = seconds(10);
// The AWS SDK for Rust prolongs expired credentials of the metadata service by this much.
constexpr Duration kProlongMin = minutes(10);
constexpr Duration kProlongMax = minutes(15);

}  // namespace

struct RefreshingCredentials::Flight {
  explicit Flight(Executor executor) : done(std::move(executor)) {}
  Event done;
  std::optional<Error> error;  // a copy for each who waited: layers add their names to theirs
};

RefreshingCredentials::RefreshingCredentials(std::shared_ptr<CredentialSource> source, Clock& clock)
    : source_(std::move(source)), clock_(clock) {}

RefreshingCredentials::~RefreshingCredentials() = default;

bool RefreshingCredentials::usable() const {
  return credentials_ && (!credentials_->expires || clock_.Now() < *credentials_->expires);
}

bool RefreshingCredentials::must_wait() const {
  return !usable() ||
         (credentials_->expires && clock_.Now() + kMandatory >= *credentials_->expires);
}

bool RefreshingCredentials::refresh_due() const {
  if (!usable()) return true;
  return credentials_->expires && clock_.Now() + kAdvisory >= *credentials_->expires &&
         clock_.Now() >= next_fetch_;
}

Task<Credentials> RefreshingCredentials::Get() {
  // Fetches by two tasks can end without credentials that both may use (Invalidate in between):
  // hence the loop; whoever waits in vain fetches himself.
  for (;;) {
    if (const Credentials* current = Current()) co_return *current;
    if (flight_) {
      const std::shared_ptr<Flight> flight = flight_;
      co_await flight->done.Wait();
      if (usable()) co_return *credentials_;
      if (flight->error) throw Error(*flight->error);
      continue;
    }
    co_await Refresh();
    if (usable()) co_return *credentials_;
  }
}

const Credentials* RefreshingCredentials::Current() {
  const bool waits = flight_ ? must_wait() : refresh_due();
  return waits ? nullptr : &*credentials_;
}

Task<void> RefreshingCredentials::Refresh() {
  const std::shared_ptr<Flight> flight =
      std::make_shared<Flight>(co_await asio::this_coro::executor);
  flight_ = flight;
  try {
    std::optional<Credentials> fetched = co_await source_->Fetch();
    if (!fetched) {
      throw Error(Reaction::kPermission, "there are no credentials in " + source_->name());
    }
    Keep(std::move(*fetched));
  } catch (const Error& error) {
    flight->error = error;
  } catch (const std::exception& error) {
    flight->error = Error(Reaction::kPermission,
                          "cannot get credentials from " + source_->name() + ": " + error.what());
  }
  next_fetch_ = clock_.Now() + kPause;
  flight_ = nullptr;
  if (flight->error && !usable() && credentials_ && source_->outlives_expiry() &&
      flight->error->reaction() == Reaction::kRetryLater) {
    Prolong();
  }
  flight->done.Set();
  if (!flight->error) co_return;
  if (!usable()) throw Error(*flight->error);
  LogWarn("credentials from {} could not be refreshed, the old ones are valid until {}: {}",
          source_->name(), FormatTime(*credentials_->expires), flight->error->what());
}

void RefreshingCredentials::Keep(Credentials credentials) {
  fetched_ = clock_.Now();
  const bool expired = credentials.expires && *credentials.expires <= fetched_;
  if (expired && !source_->outlives_expiry()) {
    Error error(Reaction::kPermission, "the credentials in " + source_->name() + " expired at " +
                                           FormatTime(*credentials.expires));
    error.Hint("Renew them there.");
    throw error;
  }
  credentials_ = std::move(credentials);
  if (expired) Prolong();
}

void RefreshingCredentials::Prolong() {
  const Time expired = *credentials_->expires;
  std::uniform_int_distribution<std::int64_t> spread(kProlongMin.count(), kProlongMax.count());
  credentials_->expires = clock_.Now() + Duration(spread(Jitter()));
  LogWarn("credentials from {} expired at {} and there are no newer ones; using them until {}",
          source_->name(), FormatTime(expired), FormatTime(*credentials_->expires));
}

void RefreshingCredentials::Invalidate() {
  if (credentials_ && clock_.Now() - fetched_ >= kFreshFetch) credentials_.reset();
}

}  // namespace ddbvault
