// What the tests of verify share: a table, its stream, and a backup that can be damaged.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "incremental/state.h"
#include "restore/verify.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {

// A store whose reads can be tampered with.
class TamperedStore : public FlakyStore {
 public:
  explicit TamperedStore(ObjectStore& inner) : FlakyStore(inner, none_) {}
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override {
    std::optional<StoredObject> object = co_await FlakyStore::Get(key, version_id);
    if (object && on_get) on_get(*object);
    co_return object;
  }
  Task<ObjectPage> List(std::string prefix, std::string next = {},
                        std::string start_after = {}) override {
    ObjectPage page = co_await FlakyStore::List(prefix, next, start_after);
    if (on_list) on_list(prefix);
    co_return page;
  }
  std::function<void(StoredObject&)> on_get;
  std::function<void(const std::string& prefix)> on_list;

 private:
  Faults none_{0, FaultMoment::kBefore};
};

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    world.aws.CreateTable("orders", KeySchema{{{"id", 'S'}}});
    world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    options.segments = 2;
  }

  static std::string Key(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }
  static std::string Item(const std::string& id, const std::string& value = "1") {
    return R"({"id":{"S":")" + id + R"("},"v":{"N":")" + value + R"("}})";
  }
  std::string Object(const std::string& id) const {
    return layout.ItemObject(ItemKey::FromKeys(Key(id)));
  }
  FakeStream& stream() { return world.aws.stream("orders"); }

  void PutObject(const std::string& key, const std::string& body, ObjectMetadata metadata) {
    PutRequest request;
    request.key = key;
    request.body = body;
    request.metadata = std::move(metadata);
    world.Run(world.store.Put(request));
  }
  ObjectMetadata Applied(const std::string& sequence_number = "1",
                         EventName event = EventName::kModify) {
    VersionInfo info;
    info.stream_label = stream().label();
    info.sequence_number = sequence_number;
    info.change_time = world.clock.Now();
    info.event = event;
    info.writer = "w1";
    return info.ToMetadata();
  }
  // The table has it, the backup has it, the follower knows that.
  void PutBoth(const std::string& id, const std::string& value = "1") {
    world.aws.Put("orders", Item(id, value));
    PutObject(Object(id), Item(id, value), Applied(stream().sequence_numbers().back()));
    SaveState();
  }
  // All that the stream has up to now is applied.
  void SaveState() {
    FollowerState state;
    state.table = "orders";
    state.stream_arn = stream().arn();
    state.stream_label = stream().label();
    state.watermark = world.clock.Now();
    state.gaps = gaps;
    if (!stream().sequence_numbers().empty()) {
      state.shards[stream().shards()[0]] = {stream().sequence_numbers().back(), false};
    }
    PutObject(layout.State(), ToJson(state), {});
  }

  VerifyReport Run(ObjectStore& store) {
    const auto description = world.Run(world.table.DescribeTable("orders"));
    const VerifySubject subject{world.table, streams,     store, layout,  *description,
                                workers,     world.clock, stop,  progress};
    return world.Run(Verify(subject, options));
  }
  VerifyReport Run() { return Run(world.store); }

  // "kind object (detail)" of each finding.
  static std::vector<std::string> Found(const VerifyReport& report) {
    std::vector<std::string> found;
    for (const Finding& finding : report.findings) {
      std::string line = std::string(FindingKindText(finding.kind)) + " " + finding.object;
      if (!finding.detail.empty()) line += " (" + finding.detail + ")";
      found.push_back(line);
    }
    return found;
  }
  void ExpectOnly(const std::string& finding, const VerifyReport& report) {
    EXPECT_THAT(Found(report), ::testing::ElementsAre(finding));
    EXPECT_EQ(report.different + report.missing + report.extra + report.damaged, 1U);
    EXPECT_EQ(report.pending, 0U);
    EXPECT_TRUE(report.differs());
  }

  EngineWorld world;
  Layout layout{"orders", KeyHash::kSha256};
  WorkerPool workers{1};
  Stop stop;
  Progress progress;
  VerifyOptions options;
  StreamsClient* streams = &world.streams;
  std::vector<Gap> gaps;
};

}  // namespace ddbvault
