#include "incremental/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

// Keeps conditions, but for one kind.
class HalfStore : public FlakyStore {
 public:
  explicit HalfStore(ObjectStore& inner) : FlakyStore(inner, calls_) {}
  Task<PutResult> Put(PutRequest request) override {
    if (request.condition == ignored) request.condition = PutCondition::kNone;
    if (request.condition == refused) {
      request.condition = PutCondition::kIfMatches;
      request.etag = "of nothing";
    }
    co_return co_await FlakyStore::Put(std::move(request));
  }
  std::uint64_t calls() const { return calls_.calls(); }
  std::optional<PutCondition> ignored;
  std::optional<PutCondition> refused;

 private:
  Faults calls_{0, FaultMoment::kBefore};
};

class ConditionsTest : public testing::Test {
 protected:
  bool Honours(ObjectStore& store) {
    const bool honours = world_.Run(HonoursConditions(store, layout_));
    EXPECT_THAT(world_.Run(store.ListVersions("")).objects, testing::IsEmpty()) << "it cleans up";
    return honours;
  }
  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
};

TEST_F(ConditionsTest, AreTriedWithAFewRequests) {
  HalfStore store(world_.store);
  EXPECT_TRUE(Honours(store));
  EXPECT_EQ(store.calls(), 4U + 2U + 1U)
      << "four writes, two of them removed, and the listing here";
}

// The lease, state.json and reconciling writes rest on IfMatches, not on IfAbsent.
TEST_F(ConditionsTest, DoNotHoldWhereOnlyOneKindDoes) {
  for (const PutCondition condition : {PutCondition::kIfAbsent, PutCondition::kIfMatches}) {
    HalfStore ignores(world_.store);
    ignores.ignored = condition;
    EXPECT_FALSE(Honours(ignores)) << static_cast<int>(condition);
    HalfStore refuses(world_.store);
    refuses.refused = condition;
    EXPECT_FALSE(Honours(refuses)) << static_cast<int>(condition);
  }
}

}  // namespace
}  // namespace ddbvault
