// A follower parks a record that it cannot apply, a person releases it beside the follower, and all
// is well again.
#include <gmock/gmock.h>
#include <signal.h>

#include "incremental/directory_store.h"
#include "incremental/layout.h"
#include "tests/e2e/faulty_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);
constexpr int kAttention = 4;
constexpr const char* kBroken = "what the proxy takes away";

FaultyOptions WithoutSomeImages() {
  FaultyOptions options;
  options.without_image = kBroken;
  return options;
}

class ParkedE2eTest : public testing::Test {
 protected:
  void Put(std::string item) {
    WriteRequest change;
    change.item = std::move(item);
    const std::vector<WriteRequest> changes = {change};
    world_.Do(world_.dynamodb.BatchWriteItem(table_, changes));
  }
  Source SourceOf(const ItemKey& key) {
    WorkerPool pool(1);
    DirectoryStore store(world_.directory.path() / "ddbvault-data" / "incremental", pool,
                         world_.clock);
    const Layout layout(table_, KeyHash::kSha256);
    const auto object = world_.Do(store.Head(layout.ItemObject(key)));
    if (!object) throw std::runtime_error("the item has no object");
    return VersionInfo::FromMetadata(object->metadata).value().source;
  }

  FaultyWorld world_{WithoutSomeImages()};
  std::string table_ = UniqueName("orders");
};

TEST_F(ParkedE2eTest, WhatAFollowerHasParkedIsReleasedBesideItAndItGoesOnWithTheItem) {
  Workload workload(world_.dynamodb, table_, WorkloadOptions());
  world_.Do(workload.CreateTable(true));
  world_.Do(workload.Fill(10));
  ASSERT_EQ(world_.Run({"follow", table_, "--once", "--backfill"}).status, 0);
  const ItemKey key = ItemKey::FromKeys(workload.Key(3));
  const auto follower = world_.Start({"follow", table_});
  follower->WaitForStderrLine("following stream", kDeadline);
  const std::string item = workload.Item(3, 998);
  Put(item.substr(0, 1) + R"("broken":{"S":")" + kBroken + R"("},)" + item.substr(1));
  follower->WaitForStderrLine("parked record", kDeadline);
  EXPECT_EQ(world_.Run({"status", table_}).status, kAttention);
  const Finished released = world_.Run({"parked", table_, "--release", "all"});
  EXPECT_EQ(released.status, 0) << released.out << released.err;
  EXPECT_THAT(released.out, HasSubstr(key.Name(KeyHash::kSha256) + ": written as the table has"));
  EXPECT_EQ(SourceOf(key), Source::kRepair);
  Put(workload.Item(3, 999));
  follower->WaitForStderrLine("is not blocked any more", kDeadline);
  follower->Signal(SIGTERM);
  EXPECT_EQ(follower->Wait(kDeadline), 0) << follower->stdout_text() << follower->stderr_text();
  EXPECT_EQ(SourceOf(key), Source::kStream);
  for (const char* command : {"status", "verify"}) {
    const Finished finished = world_.Run({command, table_});
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
  }
}

}  // namespace
}  // namespace ddbvault
