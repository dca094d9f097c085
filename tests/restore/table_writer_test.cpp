#include "restore/table_writer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

class TableWriterTest : public testing::Test {
 protected:
  TableWriterTest() { world_.aws.CreateTable("orders", schema_); }

  static std::string Item(int id, const std::string& value) {
    return R"({"id":{"S":")" + std::to_string(id) + R"("},"value":{"S":")" + value + R"("}})";
  }
  std::string Value(int id) {
    const auto item = world_.aws.Get("orders", R"({"id":{"S":")" + std::to_string(id) + R"("}})");
    if (!item) return "none";
    return *item == Item(id, "new") ? "new" : "old";
  }
  // Writes items 0 to count - 1, then `more`.
  void Write(int count, std::vector<std::string> more = {}) {
    const auto task = [](TableWriterTest& test, int items,
                         std::vector<std::string> others) -> Task<void> {
      TableWriter writer(co_await asio::this_coro::executor, test.world_.table, test.world_.clock,
                         test.stop_, test.progress_, test.options_);
      std::exception_ptr failure;
      try {
        for (int i = 0; i < items; ++i) others.insert(others.begin() + i, Item(i, "new"));
        for (const std::string& item : others) {
          ItemKey key = ItemKey::FromItem(item, test.schema_);
          co_await writer.Put(item, std::move(key));
        }
        co_await writer.Finish();
      } catch (...) {
        failure = std::current_exception();
      }
      if (failure) co_await writer.Abandon();
      test.written_ = writer.written();
      test.retried_ = writer.retried();
      if (failure) std::rethrow_exception(failure);
    };
    world_.Run(task(*this, count, std::move(more)));
  }

  EngineWorld world_;
  KeySchema schema_{{{"id", 'S'}}};
  Stop stop_;
  Progress progress_;
  TableWriterOptions options_{"orders", 4, std::size_t{1} << 20, 0};
  std::uint64_t written_ = 0;
  std::uint64_t retried_ = 0;
};

TEST_F(TableWriterTest, WritesInBatchesOfTwentyFive) {
  Write(110);
  EXPECT_EQ(world_.aws.items("orders").size(), 110u);
  EXPECT_EQ(world_.aws.calls("BatchWriteItem"), 5);
  EXPECT_EQ(written_, 110u);
  EXPECT_EQ(progress_.done, 110u);
}

TEST_F(TableWriterTest, SendsAgainWhatTheTableDidNotTake) {
  world_.aws.settings.batch_write_takes = 3;
  Write(100);
  EXPECT_EQ(world_.aws.items("orders").size(), 100u);
  EXPECT_EQ(written_, 100u);
  EXPECT_GT(retried_, 0u);
  EXPECT_EQ(progress_.retried, retried_);
  EXPECT_GT(world_.clock.sleeps().size(), 0u);
}

TEST_F(TableWriterTest, KeepsTheOrderOfWritesOfOneItem) {
  world_.aws.settings.batch_write_takes = 7;
  for (int in_flight : {1, 4}) {
    options_.in_flight = static_cast<std::size_t>(in_flight);
    std::vector<std::string> items;
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 30; ++i) items.push_back(Item(i, "old"));
    }
    for (int i = 0; i < 30; ++i) items.push_back(Item(i, "new"));
    Write(0, items);
    for (int i = 0; i < 30; ++i) EXPECT_EQ(Value(i), "new") << i;
  }
}

TEST_F(TableWriterTest, HoldsNoMoreThanItsMemory) {
  options_.memory = 1000;
  Write(50);
  EXPECT_EQ(world_.aws.items("orders").size(), 50u);
  EXPECT_GT(world_.aws.calls("BatchWriteItem"), 3);
}

TEST_F(TableWriterTest, KeepsItsRate) {
  options_.write_units_per_second = 25;
  const Time before = world_.clock.Now();
  Write(125);
  EXPECT_EQ(world_.clock.Now() - before, Duration(4000));
}

TEST_F(TableWriterTest, EndsWithTheErrorThatAnotherTryCannotHelp) {
  world_.aws.before = FailCalls("BatchWriteItem", {3}, 400, "ValidationException");
  try {
    Write(1000);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "ValidationException");
  }
  EXPECT_LT(written_, 1000u);
}

TEST_F(TableWriterTest, EndsWhenStopped) {
  world_.aws.settings.batch_write_takes = 1;
  world_.aws.before = OnCalls("BatchWriteItem", {10}, [this]() -> std::optional<HttpResponse> {
    stop_.Request();
    return std::nullopt;
  });
  try {
    Write(100);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
}

}  // namespace
}  // namespace ddbvault
