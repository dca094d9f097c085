#include "incremental/plain_directory_store.h"

#include <asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/incremental/object_store_suite.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

class PlainHarness : public StoreHarness {
 public:
  PlainHarness() { keeps_metadata = false; }
  ObjectStore& store() override { return store_; }
  void Drive(Task<void> task) override {
    FakeTimeOptions options;
    options.stuck_after = Duration(60000);
    RunWithFakeTime(context_, clock_, std::move(task), options);
  }
  std::filesystem::path root() const { return directory_.path() / "snapshots"; }

 private:
  TempDir directory_;
  asio::io_context context_;
  FakeClock clock_;
  WorkerPool pool_{4};
  PlainDirectoryStore store_{root(), pool_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(PlainDirectory, ObjectStoreSuite, PlainHarness);

TEST(PlainDirectoryStore, KeepsPlainFilesThatOtherToolsCanRead) {
  PlainHarness h;
  h.Put("orders/20261120T120000Z/data/00000.json.gz", "bytes");
  std::ifstream file(h.root() / "orders/20261120T120000Z/data/00000.json.gz");
  std::ostringstream content;
  content << file.rdbuf();
  EXPECT_EQ(content.str(), "bytes");
  EXPECT_EQ(h.store().traits().description, "file://" + h.root().string() + "/");
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(h.root() / "orders/20261120T120000Z/data")) {
    ++entries;
  }
  EXPECT_EQ(entries, 1U);
}

TEST(PlainDirectoryStore, ListsFilesOfOthersButNotTemporaryOnesAndLinks) {
  PlainHarness h;
  h.Put("orders/a", "x");
  std::ofstream(h.root() / "orders/by-hand") << "12345";
  std::ofstream(h.root() / "orders/.tmp-0123") << "half";
  std::filesystem::create_symlink("/etc/passwd", h.root() / "orders/link");
  EXPECT_EQ(h.Keys(""), (std::vector<std::string>{"orders/a", "orders/by-hand"}));
  EXPECT_EQ(h.Body("orders/by-hand"), "12345");
}

TEST(PlainDirectoryStore, NoKeyLeadsOutOfTheRoot) {
  PlainHarness h;
  std::ofstream(h.root().parent_path() / "secret") << "x";
  for (const char* key : {"../secret", "a/../../secret", "..", ".", "a//b", "/etc/passwd", "a/",
                          "a/./b", ".tmp-x", "a/.lock/b"}) {
    EXPECT_EQ(ReactionOf([&] { h.Get(key); }), Reaction::kFixCommand) << key;
    EXPECT_EQ(ReactionOf([&] { h.Put(key, "x"); }), Reaction::kFixCommand) << key;
    EXPECT_EQ(ReactionOf([&] { h.Run(h.store().PutDeleteMarker(key)); }), Reaction::kFixCommand);
  }
}

TEST(PlainDirectoryStore, AFileAndADirectoryOfOneNameCannotBoth) {
  PlainHarness h;
  h.Put("a", "x");
  EXPECT_EQ(ReactionOf([&] { h.Put("a/b", "y"); }), Reaction::kConflict);
  h.Put("c/d", "x");
  EXPECT_EQ(ReactionOf([&] { h.Put("c", "y"); }), Reaction::kConflict);
  EXPECT_EQ(h.Keys(""), (std::vector<std::string>{"a", "c/d"}));
}

}  // namespace
}  // namespace ddbvault
