#include "restore/item_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ddbvault {
namespace {

const KeySchema kSchema{{{"customer", 'S'}, {"day", 'N'}}};

ItemKey Key(const std::string& customer, int day) {
  return ItemKey::FromKeys(R"({"customer":{"S":")" + customer + R"("},"day":{"N":")" +
                           std::to_string(day) + R"("}})");
}

ItemChoice Partition(const std::string& json) {
  ItemChoice choice;
  choice.partition = json;
  return choice;
}

TEST(ItemFilter, WantsAllUnlessTold) {
  EXPECT_TRUE(ItemFilter().all());
  EXPECT_TRUE(ItemFilter(ItemChoice(), kSchema).Wants(Key("a", 1)));
}

TEST(ItemFilter, WantsTheKeysHoweverTheyAreWritten) {
  ItemChoice choice;
  choice.keys = {R"({"day":{"N":"1.0"}, "customer":{"S":"a"}})",
                 R"({"customer":{"S":"\u0061"},"day":{"N":"1"}})"};
  ItemFilter filter(choice, kSchema);
  EXPECT_EQ(filter.keys().size(), 1u);
  const ItemFilter moved = std::move(filter);
  EXPECT_TRUE(moved.Wants(Key("a", 1)));
  EXPECT_FALSE(moved.Wants(Key("a", 2)));
  EXPECT_FALSE(moved.Wants(Key("b", 1)));
}

TEST(ItemFilter, WantsOnePartition) {
  const ItemFilter filter(Partition(R"({"customer":{"S":"a"}})"), kSchema);
  EXPECT_TRUE(filter.Wants(Key("a", 1)));
  EXPECT_TRUE(filter.Wants(Key("a", 2)));
  EXPECT_FALSE(filter.Wants(Key("ab", 1)));
}

TEST(ItemFilter, SaysWhichKeyIsNone) {
  ItemChoice choice;
  choice.keys = {R"({"customer":{"S":"a"},"day":{"N":"1"}})", R"({"customer":{"S":"a"}})"};
  try {
    ItemFilter(choice, kSchema);
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_THAT(error.what(), testing::StartsWith("key 2: "));
  }
  EXPECT_THROW(ItemFilter(Partition(R"({"day":{"N":"1"}})"), kSchema), Error);
}

}  // namespace
}  // namespace ddbvault
