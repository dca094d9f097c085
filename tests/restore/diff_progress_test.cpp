#include "restore/diff_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/snapshot/snapshot_world.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DiffProgressTest : public testing::Test {
 protected:
  DiffProgress Open() { return DiffProgress(world_.workers, path_, subject_); }
  void Add(DiffProgress& progress, std::uint32_t segment) {
    SegmentCounts counts;
    counts.items = segment * 10;
    counts.update.overwritten = segment;
    world_.Run(progress.Add(segment, counts));
  }
  std::string Text() {
    std::ifstream file(path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  SnapshotWorld world_;
  TempDir directory_;
  std::string path_ = directory_.path() / "progress";
  DiffProgress::Subject subject_{"first", "second", 16, false};
};

TEST_F(DiffProgressTest, KnowsWhatAnEarlierRunHasDone) {
  {
    DiffProgress progress = Open();
    EXPECT_THAT(progress.done(), IsEmpty());
    Add(progress, 3);
    Add(progress, 5);
  }
  DiffProgress progress = Open();
  ASSERT_THAT(progress.done(), SizeIs(2));
  EXPECT_EQ(progress.done().at(5).items, 50U);
  EXPECT_EQ(progress.done().at(5).update.overwritten, 5U);
  Add(progress, 7);
  EXPECT_THAT(Open().done(), SizeIs(3));
}

TEST_F(DiffProgressTest, DoesNotCountALineThatWasCutShort) {
  {
    DiffProgress progress = Open();
    Add(progress, 3);
  }
  std::ofstream(path_, std::ios::app) << R"({"segment":5,"items":1)";
  DiffProgress progress = Open();
  EXPECT_THAT(progress.done(), SizeIs(1));
  Add(progress, 5);
  EXPECT_THAT(Open().done(), SizeIs(2));
}

TEST_F(DiffProgressTest, RefusesAFileOfAnotherComparison) {
  {
    DiffProgress progress = Open();
    Add(progress, 3);
  }
  subject_.repair = true;
  EXPECT_THAT(ErrorOf([&] { Open(); }), HasSubstr("is of another comparison"));
  subject_.repair = false;
  std::ofstream(path_, std::ios::app) << "{}\n";
  EXPECT_THAT(ErrorOf([&] { Open(); }), HasSubstr("a line that is none of a comparison"));
}

TEST_F(DiffProgressTest, LeavesAFileAloneThatIsSomethingElse) {
  for (const std::string text : {"the only copy\n", "the only copy", "a line\nand another"}) {
    std::ofstream(path_) << text;
    EXPECT_THAT(ErrorOf([&] { Open(); }), HasSubstr("is of another comparison"));
    EXPECT_EQ(Text(), text);
  }
}

}  // namespace
}  // namespace ddbvault
