#include "cli/follow_report.h"

#include <gmock/gmock.h>

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr FollowReportOptions kOnceBackfill{true, true};

// Followed, backfilled, without a gap.
FollowedList Converged() {
  FollowedList tables;
  tables.push_back(std::make_unique<Followed>());
  Followed& followed = *tables.front();
  followed.typed = "eu-west-1/orders";
  followed.result.changes = 3;
  followed.result.written = 2;
  followed.result.watermark = FromEpochSeconds(1795176000);
  followed.result.backfilled = true;
  followed.backfill.read = 1200;
  followed.backfill.written = 1100;
  followed.converged = FromEpochSeconds(1795175000);
  return tables;
}

TEST(FollowReportTest, TellsOfWhatWasFollowedAndBackfilled) {
  const FollowedList tables = Converged();
  EXPECT_EQ(ToText(tables, kOnceBackfill),
            "eu-west-1/orders: 3 changes applied, 2 objects written; complete up to "
            "2026-11-20T12:00:00Z\n"
            "  backfill: 1,200 items read, 1,100 written, 0 marked as deleted\n"
            "  converged: since 2026-11-20T11:43:20Z the backup has all of the table\n");
  EXPECT_THAT(ToJson(tables), AllOf(HasSubstr("\"itemsRead\": 1200"),
                                    HasSubstr("\"converged\": \"2026-11-20T11:43:20Z\"")));
  EXPECT_EQ(StatusOf(tables, kOnceBackfill, 0), ExitStatus::kDone);
}

TEST(FollowReportTest, NeedsAttentionWhenItEndedBeforeItHasConverged) {
  const FollowedList tables = Converged();
  tables.front()->converged.reset();
  EXPECT_THAT(ToText(tables, kOnceBackfill),
              AllOf(HasSubstr("not converged yet: run the same command again\n"),
                    Not(HasSubstr("converged: since"))));
  EXPECT_EQ(StatusOf(tables, kOnceBackfill, 0), ExitStatus::kAttention);
  EXPECT_EQ(StatusOf(tables, {true, false}, 0), ExitStatus::kDone);
}

TEST(FollowReportTest, NeedsAttentionWhereNothingIsFollowedAnyMore) {
  const FollowedList tables = Converged();
  tables.front()->result.not_followed = "the stream is off";
  EXPECT_THAT(
      ToText(tables, {false, true}),
      AllOf(HasSubstr("  the stream is off: changes are in no backup until a stream with new "
                      "images is on\n"),
            Not(HasSubstr("converged: since"))));
  EXPECT_THAT(ToJson(tables), HasSubstr("\"notFollowed\": \"the stream is off\""));
  EXPECT_EQ(StatusOf(tables, {false, true}, 15), ExitStatus::kAttention);
}

TEST(FollowReportTest, SaysOfAStandbyThatWasStoppedThatItDidNotFollow) {
  const FollowedList tables = Converged();
  tables.front()->error = Error(Reaction::kCancelled, "stopped");
  EXPECT_EQ(ToText(tables, {}), "eu-west-1/orders: stopped before it was followed\n");
}

}  // namespace
}  // namespace ddbvault
