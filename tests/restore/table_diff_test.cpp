#include "restore/table_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string Item(const std::string& id, const std::string& value) {
  return SnapshotWorld::Item(id, value);
}
std::string KeyOf(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }

class TableDiffTest : public testing::Test {
 protected:
  TableDiffTest() {
    world_.aws.settings.scan_page_bytes = 300;
    world_.aws.CreateTable("first", schema_);
    world_.aws.CreateTable("second", schema_);
    for (int i = 0; i < 100; ++i) {
      for (const char* table : {"first", "second"}) {
        world_.aws.Put(table, Item(std::to_string(i), "same"));
      }
    }
    options_.first = "first";
    options_.second = "second";
    options_.segments = 8;
  }
  void MakeDifferent() {
    world_.aws.Put("second", Item("3", "other"));
    world_.aws.Delete("second", KeyOf("4"));
    world_.aws.Put("second", Item("extra", "x"));
  }
  TableDiffResult Diff() {
    const TableDiffContext context{world_.table, world_.table, world_.clock, stop_, progress_};
    const auto done = [this](std::uint32_t segment, SegmentCounts) -> Task<void> {
      done_.insert(segment);
      co_return;
    };
    return world_.Run(DiffTables(context, options_, done));
  }
  int Writes() { return world_.aws.calls("PutItem") + world_.aws.calls("DeleteItem"); }

  EngineWorld world_;
  KeySchema schema_{{{"id", 'S'}}};
  Stop stop_;
  Progress progress_;
  TableDiffOptions options_;
  std::set<std::uint32_t> done_;
};

TEST_F(TableDiffTest, FindsNothingInTablesThatAreAlike) {
  const TableDiffResult result = Diff();
  EXPECT_EQ(result.items, 100U);
  EXPECT_EQ(result.update.same, 100U);
  EXPECT_EQ(result.update.added + result.update.overwritten + result.update.removed, 0U);
  EXPECT_THAT(done_, SizeIs(8));
}

TEST_F(TableDiffTest, FindsWhatDiffersInBothDirectionsAndWritesNothing) {
  MakeDifferent();
  const TableDiffResult result = Diff();
  EXPECT_EQ(result.update.overwritten, 1U);
  EXPECT_EQ(result.update.added, 1U);
  EXPECT_EQ(result.update.removed, 1U);
  EXPECT_THAT(result.update.samples, SizeIs(3));
  EXPECT_EQ(Writes(), 0);
}

TEST_F(TableDiffTest, MakesTheSecondWhatTheFirstIs) {
  MakeDifferent();
  options_.repair = true;
  Diff();
  EXPECT_EQ(Writes(), 3);
  EXPECT_EQ(world_.aws.items("second"), world_.aws.items("first"));
}

TEST_F(TableDiffTest, LooksAgainAtWhatChangesMeanwhile) {
  MakeDifferent();
  // Replication brings the changes while the tables are being compared.
  world_.aws.before = OnCalls("GetItem", {1}, [&]() -> std::optional<HttpResponse> {
    for (const std::string& item : world_.aws.items("first")) world_.aws.Put("second", item);
    world_.aws.Delete("second", KeyOf("extra"));
    return std::nullopt;
  });
  options_.segments = 1;
  const TableDiffResult result = Diff();
  EXPECT_EQ(result.update.added + result.update.overwritten + result.update.removed, 0U);
  EXPECT_FALSE(world_.clock.sleeps().empty());
}

TEST_F(TableDiffTest, WritesWhatTheFirstHasBecome) {
  MakeDifferent();
  options_.repair = true;
  options_.segments = 1;
  world_.aws.before = OnCalls("GetItem", {1}, [&]() -> std::optional<HttpResponse> {
    world_.aws.Put("first", Item("3", "newer"));
    world_.aws.Put("first", Item("extra", "now there, too"));
    return std::nullopt;
  });
  Diff();
  EXPECT_EQ(world_.aws.items("second"), world_.aws.items("first"));
}

// A follower of the first's stream writes to the second beside this.  Between the look and the
// write it carries a change over, after which no other comes.
class FollowedDiffTest : public TableDiffTest {
 protected:
  FollowedDiffTest() {
    options_.repair = true;
    options_.followed = true;
    options_.segments = 1;
  }
  void CarryOver(const std::string& item) {
    world_.aws.Put("first", item);
    world_.aws.Put("second", item);
  }
};

TEST_F(FollowedDiffTest, DoesNotPutAnOlderStateOverWhatWasCarriedOver) {
  world_.aws.Put("first", Item("a", "4"));
  world_.aws.Put("second", Item("a", "3"));
  world_.aws.before = OnCalls("PutItem", {1}, [&]() -> std::optional<HttpResponse> {
    CarryOver(Item("a", "5"));
    return std::nullopt;
  });
  Diff();
  EXPECT_EQ(world_.aws.Get("second", KeyOf("a")), Item("a", "5"));
}

