#include "tests/support/memory_store.h"

#include "tests/incremental/object_store_suite.h"
#include "tests/support/fake_clock.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

template <bool kVersioned, bool kHonoursConditions>
class MemoryHarness : public StoreHarness {
 public:
  MemoryHarness() { honours_conditions = kHonoursConditions; }
  ObjectStore& store() override { return store_; }
  MemoryStore& memory() { return store_; }
  void Drive(Task<void> task) override { RunWithFakeTime(context_, clock_, std::move(task)); }

 private:
  asio::io_context context_;
  FakeClock clock_;
  MemoryStore store_{clock_, {kVersioned, kHonoursConditions}};
};

using Versioned = MemoryHarness<true, true>;
using LikeCeph16 = MemoryHarness<true, false>;
using Unversioned = MemoryHarness<false, true>;

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ObjectStoreSuite, Versioned);
INSTANTIATE_TYPED_TEST_SUITE_P(MemoryLikeCeph16, ObjectStoreSuite, LikeCeph16);
INSTANTIATE_TYPED_TEST_SUITE_P(MemoryUnversioned, ObjectStoreSuite, Unversioned);

TEST(FlakyStore, FailsBeforeTheCallHasActed) {
  Versioned h;
  Faults faults(2, FaultMoment::kBefore);
  FlakyStore flaky(h.memory(), faults);
  const auto put = [&](std::string key) {
    PutRequest request;
    request.key = std::move(key);
    return ReactionOf([&] { h.Run(flaky.Put(std::move(request))); });
  };
  EXPECT_EQ(put("a"), std::nullopt);
  EXPECT_FALSE(faults.fired());
  EXPECT_EQ(put("b"), Reaction::kRetryLater);
  EXPECT_TRUE(faults.fired());
  EXPECT_EQ(put("c"), std::nullopt);
  EXPECT_EQ(h.memory().CurrentKeys(), (std::vector<std::string>{"a", "c"}));
}

TEST(FlakyStore, FailsAfterTheCallHasActed) {
  Versioned h;
  Faults faults(3, FaultMoment::kAfter);
  FlakyStore flaky(h.memory(), faults);
  auto writer = h.Run(flaky.Create("a", "text/plain"));
  h.Run(writer->Write("body"));
  EXPECT_EQ(ReactionOf([&] { h.Run(writer->Commit()); }), Reaction::kRetryLater);
  EXPECT_TRUE(faults.fired());
  EXPECT_EQ(h.Body("a"), "body");
}

}  // namespace
}  // namespace ddbvault
