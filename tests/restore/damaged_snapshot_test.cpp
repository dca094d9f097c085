// What is wrong with a snapshot is found before anything of a bad file is written, and said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "restore/restore.h"
#include "restore/snapshot_source.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class DamagedWorld : public SnapshotWorld {
 public:
  explicit DamagedWorld(SnapshotFormat format = SnapshotFormat::kExport) {
    for (int i = 0; i < 60; ++i) {
      PutChange(std::to_string(i), EventName::kInsert, At("2026-11-20T11:00:00Z"),
                Hex(RandomBytes(100)));
    }
    SnapshotOptions options;
    options.format = format;
    options.allow_smaller = true;
    key = Write(options).key;
  }

  // Restores into a new table.
  RestoreResult RestoreAgain() {
    Stop no_stop;
    Progress shown;
    RestoreOptions options;
    options.table = "again";
    options.create = true;
    SnapshotSource source(snapshots, workers, key);
    const RestoreContext all{table, table, source, clock, workers, no_stop, shown};
    return Run(Restore(all, options));
  }
  // What it says instead, and that nothing was written.
  std::string Refusal() {
    std::string refusal = ErrorOf([&] { RestoreAgain(); });
    EXPECT_EQ(aws.calls("BatchWriteItem"), 0) << refusal;
    return refusal;
  }
  std::string Body(const std::string& file) { return snapshots.Current(file)->body; }
  void Flip(const std::string& file, std::size_t byte, unsigned bit = 0) {
    std::string body = Body(file);
    body[byte] = static_cast<char>(static_cast<unsigned char>(body[byte]) ^ (1U << bit));
    Replace(file, body);
  }
  void Cut(const std::string& file, std::size_t bytes) {
    Replace(file, Body(file).substr(0, bytes));
  }
  void Remove(const std::string& file) { Run(snapshots.PutDeleteMarker(file)); }

  std::string key;
};

// Reads all there is of the snapshot: what a restore into a new table reads.
std::string ErrorOfReading(DamagedWorld& world) {
  return ErrorOf([&] {
    const Snapshot snapshot = world.Run(OpenSnapshot(world.snapshots, world.key));
    world.Run(ReadTableDefinition(world.snapshots, snapshot));
    world.Read(world.key);
  });
}

TEST(DamagedSnapshot, IsNoticedWhereverABitIsFlipped) {
  DamagedWorld world;
  ASSERT_EQ(ErrorOfReading(world), "no error");
  for (const std::string& file : world.snapshots.CurrentKeys()) {
    const std::string body = world.Body(file);
    // Every fifth, for time's sake: all kinds of bytes are among them, and every bit of a byte.
    for (std::size_t byte = 0; byte < body.size(); byte += 5) {
      world.Flip(file, byte, static_cast<unsigned>(byte % 8));
      EXPECT_THAT(ErrorOfReading(world), StartsWith(file)) << byte;
      world.Replace(file, body);
    }
  }
  EXPECT_EQ(ErrorOfReading(world), "no error");
}

TEST(DamagedSnapshot, IsNoticedWhereverAFileIsCut) {
  DamagedWorld world;
  for (const std::string& file : world.snapshots.CurrentKeys()) {
    const std::string body = world.Body(file);
    for (std::size_t bytes = 0; bytes < body.size(); bytes += 7) {
      world.Cut(file, bytes);
      EXPECT_THAT(ErrorOfReading(world), StartsWith(file)) << bytes;
    }
    world.Replace(file, body);
  }
}

