#include "base/error.h"

#include <gtest/gtest.h>

#include <string>

namespace ddbvault {
namespace {

TEST(Error, SaysWhereFromTheOutsideInAndTheRequestIdAtTheEnd) {
  Error error(Reaction::kRetryLater, "throttled");
  EXPECT_STREQ(error.what(), "throttled");
  error.RequestId("7f2c").Within("scan segment 3").Within("backfill orders");
  EXPECT_STREQ(error.what(), "backfill orders: scan segment 3: throttled (request id 7f2c)");
  EXPECT_EQ(error.message(), "throttled");
  EXPECT_EQ(error.request_id(), "7f2c");
}

TEST(Error, CarriesWhatAwsSaidBesideTheText) {
  Error error(Reaction::kConflict, "no");
  EXPECT_EQ(error.http_status(), 0);
  error.Code("ResourceInUseException").HttpStatus(400);
  EXPECT_EQ(error.code(), "ResourceInUseException");
  EXPECT_EQ(error.http_status(), 400);
  EXPECT_STREQ(error.what(), "no");
}

TEST(Error, TheInnermostHintStays) {
  Error error(Reaction::kFixCommand, "no");
  error.Hint("").Hint("inner").Hint("outer");
  EXPECT_EQ(error.hint(), "inner");
  EXPECT_STREQ(error.what(), "no");
}

TEST(Error, IsTheSameAfterItWasThrownAndLayersWereAdded) {
  try {
    try {
      throw Error(Reaction::kNotFound, "gone").Hint("look elsewhere");
    } catch (Error& error) {
      error.Within("table orders");
      throw;
    }
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "table orders: gone");
    EXPECT_EQ(dynamic_cast<const Error&>(error).hint(), "look elsewhere");
  }
}

TEST(Error, EveryReactionHasANameOfItsOwn) {
  EXPECT_EQ(ReactionName(Reaction::kRetryLater), "retry later");
  EXPECT_EQ(ReactionName(Reaction::kFixCommand), "fix the command");
  EXPECT_EQ(ReactionName(Reaction::kNotFound), "not found");
  EXPECT_EQ(ReactionName(Reaction::kPermission), "permission");
  EXPECT_EQ(ReactionName(Reaction::kConflict), "conflict");
  EXPECT_EQ(ReactionName(Reaction::kDataLoss), "data loss");
  EXPECT_EQ(ReactionName(Reaction::kCorrupt), "corrupt");
  EXPECT_EQ(ReactionName(Reaction::kCancelled), "cancelled");
}

}  // namespace
}  // namespace ddbvault
