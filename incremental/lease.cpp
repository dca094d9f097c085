#include "incremental/lease.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/hint.h"
#include "base/log.h"
#include "incremental/doubts.h"
#include "incremental/process.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
// How often a lease that another process has is looked at.
constexpr Duration kWatchEvery{1000};
// So long after a lease was written on a store without conditions it is looked at once more:
// another process that saw the same free lease has written by then.
constexpr Duration kToSettle{2000};
// By so much at most is the store's clock taken to differ from AWS's.
constexpr Duration kMostSkew = std::chrono::minutes(15);
// By what the Dates of AWS's answers may differ: whole seconds, and clocks of many machines.
constexpr Duration kAwsClocks{5000};

constexpr const char* kRemoveIt =
    "make sure that no other process works on the table, then remove it";

}  // namespace

std::string ToJson(const LeaseRecord& record) {
  Json json = {{"format", kFormat},
               {"owner", record.owner},
               {"host", record.host},
               {"process", record.process},
               {"generation", record.generation},
               {"renewed", FormatTime(record.renewed)},
               {"expires", FormatTime(record.expires)},
               {"released", record.released},
               {"inDoubt", nullptr},
               {"followed", record.followed}};
  if (record.in_doubt != Time{}) json["inDoubt"] = FormatTime(record.in_doubt);
  return json.dump(1) + "\n";
}

LeaseRecord LeaseRecordFromJson(std::string_view json) {
  try {
    const Json document = Json::parse(json);
    if (document.at("format") != kFormat) {
      throw Error(Reaction::kCorrupt, "lease.json has a format that this ddbvault does not know")
          .Hint("it may have been written by a newer ddbvault: use that one");
    }
    LeaseRecord record;
    record.owner = document.at("owner").get<std::string>();
    record.host = document.value("host", "");
    record.process = document.value("process", "");
    const Json& generation = document.at("generation");
    // Else nlohmann-json makes a number also of a negative one and of a fraction.
    if (!generation.is_number_unsigned()) {
      throw Error(Reaction::kCorrupt, "the generation in lease.json is not one").Hint(kRemoveIt);
    }
    record.generation = generation.get<std::uint64_t>();
    record.renewed = ParseTime(document.value("renewed", "")).value_or(Time{});
    record.expires = ParseTime(document.value("expires", "")).value_or(Time{});
    record.released = document.value("released", false);
    record.followed = document.value("followed", false);
    const auto in_doubt = document.find("inDoubt");
    if (in_doubt != document.end() && !in_doubt->is_null()) {
      record.in_doubt = ParseTime(in_doubt->get<std::string>()).value_or(Time{});
    }
    return record;
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, "lease.json is not what ddbvault wrote there").Hint(kRemoveIt);
  }
}

Lease::Lease(ObjectStore& store, const Layout& layout, Clock& clock, Executor executor,
             Options options)
    : clock_(clock),
      options_(std::move(options)),
      table_(layout.table()),
      object_(options_.purpose == LeaseFor::kFollowing ? layout.Lease() : layout.RemovalLease()),
      outlives_process_(store.traits().outlives_process),
      file_(store, object_),
      renewed_(std::move(executor)) {}

Task<std::optional<LeaseRecord>> Lease::Load() {
  const auto text = co_await file_.Load();
  if (!text) co_return std::nullopt;
  try {
    co_return LeaseRecordFromJson(*text);
  } catch (Error& error) {
    error.Within(object_);
    throw;
  }
}

Task<void> Lease::Acquire(Stop& stop) {
  // The lease as it was when the watch began.
  std::string seen = options_.seen.empty() ? "" : ToJson(LeaseRecordFromJson(options_.seen));
  Duration since = options_.seen_since;
  bool said = false;
  for (;;) {
    stop.ThrowIfRequested();
    const auto there = co_await Load();
    const bool free =
        !there || there->released || there->owner == options_.owner || HasEnded(there->process);
    const std::string now_there = there ? ToJson(*there) : std::string();
    const bool ran_out = now_there == seen && clock_.Uptime() - since >= kLeaseLife;
    if (free || ran_out) {
      const bool taken = co_await TryTake(there);
      if (taken) co_return;
      continue;
    }
    const bool renewed = !seen.empty() && now_there != seen;
    if (renewed && !options_.standby) throw TakenBy(*there);
    if (now_there != seen) {
      seen = now_there;
      since = clock_.Uptime();
    }
    if (!said) {
      LogInfo(
          "{}: {} on {} {}: {}", table_, there->owner, there->host,
          options_.purpose == LeaseFor::kFollowing ? "follows it" : "removes what is kept of it",
          options_.standby ? "standing by" : "looking whether it is still there");
    }
    said = true;
    co_await clock_.Sleep(kWatchEvery, &stop);
  }
}

