// Restoring into a table that is in use: what is written, deleted, kept, and left alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "restore/restore.h"
#include "restore/snapshot_source.h"
#include "tests/snapshot/snapshot_world.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string Item(const std::string& id, const std::string& value) {
  return SnapshotWorld::Item(id, value);
}
std::string KeyOf(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }

// A snapshot of the items "0" to "9", and a table "orders".
class InPlaceTest : public testing::Test {
 protected:
  InPlaceTest() {
    for (int i = 0; i < 10; ++i) {
      world_.PutChange(std::to_string(i), EventName::kInsert, At("2026-11-20T11:00:00Z"), "backup");
    }
    SnapshotOptions snapshot;
    snapshot.allow_smaller = true;
    key_ = world_.Write(snapshot).key;
    options_.table = "orders";
    options_.into_existing = true;
    options_.best_effort = true;  // the snapshots here are fuzzy
    world_.aws.CreateTable("orders", world_.schema);
  }
  void Have(const std::string& id, const std::string& value) {
    world_.aws.Put("orders", Item(id, value));
  }
  // As it is in the backup.
  void HaveAll() {
    for (int i = 0; i < 10; ++i) Have(std::to_string(i), "backup");
  }
  std::string There(const std::string& id) {
    return world_.aws.Get("orders", KeyOf(id)).value_or("none");
  }
  RestoreResult Restore() {
    SnapshotSource source(world_.snapshots, world_.workers, key_);
    return RestoreFrom(source);
  }
  RestoreResult RestoreFrom(ItemSource& source) {
    Stop no_stop;
    Progress shown;
    const RestoreContext all{world_.table,   world_.table, source, world_.clock,
                             world_.workers, no_stop,      shown};
    return world_.Run(ddbvault::Restore(all, options_));
  }
  int Writes() { return world_.aws.calls("PutItem") + world_.aws.calls("DeleteItem"); }
  // The file of --keep-previous, restored.
  void Undo(const std::string& path, bool delete_extra = false) {
    std::ifstream file(path);
    std::stringstream lines;
    lines << file.rdbuf();
    MemoryStore store(world_.clock, {});
    PutRequest request;
    request.key = "previous.json";
    const std::string body = lines.str();
    request.body = body;
    world_.Run(store.Put(std::move(request)));
    SnapshotSource source(store, world_.workers, "previous.json");
    options_.keep_previous.clear();
    options_.delete_extra = delete_extra;
    options_.if_absent = false;
    options_.into_existing = true;
    options_.choice = {};
    RestoreFrom(source);
  }

  SnapshotWorld world_;
  TempDir directory_;
  std::string key_;
  RestoreOptions options_;
};

TEST_F(InPlaceTest, WritesOnlyWhatDiffers) {
  HaveAll();
  Have("3", "changed");
  world_.aws.Delete("orders", KeyOf("4"));
  Have("more", "live");
  const RestoreResult result = Restore();
  EXPECT_EQ(Writes(), 2);
  EXPECT_EQ(world_.aws.calls("BatchWriteItem"), 0);
  EXPECT_EQ(result.written, 2u);
  EXPECT_EQ(result.update->same, 8u);
  EXPECT_EQ(result.update->added, 1u);
  EXPECT_EQ(result.update->overwritten, 1u);
  EXPECT_EQ(There("3"), Item("3", "backup"));
  EXPECT_EQ(There("4"), Item("4", "backup"));
  EXPECT_EQ(There("more"), Item("more", "live"));
}

TEST_F(InPlaceTest, TakesItemsForTheSameThatAreWrittenInAnotherWay) {
  HaveAll();
  world_.aws.Put("orders", R"({"value": {"S":"\u0062ackup"}, "id":{"S":"3"}})");
  EXPECT_EQ(Restore().update->same, 10u);
}

TEST_F(InPlaceTest, ReadsAgainWhatTheTableDidNotGive) {
  world_.aws.settings.batch_get_takes = 3;
  HaveAll();
  Have("3", "changed");
  const RestoreResult result = Restore();
  EXPECT_EQ(result.update->same, 9u);
  EXPECT_GT(result.retried, 0u);
  EXPECT_EQ(There("3"), Item("3", "backup"));
}

TEST_F(InPlaceTest, DeletesWhatTheBackupDoesNotHaveWhenTold) {
  HaveAll();
  Have("more", "live");
  Have("most", "live");
  options_.delete_extra = true;
  const RestoreResult result = Restore();
  EXPECT_EQ(result.update->removed, 2u);
  EXPECT_THAT(world_.aws.items("orders"), SizeIs(10));
  EXPECT_EQ(There("more"), "none");
}

TEST_F(InPlaceTest, FindsWhatIsExtraHoweverLittleMemoryThereIs) {
  for (int i = 0; i < 500; ++i) Have("more" + std::to_string(i), "live");
  HaveAll();
  options_.delete_extra = true;
  options_.memory = 4096;
  EXPECT_EQ(Restore().update->removed, 500u);
  EXPECT_THAT(world_.aws.items("orders"), SizeIs(10));
}

