#include "incremental/directory_store.h"

#include <asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "incremental/version_index.h"
#include "tests/incremental/object_store_suite.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

namespace fs = std::filesystem;

const std::string kHash = "3f" + std::string(62, '7');

class DirectoryHarness : public StoreHarness {
 public:
  ObjectStore& store() override { return store_; }
  void Drive(Task<void> task) override {
    FakeTimeOptions options;
    options.stuck_after = Duration(60000);
    RunWithFakeTime(context_, clock_, std::move(task), options);
  }
  fs::path root() const { return directory_.path() / "incremental"; }
  // What another process would have: nothing in common but the directory.
  std::unique_ptr<DirectoryStore> OtherStore() {
    return std::make_unique<DirectoryStore>(root(), pool_, clock_);
  }
  FakeClock& clock() { return clock_; }

 private:
  TempDir directory_;
  asio::io_context context_;
  FakeClock clock_;
  WorkerPool pool_{4};
  DirectoryStore store_{root(), pool_, clock_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Directory, ObjectStoreSuite, DirectoryHarness);

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void WriteFile(const fs::path& path, std::string_view content) { std::ofstream(path) << content; }

// A header's text up to its last member, with that.
std::string WithChecksum(const std::string& header) {
  const std::uint32_t crc = Crc32(header);
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(crc >> shift));
  return header + ",\"headerCrc32\":\"" + Hex(bytes) + "\"}";
}

std::string MessageOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
    return error.what();
  }
  return "no error";
}

TEST(DirectoryStore, ItsFormatOnDiskIsWhatTheHeaderSays) {
  DirectoryHarness h;
  h.clock().Advance(Duration(123));
  const PutResult put = h.Put("orders/" + kHash, "{\"id\":{\"S\":\"1\"}}\n", {{"event", "INSERT"}});
  h.Run(h.store().PutDeleteMarker("orders/" + kHash));
  h.Put("_/orders/state.json", "{}");

  const fs::path fan_out = h.root() / "orders/3f";
  const std::string id = put.version_id.substr(11);
  EXPECT_EQ(put.version_id, "0000000001-" + id);
  EXPECT_EQ(put.etag, put.version_id);
  EXPECT_EQ(ReadFile(fan_out / (kHash + ".v0000000001")),
            WithChecksum("{\"format\":1,\"size\":17,\"crc32\":\"9408a469\",\"modified\":"
                         "\"2026-11-20T12:00:00.123Z\",\"id\":\"" +
                         id + "\",\"metadata\":{\"event\":\"INSERT\"}") +
                "\n{\"id\":{\"S\":\"1\"}}\n");
  const std::string marker = ReadFile(fan_out / (kHash + ".v0000000002"));
  EXPECT_THAT(marker, testing::MatchesRegex(
                          ".\"format\":1,\"modified\":\"2026-11-20T12:00:00.123Z\",\"id\":"
                          "\"[0-9a-f]*\",\"deleteMarker\":true,\"headerCrc32\":\"[0-9a-f]*\".\n"));
  EXPECT_TRUE(fs::exists(h.root() / "_/orders/state.json.v0000000001"));

  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(fan_out)) {
    names.insert(entry.path().filename());
    EXPECT_EQ(entry.status().permissions(), fs::perms(0600));
  }
  EXPECT_EQ(names,
            (std::set<std::string>{".lock", kHash + ".v0000000001", kHash + ".v0000000002"}));
  EXPECT_EQ(fs::status(fan_out).permissions(), fs::perms(0700));
  EXPECT_EQ(h.store().traits().description, "file://" + h.root().string() + "/");
}

