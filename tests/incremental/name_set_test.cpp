#include "incremental/name_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/digest.h"
#include "base/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using Digest = NameSet::Digest;

class NameSetTest : public ::testing::Test {
 protected:
  template <typename T>
  T Run(Task<T> task) {
    return RunWithFakeTime(context, clock, std::move(task));
  }
  static Task<void> Fill(NameSet& set, std::vector<Digest> names, std::size_t at_once) {
    for (std::size_t at = 0; at < names.size(); at += at_once) {
      const std::size_t end = std::min(at + at_once, names.size());
      std::vector<Digest> some(names.begin() + static_cast<std::ptrdiff_t>(at),
                               names.begin() + static_cast<std::ptrdiff_t>(end));
      co_await set.Add(std::move(some));
    }
    co_await set.Finish();
  }
  static Task<std::vector<bool>> Ask(NameSet& set, std::vector<Digest> names) {
    std::vector<bool> answers;
    for (const Digest& name : names) {
      const bool answer = co_await set.Contains(name);
      answers.push_back(answer);
    }
    co_return answers;
  }
  // Adds every second of the names and asks for all of them.
  void ExpectEverySecond(NameSet& set, std::vector<Digest> names, std::size_t at_once) {
    std::sort(names.begin(), names.end());
    std::vector<Digest> added;
    std::vector<bool> expected;
    for (std::size_t i = 0; i < names.size(); ++i) {
      expected.push_back(i % 2 == 1);
      if (i % 2 == 1) added.push_back(names[i]);
    }
    std::shuffle(added.begin(), added.end(), random);
    Run(Fill(set, added, at_once));
    EXPECT_EQ(Run(Ask(set, names)), expected);
    EXPECT_EQ(set.added(), added.size());
  }
  static std::vector<Digest> Hashes(int count) {
    std::vector<Digest> names;
    for (int i = 0; i < count; ++i) names.push_back(Sha256(std::to_string(i)));
    return names;
  }

  asio::io_context context;
  FakeClock clock;
  WorkerPool workers{2};
  TempDir directory;
  std::mt19937 random{1};
};

TEST_F(NameSetTest, ReadsNamesAsTheirBytes) {
  const std::string hex(64, 'a');
  EXPECT_EQ(Hex(AsBytes(NameSet::FromHex(hex))), hex);
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(Hex(AsBytes(NameSet::FromHex(md5))), md5 + std::string(32, '0'));
}

TEST_F(NameSetTest, KeepsAFewNamesInMemory) {
  NameSet set(workers, directory.path(), std::size_t{1} << 20);
  ExpectEverySecond(set, Hashes(1000), 100);
  EXPECT_FALSE(set.spilled());
}

TEST_F(NameSetTest, KnowsEveryNameWhenTheyDoNotFitInMemory) {
  NameSet set(workers, directory.path(), 64 * sizeof(Digest));
  ExpectEverySecond(set, Hashes(20000), 7);
  EXPECT_TRUE(set.spilled());
}

TEST_F(NameSetTest, KnowsNamesThatAllBeginAlike) {
  std::vector<Digest> names = Hashes(5000);
  for (Digest& name : names) name[0] = 0xff;
  NameSet set(workers, directory.path(), 64 * sizeof(Digest));
  ExpectEverySecond(set, names, 100);
}

TEST_F(NameSetTest, IsEmptyWithoutNames) {
  NameSet set(workers, directory.path(), 64);
  Run(Fill(set, {}, 1));
  EXPECT_EQ(Run(Ask(set, Hashes(1))), std::vector<bool>{false});
}

TEST_F(NameSetTest, TakesNamesFromTasksSideBySide) {
  NameSet set(workers, directory.path(), 64 * sizeof(Digest));
  std::vector<Digest> names = Hashes(3000);
  const auto worker = [&](std::size_t index) -> Task<void> {
    for (std::size_t i = index; i < names.size(); i += 6) {
      std::vector<Digest> one = {names[i]};
      co_await set.Add(std::move(one));
    }
  };
  Run(RunWorkers(6, worker));
  Run(set.Finish());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(Run(Ask(set, names)), std::vector<bool>(names.size(), true));
}

TEST_F(NameSetTest, GivesAllNamesInOrderAlsoWhenTheyDoNotFitInMemory) {
  for (const std::size_t memory : {std::size_t{1} << 20, std::size_t{2048}}) {
    NameSet set(workers, directory.path(), memory);
    std::vector<Digest> names = Hashes(2000);
    Run(Fill(set, names, 100));
    EXPECT_EQ(set.spilled(), memory == 2048);
    std::vector<Digest> given;
    const auto take = [](NameSet& from, std::vector<Digest>& into) -> Task<void> {
      while (const auto name = co_await from.Next()) into.push_back(*name);
    };
    Run(take(set, given));
    std::sort(names.begin(), names.end());
    EXPECT_EQ(given, names);
  }
}

TEST_F(NameSetTest, LeavesNoFileBehindHoweverItEnds) {
  NameSet set(workers, directory.path(), 64);
  Run(Fill(set, Hashes(100), 10));
  ASSERT_TRUE(set.spilled());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(NameSetTest, SaysWhereItCannotWrite) {
  const std::string missing = directory.path() / "missing";
  NameSet set(workers, missing, 64);
  try {
    Run(Fill(set, Hashes(100), 10));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
    EXPECT_EQ(error.message(),
              "cannot make a temporary file in " + missing + ": No such file or directory");
    EXPECT_EQ(error.hint(),
              "32 bytes for each item are kept there: free some space, or set TMPDIR to a "
              "directory that has it");
  }
}

}  // namespace
}  // namespace ddbvault