TEST_F(InPlaceTest, WouldNotEmptyATableForABackupWithoutItems) {
  HaveAll();
  for (int i = 0; i < 10; ++i) {
    world_.PutChange(std::to_string(i), EventName::kRemove, At("2026-11-20T11:00:00Z"));
  }
  world_.clock.Advance(std::chrono::minutes(1));
  SnapshotOptions snapshot;
  snapshot.allow_smaller = true;
  key_ = world_.Write(snapshot).key;
  options_.delete_extra = true;
  EXPECT_THAT(ErrorOf([&] { Restore(); }),
              HasSubstr("has no items, and the table would be emptied"));
  EXPECT_THAT(world_.aws.items("orders"), SizeIs(10));
}

TEST_F(InPlaceTest, DeletesNothingForABackupThatWasMadeWithoutDamagedObjects) {
  HaveAll();
  Have("damaged", "live");
  world_.PutObject(world_.Name("damaged"), "");
  world_.clock.Advance(std::chrono::minutes(1));
  SnapshotOptions snapshot;
  snapshot.skip_damaged = true;
  key_ = world_.Write(snapshot).key;
  options_.delete_extra = true;
  EXPECT_THAT(ErrorOf([&] { Restore(); }), HasSubstr("was made without 1 damaged object"));
  EXPECT_EQ(Writes(), 0);
}

TEST_F(InPlaceTest, DeletesNothingForASnapshotThatIsFuzzyUnlessTold) {
  HaveAll();
  Have("more", "live");
  options_.delete_extra = true;
  options_.best_effort = false;
  EXPECT_THAT(ErrorOf([&] { Restore(); }), HasSubstr("is fuzzy"));
  EXPECT_EQ(Writes(), 0);
  options_.dry_run = true;
  EXPECT_EQ(Restore().update->removed, 1u);
}

// The file of --keep-previous, in the place of a snapshot.
TEST_F(InPlaceTest, DeletesNothingForAFileThatTellsOfChangesOnly) {
  HaveAll();
  Have("3", "changed");
  const std::string path = directory_.path() / "previous";
  options_.keep_previous = path;
  Restore();
  EXPECT_THAT(ErrorOf([&] { Undo(path, true); }), HasSubstr("tells of changes only"));
  EXPECT_THAT(world_.aws.items("orders"), SizeIs(10));
}

TEST_F(InPlaceTest, DeletesOnlyAmongTheKeysThatAreWanted) {
  HaveAll();
  Have("more", "live");
  Have("most", "live");
  options_.delete_extra = true;
  options_.choice.keys = {KeyOf("more"), KeyOf("3")};
  EXPECT_EQ(Restore().update->removed, 1u);
  EXPECT_EQ(There("most"), Item("most", "live"));
}

TEST_F(InPlaceTest, DeletesOnlyInThePartitionThatIsWanted) {
  HaveAll();
  Have("more", "live");
  Have("most", "live");
  options_.delete_extra = true;
  options_.choice.partition = KeyOf("more");
  EXPECT_EQ(Restore().update->removed, 1u);
  EXPECT_EQ(There("most"), Item("most", "live"));
  EXPECT_EQ(world_.aws.calls("Scan"), 0);
}

TEST_F(InPlaceTest, TellsWhatItWouldDo) {
  HaveAll();
  Have("3", "changed");
  Have("more", "live");
  world_.aws.Delete("orders", KeyOf("4"));
  options_.delete_extra = true;
  options_.dry_run = true;
  options_.keep_previous = directory_.path() / "previous";
  const RestoreResult result = Restore();
  EXPECT_EQ(result.update->added, 1u);
  EXPECT_EQ(result.update->overwritten, 1u);
  EXPECT_EQ(result.update->removed, 1u);
  EXPECT_THAT(result.update->samples, SizeIs(3));
  EXPECT_EQ(Writes(), 0);
  EXPECT_FALSE(std::filesystem::exists(options_.keep_previous));
}

TEST_F(InPlaceTest, CanBeUndone) {
  HaveAll();
  Have("3", "changed");
  Have("more", "live");
  world_.aws.Delete("orders", KeyOf("4"));
  const auto before = world_.aws.items("orders");
  options_.delete_extra = true;
  const std::string path = directory_.path() / "previous";
  options_.keep_previous = path;
  EXPECT_EQ(Restore().kept_previous, 3u);
  EXPECT_NE(world_.aws.items("orders"), before);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  Undo(path);
  EXPECT_EQ(world_.aws.items("orders"), before);
}

TEST_F(InPlaceTest, OverwritesNoFileOfAnEarlierRun) {
  options_.keep_previous = directory_.path() / "previous";
  std::ofstream(options_.keep_previous) << "the only copy";
  EXPECT_THAT(ErrorOf([&] { Restore(); }), HasSubstr("is there already"));
  EXPECT_EQ(Writes(), 0);
}