TEST(DirectoryStore, ReadsFilesWrittenByHandInItsFormat) {
  DirectoryHarness h;
  fs::create_directories(h.root() / "orders/3f");
  WriteFile(h.root() / "orders/3f" / (kHash + ".v0000000041"),
            "{\"format\":1,\"size\":5,\"crc32\":\"3610a686\",\"modified\":\"2020-01-02T03:04:05Z\","
            "\"id\":\"0123abcd\",\"metadata\":{\"a\":\"b\"},\"later\":[1],"
            "\"headerCrc32\":\"5a7c6bb2\"}   \nhello");
  const auto object = h.Get("orders/" + kHash);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->body, "hello");
  EXPECT_EQ(object->metadata, (ObjectMetadata{{"a", "b"}}));
  EXPECT_EQ(object->info.version_id, "0000000041-0123abcd");
  EXPECT_EQ(FormatTime(object->info.last_modified), "2020-01-02T03:04:05Z");
  EXPECT_EQ(h.Put("orders/" + kHash, "x").version_id.substr(0, 11), "0000000042-");
}

TEST(DirectoryStore, TwoStoresThatRaceForOneKeyKeepEveryVersion) {
  DirectoryHarness h;
  const auto other = h.OtherStore();
  const auto put_many = [](ObjectStore& store, std::string who) -> Task<void> {
    for (int i = 0; i < 100; ++i) {
      const std::string body = who + std::to_string(i);
      PutRequest request;
      request.key = "orders/" + kHash;
      request.body = body;
      const PutResult result = co_await store.Put(std::move(request));
      EXPECT_TRUE(result.written);
    }
  };
  const auto race = [&]() -> Task<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    group.Spawn(put_many(h.store(), "a"));
    group.Spawn(put_many(*other, "b"));
    co_await group.Join();
  };
  h.Run(race());
  const std::vector<ObjectInfo> versions = h.VersionsOf("orders/");
  ASSERT_EQ(versions.size(), 200U);
  std::set<std::string> bodies;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    EXPECT_EQ(std::stoul(versions[i].version_id), 200 - i);
    bodies.insert(h.Body("orders/" + kHash, versions[i].version_id));
  }
  EXPECT_EQ(bodies.size(), 200U);
}

TEST(DirectoryStore, OfManyWhoPutIfAbsentOneWins) {
  DirectoryHarness h;
  const auto other = h.OtherStore();
  int written = 0;
  const auto put = [&](ObjectStore& store) -> Task<void> {
    PutRequest request;
    request.key = "_/orders/lease";
    request.body = "mine";
    request.condition = PutCondition::kIfAbsent;
    const PutResult result = co_await store.Put(std::move(request));
    written += result.written ? 1 : 0;
  };
  const auto race = [&]() -> Task<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    for (int i = 0; i < 20; ++i) group.Spawn(i % 2 == 0 ? put(h.store()) : put(*other));
    co_await group.Join();
  };
  h.Run(race());
  EXPECT_EQ(written, 1);
  EXPECT_EQ(h.VersionsOf("").size(), 1U);
}

TEST(DirectoryStore, SeesWhatAnotherProcessHasWrittenAndRemoved) {
  DirectoryHarness h;
  const auto other = h.OtherStore();
  const std::string key = "orders/" + kHash;
  EXPECT_FALSE(h.Get(key));
  for (int i = 0; i < 3; ++i) {
    h.Put(key, "ours");
    EXPECT_EQ(h.Body(key), "ours");
    PutRequest request;
    request.key = key;
    request.body = "theirs";
    const PutResult put = h.Run(other->Put(request));
    EXPECT_EQ(h.Body(key), "theirs");
    h.Run(other->RemoveVersion(key, put.version_id));
    EXPECT_EQ(h.Body(key), "ours");
  }
}

TEST(DirectoryStore, ANumberThatIsTakenAgainIsAnotherVersion) {
  DirectoryHarness h;
  const std::string key = "orders/" + kHash;
  h.Put(key, "one");
  const PutResult removed = h.Put(key, "two");
  h.Run(h.store().RemoveVersion(key, removed.version_id));
  const PutResult again = h.Put(key, "three");
  EXPECT_EQ(again.version_id.substr(0, 11), removed.version_id.substr(0, 11));
  EXPECT_FALSE(h.Get(key, removed.version_id));
  h.Run(h.store().RemoveVersion(key, removed.version_id));
  EXPECT_EQ(h.Body(key), "three");
}

