#include "snapshot/snapshot_reader.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "snapshot/find_snapshots.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

constexpr const char* kOpenHint =
    " | Restore an older snapshot, or bring the file back from another copy or from its older "
    "versions.";
constexpr const char* kReadHint =
    " | Nothing of this file was written. Restore an older snapshot, or bring the file back from "
    "another copy or from its older versions.";

std::string Compressed(Compression compression, std::string_view text) {
  std::string out;
  const auto compressor = MakeCompressor(compression);
  compressor->Add(text, out);
  compressor->Finish(out);
  return out;
}

class SnapshotReaderTest : public testing::Test {
 protected:
  SnapshotReaderTest() {
    for (const char* id : {"a", "b", "c"}) {
      world_.PutChange(id, EventName::kInsert, At("2026-11-20T11:00:00Z"));
    }
    key_ = world_.Write().key;
    part_ = world_.KeyWith("/data/");
    list_ = world_.KeyWith("manifest-files-");
  }
  std::string ReadError() { return ReadError(key_); }
  std::string ReadError(const std::string& key) {
    return ErrorOf([&] { world_.Read(key); });
  }
  std::string Body(const std::string& key) { return world_.snapshots.Current(key)->body; }

  SnapshotWorld world_;
  std::string key_;
  std::string part_;
  std::string list_;
};

TEST_F(SnapshotReaderTest, OpensByDirectoryAndBySummary) {
  for (const char* key : {"orders/20261120T120000Z", "orders/20261120T120000Z/",
                          "orders/20261120T120000Z/manifest-summary.json"}) {
    EXPECT_EQ(world_.Read(key).size(), 3u) << key;
  }
}

TEST_F(SnapshotReaderTest, ReadsASnapshotThatWasCopiedElsewhere) {
  for (const std::string& key : world_.snapshots.CurrentKeys()) {
    world_.Replace("copies/x/" + key.substr(key.find("2026")), Body(key));
  }
  EXPECT_EQ(world_.Read("copies/x/20261120T120000Z").size(), 3u);
}

TEST_F(SnapshotReaderTest, NamesAMissingFile) {
  world_.Run(world_.snapshots.PutDeleteMarker(part_));
  EXPECT_EQ(ReadError(), part_ + " is missing" + kOpenHint);
}

TEST_F(SnapshotReaderTest, NamesATruncatedFile) {
  const std::string body = Body(part_);
  world_.Replace(part_, body.substr(0, 20));
  EXPECT_EQ(ReadError(), part_ + " is cut short: it has 20 bytes, the manifest says " +
                             std::to_string(body.size()) + kOpenHint);
}

TEST_F(SnapshotReaderTest, NamesAFileWithAFlippedBit) {
  std::string body = Body(part_);
  body[30] = static_cast<char>(body[30] ^ 1);
  world_.Replace(part_, body);
  EXPECT_EQ(ReadError(), part_ + ": it is damaged: its SHA-256 is not the manifest's" + kReadHint);
}

TEST_F(SnapshotReaderTest, NamesDamagedManifests) {
  const std::string list = Body(list_);
  world_.Replace(list_, list.substr(0, 30));
  EXPECT_EQ(ReadError(), list_ + ": it is damaged: its SHA-256 is not the summary's" + kOpenHint);
  world_.Run(world_.snapshots.PutDeleteMarker(list_));
  EXPECT_EQ(ReadError(), list_ + " is missing" + kOpenHint);
  world_.Replace(key_, "{}");
  EXPECT_EQ(ReadError(),
            key_ + ": it is damaged, or not a snapshot's manifest-summary.json" + kOpenHint);
}

TEST_F(SnapshotReaderTest, DoesNotTakeAnUnfinishedSnapshotForOne) {
  world_.Run(world_.snapshots.PutDeleteMarker(key_));
  EXPECT_EQ(ReadError().substr(0, 41), "there is no snapshot orders/20261120T1200");
  EXPECT_TRUE(world_.Run(FindSnapshots(world_.snapshots, "orders")).empty());
}

