#include "cli/exit_status.h"

#include <gtest/gtest.h>

#include <csignal>

#include "cli/report_error.h"

namespace ddbvault {
namespace {

TEST(ExitStatus, NeverChanges) {
  EXPECT_EQ(static_cast<int>(ExitStatus::kDone), 0);
  EXPECT_EQ(static_cast<int>(ExitStatus::kFailed), 1);
  EXPECT_EQ(static_cast<int>(ExitStatus::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitStatus::kDifferent), 3);
  EXPECT_EQ(static_cast<int>(ExitStatus::kAttention), 4);
  EXPECT_EQ(static_cast<int>(ExitStatus::kInterrupted), 130);
  EXPECT_EQ(static_cast<int>(ExitStatus::kTerminated), 143);
}

TEST(ExitStatus, IsOneForEveryErrorThatIsNotOfTheCommandLine) {
  for (const Reaction reaction :
       {Reaction::kRetryLater, Reaction::kFixCommand, Reaction::kNotFound, Reaction::kPermission,
        Reaction::kConflict, Reaction::kCorrupt, Reaction::kCancelled}) {
    EXPECT_EQ(ExitStatusOf(Error(reaction, "x"), 0), ExitStatus::kFailed);
  }
}

TEST(ExitStatus, IsTwoForWhatTheOperatorTyped) {
  EXPECT_EQ(ExitStatusOf(UsageError("x"), 0), ExitStatus::kUsage);
  EXPECT_THROW(AsUsage([]() -> int { throw Error(Reaction::kFixCommand, "x"); }), UsageError);
  EXPECT_EQ(AsUsage([] { return 5; }), 5);
  // Also where a layer below has found out, whatever the reaction.
  Error credentials(Reaction::kPermission, "no AWS credentials found");
  credentials.Usage().Within("backfill");
  EXPECT_EQ(ExitStatusOf(credentials, 0), ExitStatus::kUsage);
}

TEST(ExitStatus, LeavesOtherErrorsWhatTheyAre) {
  try {
    AsUsage([]() -> int { throw Error(Reaction::kPermission, "x"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(ExitStatusOf(error, 0), ExitStatus::kFailed);
  }
}

TEST(ExitStatus, IsFourWhenTheStreamHasLostChanges) {
  EXPECT_EQ(ExitStatusOf(Error(Reaction::kDataLoss, "x"), 0), ExitStatus::kAttention);
}

TEST(ExitStatus, TellsTheSignalThatInterrupted) {
  const Error cancelled(Reaction::kCancelled, "stopped");
  EXPECT_EQ(ExitStatusOf(cancelled, SIGINT), ExitStatus::kInterrupted);
  EXPECT_EQ(ExitStatusOf(cancelled, SIGTERM), ExitStatus::kTerminated);
  EXPECT_EQ(ExitStatusOf(Error(Reaction::kCorrupt, "x"), SIGTERM), ExitStatus::kFailed);
}

TEST(ReportError, SaysWhatHappenedAndWhatToDo) {
  Error error(Reaction::kNotFound, "there is no table \"orders\"");
  EXPECT_EQ(ErrorText(error), "ddbvault: there is no table \"orders\"\n");
  error.Hint("check the name").RequestId("7f2c").Within("backfill");
  EXPECT_EQ(ErrorText(error),
            "ddbvault: backfill: there is no table \"orders\" (request id 7f2c)\n"
            "  hint: check the name\n");
}

TEST(ReportError, KeepsControlCharactersFromTheTerminal) {
  EXPECT_EQ(ErrorText(Error(Reaction::kNotFound, "a\x1b[31m\nb\x7f")), "ddbvault: a [31m b \n");
}

TEST(ReportError, WritesOneLineOfJson) {
  Error error(Reaction::kPermission, "denied");
  error.Hint("ask").Code("AccessDenied").RequestId("7f2c").HttpStatus(403);
  EXPECT_EQ(ErrorJson(error, ExitStatus::kFailed),
            "{\"error\":{\"reaction\":\"permission\",\"message\":\"denied (request id 7f2c)\","
            "\"hint\":\"ask\",\"code\":\"AccessDenied\",\"requestId\":\"7f2c\",\"httpStatus\":403},"
            "\"exitStatus\":1}\n");
}

TEST(ReportError, LeavesOutOfJsonWhatIsNotKnownAndReplacesWhatIsNotUtf8) {
  EXPECT_EQ(ErrorJson(UsageError("\xff"), ExitStatus::kUsage),
            "{\"error\":{\"reaction\":\"fix the command\",\"message\":\"\xef\xbf\xbd\"},"
            "\"exitStatus\":2}\n");
}

}  // namespace
}  // namespace ddbvault
