// What a store in a directory says is written, removed or there is so after a loss of power too.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <filesystem>
#include <memory>

#include "incremental/directory_store.h"
#include "incremental/plain_directory_store.h"
#include "tests/incremental/object_store_suite.h"
#include "tests/support/fake_clock.h"
#include "tests/support/power_loss.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const std::string kKey = "orders/3f" + std::string(62, '7');
const std::string kNone = "(none)";

// One process at a store in a directory.
template <typename Store>
class Process : public StoreHarness {
 public:
  Process(const fs::path& root, FakeClock& clock) : clock_(clock) {
    if constexpr (std::is_same_v<Store, DirectoryStore>) {
      store_ = std::make_unique<DirectoryStore>(root, pool_, clock);
    } else {
      store_ = std::make_unique<PlainDirectoryStore>(root, pool_);
    }
  }
  ObjectStore& store() override { return *store_; }
  void Drive(Task<void> task) override {
    FakeTimeOptions options;
    options.stuck_after = Duration(60000);
    RunWithFakeTime(context_, clock_, std::move(task), options);
  }

 private:
  asio::io_context context_;
  FakeClock& clock_;
  WorkerPool pool_{2};
  std::unique_ptr<Store> store_;
};

template <typename Store>
class PowerLossTest : public testing::Test {
 protected:
  std::unique_ptr<Process<Store>> Start() {
    return std::make_unique<Process<Store>>(root(), clock_);
  }
  // What a machine finds under the key that loses its power now.
  std::string BodyAfterLoss(const std::string& key = kKey) {
    TempDir left;
    disk_.WriteWhatIsLeft(left.path());
    return Process<Store>(left.path() / "place", clock_).Body(key);
  }
  fs::path root() const { return directory_.path() / "place"; }

  TempDir directory_;
  FakeClock clock_;
  Disk disk_{directory_.path()};
};

using Stores = testing::Types<DirectoryStore, PlainDirectoryStore>;
TYPED_TEST_SUITE(PowerLossTest, Stores);

TYPED_TEST(PowerLossTest, WhatIsPutIsThere) {
  auto process = this->Start();
  process->Put(kKey, "first");
  EXPECT_EQ(this->BodyAfterLoss(), "first");
  process->Put(kKey, "second");
  EXPECT_EQ(this->BodyAfterLoss(), "second");
  PutRequest request;
  request.key = "_/orders/state.json";
  request.body = "{}";
  request.condition = PutCondition::kIfAbsent;
  process->Run(process->store().Put(std::move(request)));
  EXPECT_EQ(this->BodyAfterLoss("_/orders/state.json"), "{}");
  EXPECT_THAT(this->disk_.unsynced_names(), IsEmpty());
}

TYPED_TEST(PowerLossTest, WhatIsWrittenPieceByPieceIsThere) {
  auto process = this->Start();
  auto writer = process->Run(process->store().Create(kKey, "text/plain"));
  process->Run(writer->Write("one "));
  process->Run(writer->Write("two"));
  process->Run(writer->Commit());
  EXPECT_EQ(this->BodyAfterLoss(), "one two");
  EXPECT_THAT(this->disk_.unsynced_names(), IsEmpty());
}

TYPED_TEST(PowerLossTest, WhatIsDeletedIsGone) {
  auto process = this->Start();
  process->Put(kKey, "first");
  process->Run(process->store().PutDeleteMarker(kKey));
  EXPECT_EQ(this->BodyAfterLoss(), kNone);
}

TYPED_TEST(PowerLossTest, AtEachMomentOfAPutTheObjectIsTheOldOrTheNewOne) {
  auto process = this->Start();
  process->Put(kKey, "first");
  std::vector<std::string> seen;
  this->disk_.on_sync = [&] { seen.push_back(this->BodyAfterLoss()); };
  process->Put(kKey, "second");
  ASSERT_GE(seen.size(), 2U);  // the file, and its name
  EXPECT_EQ(seen.front(), "first");
  EXPECT_EQ(seen.back(), "second");
}

// As of a process that is killed between its link and its sync.
TYPED_TEST(PowerLossTest, WhatIsPutBelowADirectoryThatNobodyHasSyncedIsThere) {
  this->disk_.syncs_directories = false;
  this->Start()->Put("orders/3f" + std::string(62, '8'), "lost");
  this->disk_.syncs_directories = true;
  this->Start()->Put(kKey, "first");
  EXPECT_EQ(this->BodyAfterLoss(), "first");
}

TYPED_TEST(PowerLossTest, AFailedSyncIsSaid) {
  auto process = this->Start();
  process->Put(kKey, "first");
  this->disk_.failing = 1;
  EXPECT_EQ(ReactionOf([&] { process->Put(kKey, "second"); }), Reaction::kRetryLater);
  EXPECT_EQ(this->BodyAfterLoss(), "first");
  process->Put(kKey, "second");
  EXPECT_EQ(this->BodyAfterLoss(), "second");
}

TYPED_TEST(PowerLossTest, ARemovalThatIsRepeatedIsDurable) {
  auto process = this->Start();
  const PutResult put = process->Put(kKey, "first");
  this->disk_.syncs_directories = false;
  process->Run(process->store().RemoveVersion(kKey, put.version_id));
  EXPECT_EQ(this->BodyAfterLoss(), "first");
  this->disk_.syncs_directories = true;
  auto next = this->Start();
  next->Run(next->store().RemoveVersion(kKey, put.version_id));
  EXPECT_EQ(this->BodyAfterLoss(), kNone);
}

using VersionedPowerLossTest = PowerLossTest<DirectoryStore>;

// Who finds a newer version than its own need not write: then it must be there to stay.
TEST_F(VersionedPowerLossTest, AVersionThatIsFoundIsThere) {
  Start()->Put(kKey, "first");
  disk_.syncs_directories = false;
  Start()->Put(kKey, "second");
  disk_.syncs_directories = true;
  EXPECT_EQ(BodyAfterLoss(), "first");
  EXPECT_EQ(Start()->Body(kKey), "second");
  EXPECT_EQ(BodyAfterLoss(), "second");
}

TEST_F(VersionedPowerLossTest, AVersionThatIsFoundAfterAFailedSyncIsThere) {
  auto process = Start();
  process->Put(kKey, "first");
  EXPECT_EQ(process->Body(kKey), "first");
  disk_.on_sync = [this] { disk_.failing = 1; };  // behind that of the file, that of its name
  EXPECT_EQ(ReactionOf([&] { process->Put(kKey, "second"); }), Reaction::kRetryLater);
  disk_.on_sync = nullptr;
  EXPECT_EQ(BodyAfterLoss(), "first");
  EXPECT_EQ(process->Body(kKey), "second");
  EXPECT_EQ(BodyAfterLoss(), "second");
}

TEST_F(VersionedPowerLossTest, AVersionThatIsRemovedIsGone) {
  auto process = Start();
  process->Put(kKey, "first");
  const PutResult second = process->Put(kKey, "second");
  process->Run(process->store().RemoveVersion(kKey, second.version_id));
  EXPECT_EQ(BodyAfterLoss(), "first");
}

}  // namespace
}  // namespace ddbvault