TEST(DirectoryStore, AWriterThatDiedHalfwayIsForgotten) {
  DirectoryHarness h;
  const std::string key = "orders/" + kHash;
  const fs::path fan_out = h.root() / "orders/3f";
  h.Put(key, "one");
  EXPECT_EQ(h.Body(key), "one");
  // It had linked its version, and not said yet that something had changed.
  { DirectoryLock(fan_out.string()).BeginChange(); }
  fs::copy_file(fan_out / (kHash + ".v0000000001"), fan_out / (kHash + ".v0000000007"));
  WriteFile(fan_out / ".tmp-0123456789abcdef", "half a file");
  EXPECT_EQ(h.Get(key)->info.version_id.substr(0, 11), "0000000007-");
  EXPECT_EQ(h.Put(key, "eight").version_id.substr(0, 11), "0000000008-");
  EXPECT_EQ(h.Body(key), "eight");
  EXPECT_EQ(h.VersionsOf("").size(), 3U);
}

TEST(DirectoryStore, AVersionLinkedByOneWhoDoesNotLockIsNotOverwritten) {
  DirectoryHarness h;
  const std::string key = "orders/" + kHash;
  const fs::path fan_out = h.root() / "orders/3f";
  h.Put(key, "one");
  fs::copy_file(fan_out / (kHash + ".v0000000001"), fan_out / (kHash + ".v0000000002"));
  EXPECT_EQ(h.Put(key, "three").version_id.substr(0, 11), "0000000003-");
  EXPECT_EQ(h.VersionsOf("").size(), 3U);
}

TEST(DirectoryStore, FilesThatAreNoVersionsAreLeftOut) {
  DirectoryHarness h;
  h.Put("orders/" + kHash, "x");
  WriteFile(h.root() / "orders/README", "by hand");
  WriteFile(h.root() / "orders/3f/x.v1", "by hand");
  WriteFile(h.root() / "orders/3f/x.v0000000000", "by hand");
  WriteFile(h.root() / ("orders/" + kHash + ".v0000000001"), "not fanned out");
  EXPECT_EQ(h.Keys(""), std::vector<std::string>{"orders/" + kHash});
  EXPECT_EQ(h.VersionsOf("").size(), 1U);
}

TEST(DirectoryStore, DamagedVersionsAreReportedNotPassedOver) {
  DirectoryHarness h;
  const std::string key = "orders/" + kHash;
  const fs::path path = h.root() / "orders/3f" / (kHash + ".v0000000001");
  const std::string where = "damaged version " + path.string() + ": ";
  h.Put(key, "hello");
  const std::string whole = ReadFile(path);
  const auto report = [&](std::string_view content) {
    WriteFile(path, content);
    const std::string said = MessageOf([&] { h.Get(key); });
    EXPECT_EQ(MessageOf([&] { h.Run(h.store().Head(key)); }), said);
    return said;
  };
  EXPECT_EQ(report(whole.substr(0, whole.size() - 1)),
            where + "it has 4 bytes of body where its header says 5");
  EXPECT_EQ(report(whole + "x"), where + "it has 6 bytes of body where its header says 5");
  EXPECT_EQ(report(""), where + "it has no header");
  EXPECT_EQ(report(std::string(100, '\0')), where + "it has no header");
  EXPECT_EQ(report("[]\n"), where + "its header is not a JSON object");
  EXPECT_EQ(report("{\"format\":2}\n"), where + "its header is of another format");
  EXPECT_EQ(report("{\"format\":1,\"size\":-1,\"modified\":\"2020-01-02T03:04:05Z\",\"id\":"
                   "\"0123abcd\",\"metadata\":{}}\n"),
            where + "the size in its header is not one");
  EXPECT_EQ(report("{\"format\":1,\"size\":0,\"modified\":\"2020-01-02T03:04:05Z\",\"id\":"
                   "\"0123abcd\",\"crc32\":\"00000000\",\"metadata\":{\"a\":1}}\n"),
            where + "its header is not what we write");
  EXPECT_EQ(report("{\"format\":1,\"size\":0,\"modified\":\"2020-01-02T03:04:05Z\",\"id\":"
                   "\"0123abcd\",\"metadata\":{}}\n"),
            where + "its header has no crc32");
  EXPECT_EQ(report("{\"format\":1,\"size\":0,\"modified\":\"2020-01-02T03:04:05Z\",\"id\":"
                   "\"0123abcd\",\"crc32\":\"00000000\",\"metadata\":{}}\n"),
            where + "its header does not end with its checksum");
  WriteFile(path, whole);
  EXPECT_EQ(h.Body(key), "hello");
}

