#include "tests/support/child_process.h"

#include <gmock/gmock.h>

#include <csignal>
#include <stdexcept>

#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using testing::HasSubstr;
using testing::ThrowsMessage;

ChildProcess Shell(const std::string& script, const std::map<std::string, std::string>& env = {}) {
  return ChildProcess({"sh", "-c", script}, env);
}

TEST(ChildProcess, HandsOverOutputsAndExitStatus) {
  ChildProcess child = Shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(child.Wait(30s), 3);
  EXPECT_EQ(child.stdout_text(), "out\n");
  EXPECT_EQ(child.stderr_text(), "err\n");
  EXPECT_FALSE(child.running());
}

TEST(ChildProcess, ReturnsALineWhileTheProgramStillRuns) {
  ChildProcess child = Shell("echo one; echo two of three; echo three; exec tail -f /dev/null");
  EXPECT_EQ(child.WaitForStdoutLine("two", 30s), "two of three");
  EXPECT_EQ(child.WaitForStdoutLine("three", 30s), "three");
  EXPECT_TRUE(child.running());
}

TEST(ChildProcess, PassesTheGivenEnvironmentAndNoOther) {
  setenv("AWS_PROFILE", "of-the-caller", 1);
  ChildProcess child = Shell("echo $GIVEN-$AWS_PROFILE-", {{"GIVEN", "a b"}});
  EXPECT_EQ(child.Wait(30s), 0);
  EXPECT_EQ(child.stdout_text(), "a b--\n");
}

TEST(ChildProcess, RunsInTheGivenDirectory) {
  const TempDir directory;
  ChildProcess child({"pwd", "-P"}, {}, directory.path());
  EXPECT_EQ(child.Wait(30s), 0);
  EXPECT_EQ(child.stdout_text(), std::filesystem::canonical(directory.path()).string() + "\n");
}

TEST(ChildProcess, NeverBlocksTheProgramOnAFullPipe) {
  ChildProcess child = Shell("head -c 3000000 /dev/zero; echo done >&2");
  EXPECT_EQ(child.WaitForStderrLine("done", 30s), "done");
  EXPECT_EQ(child.Wait(30s), 0);
  EXPECT_EQ(child.stdout_text().size(), 3'000'000U);
}

TEST(ChildProcess, DeliversSignals) {
  ChildProcess child =
      Shell("trap 'echo caught; exit 7' TERM; echo ready; while :; do read x; done");
  child.WaitForStdoutLine("ready", 30s);
  child.Signal(SIGTERM);
  EXPECT_EQ(child.Wait(30s), 7);
  child.WaitForStdoutLine("caught", 30s);
}

TEST(ChildProcess, SaysWhichSignalEndedIt) {
  ChildProcess child = Shell("exec tail -f /dev/null");
  child.Kill();
  EXPECT_EQ(child.Wait(30s), 128 + SIGKILL);
}

TEST(ChildProcess, ShowsAllOutputWhenADeadlinePasses) {
  ChildProcess child = Shell("echo seen; exec tail -f /dev/null");
  child.WaitForStdoutLine("seen", 30s);
  EXPECT_THAT([&] { child.WaitForStdoutLine("never", 20ms); },
              ThrowsMessage<std::runtime_error>(
                  HasSubstr("deadline passed before a line with \"never\": sh -c echo seen")));
  EXPECT_THAT([&] { child.Wait(20ms); },
              ThrowsMessage<std::runtime_error>(HasSubstr("still running\n--- stdout\nseen\n")));
}

TEST(ChildProcess, SaysThatTheProgramEndedInsteadOfWaitingForItsLine) {
  ChildProcess child = Shell("echo why >&2; exit 1");
  EXPECT_THAT([&] { child.WaitForStdoutLine("ready", 30s); },
              ThrowsMessage<std::runtime_error>(HasSubstr("ended before a line with \"ready\"")));
}

TEST(ChildProcess, RefusesAProgramThatIsNotThere) {
  EXPECT_THAT(
      [] { ChildProcess child({"/no/such/program"}); },
      ThrowsMessage<std::runtime_error>("cannot run /no/such/program: No such file or directory"));
}

TEST(ChildProcess, KillsWhatStillRunsWhenItGoesAway) {
  pid_t pid = 0;
  {
    const ChildProcess child = Shell("exec tail -f /dev/null");
    pid = child.pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace ddbvault
