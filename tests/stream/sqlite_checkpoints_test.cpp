#include "stream/sqlite_checkpoints.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPlace = "s3://bucket/prefix/";
constexpr const char* kTable = "arn:aws:dynamodb:eu-central-1:1:table/orders";
const std::string kStream = std::string(kTable) + "/stream/2026-11-20T10:00:00.000";

ShardCheckpoint Example(const std::string& shard_id) {
  ShardCheckpoint checkpoint;
  checkpoint.shard_id = shard_id;
  checkpoint.parent_shard_id = "shardId-00000000000000000000-parent";
  checkpoint.applied = "000000000000000000115";
  checkpoint.noted = "1234567890123456789012345678901234567890";
  checkpoint.finished = true;
  checkpoint.read = Time(Duration(1795176000123));
  return checkpoint;
}

class SqliteCheckpointsTest : public testing::Test {
 protected:
  TempDir dir_;
  std::string path_ = (dir_.path() / "positions" / "checkpoints.db").string();
};

TEST_F(SqliteCheckpointsTest, KeepsEverythingAcrossProcesses) {
  {
    SqliteCheckpoints store(path_);
    store.Save(kPlace, kStream, Example("a"));
    store.SaveGuardedUntil(kPlace, kStream, Time(Duration(1795176000456)));
  }
  SqliteCheckpoints store(path_);
  const auto found = store.Load(kPlace, kStream);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].shard_id, "a");
  EXPECT_EQ(found[0].parent_shard_id, Example("a").parent_shard_id);
  EXPECT_EQ(found[0].applied, Example("a").applied);
  EXPECT_EQ(found[0].noted, Example("a").noted);
  EXPECT_TRUE(found[0].finished);
  EXPECT_EQ(found[0].read, Example("a").read);
  EXPECT_EQ(store.GuardedUntil(kPlace, kStream), Time(Duration(1795176000456)));
}

TEST_F(SqliteCheckpointsTest, KeepsDoubtsAcrossProcesses) {
  WriteDoubt doubt;
  doubt.object = "orders/a";
  doubt.until = FromEpochSeconds(1000);
  doubt.writes = 3;
  WriteDoubt owed = doubt;
  owed.object = "orders/b";
  owed.owed = true;
  SqliteCheckpoints(path_).SaveDoubts(kPlace, kTable, {doubt, owed});
  SqliteCheckpoints next(path_);
  const auto found = next.Doubts(kPlace, kTable);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].object, "orders/a");
  EXPECT_EQ(found[0].until, doubt.until);
  EXPECT_EQ(found[0].writes, 3);
  EXPECT_FALSE(found[0].owed);
  EXPECT_TRUE(found[1].owed);
  next.ForgetDoubt(kPlace, kTable, "orders/a");
  EXPECT_EQ(next.Doubts(kPlace, kTable).size(), 1U);
}

TEST_F(SqliteCheckpointsTest, ReplacesAShardsPosition) {
  SqliteCheckpoints store(path_);
  ShardCheckpoint checkpoint = Example("a");
  store.Save(kPlace, kStream, checkpoint);
  checkpoint.applied = "2";
  store.Save(kPlace, kStream, checkpoint);
  ASSERT_EQ(store.Load(kPlace, kStream).size(), 1U);
  EXPECT_EQ(store.Load(kPlace, kStream)[0].applied, "2");
}

TEST_F(SqliteCheckpointsTest, ForgetsAStreamThatIsOver) {
  const std::string second = std::string(kTable) + "/stream/2026-11-21T10:00:00.000";
  SqliteCheckpoints store(path_);
  for (const std::string& arn : {kStream, second}) {
    store.Save(kPlace, arn, Example("a"));
    store.SaveGuardedUntil(kPlace, arn, Time(Duration(1)));
  }
  store.ForgetStream(kPlace, kStream);
  EXPECT_THAT(store.Streams(kPlace, kTable), ElementsAre(second));
  EXPECT_THAT(store.Load(kPlace, kStream), IsEmpty());
  EXPECT_EQ(store.Load(kPlace, second).size(), 1U);
}

