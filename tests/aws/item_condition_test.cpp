#include "aws/item_condition.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace ddbvault {
namespace {

const KeySchema kSchema{{{"id", 'S'}, {"day", 'N'}}};

TEST(ItemCondition, AsksForNoItem) {
  const ItemCondition condition = ItemIsAbsent(kSchema);
  EXPECT_EQ(condition.expression, "attribute_not_exists(#k)");
  EXPECT_EQ(condition.names, R"({"#k":"id"})");
  EXPECT_EQ(condition.values, "");
}

TEST(ItemCondition, AsksForEachAttributeBesideTheKey) {
  const ItemCondition condition = ItemIs(
      R"({"a\"b":{"L":[{"N":"1.50"}]},"id":{"S":"x"},"day":{"N":"1"},"c":{"B":"AA=="}})", kSchema);
  EXPECT_EQ(condition.expression, "attribute_exists(#k) AND #0=:0 AND #1=:1");
  EXPECT_EQ(condition.names, R"({"#k":"id","#0":"a\"b","#1":"c"})");
  EXPECT_EQ(condition.values, R"({":0":{"L":[{"N":"1.50"}]},":1":{"B":"AA=="}})");
}

TEST(ItemCondition, AsksThatThereIsOneOfAKeyAlone) {
  const ItemCondition condition = ItemIs(R"({"id":{"S":"x"},"day":{"N":"1"}})", kSchema);
  EXPECT_EQ(condition.expression, "attribute_exists(#k)");
  EXPECT_EQ(condition.values, "");
}

// API reference: 4 KB, and 300 operators, of an expression.
TEST(ItemCondition, StaysWithinTheLimitsOfAnExpression) {
  nlohmann::json item{{"id", {{"S", "x"}}}, {"day", {{"N", "1"}}}};
  for (int i = 0; i < 1000; ++i) item["attribute" + std::to_string(i)] = {{"S", "v"}};
  const ItemCondition condition = ItemIs(item.dump(), kSchema);
  EXPECT_LE(condition.expression.size(), 4096u);
  EXPECT_EQ(nlohmann::json::parse(condition.values).size(),
            static_cast<std::size_t>(kMostCompared));
}

TEST(ItemCondition, RefusesWhatIsNoObject) { EXPECT_THROW(ItemIs("[]", kSchema), Error); }

}  // namespace
}  // namespace ddbvault
