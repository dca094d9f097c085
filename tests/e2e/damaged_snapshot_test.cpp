// Snapshots that are damaged at rest: each kind of damage is named for what it is, restore ends
// with status 1, and nothing of a bad part is in the table.
#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "incremental/plain_directory_store.h"
#include "incremental/s3_store.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kFailed = 1;

// A table, its backup and snapshots of it in a place: "file" or "s3" (Ceph).
class DamagedSnapshotTest : public testing::TestWithParam<std::string> {
 protected:
  DamagedSnapshotTest() {
    if (GetParam() == "file") {
      store_ = std::make_unique<PlainDirectoryStore>(
          world_.directory.path() / "ddbvault-data" / "snapshots", pool_);
    } else {
      const std::string bucket = world_.MakeBucket(true);
      world_.environment["SNAPSHOT_BUCKET"] = bucket;
      world_.environment["SNAPSHOT_PREFIX"] = "snapshots";
      store_ = std::make_unique<S3Store>(std::make_shared<S3Client>(world_.Bucket(bucket)),
                                         "snapshots/", true);
    }
    Workload workload(world_.dynamodb, table_, WorkloadOptions());
    world_.Do(workload.CreateTable(true));
    world_.Do(workload.Fill(50));
    ExpectDone({"backfill", table_});
    ExpectDone({"follow", table_, "--once"});
  }
  Finished ExpectDone(std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
    return finished;
  }
  // As in the names of snapshots.
  std::string CompleteUpTo() {
    const Finished status = ExpectDone({"status", table_, "--json"});
    std::string time = nlohmann::json::parse(status.out).at(table_).at("watermark");
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return time;
  }
  // Until the next snapshot is of a later second than the one that this is a key of.
  void FollowBeyond(const std::string& key, Workload& workload) {
    const std::string moment =
        key.substr(table_.size() + 1, key.find("/data/") - table_.size() - 1);
    do {
      world_.Do(workload.Change(10));
      ExpectDone({"follow", table_, "--once"});
    } while (CompleteUpTo() <= moment);
  }
  // The only key with this in it.
  std::string KeyWith(const std::string& part) {
    std::vector<std::string> found;
    for (const ObjectInfo& object : world_.Do(store_->List("")).objects) {
      if (object.key.find(part) != std::string::npos) found.push_back(object.key);
    }
    if (found.size() != 1) throw std::runtime_error("not exactly one object with " + part);
    return found.front();
  }
  std::string Body(const std::string& key) {
    auto object = world_.Do(store_->Get(key));
    if (!object) throw std::runtime_error("there is no " + key);
    return object->body;
  }
  void Write(const std::string& key, const std::string& body) {
    PutRequest request;
    request.key = key;
    request.body = body;
    world_.Do(store_->Put(std::move(request)));
  }
  void ExpectRefused(const std::string& what) {
    const std::string target = UniqueName("again");
    const Finished finished = world_.Run({"restore", target, table_ + "/latest", "--create"});
    EXPECT_EQ(finished.status, kFailed) << finished.out << finished.err;
    EXPECT_THAT(finished.err, AllOf(HasSubstr(what), HasSubstr("hint: ")));
    const auto made = world_.Do(world_.dynamodb.DescribeTable(target));
    EXPECT_TRUE(!made || world_.Do(ReadTable(world_.dynamodb, target)).empty()) << what;
  }
  // Does the damage, sees that it is noticed, and takes it back.
  void ExpectNoticed(const std::string& part, const std::string& what,
                     const std::function<std::string(std::string)>& damage) {
    const std::string key = KeyWith(part);
    const std::string body = Body(key);
    Write(key, damage(body));
    ExpectRefused(key + what);
    Write(key, body);
  }
  Finished ExpectRestored() {
    const std::string target = UniqueName("again");
    Finished finished = ExpectDone({"restore", target, table_ + "/latest", "--create"});
    EXPECT_EQ(world_.Do(ReadTable(world_.dynamodb, target)),
              world_.Do(ReadTable(world_.dynamodb, table_)));
    return finished;
  }

  E2eWorld world_;
  WorkerPool pool_{1};
  std::unique_ptr<ObjectStore> store_;
  std::string table_ = UniqueName("orders");
};

INSTANTIATE_TEST_SUITE_P(Places, DamagedSnapshotTest, testing::Values("file", "s3"),
                         [](const auto& test) { return test.param; });

std::string Flip(std::string body) {
  body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 0x10);
  return body;
}
std::string Cut(const std::string& body) { return body.substr(0, body.size() / 2); }

TEST_P(DamagedSnapshotTest, EachKindOfDamageIsNamedAndNothingIsWritten) {
  ExpectDone({"snapshot", table_});
  const std::string part = KeyWith("/data/");
  ExpectNoticed("/data/", ": it is damaged: its SHA-256 is not the manifest's", Flip);
  ExpectNoticed("manifest-files-", ": it is damaged: its SHA-256 is not the summary's", Flip);
  ExpectNoticed("manifest-summary.json", ": it is damaged", Flip);
  ExpectNoticed("/table.json", ": it is damaged: its SHA-256 is not the summary's", Flip);
  ExpectNoticed("/data/", " is cut short: it has ", Cut);
  ExpectNoticed("manifest-files-", ": it is damaged: its SHA-256 is not the summary's", Cut);
  ExpectNoticed("manifest-summary.json", ": it is damaged, or not a snapshot's", Cut);

  const std::string body = Body(part);
  world_.Do(store_->PutDeleteMarker(part));
  ExpectRefused(part + " is missing");
  Write(part, body);
  ExpectRestored();
}

TEST_P(DamagedSnapshotTest, FilesThatAnUnfinishedRunLeftAreSaidAndNotRead) {
  ExpectDone({"snapshot", table_});
  const std::string part = KeyWith("/data/");
  const std::string extra = part.substr(0, part.find("/data/")) + "/data/00007-0badc0de.json.gz";
  Write(extra, Cut(Body(part)));
  const Finished finished = ExpectRestored();
  EXPECT_THAT(finished.err, HasSubstr(extra + " is no part of this snapshot"));
}

TEST_P(DamagedSnapshotTest, APartOfAnotherSnapshotIsNotTaken) {
  ExpectDone({"snapshot", table_});
  const std::string first = KeyWith("/data/");
  const std::string other = Body(first);
  Workload more(world_.dynamodb, table_, WorkloadOptions());
  world_.Do(more.Fill(50));
  FollowBeyond(first, more);
  ExpectDone({"snapshot", table_, "--allow-smaller"});
  std::string second;
  for (const ObjectInfo& object : world_.Do(store_->List("")).objects) {
    if (object.key.find("/data/") != std::string::npos && object.key != first) second = object.key;
  }
  ASSERT_NE(second, "");
  const std::string own = Body(second);
  Write(second, other);
  ExpectRefused(second);
  Write(second, own);
  Write(second.substr(0, second.find("/data/")) + first.substr(first.find("/data/")), other);
  ExpectRestored();
}

TEST_P(DamagedSnapshotTest, AFileOfLinesIsCheckedWholeBeforeItsFirstItem) {
  ExpectDone({"snapshot", table_, "--format", "lines"});
  ExpectNoticed(".json.gz", ": its gzip data is damaged", [](std::string body) {
    body[body.size() - 6] = static_cast<char>(body[body.size() - 6] ^ 1);  // of its CRC
    return body;
  });
  ExpectNoticed(".json.gz", ": it is cut short: the gzip data ends in the middle", Cut);
  ExpectRestored();
}

}  // namespace
}  // namespace ddbvault
