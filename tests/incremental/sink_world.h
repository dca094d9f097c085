// A BackupSink over a store in memory, and records as GetRecords answers them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "incremental/backup_sink.h"
#include "tests/support/engine_world.h"

namespace ddbvault {

inline constexpr const char* kLabel = "2026-11-20T11:53:39.431";

inline std::string Key(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }
inline std::string Image(const std::string& id, int value) {
  return R"({"id":{"S":")" + id + R"("},"v":{"N":")" + std::to_string(value) + R"("}})";
}

// Records as GetRecords answers them.
class Records {
 public:
  explicit Records(Time time) : time_(time) {}
  Records& Put(const std::string& id, int value, int number) {
    return Add(R"("eventName":"MODIFY",)", Key(id), number, R"(,"NewImage":)" + Image(id, value));
  }
  Records& Remove(const std::string& id, int number) {
    return Add(R"("eventName":"REMOVE",)", Key(id), number, "");
  }
  Records& Raw(const std::string& record) {
    text_ += (text_.empty() ? "" : ",") + record;
    return *this;
  }
  std::shared_ptr<const ChangeBatch> Batch() const {
    auto body = std::make_unique<std::string>(R"({"Records":[)" + text_ + "]}");
    return std::make_shared<const ChangeBatch>(std::move(ParseRecordsPage(std::move(body)).batch));
  }

 private:
  Records& Add(const std::string& event, const std::string& keys, int number,
               const std::string& image) {
    return Raw("{" + event + R"("dynamodb":{"ApproximateCreationDateTime":)" +
               std::to_string(EpochSeconds(time_)) + R"(,"Keys":)" + keys + image +
               R"(,"SequenceNumber":")" + std::to_string(number) + R"("}})");
  }
  Time time_;
  std::string text_;
};

class BackupSinkTest : public testing::Test {
 protected:
  BackupSink& Sink(ObjectStore* store = nullptr) {
    options_.writer = "test/1";
    sink_ =
        std::make_unique<BackupSink>(store == nullptr ? world_.store : *store, layout_,
                                     world_.clock, stop_, options_, world_.context.get_executor());
    world_.Run(sink_->LoadBlocked());
    return *sink_;
  }
  static BatchOrigin Origin(std::string guarded_until = {}) {
    BatchOrigin origin;
    origin.stream_label = kLabel;
    origin.shard_id = "shard-1";
    origin.guarded_until = std::move(guarded_until);
    return origin;
  }
  Records Now() { return Records(world_.clock.Now()); }
  std::string Name(const std::string& id) { return layout_.ItemObject(ItemKey::FromKeys(Key(id))); }
  std::vector<std::string> Bodies(const std::string& id) {
    std::vector<std::string> bodies;
    for (const StoredObject& version : world_.store.Versions(Name(id))) {
      bodies.push_back(version.body);
    }
    return bodies;
  }
  // As a backfill does that has read the table now.
  void PutRepair(const std::string& id, int value) {
    VersionInfo repair;
    repair.source = Source::kRepair;
    repair.event = EventName::kInsert;
    repair.read_time = world_.clock.Now();
    repair.writer = "backfill/1";
    const std::string body = Image(id, value);
    PutRequest request;
    request.key = Name(id);
    request.body = body;
    request.metadata = repair.ToMetadata();
    world_.Run(world_.store.Put(std::move(request)));
  }
  std::vector<std::string> ParkedKeys() {
    std::vector<std::string> keys;
    for (const std::string& key : world_.store.CurrentKeys()) {
      if (key.find("/parked/") != std::string::npos) keys.push_back(key);
    }
    return keys;
  }

  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
  Stop stop_;
  BackupSinkOptions options_;
  std::unique_ptr<BackupSink> sink_;
};

}  // namespace ddbvault
