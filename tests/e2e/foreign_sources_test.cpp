// Files in the formats of other tools, made by tests/golden/foreign_files.py, restored.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "incremental/s3_store.h"
#include "item/canonical.h"
#include "tests/e2e/e2e_world.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

constexpr int kFailed = 1;
// Of foreign_files.py: an item with a value of every type.
constexpr const char* kKeyOfEveryType =
    R"({"id":{"S":"every \"type\" \\ /\u00e9\u4e2d\ud83d\ude00\u2028"}})";

struct Source {
  friend void PrintTo(const Source& source, std::ostream* out) { *out << source.name; }

  std::string name;  // of the test
  std::string path;  // in the directory of the files
  std::string data;  // likewise: a file of data
  bool tells_the_table = false;
};

class ForeignFiles : public testing::Test {
 protected:
  ForeignFiles() {
    ChildProcess script({"python3", DDBVAULT_GOLDEN "/foreign_files.py", files_});
    EXPECT_EQ(script.Wait(std::chrono::minutes(1)), 0) << script.stderr_text();
  }
  Finished ExpectStatus(int status, std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return finished;
  }
  void CreateTable(const std::string& name) {
    world_.Do(world_.dynamodb.CreateTable(
        R"({"TableName":")" + name +
        R"(","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":)"
        R"([{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})"));
  }
  E2eWorld world_;
  const std::string files_ = world_.directory.path() / "files";
};

class ForeignSourcesTest : public ForeignFiles, public testing::WithParamInterface<Source> {
 protected:
  // Restores it, and expects all items as the plain lines have them.
  void ExpectRestored(const std::string& url) {
    const std::string table = UniqueName("restored");
    if (!GetParam().tells_the_table) CreateTable(table);
    std::vector<std::string> arguments = {"restore", table, url};
    if (GetParam().tells_the_table) {
      arguments.insert(arguments.end(), {"--create", "--source-table", "orders"});
    }
    if (GetParam().name == "IncrementalExport") {
      EXPECT_THAT(ExpectStatus(kFailed, arguments).err, HasSubstr("changes only"));
      arguments.emplace_back("--into-existing");
    }
    ExpectStatus(0, arguments);
    const auto item = world_.Do(world_.dynamodb.GetItem(table, kKeyOfEveryType));
    ASSERT_TRUE(item);
    const std::string digits = "-12345678901234567890123456789012345678";
    EXPECT_THAT(Canonical(*item), HasSubstr(digits + std::string(63, '0')));
    const std::string plain = UniqueName("plain");
    CreateTable(plain);
    ExpectStatus(0, {"restore", plain, files_ + "/replicator.gz"});
    EXPECT_THAT(ExpectStatus(0, {"diff", plain, table}).out, HasSubstr("252 items"));
  }
};

INSTANTIATE_TEST_SUITE_P(Files, ForeignSourcesTest,
                         testing::Values(Source{"BnrGzip", "bnr.tgz", "bnr.tgz", true},
                                         Source{"BnrBzip2", "bnr.tar.bz2", "bnr.tar.bz2", true},
                                         Source{"Replicator", "replicator.gz", "replicator.gz"},
                                         Source{"Bzip2Lines", "lines.jsonl.bz2", "lines.jsonl.bz2"},
                                         Source{"FullExport", "export/AWSDynamoDB/01-full",
                                                "export/AWSDynamoDB/01-full/data/0abc.json.gz"},
                                         Source{"IncrementalExport",
                                                "export/AWSDynamoDB/02-incremental",
                                                "export/AWSDynamoDB/data/0abc.json.gz"}),
                         [](const auto& test) { return test.param.name; });

TEST_P(ForeignSourcesTest, AreRestoredFromFiles) { ExpectRestored(files_ + "/" + GetParam().path); }

TEST_P(ForeignSourcesTest, AreRestoredFromS3) {
  const std::string bucket = world_.MakeBucket(false);
  S3Store store(std::make_shared<S3Client>(world_.Bucket(bucket)), "other/tools", false);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(files_)) {
    if (!entry.is_regular_file()) continue;
    std::stringstream content;
    content << std::ifstream(entry.path()).rdbuf();
    const std::string body = content.str();
    PutRequest request;
    request.key = std::filesystem::relative(entry.path(), files_);
    request.body = body;
    world_.Do(store.Put(std::move(request)));
  }
  ExpectRestored("s3://" + bucket + "/other/tools/" + GetParam().path);
}

// An archive that ends between two of its files, and one whose checksum is wrong.
TEST_F(ForeignFiles, RefusesAnArchiveThatIsNotWhole) {
  const std::string tar = files_ + "/bnr.tar";
  ExpectStatus(0, {"restore", UniqueName("restored"), tar, "--create", "--source-table", "orders"});
  EXPECT_THAT(ExpectStatus(kFailed, {"restore", UniqueName("restored"), tar, "--create",
                                     "--source-table", "users"})
                  .err,
              HasSubstr("it has another, orders"));
  std::filesystem::resize_file(tar, 512 * 20);
  EXPECT_THAT(ExpectStatus(kFailed, {"restore", UniqueName("restored"), tar, "--create"}).err,
              HasSubstr("cut short"));
  const std::string tgz = files_ + "/bnr.tgz";
  std::fstream file(tgz, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-6, std::ios::end);  // in the checksum
  const auto byte = static_cast<char>(file.peek() ^ 1);
  file.seekp(-6, std::ios::end);
  file.put(byte);
  file.close();
  ExpectStatus(kFailed,
               {"restore", UniqueName("restored"), tgz, "--create", "--source-table", "orders"});
}

// Nothing of it is written.
TEST_P(ForeignSourcesTest, AreRefusedWhenTheyAreCutShort) {
  const std::filesystem::path data = std::filesystem::path(files_) / GetParam().data;
  std::filesystem::resize_file(data, std::filesystem::file_size(data) - 20);
  const std::string table = UniqueName("restored");
  CreateTable(table);
  ExpectStatus(kFailed, {"restore", table, files_ + "/" + GetParam().path});
  EXPECT_FALSE(world_.Do(world_.dynamodb.GetItem(table, R"({"id":{"S":"plain"}})")));
}

}  // namespace
}  // namespace ddbvault
