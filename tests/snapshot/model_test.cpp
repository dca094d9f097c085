// A random walk over a table, its stream, a follower and a backfill: whatever happens on the way,
// in the end fold(objects) == table, no older change is ever put over a newer one, and at any
// moment that the backup says it covers it shows what was in the table then.
//
// Each seed is one history: a table of few keys, so that they are put, deleted and put again;
// shards that roll and split, children that are listed late, empty answers, throttles, cut
// connections, store calls that fail before or after they acted, writes that land up to 15 minutes
// late; records trimmed before they were read, streams that are off for a while, lost checkpoints;
// and both processes killed at random moments, which is their io_context destroyed.  A failure
// prints its seed:
//
//   DDBVAULT_MODEL_SEED=4711 tests/test_snapshot --gtest_filter='Model.*'     that one
//   DDBVAULT_MODEL_SEEDS=1000000 ...                                             so many
//   DDBVAULT_MODEL_FIRST=5001 ...                                                beginning there
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "base/backoff.h"
#include "base/digest.h"
#include "incremental/backfill.h"
#include "incremental/followed_table.h"
#include "tests/snapshot/shown_at.h"
#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

constexpr std::uint64_t kSeeds = 100;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string Key(std::uint64_t key) { return R"({"id":{"S":"k)" + std::to_string(key) + R"("}})"; }
std::string Item(std::uint64_t key, std::uint64_t value) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(value) +
         R"("}})";
}

// Of one seed, what happens is told: the table's changes and what is done to objects, in one log.
bool telling = false;
void Tell(const FakeClock& clock, const std::string& text) {
  if (telling) std::cout << FormatTime(clock.Now()) << " " << text << "\n";
}
std::string Told(const PutRequest& request, std::string_view body) {
  std::string text = request.key.substr(0, 14) + " " + std::string(body.substr(0, 200));
  for (const auto& [name, value] : request.metadata) text += " " + value;
  if (request.condition != PutCondition::kNone)
    text += " if " + (request.etag.empty() ? "absent" : request.etag);
  return text;
}

using Random = std::mt19937_64;
bool Chance(Random& random, unsigned percent) { return random() % 100 < percent; }

// Fails calls at random, before or after they acted, and checks law 4 on every Put.  Of some Puts
// of items a first try gets no answer, and lands later; so does what a killed process had in
// flight.
class RoughStore : public ObjectStore {
 public:
  RoughStore(MemoryStore& inner, FakeClock& clock, Random& random)
      : inner_(inner), clock_(clock), random_(random) {}
  bool rough = false;
  bool process_dies = false;  // what is destroyed now was in flight
  std::vector<std::string> regressions;

