#include "aws/credential_process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::World;

TEST(CredentialProcess, SplitsACommandAsAShellWould) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(SplitCommand("a  b\tc"), (Words{"a", "b", "c"}));
  EXPECT_EQ(SplitCommand(R"("a b" 'c d'e)"), (Words{"a b", "c de"}));
  EXPECT_EQ(SplitCommand(R"(a\ b "c\"d\e" 'f\g' "")"), (Words{"a b", "c\"d\\e", "f\\g", ""}));
  EXPECT_EQ(SplitCommand("a $HOME;b"), (Words{"a", "$HOME;b"}));
  EXPECT_STREQ(ErrorOf([] { SplitCommand("a 'secret"); }).what(),
               "a quote in credential_process is not closed");
  EXPECT_STREQ(ErrorOf([] { SplitCommand("  "); }).what(), "credential_process names no program");
}

TEST(CredentialProcess, SaysHowAProgramFailedAndNotWhatItWasGiven) {
  const auto run = [](std::vector<std::string> words, std::chrono::milliseconds timeout) {
    return std::string(ErrorOf([&] { RunCredentialProcess(words, timeout); }).what());
  };
  const std::string who = "the program of credential_process ";
  const std::chrono::milliseconds minute = std::chrono::minutes(1);
  EXPECT_EQ(run({"/nonexistent/secret"}, minute),
            who + "cannot be started: No such file or directory");
  EXPECT_EQ(run({"sh", "-c", "exit 3"}, minute), who + "ended with status 3");
  EXPECT_EQ(run({"sh", "-c", "kill -9 $$"}, minute), who + "was ended by signal 9");
  EXPECT_EQ(run({"sh", "-c", "exec cat /dev/zero"}, minute), who + "writes too much");
  EXPECT_EQ(run({"sleep", "3600"}, std::chrono::milliseconds(1)), who + "has not ended in time");
  EXPECT_EQ(run({"sh", "-c", "exec >&-; exec sleep 3600"}, std::chrono::milliseconds(100)),
            who + "has not ended in time");
  EXPECT_EQ(RunCredentialProcess({"cat"}, minute), "") << "its stdin must be empty";
}

TEST(ProcessSource, ReadsVersionOneDocuments) {
  World world;
  const auto fetch = [&world](const std::string& document) {
    world.Write("document", document);
    ProcessSource source(world.Context(), "p", "cat '" + world.Path("document") + "'");
    return *Await(source.Fetch());
  };
  const Credentials keys = fetch(
      R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","SessionToken":"T","AccountId":"1"})");
  EXPECT_EQ(keys.access_key_id, "A");
  EXPECT_EQ(keys.session_token, "T");
  EXPECT_EQ(keys.account_id, "1");
  EXPECT_FALSE(keys.expires);
  const struct {
    const char* document;
    const char* expected;
  } cases[] = {
      {R"({"Version":2,"AccessKeyId":"A","SecretAccessKey":"secret"})",
       "credential_process of profile p answered with another Version than 1"},
      {R"({"AccessKeyId":"A","SecretAccessKey":"secret"})",
       "credential_process of profile p answered with another Version than 1"},
      {R"({"Version":1,"SecretAccessKey":"secret"})",
       "credential_process of profile p answered without AccessKeyId"},
      {R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":["secret"]})",
       "credential_process of profile p answered without SecretAccessKey"},
      {R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"secret","Expiration":"soon"})",
       "credential_process of profile p answered with an Expiration that is not a time"},
      {"secret", "credential_process of profile p did not answer with a JSON object"},
  };
  for (const auto& c : cases) {
    EXPECT_STREQ(ErrorOf([&] { fetch(c.document); }).what(), c.expected);
  }
}

}  // namespace
}  // namespace ddbvault
