#include "item/attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CompareItems, NamesWhatDiffers) {
  const AttributeChanges changes =
      CompareItems(R"({"id":{"S":"a"},"n":{"N":"1"},"gone":{"NULL":true}})",
                   R"({"new":{"S":""},"n":{"N":"2"},"id":{"S":"a"}})");
  EXPECT_THAT(changes.added, ElementsAre("new"));
  EXPECT_THAT(changes.changed, ElementsAre("n"));
  EXPECT_THAT(changes.removed, ElementsAre("gone"));
}

TEST(CompareItems, TakesEqualValuesForTheSameHoweverTheyAreWritten) {
  EXPECT_TRUE(CompareItems(R"({"id":{"S":"\u0061"},"s":{"SS":["x","y"]},"n":{"N":"1.0"}})",
                           R"({"id": {"S": "a"}, "s": {"SS": ["y", "x"]}, "n": {"N": "1"}})")
                  .none());
}

TEST(CompareItems, KnowsThatThereWasNoItem) {
  EXPECT_THAT(CompareItems("", R"({"id":{"S":"a"}})").added, ElementsAre("id"));
  EXPECT_THAT(CompareItems(R"({"id":{"S":"a"}})", "").removed, ElementsAre("id"));
  EXPECT_TRUE(CompareItems("", "").none());
}

TEST(CompareItems, RefusesWhatIsNoItem) {
  EXPECT_THROW(CompareItems("[]", ""), Error);
  EXPECT_THAT(AttributesOf("{}"), IsEmpty());
}

}  // namespace
}  // namespace ddbvault
