// What every ObjectStore must do: one suite, run against all of them.
//
//   struct MemoryHarness : StoreHarness { ... };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ObjectStoreSuite, MemoryHarness);
//
// Where a kind of store differs (no versions, no conditions, no metadata) the difference is
// asserted too, so that a change of it is noticed.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "incremental/object_store.h"

namespace ddbvault {

// A fresh, empty store, and a loop for its tasks.
class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  virtual ObjectStore& store() = 0;
  virtual void Drive(Task<void> task) = 0;

  bool honours_conditions = true;
  bool keeps_metadata = true;

  template <typename T>
  T Run(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      Drive(std::move(task));
    } else {
      std::optional<T> result;
      Drive(Into(std::move(task), &result));
      return std::move(*result);
    }
  }

  PutResult Put(std::string key, std::string_view body, ObjectMetadata metadata = {},
                PutCondition condition = PutCondition::kNone, std::string etag = {}) {
    PutRequest request;
    request.key = std::move(key);
    request.body = body;
    request.metadata = std::move(metadata);
    request.condition = condition;
    request.etag = std::move(etag);
    return Run(store().Put(std::move(request)));
  }
  std::optional<StoredObject> Get(std::string key, std::string version_id = {}) {
    return Run(store().Get(std::move(key), std::move(version_id)));
  }
  // The body, or "(none)".
  std::string Body(std::string key, std::string version_id = {}) {
    const auto object = Get(std::move(key), std::move(version_id));
    return object ? object->body : "(none)";
  }
  // Puts bodies[i] under keys[i], all at once.
  void PutAll(const std::vector<std::string>& keys, std::string_view body) {
    const auto put_one = [&](std::size_t i) { return PutQuietly(keys[i], body); };
    Run(PutAllTask(keys.size(), put_one));
  }
  std::vector<ObjectInfo> ListAll(std::string prefix, std::size_t* pages = nullptr) {
    return Collect(pages, [&](std::string next) { return store().List(prefix, std::move(next)); });
  }
  std::vector<ObjectInfo> VersionsOf(std::string prefix, std::size_t* pages = nullptr) {
    return Collect(pages,
                   [&](std::string next) { return store().ListVersions(prefix, std::move(next)); });
  }
  std::vector<std::string> Keys(std::string prefix) {
    std::vector<std::string> keys;
    for (const ObjectInfo& info : ListAll(std::move(prefix))) keys.push_back(info.key);
    return keys;
  }

 private:
  template <typename T>
  static Task<void> Into(Task<T> task, std::optional<T>* result) {
    result->emplace(co_await std::move(task));
  }
  Task<void> PutQuietly(std::string key, std::string_view body) {
    PutRequest request;
    request.key = std::move(key);
    request.body = body;
    co_await store().Put(std::move(request));
  }
  template <typename PutOne>
  static Task<void> PutAllTask(std::size_t count, PutOne put_one) {
    Semaphore in_flight(co_await asio::this_coro::executor, 32);
    TaskGroup group(co_await asio::this_coro::executor);
    for (std::size_t i = 0; i < count; ++i) {
      Semaphore::Permit permit = co_await in_flight.Acquire();
      group.Spawn(WithPermit(put_one(i), std::move(permit)));
    }
    co_await group.Join();
  }
  static Task<void> WithPermit(Task<void> task, Semaphore::Permit permit) {
    co_await std::move(task);
    permit.Release();
  }
  template <typename NextPage>
  std::vector<ObjectInfo> Collect(std::size_t* pages, NextPage next_page) {
    std::vector<ObjectInfo> all;
    std::string next;
    std::size_t count = 0;
    do {
      ObjectPage page = Run(next_page(next));
      EXPECT_LE(page.objects.size(), 1000U);
      all.insert(all.end(), page.objects.begin(), page.objects.end());
      next = page.next;
      ++count;
    } while (!next.empty());
    if (pages != nullptr) *pages = count;
    return all;
  }
};