TEST_F(SnapshotReaderTest, ReadsAnExportOfAws) {
  const std::string body = Compressed(Compression::kGzip, R"({"Item":{"id":{"S":"a"}}})"
                                                          "\n");
  world_.Replace("AWSDynamoDB/1/data/x.json.gz", body);
  world_.Replace("AWSDynamoDB/1/manifest-files.json",
                 R"({"itemCount":1,"md5Checksum":")" + Base64(AsBytes(Md5(body))) +
                     R"(","etag":"e-1","dataFileS3Key":"AWSDynamoDB/1/data/x.json.gz"})");
  const std::string list = Body("AWSDynamoDB/1/manifest-files.json");
  world_.Replace("AWSDynamoDB/1/manifest-summary.json",
                 R"({"version":"2020-06-30","tableArn":"arn:aws:dynamodb:eu-central-1:1:table/t",)"
                 R"("exportTime":"2020-11-04T07:28:34.028Z","itemCount":1,"outputFormat":)"
                 R"("DYNAMODB_JSON","manifestFilesS3Key":"AWSDynamoDB/1/manifest-files.json"})");
  EXPECT_EQ(world_.Read("AWSDynamoDB/1"), std::vector<std::string>{R"({"id":{"S":"a"}})"});
  world_.Replace("AWSDynamoDB/1/data/y.json.gz", body);
  EXPECT_EQ(ReadError("AWSDynamoDB/1"),
            "AWSDynamoDB/1/data/y.json.gz is no part of this snapshot: "
            "AWSDynamoDB/1/manifest-files.json does not name it | Look where it comes from, and "
            "move it away: a copy may have mixed two exports, or the list may be cut short.");
  world_.Run(world_.snapshots.PutDeleteMarker("AWSDynamoDB/1/data/y.json.gz"));
  for (const std::string& bad : {list.substr(0, 30), list + "\n" + list}) {
    world_.Replace("AWSDynamoDB/1/manifest-files.json", bad);
    EXPECT_EQ(ReadError("AWSDynamoDB/1").substr(0, 50),
              "AWSDynamoDB/1/manifest-files.json: it " +
                  std::string(bad.size() < 50 ? "is damaged, " : "names the sa"));
  }
}

// Its data files are in a directory that it shares with other exports.
TEST_F(SnapshotReaderTest, ReadsAnIncrementalExportOfAws) {
  const std::string body =
      Compressed(Compression::kGzip,
                 R"({"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"id":{"S":"a"}},)"
                 R"("NewImage":{"id":{"S":"a"},"v":{"N":"2"}},"OldImage":{"id":{"S":"a"}}})"
                 "\n"
                 R"({"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"id":{"S":"b"}}})"
                 "\n");
  world_.Replace("AWSDynamoDB/data/x.json.gz", body);
  world_.Replace("AWSDynamoDB/data/of-another-export.json.gz", body);
  world_.Replace("AWSDynamoDB/1/manifest-files.json",
                 R"({"itemCount":2,"md5Checksum":")" + Base64(AsBytes(Md5(body))) +
                     R"(","etag":"e-1","dataFileS3Key":"AWSDynamoDB/data/x.json.gz"})");
  world_.Replace(
      "AWSDynamoDB/1/manifest-summary.json",
      R"({"version":"2020-06-30","tableArn":"arn:aws:dynamodb:eu-central-1:1:table/t",)"
      R"("exportType":"INCREMENTAL_EXPORT","exportFromTime":"2020-11-04T07:00:00Z",)"
      R"("exportToTime":"2020-11-04T08:00:00Z","outputView":"NEW_AND_OLD_IMAGES","itemCount":2,)"
      R"("outputFormat":"DYNAMODB_JSON","manifestFilesS3Key":"AWSDynamoDB/1/manifest-files.json"})");
  EXPECT_EQ(world_.Run(OpenSnapshot(world_.snapshots, "AWSDynamoDB/1")).summary.moment,
            At("2020-11-04T08:00:00Z"));
  // One was put, the other deleted.
  EXPECT_EQ(world_.Read("AWSDynamoDB/1"),
            (std::vector<std::string>{"", R"({"id":{"S":"a"},"v":{"N":"2"}})"}));
  world_.Run(world_.snapshots.PutDeleteMarker("AWSDynamoDB/data/x.json.gz"));
  EXPECT_EQ(ReadError("AWSDynamoDB/1").substr(0, 37), "AWSDynamoDB/data/x.json.gz is missing");
}