  const StoreTraits& traits() const override { return inner_.traits(); }
  Task<PutResult> Put(PutRequest request) override {
    const bool after = Before();
    CheckOrder(request);
    Sent sent(*this, request);
    const bool unanswered = rough && sent.of_an_item() && Chance(random_, 2);
    const std::string told = telling ? Told(request, request.body) : "";
    PutResult result = co_await inner_.Put(std::move(request));
    Tell(clock_, std::string(result.written ? "put " : "refused ") + told + " -> " +
                     result.version_id + (unanswered ? " (may land again)" : ""));
    sent.Answered();
    if (unanswered) sent.MayLandLater();
    result.in_doubt = unanswered;
    After(after);
    co_return result;
  }
  // Some of what is under way reaches the store.
  void LandSome() {
    if (late_.empty()) return;
    const std::size_t which = random_() % late_.size();
    Late late = std::move(late_[which]);
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(which));
    if (clock_.Now() > late.refused_from) return;  // RequestTimeTooSkewed
    ++landed_[late.request.key];
    asio::io_context context;
    late.request.body = late.body;
    Tell(clock_, "lands late: " + Told(late.request, late.body));
    RunWithFakeTime(context, clock_, inner_.Put(std::move(late.request)));
  }
  bool any_late() const { return !late_.empty(); }
  // Two that landed in their own order over a newer state hide it from those who look at the past:
  // a limit that LookAt() tells.
  bool LandedTwice(const std::string& object) const {
    const auto at = landed_.find(object);
    return at != landed_.end() && at->second > 1;
  }
  void ForgetLate() { late_.clear(); }
  // A backfill that is cut short does not look at what it had in doubt.  What it sent on condition
  // that a tombstone is current may land over a later one, for all tombstones have one ETag: a
  // limit that the README tells.
  void ForgetLateOverTombstones(const std::string& writer) {
    std::erase_if(late_, [&writer](const Late& late) {
      const auto info = VersionInfo::FromMetadata(late.request.metadata);
      return IsOverTombstone(late.request) && info && info->writer == writer;
    });
  }
  Task<std::unique_ptr<ObjectWriter>> Create(std::string key, std::string_view type) override {
    return inner_.Create(std::move(key), type);
  }
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id) override {
    Before();
    co_return co_await inner_.Get(std::move(key), std::move(version_id));
  }
  Task<std::optional<StoredObject>> Head(std::string key, std::string version_id) override {
    Before();
    co_return co_await inner_.Head(std::move(key), std::move(version_id));
  }
  Task<std::string> GetRange(std::string key, std::string etag, std::uint64_t offset,
                             std::uint64_t count) override {
    return inner_.GetRange(std::move(key), std::move(etag), offset, count);
  }
  Task<ObjectPage> List(std::string prefix, std::string next, std::string after) override {
    Before();
    co_return co_await inner_.List(std::move(prefix), std::move(next), std::move(after));
  }
  Task<ObjectPage> ListVersions(std::string prefix, std::string next) override {
    Before();
    co_return co_await inner_.ListVersions(std::move(prefix), std::move(next));
  }
  Task<void> PutDeleteMarker(std::string key, MaySend may_send) override {
    const bool after = Before();
    co_await inner_.PutDeleteMarker(std::move(key), std::move(may_send));
    After(after);
  }
  Task<void> RemoveVersion(std::string key, std::string version_id) override {
    const bool after = Before();
    Tell(clock_, "removes " + key.substr(0, 14) + " " + version_id);
    co_await inner_.RemoveVersion(std::move(key), std::move(version_id));
    After(after);
  }

 private:
  struct Late {
    PutRequest request;
    std::string body;
    Time refused_from;
  };
  static bool IsOverTombstone(const PutRequest& request) {
    return request.condition == PutCondition::kIfMatches && request.etag == Hex(AsBytes(Md5("")));
  }
  // A Put on its way; destroyed before its answer came: its process was killed.
  class Sent {
   public:
    Sent(RoughStore& store, const PutRequest& request) : store_(store) {
      late_.request = request;
      late_.request.may_send = {};  // it has been asked
      late_.body = request.body;
      late_.refused_from = store.clock_.Now() + std::chrono::minutes(15);
    }
    ~Sent() {
      const bool in_flight = !answered_ && store_.process_dies;
      if (in_flight && of_an_item() && !IsOverTombstone(late_.request)) MayLandLater();
    }
    bool of_an_item() const { return late_.request.key.starts_with("orders/"); }
    void Answered() { answered_ = true; }
    void MayLandLater() { store_.late_.push_back(late_); }

   private:
    RoughStore& store_;
    Late late_;
    bool answered_ = false;
  };
  // True: the call is to fail once it has acted.
  bool Before() {
    if (!rough || !Chance(random_, 4)) return false;
    if (Chance(random_, 50)) return true;
    throw Error(Reaction::kRetryLater, "the store does not answer");
  }
  static void After(bool fail) {
    if (fail) throw Error(Reaction::kRetryLater, "the answer was lost");
  }
  void CheckOrder(const PutRequest& request) {
    const auto info = VersionInfo::FromMetadata(request.metadata);
    if (!info || info->source != Source::kStream) return;
    // What landed late stands over a newer state until its doubt is settled: law 3.
    if (landed_.contains(request.key)) return;
    // The newest stream version at rest, wherever a backfill may stand above it for a moment.
    for (const StoredObject& version : inner_.Versions(request.key)) {
      const auto there = VersionInfo::FromMetadata(version.metadata);
      if (there && CompareWithChange(there, info->stream_label, info->sequence_number) > 0) {
        regressions.push_back(request.key + ": " + info->sequence_number + " after " +
                              there->sequence_number);
      }
    }
  }
  MemoryStore& inner_;
  FakeClock& clock_;
  Random& random_;
  std::vector<Late> late_;
  std::map<std::string, int> landed_;  // by object: so many
};