TEST_F(SqliteCheckpointsTest, KeepsPlacesAndStreamsApart) {
  SqliteCheckpoints store(path_);
  const std::string second = std::string(kTable) + "/stream/2026-11-21T10:00:00.000";
  const std::string longer_table = std::string(kTable) + "2/stream/2026-11-20T10:00:00.000";
  store.Save(kPlace, kStream, Example("a"));
  for (const std::string& arn : {second, kStream, longer_table}) {
    store.SaveGuardedUntil(kPlace, arn, Time(Duration(1)));
  }
  EXPECT_THAT(store.Load("file:///elsewhere/", kStream), IsEmpty());
  EXPECT_THAT(store.Load(kPlace, second), IsEmpty());
  EXPECT_THAT(store.Streams(kPlace, kTable), ElementsAre(kStream, second));
  EXPECT_EQ(store.GuardedUntil("file:///elsewhere/", kStream), std::nullopt);
}

// A process that was overtaken (it was stopped for a while, say) puts nothing back.
TEST_F(SqliteCheckpointsTest, LetsNobodyMoveWhatAnotherHasTakenOver) {
  SqliteCheckpoints first(path_);
  SqliteCheckpoints second(path_);
  first.SaveGuardedUntil(kPlace, kStream, Time(Duration(1)));
  first.TakeOver(kPlace, kTable, 1, std::nullopt);
  first.Save(kPlace, kStream, Example("shard"));
  second.TakeOver(kPlace, kTable, 2, Time(Duration(7)));
  EXPECT_EQ(second.GuardedUntil(kPlace, kStream), Time(Duration(7)));
  ShardCheckpoint newer = Example("shard");
  newer.applied = "000000000000000000300";
  second.Save(kPlace, kStream, newer);
  second.SaveDoubts(kPlace, kTable, {WriteDoubt{"object", Time(Duration(5)), 1, false}});
  const auto conflicts = [](const std::function<void()>& write) {
    try {
      write();
    } catch (const Error& error) {
      return error.reaction() == Reaction::kConflict;
    }
    return false;
  };
  EXPECT_TRUE(conflicts([&] { first.Save(kPlace, kStream, Example("shard")); }));
  EXPECT_TRUE(conflicts([&] { first.SaveGuardedUntil(kPlace, kStream, Time(Duration(2))); }));
  EXPECT_TRUE(conflicts([&] { first.Forget(kPlace, kStream, "shard"); }));
  EXPECT_TRUE(conflicts([&] { first.ForgetStream(kPlace, kStream); }));
  EXPECT_TRUE(conflicts([&] { first.SaveDoubts(kPlace, kTable, {WriteDoubt{"object", {}}}); }));
  EXPECT_TRUE(conflicts([&] { first.ForgetDoubt(kPlace, kTable, "object"); }));
  ASSERT_THAT(first.Load(kPlace, kStream), testing::SizeIs(1));
  EXPECT_EQ(first.Load(kPlace, kStream)[0].applied, newer.applied);
  EXPECT_THAT(first.Doubts(kPlace, kTable), testing::SizeIs(1));
  EXPECT_EQ(first.GuardedUntil(kPlace, kStream), Time(Duration(7)));
  first.Save("another place", kStream, Example("shard"));
  second.Save(kPlace, kStream, newer);
}

TEST_F(SqliteCheckpointsTest, ForgetsOneShard) {
  SqliteCheckpoints store(path_);
  store.Save(kPlace, kStream, Example("a"));
  store.Save(kPlace, kStream, Example("b"));
  store.Forget(kPlace, kStream, "a");
  ASSERT_EQ(store.Load(kPlace, kStream).size(), 1U);
  EXPECT_EQ(store.Load(kPlace, kStream)[0].shard_id, "b");
}

TEST_F(SqliteCheckpointsTest, MakesTheFileForItsOwnerOnly) {
  const SqliteCheckpoints store(path_);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(stat(std::filesystem::path(path_).parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(SqliteCheckpointsTest, SaysWhatIsWrongWithAFileThatIsNotOne) {
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
  std::ofstream(path_) << std::string(4096, 'x');
  try {
    const SqliteCheckpoints store(path_);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
    EXPECT_THAT(error.what(), HasSubstr("checkpoints file " + path_ + ": file is not a database"));
    EXPECT_THAT(error.hint(), HasSubstr("move the file away"));
  }
}

TEST_F(SqliteCheckpointsTest, SaysWhichFileCannotBeOpened) {
  const std::string path = (dir_.path() / "file" / "checkpoints.db").string();
  std::ofstream((dir_.path() / "file").string()) << "in the way";
  try {
    const SqliteCheckpoints store(path);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_THAT(error.what(), HasSubstr("cannot open the checkpoints file " + path));
  }
}

}  // namespace
}  // namespace ddbvault