TEST(DirectoryStore, ADamagedVersionHidesNoOtherFromAListing) {
  DirectoryHarness h;
  const std::string key = "orders/" + kHash;
  const std::string after = "orders/" + std::string(64, 'f');
  h.Put(key, "one");
  h.Put(key, "two");
  h.Put(after, "more");
  WriteFile(h.root() / "orders/3f" / (kHash + ".v0000000002"), "{\"format\":1,\n");
  const std::vector<ObjectInfo> versions = h.VersionsOf("orders/");
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0].version_id, "0000000002-00000000");
  EXPECT_TRUE(versions[0].is_latest);
  EXPECT_FALSE(versions[0].is_delete_marker);
  EXPECT_GT(versions[0].size, 0U) << "not taken for a tombstone";
  EXPECT_NE(MessageOf([&] { h.Get(key, versions[0].version_id); }), "no error");
  EXPECT_FALSE(versions[1].is_latest);
  EXPECT_EQ(h.Body(key, versions[1].version_id), "one");
  EXPECT_EQ(versions[2].key, after);
  std::vector<std::string> current;
  for (const ObjectInfo& object : h.ListAll("orders/")) current.push_back(object.key);
  EXPECT_EQ(current, (std::vector<std::string>{key, after}));
  EXPECT_NE(MessageOf([&] { h.Get(key); }), "no error");
}

// Whatever bit rots, what is read is what was written, or an error.
TEST(DirectoryStore, FindsEveryFlippedBit) {
  DirectoryHarness h;
  const std::string key = "orders/" + kHash;
  const fs::path path = h.root() / "orders/3f" / (kHash + ".v0000000001");
  h.Put(key, "{\"id\":{\"S\":\"1\"}}", {{"ddbvault-sequence-number", "111"}});
  const std::string whole = ReadFile(path);
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    std::string damaged = whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 0x01);
    WriteFile(path, damaged);
    EXPECT_NE(MessageOf([&] { h.Get(key); }), "no error") << byte;
  }
  std::string damaged = whole;
  damaged.back() = ']';
  WriteFile(path, damaged);
  EXPECT_EQ(
      MessageOf([&] { h.Get(key); }),
      "damaged version " + path.string() + ": its body has another checksum than its header says");
  damaged = whole;
  damaged[damaged.find("\"111\"") + 1] = '2';
  WriteFile(path, damaged);
  EXPECT_EQ(MessageOf([&] { h.Run(h.store().Head(key)); }),
            "damaged version " + path.string() + ": its header has another checksum than it says");
  WriteFile(path, whole);
  EXPECT_EQ(h.Body(key), "{\"id\":{\"S\":\"1\"}}");
}

TEST(DirectoryStore, ChecksBodiesThatWereWrittenInPieces) {
  DirectoryHarness h;
  auto writer = h.Run(h.store().Create("data/file", "text/plain"));
  for (int i = 0; i < 3; ++i) h.Run(writer->Write(std::string(5000, static_cast<char>('a' + i))));
  h.Run(writer->Commit());
  EXPECT_EQ(h.Body("data/file"),
            std::string(5000, 'a') + std::string(5000, 'b') + std::string(5000, 'c'));
  const fs::path path = h.root() / "data/file.v0000000001";
  std::string damaged = ReadFile(path);
  damaged[9000] = 'x';
  WriteFile(path, damaged);
  EXPECT_NE(MessageOf([&] { h.Get("data/file"); }), "no error");
}