struct World {
  explicit World(std::uint64_t seed)
      : random(seed), aws(clock), memory(clock, StoreOptions()), store(memory, clock, random) {
    Jitter().seed(seed);
    aws.CreateTable("orders", {{{"id", 'S'}}});
    aws.settings.scan_page_bytes = 120;
    for (std::uint64_t key = 0; key < 12; ++key) {
      if (Chance(random, 60)) Put(key);
    }
    aws.settings.shards = 1 + random() % 3;
    aws.settings.stream.empty_pages_before_data = static_cast<int>(random() % 3);
    aws.settings.stream.child_hidden_for = static_cast<int>(random() % 4);
    aws.settings.stream.end_on_empty_page = Chance(random, 50);
    aws.settings.stream.shards_per_page = 1 + random() % 4;
    aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    aws.before = [this](const HttpRequest&, std::string_view) { return Fault(); };
    aws.after = aws.before;
  }
  MemoryStoreOptions StoreOptions() {
    MemoryStoreOptions options;
    options.honours_conditions = Chance(random, 50);
    return options;
  }
  std::optional<HttpResponse> Fault() {
    if (!store.rough || !Chance(random, 3)) return std::nullopt;
    switch (random() % 3) {
      case 0:
        return FakeDynamoDb::Failure(400, "ThrottlingException");
      case 1:
        return FakeDynamoDb::Failure(500, "InternalServerError");
      default:
        throw Error(Reaction::kRetryLater, "the connection was cut");
    }
  }
  void ChangeTable() {
    const std::uint64_t key = random() % 12;
    const std::uint64_t dice = random() % 100;
    Tell(clock, "table: dice " + std::to_string(dice) + " on k" + std::to_string(key) + ", value " +
                    std::to_string(value + 1));
    if (dice < 60) {
      Put(key);
    } else if (dice < 85) {
      aws.Delete("orders", Key(key));
    } else if (dice < 92) {
      Put(key);
      aws.Delete("orders", Key(key));
      Put(key);
    } else {
      aws.Expire("orders", Key(key));
    }
    Note(key);
  }
  void Put(std::uint64_t key) {
    aws.Put("orders", Item(key, ++value));
    Note(key);
  }
  // Of the changes of one second the last one counts.
  void Note(std::uint64_t key) {
    const std::string object = layout.ItemObject(ItemKey::FromKeys(Key(key)));
    past[EpochSeconds(clock.Now())][object] = aws.Get("orders", Key(key)).value_or("");
  }
  // By object, as of the end of that second.
  std::map<std::string, std::string> ItemsAt(Time moment) const {
    std::map<std::string, std::string> items;
    for (const auto& [second, changed] : past) {
      if (second > EpochSeconds(moment)) break;
      for (const auto& [object, item] : changed) items[object] = item;
    }
    std::erase_if(items, [](const auto& entry) { return entry.second.empty(); });
    return items;
  }
  void ChangeShards() {
    FakeStream& stream = aws.stream("orders");
    const auto open = stream.open_shards();
    if (open.size() > 4 || stream.shards().size() > 40) return;
    const std::string& shard = open[random() % open.size()];
    if (Chance(random, 50)) {
      stream.SplitShard(shard);
    } else {
      stream.RollShard(shard);
    }
  }

  // What opens a gap.
  void LoseChanges() {
    if (Chance(random, 50)) {
      // Records are trimmed after 24 hours; processes that live were suspended all the while.
      for (int i = 0; i < 3; ++i) ChangeTable();
      store.ForgetLate();  // the signatures have run out long ago
      clock.Advance(std::chrono::hours(25));
      Tell(clock, "25 hours later");
      return;
    }
    Tell(clock, "stream off");
    aws.DisableStream("orders");
    for (int i = 0; i < 3; ++i) {
      clock.Advance(std::chrono::seconds(1));
      ChangeTable();
    }
    aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }

  const Layout layout{"orders", KeyHash::kSha256};
  Random random;
  std::uint64_t value = 0;
  // By second, what was made then of each object's item; empty: deleted.
  std::map<std::int64_t, std::map<std::string, std::string>> past;
  int backfills = 0;
  FakeClock clock;
  FakeDynamoDb aws;
  MemoryStore memory;
  RoughStore store;
  MemoryCheckpoints checkpoints;
};

// One process.  Destroying it is kill -9: no code of it runs any more.
class Process {
 public:
  explicit Process(World& world) : world_(world) {}
  virtual ~Process() = default;
  // Runs what is ready, at most so much; false: nothing is.
  bool Step(int turns) {
    context_.restart();
    bool any = false;
    for (; turns > 0 && context_.poll_one() > 0; --turns) any = true;
    return any;
  }
  bool ended() const { return ended_; }
  const std::exception_ptr& error() const { return error_; }

 protected:
  void Start(Task<void> task) {
    asio::co_spawn(context_, std::move(task), [this](std::exception_ptr error) {
      ended_ = true;
      error_ = error;
    });
  }
  World& world_;
  DynamoDbClient client_{TestCaller(world_.aws, world_.clock)};
  StreamsClient streams_{TestCaller(world_.aws, world_.clock)};
  Stop stop_;
  bool ended_ = false;
  std::exception_ptr error_;
  asio::io_context context_;
};