Task<bool> Lease::TryTake(const std::optional<LeaseRecord>& there) {
  // Ours: an earlier try of this, whose answer was lost.
  const bool ours_there = there && there->owner == options_.owner && record_.generation != 0;
  if (!ours_there) {
    before_ = there ? std::optional<std::uint64_t>(there->generation) : std::nullopt;
  }
  // What it had begun has ended with it, where nothing is on its way to a server.
  const bool over = there && !outlives_process_ && HasEnded(there->process);
  const bool not_given_back = there && !there->released && !ours_there && !over;
  std::optional<std::uint64_t> known;
  if (options_.known_generation) known = co_await options_.known_generation();
  const bool noted = there && known == there->generation;
  const Time before = there ? there->in_doubt : Time{};
  const Time in_doubt = not_given_back && !noted ? AwsNow() : before;
  // Twice: by how much the clocks differ may not be known yet.
  const bool may_land = in_doubt + 2 * kSignatureLife > AwsNow();
  if (may_land) unnoted_until_ = std::max(unnoted_until_, before);
  if (not_given_back) {
    // When it was written by the store's clock: the owner's own may be wrong by any time.
    const Time until = std::min(file_.stored() + kLeaseLife + kMostSkew, AwsNow());
    others_wrote_until_ = std::max(others_wrote_until_, until);
    if (!noted) unnoted_until_ = std::max(unnoted_until_, until);
  }
  others_wrote_until_ = std::max(others_wrote_until_, unnoted_until_);
  followed_before_ = there && there->followed;
  record_ = {};
  record_.followed = followed_before_;
  if (may_land) record_.in_doubt = in_doubt;
  record_.owner = options_.owner;
  record_.host = options_.host;
  record_.process = options_.process;
  // Never one that was given before, also where somebody has removed the file.
  record_.generation =
      there ? there->generation + 1 : static_cast<std::uint64_t>(EpochSeconds(clock_.Now()));
  const bool written = co_await Renew();
  if (!written || options_.conditions) co_return written;
  co_await clock_.Sleep(kToSettle);
  const auto now_there = co_await Load();
  const bool ours = now_there && now_there->owner == options_.owner;
  if (!ours) until_ = {};
  co_return ours;
}

// False: somebody else has written it since we did.
Task<bool> Lease::Renew() {
  // From before the request: what others see begins no earlier.
  const Time now = clock_.Now();
  const Duration until = clock_.Uptime() + kLeaseLife;
  const Time aws_until = AwsNow() + kLeaseLife + kAwsClocks;
  record_.renewed = now;
  record_.expires = now + kLeaseLife;
  std::string body = ToJson(record_);
  bool written = true;
  if (options_.conditions) {
    written = co_await file_.Replace(std::move(body));
  } else {
    co_await file_.Save(std::move(body));
  }
  if (!written) co_return false;
  until_ = until;
  aws_until_ = aws_until;
  renewed_.Pulse();
  co_return true;
}

Task<void> Lease::Keep(Stop& stop) {
  bool failing = false;
  // Much may have been done since it was taken.
  Duration pause = std::max(Duration(0), until_ - kLeaseLife + kLeaseRenewEvery - clock_.Uptime());
  while (!stop.requested()) {
    co_await clock_.Sleep(pause, &stop);
    if (stop.requested()) co_return;
    try {
      co_await KeepOnce();
      if (failing) LogInfo("{}: the lease is renewed again", table_);
      failing = false;
      pause = kLeaseRenewEvery;
    } catch (const Error& error) {
      const bool helpless = !options_.patient && error.reaction() != Reaction::kRetryLater;
      if (error.reaction() == Reaction::kConflict || helpless) throw;
      if (!failing) {
        LogWarn("{}: the lease could not be renewed: {}; trying again{}", table_, error.what(),
                HintOf(error));
      }
      failing = true;
      pause = kWatchEvery;
    }
  }
}

Task<void> Lease::KeepOnce() {
  // Twice: what refuses the first may be what an answer of ours that was lost has written, or that
  // somebody has removed it.
  for (int tries = 0; tries < 2; ++tries) {
    if (options_.conditions) {
      const bool renewed = co_await Renew();
      if (renewed) co_return;
    }
    const auto there = co_await Load();
    if (there && there->owner != options_.owner) {
      lost_ = true;
      until_ = {};
      throw TakenBy(*there);
    }
    if (options_.conditions) continue;
    co_await Renew();
    co_return;
  }
  throw Error(Reaction::kRetryLater, object_ + " changes all the time")
      .Hint("look who else writes into this place");
}

Task<void> Lease::Release(bool in_doubt) {
  if (record_.generation == 0 || lost_) co_return;
  // One that only tried to take it has looked at the other's since: the condition would hold.
  const auto there = co_await Load();
  if (there && there->owner != options_.owner) co_return;
  record_.released = true;
  record_.in_doubt = in_doubt ? AwsNow() : std::max(record_.in_doubt, others_wrote_until_);
  co_await Renew();
  record_.generation = 0;
  until_ = {};
}

Task<void> Lease::WaitUntilHeld(Stop& stop) {
  const Stop::Registration on_stop = stop.OnRequest([this] { renewed_.Pulse(); });
  while (!held() && !stop.requested()) co_await renewed_.Wait();
}

bool Lease::held() const {
  const bool paused = options_.server_ahead && AwsNow() >= aws_until_;
  return clock_.Uptime() < until_ && !paused;
}

Time Lease::AwsNow() const {
  return clock_.Now() + (options_.server_ahead ? options_.server_ahead() : Duration(0));
}

Error Lease::TakenBy(const LeaseRecord& other) const {
  if (options_.purpose == LeaseFor::kRemoving) {
    return Error(Reaction::kConflict,
                 "what is kept of table " + table_ + " is pruned, or an item " +
                     "of it forgotten, by " + other.owner +
                     (other.host.empty() ? "" : " on " + other.host) + " already")
        .Hint("one at a time: run this again when that one has ended");
  }
  return Error(Reaction::kConflict,
               "table " + table_ + " is followed into this place by " + other.owner +
                   (other.host.empty() ? "" : " on " + other.host) + " already")
      .Hint(
          "one follower per table and place: end that one (SIGTERM hands over at once), or start "
          "this one with --standby to take over when it ends");
}

}  // namespace ddbvault
