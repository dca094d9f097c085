// That what came late is put right, whatever fails on the way.  (What comes late, and what is
// removed then: interleavings_test.cpp.)
#include "incremental/doubts.h"

#include <gmock/gmock.h>

#include "tests/incremental/sink_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;

class DoubtsTest : public BackupSinkTest {
 protected:
  // "a" has changed twice, and the first change has landed once more.
  void LandLate(int copies = 1) {
    options_.doubts = doubts_.get();
    BackupSink& sink = Sink();
    world_.Run(sink.Apply(Now().Put("a", 1, 1).Put("a", 2, 2).Batch(), Origin()));
    doubts_->Add({Name("a")});
    const StoredObject first = world_.store.Versions(Name("a")).front();
    PutRequest late;
    late.key = Name("a");
    late.body = first.body;
    late.metadata = first.metadata;
    for (int copy = 0; copy < copies; ++copy) world_.Run(world_.store.Put(late));
    world_.clock.Advance(kSignatureLife);
  }
  void NextProcess() {
    doubts_ =
        std::make_unique<Doubts>(world_.store, world_.checkpoints, world_.clock, "here", "arn");
    doubts_->OnRemoved([this](std::string) -> Task<bool> {
      ++asked_;
      if (refuses_) throw Error(Reaction::kPermission, "dynamodb:GetItem is not allowed");
      co_return !in_doubt_;
    });
  }
  std::uint64_t SettleDue() { return world_.Run(doubts_->SettleDue(stop_)); }
  // What the try before had sent, that failed or whose process died, may still land.
  void SettleWhatIsLookedAtAgain(int asked) {
    EXPECT_EQ(doubts_->size(), 1U);
    world_.clock.Advance(kSignatureLife);
    SettleDue();
    EXPECT_EQ(asked_, asked);
    EXPECT_EQ(doubts_->size(), 0U);
  }

  std::unique_ptr<Doubts> doubts_;
  bool refuses_ = false;
  bool in_doubt_ = false;
  int asked_ = 0;
};

TEST_F(DoubtsTest, WhatCameLateIsRemovedAndPutRightOnce) {
  NextProcess();
  LandLate();
  EXPECT_EQ(SettleDue(), 1U);
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2)));
  EXPECT_EQ(SettleDue(), 0U);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(doubts_->size(), 0U);
}

// A backfill looked when the first change was current, and was killed in its write: once that
// change has landed again, the condition of the write holds.  (Model seed 1139238.)
TEST_F(DoubtsTest, WhatABackfillLeftOverWhatCameLateIsPutRight) {
  NextProcess();
  LandLate();
  VersionInfo info;
  info.source = Source::kBackfill;
  info.read_time = world_.clock.Now();
  info.writer = "backfill/dead";
  const std::string body = Image("a", 1);
  PutRequest over;
  over.key = Name("a");
  over.body = body;
  over.metadata = info.ToMetadata();
  world_.Run(world_.store.Put(std::move(over)));
  EXPECT_EQ(SettleDue(), 0U);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(doubts_->size(), 0U);
}

// One write may have had many tries: how many writes may have landed does not tell how many copies.
TEST_F(DoubtsTest, WhatCameLateIsRemovedHoweverManyOfItsTriesLanded) {
  NextProcess();
  LandLate(5);
  EXPECT_EQ(SettleDue(), 5U);
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2)));
}

// A delete marker says of no change, but one was there between the two.
TEST_F(DoubtsTest, WhatCameLateOverADeleteMarkerIsRemoved) {
  NextProcess();
  options_.doubts = doubts_.get();
  options_.deletes = Deletes::kMarker;
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Put("a", 2, 2).Remove("a", 3).Batch(), Origin()));
  doubts_->Add({Name("a")});
  const StoredObject second = world_.store.Versions(Name("a")).at(1);
  PutRequest late;
  late.key = Name("a");
  late.body = second.body;
  late.metadata = second.metadata;
  world_.Run(world_.store.Put(std::move(late)));
  world_.clock.Advance(kSignatureLife);
  EXPECT_EQ(SettleDue(), 1U);
  EXPECT_EQ(world_.store.Current(Name("a")), nullptr) << "the marker is current again";
  EXPECT_EQ(asked_, 1);
}

TEST_F(DoubtsTest, WhatWasRemovedIsPutRightByTheNextProcessWhereThisOneCannot) {
  NextProcess();
  LandLate();
  refuses_ = true;
  SettleDue();
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2)));
  SettleDue();
  EXPECT_EQ(asked_, 2) << "again, although nothing is late any more";
  EXPECT_EQ(doubts_->size(), 1U);
  NextProcess();
  refuses_ = false;
  SettleDue();
  EXPECT_EQ(asked_, 3);
  SettleWhatIsLookedAtAgain(4);
}

// What puts it right may be in doubt itself: nothing waits for that, and it is looked at again.
TEST_F(DoubtsTest, WhatIsInDoubtWhenItIsPutRightIsPutRightOnceMore) {
  NextProcess();
  LandLate();
  in_doubt_ = true;
  SettleDue();
  world_.clock.Advance(kSignatureLife - std::chrono::seconds(1));
  NextProcess();
  SettleDue();
  EXPECT_EQ(asked_, 1) << "it may still land";
  world_.clock.Advance(std::chrono::seconds(1));
  in_doubt_ = false;
  SettleDue();
  EXPECT_EQ(asked_, 2);
  SettleWhatIsLookedAtAgain(3);
}

class KeepsItsVersions : public FlakyStore {
 public:
  using FlakyStore::FlakyStore;
  Task<void> RemoveVersion(std::string, std::string) override {
    throw Error(Reaction::kPermission, "s3:DeleteObjectVersion is not allowed");
    co_return;
  }
};

TEST_F(DoubtsTest, WhatMayNotBeRemovedIsPutRightAllTheSame) {
  NextProcess();
  LandLate();
  Faults none(0, FaultMoment::kBefore);
  KeepsItsVersions store(world_.store, none);
  Doubts doubts(store, world_.checkpoints, world_.clock, "here", "arn");
  doubts.OnRemoved([this](std::string) -> Task<bool> {
    ++asked_;
    co_return !in_doubt_;
  });
  in_doubt_ = true;
  EXPECT_EQ(world_.Run(doubts.SettleDue(stop_)), 0U);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(doubts.size(), 1U) << "until it is sure";
  world_.clock.Advance(kSignatureLife);
  in_doubt_ = false;
  world_.Run(doubts.SettleDue(stop_));
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(doubts.size(), 0U);
}

TEST_F(DoubtsTest, WhatDidNotComeLateIsLeftAlone) {
  NextProcess();
  options_.doubts = doubts_.get();
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Batch(), Origin()));
  doubts_->Add({Name("a")});
  world_.clock.Advance(kSignatureLife);
  EXPECT_EQ(SettleDue(), 0U);
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(doubts_->size(), 0U);
}

}  // namespace
}  // namespace ddbvault