class FollowProcess : public Process {
 public:
  FollowProcess(World& world, bool once) : Process(world) {
    FollowedTableOptions options;
    options.follower.once = once;
    options.follower.consumer.records_per_read = 1 + static_cast<std::uint32_t>(world.random() % 5);
    options.follower.consumer.batches_in_flight = 1 + world.random() % 4;
    options.follower.discover_every = std::chrono::seconds(10);
    options.sink.writer = "follow/1";
    options.sink.in_flight = 1 + world.random() % 8;
    table_ = std::make_unique<FollowedTable>(client_, streams_, world.store, world.checkpoints,
                                             world.clock, stop_, "orders", options);
    Start(Run());
  }

 private:
  Task<void> Run() {
    co_await table_->Open();
    co_await table_->Run();
  }
  std::unique_ptr<FollowedTable> table_;
};

class BackfillProcess : public Process {
 public:
  explicit BackfillProcess(World& world)
      : Process(world), writer_("backfill/" + std::to_string(++world.backfills)) {
    Start(Run());
  }
  ~BackfillProcess() override { world_.store.ForgetLateOverTombstones(writer_); }

 private:
  Task<void> Run() {
    const auto table = co_await client_.DescribeTable("orders");
    BackfillOptions options;
    options.segments = 2;
    options.in_flight = 1 + world_.random() % 4;
    options.writer = writer_;
    backfill_ =
        std::make_unique<Backfill>(client_, world_.store, world_.clock, stop_, progress_, workers_,
                                   Layout("orders", KeyHash::kSha256), *table, options);
    const BackfillResult result = co_await backfill_->Run();
    if (!result.whole) throw Error(Reaction::kRetryLater, "not whole");
  }
  std::string writer_;
  Progress progress_;
  WorkerPool workers_{0};  // for many names; here there are few
  std::unique_ptr<Backfill> backfill_;
};

std::uint64_t moments_of_the_past = 0;  // that were compared

// One random history.  The processes go on or die as chance has it.
class History {
 public:
  explicit History(std::uint64_t seed) : world_(seed) {}

  void Run() {
    world_.store.rough = true;
    for (int event = 0; event < 250; ++event) OneEvent();
    world_.store.rough = false;
    KillFollower();
    // By then all listings are whole: what was lost is seen.
    FakeStream& stream = world_.aws.stream("orders");
    for (const std::string& shard : stream.shards()) stream.HideShard(shard, 0);
    // Once to have on record what was lost; then the one backfill that closes it all.
    RunToEnd([this] { return std::make_unique<FollowProcess>(world_, true); });
    RunToEnd([this] { return std::make_unique<BackfillProcess>(world_); });
    while (world_.store.any_late()) world_.store.LandSome();
    world_.clock.Advance(kSignatureLife + std::chrono::minutes(1));
    RunToEnd([this] { return std::make_unique<FollowProcess>(world_, true); });
    Check();
  }