// Somebody else writes between the look and the write.
TEST_F(InPlaceTest, ComparesAgainWhatChangedMeanwhile) {
  HaveAll();
  Have("3", "changed");
  bool raced = false;
  world_.aws.before = OnCalls("PutItem", {1}, [&]() -> std::optional<HttpResponse> {
    raced = true;
    Have("3", "changed again");
    return std::nullopt;
  });
  const std::string path = directory_.path() / "previous";
  options_.keep_previous = path;
  const RestoreResult result = Restore();
  EXPECT_TRUE(raced);
  EXPECT_EQ(result.update->changed, 1u);
  EXPECT_EQ(There("3"), Item("3", "backup"));
  world_.aws.before = nullptr;
  Undo(path);
  EXPECT_EQ(There("3"), Item("3", "changed again"));
}

// No condition can ask that there are no other attributes.
TEST_F(InPlaceTest, KeepsAnAttributeThatCameMeanwhile) {
  HaveAll();
  Have("3", "changed");
  const std::string with_more = R"({"id":{"S":"3"},"value":{"S":"changed"},"more":{"N":"1"}})";
  world_.aws.before = OnCalls("PutItem", {1}, [&]() -> std::optional<HttpResponse> {
    world_.aws.Put("orders", with_more);
    return std::nullopt;
  });
  const std::string path = directory_.path() / "previous";
  options_.keep_previous = path;
  EXPECT_EQ(Restore().update->changed, 1u);
  world_.aws.before = nullptr;
  Undo(path);
  EXPECT_EQ(There("3"), with_more);
}

TEST_F(InPlaceTest, GivesUpOnAnItemThatChangesAllTheTime) {
  Have("3", "0");
  int round = 0;
  options_.choice.keys = {KeyOf("3")};
  world_.aws.before = [&](const HttpRequest&,
                          std::string_view operation) -> std::optional<HttpResponse> {
    if (operation == "PutItem") Have("3", std::to_string(++round));
    return std::nullopt;
  };
  EXPECT_THAT(ErrorOf([&] { Restore(); }), HasSubstr("was changed by somebody else each time"));
}

TEST_F(InPlaceTest, TakesALostAnswerForWhatItIs) {
  HaveAll();
  Have("3", "changed");
  world_.aws.after = CutCalls("PutItem", {1});
  Restore();
  EXPECT_EQ(There("3"), Item("3", "backup"));
}

TEST_F(InPlaceTest, PutsOnlyWhatIsAbsentWhenTold) {
  Have("3", "live");
  options_.into_existing = false;
  options_.if_absent = true;
  const RestoreResult result = Restore();
  EXPECT_EQ(result.update->added, 9u);
  EXPECT_EQ(result.update->kept, 1u);
  EXPECT_EQ(There("3"), Item("3", "live"));
  EXPECT_EQ(world_.aws.calls("BatchGetItem"), 0);
  EXPECT_EQ(Restore().update->added, 0u);
}

TEST_F(InPlaceTest, KeepsOfWhatIsAbsentOnlyWhatItAdds) {
  Have("3", "live");
  Have("5", "backup");
  options_.into_existing = false;
  options_.if_absent = true;
  const auto before = world_.aws.items("orders");
  const std::string path = directory_.path() / "previous";
  options_.keep_previous = path;
  // An application is quicker with one of them.
  world_.aws.before = OnCalls("PutItem", {1}, [&]() -> std::optional<HttpResponse> {
    Have("0", "live");
    Have("1", "live");
    return std::nullopt;
  });
  EXPECT_EQ(Restore().update->kept, 3u);
  world_.aws.before = nullptr;
  Undo(path);
  auto expected = before;
  for (const char* id : {"0", "1"}) expected.push_back(Item(id, "live"));
  EXPECT_THAT(world_.aws.items("orders"), testing::UnorderedElementsAreArray(expected));
}

// The caller sends it again, and the condition holds for what it has written itself.
TEST_F(InPlaceTest, KeepsWhatWasThereWhenAPutIsSentTwice) {
  HaveAll();
  const std::string less = R"({"id":{"S":"3"}})";
  world_.aws.Put("orders", less);
  const std::string path = directory_.path() / "previous";
  options_.keep_previous = path;
  world_.aws.after = CutCalls("PutItem", {1});
  EXPECT_EQ(Restore().update->changed, 0u);
  EXPECT_EQ(There("3"), Item("3", "backup"));
  world_.aws.after = nullptr;
  Undo(path);
  EXPECT_EQ(There("3"), less);
}

TEST_F(InPlaceTest, TellsWhatIsAbsentWithoutWriting) {
  Have("3", "live");
  options_.into_existing = false;
  options_.if_absent = true;
  options_.dry_run = true;
  const RestoreResult result = Restore();
  EXPECT_EQ(result.update->added, 9u);
  EXPECT_EQ(result.update->kept, 1u);
  EXPECT_EQ(Writes(), 0);
}

TEST_F(InPlaceTest, NeedsTheTableAlsoForADryRun) {
  options_.table = "none";
  options_.dry_run = true;
  EXPECT_THAT(ErrorOf([&] { Restore(); }), HasSubstr("there is no such table"));
}

}  // namespace
}  // namespace ddbvault