struct Damage {
  std::string name;
  std::string file;  // a part of its key
  std::string said;
  std::function<void(DamagedWorld&, const std::string&)> act;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

const auto kFlip = [](DamagedWorld& world, const std::string& file) { world.Flip(file, 30); };
// Of a digit: it is still JSON.
const auto kFlipVersion = [](DamagedWorld& world, const std::string& file) {
  world.Flip(file, world.Body(file).find("2020"));
};
const auto kCut = [](DamagedWorld& world, const std::string& file) { world.Cut(file, 40); };
const auto kRemove = [](DamagedWorld& world, const std::string& file) { world.Remove(file); };
// A whole and readable one, of the same length: of a table whose items have other values.
const auto kOtherPart = [](DamagedWorld& world, const std::string& file) {
  DamagedWorld other;
  std::string body = other.Body(other.KeyWith("/data/"));
  body.resize(world.Body(file).size(), '\0');
  world.Replace(file, body);
};

class DamagedSnapshotTest : public testing::TestWithParam<Damage> {};

INSTANTIATE_TEST_SUITE_P(
    Kinds, DamagedSnapshotTest,
    testing::Values(Damage{"FlippedBitInAPart", "/data/",
                           ": it is damaged: its SHA-256 is not the manifest's", kFlip},
                    Damage{"FlippedBitInTheList", "manifest-files-",
                           ": it is damaged: its SHA-256 is not the summary's", kFlip},
                    Damage{"FlippedBitInTheSummary", "manifest-summary",
                           ": it is damaged: it has another checksum than it says", kFlipVersion},
                    Damage{"FlippedBitInTheTable", "/table.json",
                           ": it is damaged: its SHA-256 is not the summary's", kFlip},
                    Damage{"CutPart", "/data/",
                           " is cut short: it has 40 bytes, the manifest says ", kCut},
                    Damage{"CutList", "manifest-files-",
                           ": it is damaged: its SHA-256 is not the summary's", kCut},
                    Damage{"CutSummary", "manifest-summary",
                           ": it is damaged, or not a snapshot's manifest-summary.json", kCut},
                    Damage{"MissingPart", "/data/", " is missing", kRemove},
                    Damage{"MissingList", "manifest-files-", " is missing", kRemove},
                    Damage{"MissingTable", "/table.json", " has no table.json", kRemove},
                    Damage{"PartOfAnotherSnapshot", "/data/",
                           ": it is damaged: its SHA-256 is not the manifest's", kOtherPart}),
    [](const auto& test) { return test.param.name; });

TEST_P(DamagedSnapshotTest, IsSaidAndNothingIsWritten) {
  DamagedWorld world;
  const std::string file = world.KeyWith(GetParam().file);
  GetParam().act(world, file);
  const std::string refusal = world.Refusal();
  EXPECT_THAT(refusal, StartsWith("restore again: "));
  if (GetParam().name != "MissingTable") {
    EXPECT_THAT(refusal, HasSubstr(file + GetParam().said));
  }
  EXPECT_THAT(refusal, HasSubstr(GetParam().said));
  EXPECT_THAT(refusal.substr(refusal.find(" | ")), testing::Not(" | ")) << "there is a hint";
}

// As unfinished runs of the same moment leave them: whole, readable, and of other items.
TEST(DamagedSnapshot, IsNoneWhereOnlyFilesThatItDoesNotNameAreBesideIt) {
  DamagedWorld world;
  DamagedWorld other;
  other.PutChange("one more", EventName::kInsert, At("2026-11-20T11:00:00Z"));
  other.clock.Advance(std::chrono::seconds(1));
  const std::string more = other.Write().name + "/data/";
  const std::string directory = "orders/20261120T120000Z/";
  world.Replace(directory + "data/00001-0badc0de.json.gz", other.Body(other.KeyWith(more)));
  world.Replace(directory + "data/00000-0badc0de.json.gz", "cut sho");
  world.Replace(directory + "manifest-files-0badc0de.json", "{}");
  EXPECT_EQ(world.RestoreAgain().written, 60U);
  std::vector<std::string> restored = world.aws.items("again");
  std::sort(restored.begin(), restored.end());
  EXPECT_EQ(restored, world.Read(world.key));
}

TEST(DamagedSnapshot, WithoutItsSummaryIsNone) {
  DamagedWorld world;
  world.Remove(world.key);
  EXPECT_THAT(world.Refusal(), HasSubstr("there is no snapshot orders/20261120T120000Z"));
}

TEST(DamagedSnapshot, IsFoundInAFileOfLines) {
  // Of the header's ten bytes only those that say something of the data: not the time, the system.
  for (const std::size_t byte : {0, 1, 2, 40, 200, -1, -5}) {
    DamagedWorld world(SnapshotFormat::kLines);
    const std::size_t size = world.Body(world.key).size();
    world.Flip(world.key, byte < size ? byte : size + byte, 0);
    const std::string refusal = world.Refusal();
    EXPECT_THAT(refusal, StartsWith("restore again: " + world.key + ": ")) << byte;
  }
  DamagedWorld world(SnapshotFormat::kLines);
  const std::string body = world.Body(world.key);
  for (std::size_t bytes = 0; bytes < body.size(); bytes += 97) {
    world.Cut(world.key, bytes);
    EXPECT_THAT(ErrorOfReading(world), StartsWith(world.key + ": ")) << bytes;
  }
}

// 0.1.0 wrote summaries without checksums; they are read for ever.
TEST(SnapshotFormats, TheFirstIsStillRead) {
  DamagedWorld world;
  std::string summary = world.Body(world.key);
  summary.resize(summary.find(",\n    \"filesSha256\""));
  summary += "\n  }\n}\n";
  summary.replace(summary.find("\"format\": 2"), 11, "\"format\": 1");
  world.Replace(world.key, summary);
  EXPECT_EQ(ErrorOfReading(world), "no error");
  const std::string list = world.KeyWith("manifest-files-");
  world.Replace(list, "");
  EXPECT_THAT(world.Refusal(), HasSubstr(list + " names 0 files, the summary says 1"));
}

}  // namespace
}  // namespace ddbvault