// The reaction of what `call` throws; nullopt when it throws nothing.
template <typename Call>
std::optional<Reaction> ReactionOf(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.reaction();
  }
  return std::nullopt;
}

template <typename Harness>
class ObjectStoreSuite : public testing::Test {
 protected:
  Harness harness_;
};

TYPED_TEST_SUITE_P(ObjectStoreSuite);

TYPED_TEST_P(ObjectStoreSuite, KeepsBodyAndMetadataAsTheyWerePut) {
  StoreHarness& h = this->harness_;
  std::string binary;
  for (int i = 0; i < 1000; ++i) binary.push_back(static_cast<char>(i * 7));
  const ObjectMetadata metadata = {{"sequence-number", "000000000000000000115"},
                                   {"source", "a stream: {\"x\"=1}"}};
  const PutResult put = h.Put("orders/item", binary, metadata);
  EXPECT_TRUE(put.written);
  EXPECT_FALSE(put.in_doubt);

  const auto object = h.Get("orders/item");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->body, binary);
  EXPECT_EQ(object->metadata, h.keeps_metadata ? metadata : ObjectMetadata());
  EXPECT_EQ(object->info.key, "orders/item");
  EXPECT_EQ(object->info.size, binary.size());
  EXPECT_EQ(object->info.etag, put.etag);
  EXPECT_EQ(object->info.version_id, put.version_id);
  EXPECT_FALSE(put.etag.empty());
  EXPECT_FALSE(put.version_id.empty());
  EXPECT_GT(object->info.last_modified, FromEpochSeconds(1'700'000'000));

  const auto head = h.Run(h.store().Head("orders/item"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(head->info.size, binary.size());
  EXPECT_EQ(head->info.etag, put.etag);
  EXPECT_EQ(head->info.version_id, put.version_id);
  EXPECT_EQ(head->metadata, object->metadata);
}

TYPED_TEST_P(ObjectStoreSuite, KeepsAnEmptyBody) {
  StoreHarness& h = this->harness_;
  h.Put("orders/tombstone", "", {{"event", "REMOVE"}});
  const auto object = h.Get("orders/tombstone");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->body, "");
  EXPECT_EQ(object->info.size, 0U);
  ASSERT_EQ(h.ListAll("orders/").size(), 1U);
  EXPECT_EQ(h.ListAll("orders/")[0].size, 0U);
}

TYPED_TEST_P(ObjectStoreSuite, FindsNothingWhereNothingIs) {
  StoreHarness& h = this->harness_;
  EXPECT_FALSE(h.Get("orders/none"));
  EXPECT_FALSE(h.Run(h.store().Head("orders/none")));
  EXPECT_TRUE(h.ListAll("").empty());
  EXPECT_TRUE(h.VersionsOf("").empty());
  h.Put("orders/none/below", "x");
  EXPECT_FALSE(h.Get("orders/none"));
  EXPECT_FALSE(h.Get("orders"));
  EXPECT_FALSE(h.Get("orders/none/below/further"));
  const PutResult put = h.Put("orders/removed", "x");
  h.Run(h.store().RemoveVersion("orders/removed", put.version_id));
  EXPECT_FALSE(h.Get("orders/removed"));
  EXPECT_FALSE(h.Get("orders/removed", put.version_id));
  EXPECT_FALSE(h.Run(h.store().Head("orders/removed", put.version_id)));
}

TYPED_TEST_P(ObjectStoreSuite, EveryPutAddsAVersionAndTheNewestIsCurrent) {
  StoreHarness& h = this->harness_;
  std::vector<PutResult> puts;
  for (const char* body : {"one", "two", "three"}) puts.push_back(h.Put("orders/item", body));
  EXPECT_EQ(h.Body("orders/item"), "three");
  const std::vector<ObjectInfo> versions = h.VersionsOf("orders/item");
  if (!h.store().traits().versioned) {
    ASSERT_EQ(versions.size(), 1U);
    EXPECT_EQ(versions[0].version_id, "null");
    return;
  }
  ASSERT_EQ(versions.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(versions[i].version_id, puts[2 - i].version_id);
    EXPECT_EQ(versions[i].etag, puts[2 - i].etag);
    EXPECT_EQ(versions[i].is_latest, i == 0);
    EXPECT_FALSE(versions[i].is_delete_marker);
  }
  EXPECT_EQ(versions[0].size, 5U);
  EXPECT_EQ(h.Body("orders/item", puts[0].version_id), "one");
  EXPECT_EQ(h.Run(h.store().Head("orders/item", puts[1].version_id))->info.size, 3U);
  EXPECT_NE(puts[0].version_id, puts[1].version_id);
}

TYPED_TEST_P(ObjectStoreSuite, ADeleteMarkerHidesTheObjectUntilItIsRemoved) {
  StoreHarness& h = this->harness_;
  h.Put("orders/item", "alive");
  h.Run(h.store().PutDeleteMarker("orders/item"));
  EXPECT_FALSE(h.Get("orders/item"));
  EXPECT_FALSE(h.Run(h.store().Head("orders/item")));
  EXPECT_TRUE(h.ListAll("orders/").empty());
  const std::vector<ObjectInfo> versions = h.VersionsOf("orders/item");
  if (!h.store().traits().versioned) {
    EXPECT_TRUE(versions.empty());
    return;
  }
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_TRUE(versions[0].is_delete_marker);
  EXPECT_TRUE(versions[0].is_latest);
  EXPECT_EQ(versions[0].size, 0U);
  EXPECT_FALSE(versions[1].is_delete_marker);
  EXPECT_FALSE(versions[1].is_latest);
  EXPECT_EQ(h.Body("orders/item", versions[1].version_id), "alive");
  EXPECT_FALSE(h.Get("orders/item", versions[0].version_id));

  h.Run(h.store().RemoveVersion("orders/item", versions[0].version_id));
  EXPECT_EQ(h.Body("orders/item"), "alive");
  EXPECT_EQ(h.ListAll("orders/").size(), 1U);
}

TYPED_TEST_P(ObjectStoreSuite, ADeleteMarkerOfNothingIsNoError) {
  StoreHarness& h = this->harness_;
  h.Run(h.store().PutDeleteMarker("orders/never"));
  EXPECT_FALSE(h.Get("orders/never"));
}

TYPED_TEST_P(ObjectStoreSuite, RemovesExactlyOneVersionHoweverOften) {
  StoreHarness& h = this->harness_;
  const PutResult one = h.Put("orders/item", "one");
  const PutResult other = h.Put("orders/item2", "other");
  if (!h.store().traits().versioned) {
    h.Run(h.store().RemoveVersion("orders/item", one.version_id));
    h.Run(h.store().RemoveVersion("orders/item", one.version_id));
    EXPECT_EQ(h.Keys("orders/"), std::vector<std::string>{"orders/item2"});
    return;
  }
  const PutResult two = h.Put("orders/item", "two");
  const PutResult three = h.Put("orders/item", "three");
  for (int i = 0; i < 2; ++i) {
    h.Run(h.store().RemoveVersion("orders/item", two.version_id));
    EXPECT_FALSE(h.Get("orders/item", two.version_id));
    EXPECT_EQ(h.Body("orders/item"), "three");
    EXPECT_EQ(h.Body("orders/item", one.version_id), "one");
  }
  h.Run(h.store().RemoveVersion("orders/item", three.version_id));
  EXPECT_EQ(h.Body("orders/item"), "one");
  EXPECT_TRUE(h.VersionsOf("orders/item")[0].is_latest);
  EXPECT_EQ(h.Put("orders/item", "four").written, true);
  EXPECT_EQ(h.Body("orders/item"), "four");
  EXPECT_FALSE(h.Get("orders/item", three.version_id));
  EXPECT_EQ(h.Body("orders/item2"), "other");
}

TYPED_TEST_P(ObjectStoreSuite, NeverTakesAMissingVersionIdForADelete) {
  StoreHarness& h = this->harness_;
  h.Put("orders/item", "alive");
  try {
    h.Run(h.store().RemoveVersion("orders/item", ""));
    FAIL() << "removed something";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_STREQ(error.what(), "no version id was given of the version to remove");
  }
  EXPECT_EQ(h.Body("orders/item"), "alive");
}

TYPED_TEST_P(ObjectStoreSuite, PutsIfAbsentOnlyWhereNothingIs) {
  StoreHarness& h = this->harness_;
  EXPECT_TRUE(h.Put("orders/item", "first", {}, PutCondition::kIfAbsent).written);
  EXPECT_EQ(h.Body("orders/item"), "first");
  const PutResult second = h.Put("orders/item", "second", {}, PutCondition::kIfAbsent);
  EXPECT_EQ(second.written, !h.honours_conditions);
  EXPECT_EQ(h.Body("orders/item"), h.honours_conditions ? "first" : "second");
  if (h.honours_conditions) {
    EXPECT_EQ(h.VersionsOf("orders/item").size(), 1U);
  }

  h.Run(h.store().PutDeleteMarker("orders/item"));
  EXPECT_TRUE(h.Put("orders/item", "third", {}, PutCondition::kIfAbsent).written);
  EXPECT_EQ(h.Body("orders/item"), "third");
}

TYPED_TEST_P(ObjectStoreSuite, PutsIfMatchesOnlyOverThatObject) {
  StoreHarness& h = this->harness_;
  const auto put_over = [&](std::string body, std::string etag) {
    return h.Put("orders/item", body, {}, PutCondition::kIfMatches, std::move(etag));
  };
  EXPECT_FALSE(put_over("nothing there", "0000000001-00000000").written);
  EXPECT_FALSE(h.Get("orders/item"));

  const PutResult one = h.Put("orders/item", "one");
  const PutResult two = put_over("two", one.etag);
  EXPECT_EQ(two.written, h.honours_conditions);
  EXPECT_EQ(h.Body("orders/item"), h.honours_conditions ? "two" : "one");
  EXPECT_EQ(put_over("three", h.honours_conditions ? one.etag : "other").written, false);
  EXPECT_EQ(h.Body("orders/item"), h.honours_conditions ? "two" : "one");

  h.Run(h.store().PutDeleteMarker("orders/item"));
  EXPECT_FALSE(put_over("four", h.honours_conditions ? two.etag : one.etag).written);
  EXPECT_FALSE(h.Get("orders/item"));
}

TYPED_TEST_P(ObjectStoreSuite, ListsKeysInOrderOfTheirBytesWithinThePrefix) {
  StoreHarness& h = this->harness_;
  const std::string hash = "ab" + std::string(62, '0');
  const std::string later_hash = "ab" + std::string(62, 'f');
  const std::string md5 = "0f" + std::string(30, '9');
  std::vector<std::string> keys = {
      "prim/a-b",       "prim/a/b", "prim/a.b", "prim/ab/generic", "prim/" + hash,
      "prim/ab00",      "prim/ab1", "prim/abg", "prim/" + md5,     "prim/" + later_hash,
      "prim/zz/" + md5, "prim2/x",  "prim-2/x", "_/prim/state",    "prim/\xC3\xA9t\xC3\xA9",
  };
  h.PutAll(keys, "x");
  h.Put("prim/deleted", "x");
  h.Run(h.store().PutDeleteMarker("prim/deleted"));

  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(h.Keys(""), keys);
  std::erase_if(keys, [](const std::string& key) { return !key.starts_with("prim/"); });
  EXPECT_EQ(h.Keys("prim/"), keys);
  EXPECT_EQ(h.Keys("prim2/"), std::vector<std::string>{"prim2/x"});
  EXPECT_EQ(h.Keys("prim/a/"), std::vector<std::string>{"prim/a/b"});
  EXPECT_EQ(h.Keys("prim/ab0"), (std::vector<std::string>{"prim/ab00", "prim/" + hash}));
  EXPECT_EQ(h.Keys("prim/ab"),
            (std::vector<std::string>{"prim/ab/generic", "prim/ab00", "prim/" + hash, "prim/ab1",
                                      "prim/" + later_hash, "prim/abg"}));
  EXPECT_EQ(h.Keys("pri"), (std::vector<std::string>([&] {
              std::vector<std::string> all = {"prim-2/x"};
              all.insert(all.end(), keys.begin(), keys.end());
              all.push_back("prim2/x");
              return all;
            }())));
  EXPECT_TRUE(h.Keys("prim/ac").empty());
  for (const ObjectInfo& info : h.ListAll("prim/")) {
    EXPECT_EQ(info.size, 1U);
    EXPECT_FALSE(info.etag.empty());
    EXPECT_FALSE(info.is_delete_marker);
    EXPECT_TRUE(info.is_latest);
  }
}

TYPED_TEST_P(ObjectStoreSuite, ListsInPagesAndFromAKeyOn) {
  StoreHarness& h = this->harness_;
  std::vector<std::string> keys;
  for (int i = 0; i < 1100; ++i) keys.push_back("orders/" + std::to_string(10000 + i));
  h.PutAll(keys, "x");
  h.Put("orders2/x", "x");
  std::size_t pages = 0;
  std::vector<std::string> listed;
  for (const ObjectInfo& info : h.ListAll("orders/", &pages)) listed.push_back(info.key);
  EXPECT_EQ(listed, keys);
  EXPECT_EQ(pages, 2U);

  const ObjectPage after = h.Run(h.store().List("orders/", "", "orders/11097"));
  ASSERT_EQ(after.objects.size(), 2U);
  EXPECT_EQ(after.objects[0].key, "orders/11098");
  const ObjectPage between = h.Run(h.store().List("orders/", "", "orders/110975"));
  EXPECT_EQ(between.objects.size(), 2U);
}

TYPED_TEST_P(ObjectStoreSuite, ListsVersionsInPagesThatCutAKeysVersions) {
  StoreHarness& h = this->harness_;
  const std::vector<std::string> keys = {"orders/a", "orders/b", "orders/c"};
  for (int i = 0; i < 400; ++i) h.PutAll(keys, std::to_string(i));
  std::size_t pages = 0;
  const std::vector<ObjectInfo> versions = h.VersionsOf("orders/", &pages);
  if (!h.store().traits().versioned) {
    EXPECT_EQ(versions.size(), 3U);
    return;
  }
  ASSERT_EQ(versions.size(), 1200U);
  EXPECT_EQ(pages, 2U);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    EXPECT_EQ(versions[i].key, keys[i / 400]);
    EXPECT_EQ(versions[i].is_latest, i % 400 == 0) << i;
    ids.insert(versions[i].key + versions[i].version_id);
  }
  EXPECT_EQ(ids.size(), 1200U);
  EXPECT_EQ(h.Body("orders/c", versions[800].version_id), "399");
  EXPECT_EQ(h.Body("orders/c", versions[1199].version_id), "0");
  EXPECT_EQ(h.Body("orders/c", versions[999].version_id), "200");
  EXPECT_EQ(h.Body("orders/c", versions[1000].version_id), "199");
}

TYPED_TEST_P(ObjectStoreSuite, APrefixThatIsAWholeKeyAlsoMatchesLongerOnes) {
  StoreHarness& h = this->harness_;
  h.PutAll({"orders/item", "orders/item2", "orders/item-x"}, "x");
  const std::vector<ObjectInfo> versions = h.VersionsOf("orders/item");
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0].key, "orders/item");
  EXPECT_EQ(versions[1].key, "orders/item-x");
  EXPECT_EQ(versions[2].key, "orders/item2");
}