 private:
  void OneEvent() {
    const std::uint64_t dice = world_.random() % 100;
    if (dice < 35) {
      world_.ChangeTable();
    } else if (dice < 38) {
      world_.ChangeShards();
    } else if (dice < 41) {
      KillFollower();
      if (Chance(world_.random, 10)) world_.checkpoints.ForgetPositions();
    } else if (dice < 42) {
      if (Chance(world_.random, 25)) {
        if (Chance(world_.random, 50)) KillFollower();
        world_.LoseChanges();
      }
      world_.store.LandSome();
    } else if (dice < 43) {
      KillBackfill();
    } else if (dice < 60) {
      if (!follower_ || follower_->ended()) {
        Tell(world_.clock, "follower begins");
        follower_ = std::make_unique<FollowProcess>(world_, Chance(world_.random, 30));
      }
    } else if (dice < 63) {
      if (!backfill_) {
        Tell(world_.clock, "backfill begins");
        backfill_ = std::make_unique<BackfillProcess>(world_);
      }
    } else {
      StepProcesses();
    }
    if (backfill_ && backfill_->ended()) backfill_.reset();
  }
  void KillFollower() { Kill(follower_); }
  void KillBackfill() { Kill(backfill_); }
  void Kill(std::unique_ptr<Process>& process) {
    if (process) Tell(world_.clock, "kill");
    world_.store.process_dies = true;
    process.reset();
    world_.store.process_dies = false;
  }
  void StepProcesses() {
    bool any = false;
    for (Process* process : {follower_.get(), backfill_.get()}) {
      if (process == nullptr || process->ended()) continue;
      any = process->Step(1 + static_cast<int>(world_.random() % 60)) || any;
    }
    if (!any) world_.clock.JumpToNextSleeper();
  }
  template <typename Make>
  void RunToEnd(Make make) {
    Tell(world_.clock, "the last ones");
    auto process = make();
    for (int idle = 0; !process->ended();) {
      if (Chance(world_.random, 10)) world_.store.LandSome();
      idle = process->Step(1000) || world_.clock.JumpToNextSleeper() ? 0 : idle + 1;
      if (idle > 3) throw std::runtime_error("stuck");
    }
    KillBackfill();
    if (process->error()) std::rethrow_exception(process->error());
  }
  void Check() {
    const Layout layout("orders", KeyHash::kSha256);
    std::vector<std::string> bodies;
    for (const std::string& key : world_.memory.CurrentKeys()) {
      const StoredObject* object = world_.memory.Current(key);
      if (layout.IsItemObject(key) && !object->body.empty()) bodies.push_back(object->body);
    }
    std::sort(bodies.begin(), bodies.end());
    std::vector<std::string> items = world_.aws.items("orders");
    std::sort(items.begin(), items.end());
    EXPECT_EQ(bodies, items);
    if (bodies != items) TellVersions(layout);
    EXPECT_THAT(world_.store.regressions, testing::IsEmpty());
    const BackupState state = Load(layout);
    EXPECT_THAT(state.open_gaps(), testing::IsEmpty());
    EXPECT_TRUE(state.covered_from());
    CheckThePast(layout, state);
  }
  void CheckThePast(const Layout& layout, const BackupState& state) {
    std::set<std::int64_t> seconds;
    for (const auto& [second, changed] : world_.past) seconds.insert({second - 1, second});
    for (const std::int64_t second : seconds) {
      const Time moment = FromEpochSeconds(second);
      const Cut cut = DecideCutAsOf(state, moment, world_.clock.Now(), std::nullopt);
      if (!cut.consistent) continue;
      asio::io_context context;
      Shown shown = RunWithFakeTime(context, world_.clock, ShownAt(world_.memory, layout, cut));
      auto items = world_.ItemsAt(moment);
      const auto is_fuzzy = [&](const auto& entry) {
        return shown.fuzzy.contains(entry.first) || world_.store.LandedTwice(entry.first);
      };
      std::erase_if(items, is_fuzzy);
      std::erase_if(shown.items, is_fuzzy);
      EXPECT_EQ(shown.items, items) << "as of " << FormatTime(moment);
      ++moments_of_the_past;
    }
  }
  // What became of the items that differ.
  void TellVersions(const Layout& layout) {
    for (std::uint64_t key = 0; key < 12; ++key) {
      const std::string object = layout.ItemObject(ItemKey::FromKeys(Key(key)));
      const auto item = world_.aws.Get("orders", Key(key));
      const StoredObject* current = world_.memory.Current(object);
      if ((current == nullptr ? "" : current->body) == item.value_or("")) continue;
      std::cout << object << ", in the table: " << item.value_or("nothing") << "\n";
      for (const StoredObject& version : world_.memory.Versions(object)) {
        std::cout << "  " << FormatTime(version.info.last_modified) << " " << version.body;
        for (const auto& [name, value] : version.metadata) std::cout << " " << value;
        std::cout << "\n";
      }
    }
  }
  BackupState Load(const Layout& layout) {
    asio::io_context context;
    return RunWithFakeTime(context, world_.clock, BackupState::Load(world_.memory, layout));
  }

  World world_;
  std::unique_ptr<Process> follower_;
  std::unique_ptr<Process> backfill_;
};

TEST(Model, EndsWithTheTableWhateverHappens) {
  const std::uint64_t first =
      FromEnvironment("DDBVAULT_MODEL_SEED", FromEnvironment("DDBVAULT_MODEL_FIRST", 1));
  const bool one = std::getenv("DDBVAULT_MODEL_SEED") != nullptr;
  const std::uint64_t count = one ? 1 : FromEnvironment("DDBVAULT_MODEL_SEEDS", kSeeds);
  spdlog::set_level(one ? spdlog::level::info : spdlog::level::off);
  telling = one;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("DDBVAULT_MODEL_SEED=" + std::to_string(seed));
    History history(seed);
    history.Run();
    if (HasFailure()) break;
  }
  spdlog::set_level(spdlog::level::info);
  // About one for each seed: a little more of some thousands, a little less of others.
  EXPECT_TRUE(one || moments_of_the_past > count / 2)
      << moments_of_the_past << " moments of the past is little for " << count << " seeds";
}

}  // namespace
}  // namespace ddbvault