// Neither of one that is held nor of one that is too large for that.
TEST_F(SnapshotReaderTest, HandsNothingOnOfAFileThatIsNotTheManifests) {
  const std::string line =
      R"({"Item":{"id":{"S":"a"},"v":{"S":")" + std::string(10000, 'x') + "\"}}}\n";
  const std::string body = Compressed(Compression::kGzip, line);
  const auto read = [&](std::uint64_t most_whole, const std::string& written,
                        const std::string& digested, std::uint64_t items) {
    world_.Replace("x.json.gz", written);
    DataFile file;
    file.key = "x.json.gz";
    file.bytes = written.size();
    file.items = items;
    file.md5 = Base64(AsBytes(Md5(digested)));
    Stop stop;
    SnapshotReader reader(world_.snapshots, world_.workers, stop, world_.schema, most_whole);
    std::size_t handed_on = 0;
    const SnapshotReader::Sink sink = [&](std::vector<SnapshotItem> some) -> Task<void> {
      handed_on += some.size();
      co_return;
    };
    const std::string error = ErrorOf([&] { world_.Run(reader.Read(file, sink)); });
    return error.substr(0, error.find(" | ")) + ", handed on: " + std::to_string(handed_on);
  };
  // More than what is handed on at a time stands before what is wrong.
  std::string lines;
  while (lines.size() < 2 * SnapshotReader::kDecodedBytes) lines += line;
  const std::string keyless = Compressed(Compression::kGzip, lines + R"({"Item":{"x":{"S":"1"}}})");
  for (const std::uint64_t most_whole : {std::uint64_t{1}, SnapshotReader::kMaxWholeFile}) {
    EXPECT_EQ(read(most_whole, body, body, 1), "no error, handed on: 1");
    EXPECT_EQ(read(most_whole, body, body, 2),
              "x.json.gz: it has 1 items, the manifest says 2, handed on: 0");
    EXPECT_EQ(read(most_whole, body, "another", 1),
              "x.json.gz: it is damaged: its MD5 is not the manifest's, handed on: 0");
    EXPECT_EQ(read(most_whole, keyless, keyless, lines.size() / line.size() + 1),
              "x.json.gz: line " + std::to_string(lines.size() / line.size() + 1) +
                  " has an item without one of its key attributes; the table's key is id (S), "
                  "handed on: 0");
  }
}

// Its bytes are as they were written, and yet an item is missing.
TEST_F(SnapshotReaderTest, NamesAFileOfAnotherNumberOfItemsThanTheManifestSays) {
  const std::string body = Compressed(Compression::kGzip, R"({"Item":{"id":{"S":"a"}}})"
                                                          "\n");
  world_.Replace("AWSDynamoDB/1/data/x.json.gz", body);
  world_.Replace("AWSDynamoDB/1/manifest-files.json",
                 R"({"itemCount":2,"md5Checksum":")" + Base64(AsBytes(Md5(body))) +
                     R"(","etag":"e-1","dataFileS3Key":"AWSDynamoDB/1/data/x.json.gz"})");
  world_.Replace("AWSDynamoDB/1/manifest-summary.json",
                 R"({"version":"2020-06-30","tableArn":"arn:aws:dynamodb:eu-central-1:1:table/t",)"
                 R"("exportTime":"2020-11-04T07:28:34.028Z","itemCount":2,"outputFormat":)"
                 R"("DYNAMODB_JSON","manifestFilesS3Key":"AWSDynamoDB/1/manifest-files.json"})");
  EXPECT_EQ(
      ReadError("AWSDynamoDB/1"),
      std::string("AWSDynamoDB/1/data/x.json.gz: it has 1 items, the manifest says 2") + kReadHint);
}

TEST_F(SnapshotReaderTest, ReadsLinesOfOtherTools) {
  const std::string lines = "{\"id\":{\"S\":\"a\"}}\n{\"Item\":{\"id\":{\"S\":\"b\"}}}";
  for (const auto compression : {Compression::kGzip, Compression::kZstd, Compression::kNone}) {
    world_.Replace("replicator/snapshot", Compressed(compression, lines));
    EXPECT_EQ(world_.Read("replicator/snapshot").size(), 2u);
  }
}