TEST_F(FollowedDiffTest, DoesNotRemoveWhatWasInsertedAndCarriedOver) {
  world_.aws.Put("second", Item("a", "3"));
  world_.aws.before = OnCalls("DeleteItem", {1}, [&]() -> std::optional<HttpResponse> {
    CarryOver(Item("a", "5"));
    return std::nullopt;
  });
  Diff();
  EXPECT_EQ(world_.aws.Get("second", KeyOf("a")), Item("a", "5"));
}

// Between the two looks: what the one says must not be older than what the other says.
TEST_F(FollowedDiffTest, LooksAtTheSecondBeforeTheFirst) {
  for (const int call : {1, 2}) {
    world_.aws.Put("first", Item("a", "4"));
    world_.aws.Put("second", Item("a", "3"));
    const int before = world_.aws.calls("GetItem");
    world_.aws.after = [&](const HttpRequest&, std::string_view action) {
      if (action == "GetItem" && world_.aws.calls("GetItem") == before + call) {
        CarryOver(Item("a", "5"));
      }
      return std::optional<HttpResponse>();
    };
    Diff();
    EXPECT_EQ(world_.aws.Get("second", KeyOf("a")), Item("a", "5")) << "look " << call;
    world_.aws.after = nullptr;
  }
}

// v1 -> v2 -> v1: the condition of the write holds, for the second has v1 all the time.
TEST_F(FollowedDiffTest, SeesAChangeBackThatWasThereAlready) {
  world_.aws.Put("first", Item("a", "2"));
  world_.aws.Put("second", Item("a", "1"));
  world_.aws.before = OnCalls("PutItem", {1}, [&]() -> std::optional<HttpResponse> {
    CarryOver(Item("a", "1"));
    return std::nullopt;
  });
  Diff();
  EXPECT_EQ(world_.aws.Get("second", KeyOf("a")), Item("a", "1"));
}

TEST_F(FollowedDiffTest, LeavesAnItemThatChangesAllTheTimeToTheFollower) {
  world_.aws.Put("first", Item("a", "first"));
  world_.aws.Put("second", Item("a", "0"));
  int value = 0;
  world_.aws.before = [&](const HttpRequest&, std::string_view action) {
    if (action == "PutItem") world_.aws.Put("second", Item("a", std::to_string(++value)));
    return std::optional<HttpResponse>();
  };
  Diff();
  // Without a follower nobody would bring it.
  options_.followed = false;
  EXPECT_THROW(Diff(), Error);
}

TEST_F(TableDiffTest, GoesOnWithTheSegmentsThatAreLeft) {
  MakeDifferent();
  std::uint64_t found = 0;
  std::uint64_t items = 0;
  for (std::uint32_t i = 0; i < options_.segments; ++i) {
    options_.wanted = {i};
    const TableDiffResult result = Diff();
    found += result.update.added + result.update.overwritten + result.update.removed;
    items += result.items;
  }
  EXPECT_EQ(found, 3U);
  EXPECT_EQ(items, 100U);
  EXPECT_THAT(done_, SizeIs(8));
}

TEST_F(TableDiffTest, LosesNothingWhenThrottledAndAskedAgain) {
  MakeDifferent();
  world_.aws.settings.batch_get_takes = 2;
  options_.repair = true;
  const TableDiffResult result = Diff();
  EXPECT_GT(result.retried, 0U);
  EXPECT_EQ(world_.aws.items("second"), world_.aws.items("first"));
}

TEST_F(TableDiffTest, CountsASegmentOnlyWhenAllOfItIsCompared) {
  MakeDifferent();
  int calls = 0;
  world_.aws.before = [&](const HttpRequest&,
                          std::string_view operation) -> std::optional<HttpResponse> {
    if (operation == "BatchGetItem" && ++calls == 5) stop_.Request();
    return std::nullopt;
  };
  options_.segments_at_once = 1;
  EXPECT_THROW(Diff(), Error);
  EXPECT_LT(done_.size(), 8U);
}

TEST_F(TableDiffTest, RefusesTablesThatAreNotThereOrHaveAnotherKey) {
  world_.aws.CreateTable("other", KeySchema{{{"number", 'N'}}});
  options_.second = "other";
  EXPECT_THAT(ErrorOf([&] { Diff(); }),
              HasSubstr("first has the key id (S), other has number (N)"));
  options_.second = "none";
  EXPECT_THAT(ErrorOf([&] { Diff(); }), HasSubstr("there is no table none"));
}

// Deleted in the first between the look at it and the write: nobody would look at it again.
TEST_F(TableDiffTest, LooksAtTheFirstOnceMoreWhenItHasWritten) {
  world_.aws.Put("first", Item("new", "x"));
  options_.repair = true;
  world_.aws.before = [this](const HttpRequest&, std::string_view action) {
    if (action == "PutItem") world_.aws.Delete("first", KeyOf("new"));
    return std::optional<HttpResponse>();
  };
  const TableDiffResult result = Diff();
  EXPECT_EQ(result.update.changed, 1U);
  EXPECT_FALSE(world_.aws.Get("second", KeyOf("new")));
}

}  // namespace
}  // namespace ddbvault