TEST(DirectoryStore, WhatIsInTheWayOfTheNextVersionIsAnErrorNotAHang) {
  DirectoryHarness h;
  const std::string key = "orders/" + kHash;
  const fs::path next = h.root() / "orders/3f" / (kHash + ".v0000000002");
  h.Put(key, "one");
  fs::create_symlink("/nowhere", next);
  EXPECT_EQ(MessageOf([&] { h.Put(key, "two"); }),
            next.string() + " is in the way: it is not a regular file");
  EXPECT_EQ(h.Body(key), "one");
}

TEST(DirectoryStore, NoKeyLeadsOutOfTheRootOrIntoAnothersFiles) {
  DirectoryHarness h;
  const std::string long_name(244, 'x');
  for (const std::string& key :
       {std::string("../x"), std::string("a/../../x"), std::string(".."), std::string("a//b"),
        std::string("/etc/passwd"), std::string("a/"), std::string("a/./b"), std::string(".tmp-x"),
        std::string("a/.lock/b"), std::string("a.v0000000001/b"), long_name}) {
    EXPECT_EQ(ReactionOf([&] { h.Get(key); }), Reaction::kFixCommand) << key;
    EXPECT_EQ(ReactionOf([&] { h.Put(key, "x"); }), Reaction::kFixCommand) << key;
  }
  EXPECT_FALSE(fs::exists(h.root()));
  EXPECT_TRUE(h.Put(long_name.substr(1), "x").written);
  EXPECT_TRUE(h.Put("a.v0000000001", "x").written);
  EXPECT_EQ(h.Keys("a"), std::vector<std::string>{"a.v0000000001"});
}

TEST(DirectoryStore, AWriterThatIsGivenUpLeavesNoFile) {
  DirectoryHarness h;
  {
    auto writer = h.Run(h.store().Create("data/file", "text/plain"));
    h.Run(writer->Write("half"));
    EXPECT_FALSE(fs::is_empty(h.root() / "data"));
  }
  EXPECT_TRUE(fs::is_empty(h.root() / "data"));
}

TEST(VersionIndex, RemembersADirectoryUntilItsGenerationChanges) {
  TempDir directory;
  const std::string path = directory.path().string();
  const auto add = [&](const std::string& name) { WriteFile(directory.path() / name, "x"); };
  VersionIndex index;
  add("a.v0000000003");
  add("a.v0000000002");
  add("b.v0000000009");
  Generation first = 0;
  {
    DirectoryLock lock(path);
    EXPECT_EQ(lock.generation(), 0U);
    lock.BeginChange();
    EXPECT_EQ(ReadGeneration(path), 0U);
    lock.EndChange();
    first = lock.generation();
  }
  EXPECT_EQ(ReadGeneration(path), first);
  EXPECT_EQ(index.Highest(path, "a", first), 3U);
  EXPECT_EQ(index.Highest(path, "b", first), 9U);
  EXPECT_EQ(index.Highest(path, "c", first), 0U);

  add("a.v0000000004");
  EXPECT_EQ(index.Highest(path, "a", first), 3U) << "the directory was read again";
  EXPECT_EQ(index.Highest(path, "a", first, true), 4U);
  EXPECT_EQ(index.Highest(path, "a", 0), 4U);
  index.Added(path, "c", 1, first, 77);
  EXPECT_EQ(index.Highest(path, "c", 77), 1U);
  EXPECT_EQ(index.Highest(path, "a", 77), 3U);
  EXPECT_EQ(index.Highest(path, "c", 78), 0U);
}

}  // namespace
}  // namespace ddbvault