TEST_F(SnapshotReaderTest, HandsNothingOnOfADamagedFileOfLines) {
  std::string lines;
  for (int i = 0; i < 2000; ++i) {
    lines += SnapshotWorld::Item(std::to_string(i), std::string(1000, 'x')) + "\n";
  }
  const std::string whole = Compressed(Compression::kGzip, lines);
  const auto handed_on = [&](const std::string& body, std::string& error) {
    world_.Replace("lines", body);
    const Snapshot snapshot = world_.Run(OpenSnapshot(world_.snapshots, "lines"));
    Stop stop;
    SnapshotReader reader(world_.snapshots, world_.workers, stop, world_.schema);
    std::size_t items = 0;
    const SnapshotReader::Sink sink = [&items](std::vector<SnapshotItem> some) -> Task<void> {
      items += some.size();
      co_return;
    };
    error = ErrorOf([&] { world_.Run(reader.Read(snapshot.files[0], sink)); });
    return items;
  };
  std::string error;
  EXPECT_EQ(handed_on(whole, error), 2000u);
  EXPECT_EQ(handed_on(whole.substr(0, whole.size() - 1), error), 0u);
  EXPECT_EQ(error,
            std::string("lines: it is cut short: the gzip data ends in the middle") + kReadHint);
  EXPECT_EQ(handed_on(Compressed(Compression::kGzip, lines + "{\"id\":"), error), 0u);
  EXPECT_EQ(error.substr(0, 17), "lines: line 2001:");
  EXPECT_EQ(handed_on(Compressed(Compression::kGzip, lines + "{\"x\":{\"S\":\"1\"}}"), error), 0u);
  EXPECT_EQ(error, std::string("lines: line 2001 has an item without one of its key attributes; "
                               "the table's key is id (S)") +
                       kReadHint);
  EXPECT_EQ(handed_on(Compressed(Compression::kGzip, lines + "\n"), error), 0u);
  EXPECT_EQ(error.substr(0, 59), "lines: line 2001 is empty: an item is missing there | dynam");
}

TEST_F(SnapshotReaderTest, DoesNotTakeAnEmptyFileForACompressedOne) {
  world_.Replace("orders/20261121T000000Z.json.gz", "");
  EXPECT_EQ(ReadError("orders/20261121T000000Z.json.gz"),
            std::string("orders/20261121T000000Z.json.gz: it is not the gzip file that its name "
                        "says") +
                kReadHint);
}

class FindSnapshotsTest : public testing::Test {
 protected:
  FindSnapshotsTest() {
    for (const char* key :
         {"orders/20261119T000000Z/manifest-summary.json", "orders/20261119T000000Z.json.gz",
          "orders/20261120T000000Z/data/00000-a.json.gz", "orders/20261118T000000Z.json",
          "orders/notes.txt", "orders2/20261121T000000Z/manifest-summary.json"}) {
      world_.Replace(key, "x");
    }
  }
  std::string Resolve(const std::string& text) {
    std::string key;
    const std::string error =
        ErrorOf([&] { key = world_.Run(ResolveSnapshot(world_.snapshots, "orders", text)).key; });
    return key.empty() ? error : key;
  }

  SnapshotWorld world_;
};

TEST_F(FindSnapshotsTest, ListsTheWholeOnesInOrder) {
  std::vector<std::string> keys;
  for (const auto& entry : world_.Run(FindSnapshots(world_.snapshots, "orders"))) {
    keys.push_back(entry.key);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"orders/20261118T000000Z.json",
                                            "orders/20261119T000000Z/manifest-summary.json",
                                            "orders/20261119T000000Z.json.gz"}));
}

TEST_F(FindSnapshotsTest, UnderstandsWhatAPersonWrites) {
  const std::string newest = "orders/20261119T000000Z/manifest-summary.json";
  for (const char* text : {"", "latest", "20261119T000000Z", "2026-11-19T00:00:00Z",
                           "2026-11-19T01:00:00.5+01:00", "orders/latest"}) {
    EXPECT_EQ(Resolve(text), newest) << text;
  }
  EXPECT_EQ(Resolve("orders2/latest"), "orders2/20261121T000000Z/manifest-summary.json");
}

TEST_F(FindSnapshotsTest, NamesTheNearestOfAMomentThatIsNotThere) {
  const std::string error = Resolve("20261118T120000Z");
  EXPECT_EQ(error.substr(0, 47), "there is no snapshot orders/20261118T120000Z in");
  EXPECT_EQ(error.substr(error.find(" | ")),
            " | Only a moment of which a snapshot was made can be restored: the last before is "
            "20261118T000000Z, the first after is 20261119T000000Z.");
}

TEST_F(FindSnapshotsTest, SaysWhenThereIsNoneAndWhenItIsNoMoment) {
  EXPECT_EQ(Resolve("other/latest").substr(0, 33), "there is no snapshot of other in ");
  EXPECT_EQ(Resolve("yesterday"),
            "'yesterday' is not a snapshot | Write `latest`, a moment (20261120T120000Z), "
            "other-table/MOMENT, a URL, or a path that begins with / or ./");
}

}  // namespace
}  // namespace ddbvault