TYPED_TEST_P(ObjectStoreSuite, ReadsRangesOfTheObjectThatWasMeant) {
  StoreHarness& h = this->harness_;
  const auto range = [&](std::string etag, std::uint64_t offset, std::uint64_t count) {
    return h.Run(h.store().GetRange("data/file", std::move(etag), offset, count));
  };
  std::string body;
  for (int i = 0; i < 10000; ++i) body += static_cast<char>('a' + i % 26);
  const PutResult put = h.Put("data/file", body);
  EXPECT_EQ(range(put.etag, 0, 10), body.substr(0, 10));
  EXPECT_EQ(range(put.etag, 5000, 3000), body.substr(5000, 3000));
  EXPECT_EQ(range(put.etag, 9990, 100), body.substr(9990));
  EXPECT_EQ(range(put.etag, 10000, 10), "");
  EXPECT_EQ(range(put.etag, 5, 0), "");

  h.Put("data/file", "changed");
  EXPECT_EQ(ReactionOf([&] { range(put.etag, 0, 10); }), Reaction::kConflict);
  h.Run(h.store().PutDeleteMarker("data/file"));
  EXPECT_EQ(ReactionOf([&] { range(put.etag, 0, 10); }), Reaction::kNotFound);
}

TYPED_TEST_P(ObjectStoreSuite, WritesALargeBodyInPieces) {
  StoreHarness& h = this->harness_;
  std::string body;
  for (std::uint32_t i = 0; body.size() < 9'000'000; ++i) body += std::to_string(i * 2654435761U);
  auto writer = h.Run(h.store().Create("data/large", "application/octet-stream"));
  for (std::size_t at = 0; at < body.size(); at += 700'001) {
    h.Run(writer->Write(std::string_view(body).substr(at, 700'001)));
    if (at == 0) {
      EXPECT_FALSE(h.Get("data/large"));
    }
  }
  EXPECT_TRUE(h.ListAll("").empty());
  const PutResult put = h.Run(writer->Commit());
  EXPECT_TRUE(put.written);
  EXPECT_FALSE(put.etag.empty());
  const auto object = h.Get("data/large");
  ASSERT_TRUE(object);
  EXPECT_TRUE(object->body == body);
  EXPECT_EQ(object->info.etag, put.etag);
  EXPECT_EQ(object->info.version_id, put.version_id);
  EXPECT_EQ(h.Run(h.store().GetRange("data/large", put.etag, 8'500'000, 1000)),
            body.substr(8'500'000, 1000));
}

TYPED_TEST_P(ObjectStoreSuite, WritesSmallAndEmptyBodiesInPieces) {
  StoreHarness& h = this->harness_;
  auto writer = h.Run(h.store().Create("data/small", "text/plain"));
  h.Run(writer->Write("ab"));
  h.Run(writer->Write("cd"));
  h.Run(writer->Commit());
  auto empty = h.Run(h.store().Create("data/empty", "text/plain"));
  h.Run(empty->Commit());
  EXPECT_EQ(h.Body("data/small"), "abcd");
  EXPECT_EQ(h.Body("data/empty"), "");
}

TYPED_TEST_P(ObjectStoreSuite, AWriterWithoutCommitLeavesNothing) {
  StoreHarness& h = this->harness_;
  {
    auto writer = h.Run(h.store().Create("data/file", "text/plain"));
    h.Run(writer->Write("half"));
  }
  EXPECT_FALSE(h.Get("data/file"));
  EXPECT_TRUE(h.VersionsOf("").empty());
}

TYPED_TEST_P(ObjectStoreSuite, TakesKeysOfAllKinds) {
  StoreHarness& h = this->harness_;
  std::vector<std::string> keys = {
      "_/table/state.json", "a b/c d",     "a+b/c+d",
      "100%/x%20y",         "q?a=b&c=d#e", "uml\xC3\xA4ut/\xE6\x97\xA5\xE6\x9C\xAC",
      "tilde~/'quote'\"",   "<xml>&amp;",  "a=b,c;d:e@f$g",
      "back\\slash/{x}[y]", "tab\there",   "\xF0\x9F\x98\x80",
  };
  for (const std::string& key : keys) h.Put(key, "body of " + key);
  for (const std::string& key : keys) EXPECT_EQ(h.Body(key), "body of " + key);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(h.Keys(""), keys);
  for (const std::string& key : keys) {
    ASSERT_EQ(h.VersionsOf(key).size(), 1U) << key;
    EXPECT_EQ(h.VersionsOf(key)[0].key, key);
    EXPECT_EQ(h.Keys(key), std::vector<std::string>{key});
  }
}

// Law 8: the lease may have run out since it was looked at.
TYPED_TEST_P(ObjectStoreSuite, WritesNothingThatMayNotBeSent) {
  StoreHarness& h = this->harness_;
  h.Put("orders/item", "another's");
  const MaySend not_any_more = [] { return false; };
  PutRequest request;
  request.key = "orders/item";
  request.body = "late";
  request.may_send = not_any_more;
  const auto reaction_of = [&h](Task<void> task) -> std::optional<Reaction> {
    try {
      h.Run(std::move(task));
    } catch (const Error& error) {
      return error.reaction();
    }
    return std::nullopt;
  };
  const auto put = [&]() -> Task<void> { co_await h.store().Put(request); };
  EXPECT_EQ(reaction_of(put()), Reaction::kRetryLater);
  EXPECT_EQ(reaction_of(h.store().PutDeleteMarker("orders/item", not_any_more)),
            Reaction::kRetryLater);
  EXPECT_EQ(h.Body("orders/item"), "another's");
  EXPECT_EQ(h.VersionsOf("orders/item").size(), 1U);
}

TYPED_TEST_P(ObjectStoreSuite, RefusesWhatItCouldNotKeep) {
  StoreHarness& h = this->harness_;
  const auto put = [&](std::string key, ObjectMetadata metadata) {
    return ReactionOf([&] { h.Put(std::move(key), "x", std::move(metadata)); });
  };
  EXPECT_EQ(put("", {}), Reaction::kFixCommand);
  EXPECT_EQ(put(std::string(1025, 'a'), {}), Reaction::kFixCommand);
  EXPECT_EQ(put(std::string("a\0b", 3), {}), Reaction::kFixCommand);
  EXPECT_EQ(put("a\xFF", {}), Reaction::kFixCommand);
  EXPECT_EQ(put("a", {{"Upper", "x"}}), Reaction::kFixCommand);
  EXPECT_EQ(put("a", {{"a", ""}}), Reaction::kFixCommand);
  EXPECT_EQ(put("a", {{"a", " x"}}), Reaction::kFixCommand);
  EXPECT_EQ(put("a", {{"a", "x\ny"}}), Reaction::kFixCommand);
  EXPECT_EQ(put("a", {{"a", std::string(2048, 'x')}}), Reaction::kFixCommand);
  EXPECT_EQ(put("a", {{"a", std::string(2047, 'x')}}), std::nullopt);
  EXPECT_EQ(h.Keys(""), std::vector<std::string>{"a"});
}

REGISTER_TYPED_TEST_SUITE_P(ObjectStoreSuite, KeepsBodyAndMetadataAsTheyWerePut, KeepsAnEmptyBody,
                            FindsNothingWhereNothingIs, EveryPutAddsAVersionAndTheNewestIsCurrent,
                            ADeleteMarkerHidesTheObjectUntilItIsRemoved,
                            ADeleteMarkerOfNothingIsNoError, RemovesExactlyOneVersionHoweverOften,
                            NeverTakesAMissingVersionIdForADelete, PutsIfAbsentOnlyWhereNothingIs,
                            PutsIfMatchesOnlyOverThatObject,
                            ListsKeysInOrderOfTheirBytesWithinThePrefix, ListsInPagesAndFromAKeyOn,
                            ListsVersionsInPagesThatCutAKeysVersions,
                            APrefixThatIsAWholeKeyAlsoMatchesLongerOnes,
                            ReadsRangesOfTheObjectThatWasMeant, WritesALargeBodyInPieces,
                            WritesSmallAndEmptyBodiesInPieces, AWriterWithoutCommitLeavesNothing,
                            TakesKeysOfAllKinds, WritesNothingThatMayNotBeSent,
                            RefusesWhatItCouldNotKeep);

}  // namespace ddbvault
