#include "incremental/item_writer.h"

namespace ddbvault {

Task<WriteOutcome> ItemWriter::Write(ItemKey key, std::string_view item, Time read_time) {
  std::string name = layout_.ItemObject(key);
  if (options_.conditions) {
    const PutResult result = co_await Put(name, item, read_time, PutCondition::kIfAbsent);
    if (result.written) co_return WriteOutcome::kWritten;
  }
  Look look = co_await LookAt(name, item, read_time);
  if (look.settled) co_return WriteOutcome::kKept;
  co_return co_await WriteAndCheck(std::move(key), std::move(name), std::move(look));
}

Task<ItemWriter::Look> ItemWriter::LookAt(const std::string& name, std::string_view item,
                                          Time read_time) {
  Look look;
  auto object = co_await store_.Get(name);
  if (!object) {
    // Nothing current: never written, or a delete marker, which --deletes marker writes for a
    // change and which the listing after the write must not take for news.
    const ObjectPage page = co_await store_.ListVersions(name);
    if (!page.objects.empty() && page.objects.front().key == name) {
      look.version_id = page.objects.front().version_id;
    }
    co_return look;
  }
  look.version_id = object->info.version_id;
  const auto info = VersionInfo::FromMetadata(object->metadata);
  if (info && info->source == Source::kStream) {
    look.settled = info->stream_label >= options_.stream_label;
  } else if (info && info->read_time > read_time) {
    look.settled = true;  // among backfills the later read wins
  } else if (!object->body.empty()) {
    look.settled = object->body == item;
  }
  co_return look;
}

Task<WriteOutcome> ItemWriter::WriteAndCheck(ItemKey key, std::string name, Look look) {
  const Time read_time = clock_.Now();
  const auto item = co_await table_.GetItem(layout_.table(), key.bytes());
  if (!item) co_return WriteOutcome::kGone;
  const PutResult ours = co_await Put(name, *item, read_time, PutCondition::kNone);
  const bool overtaken = co_await StreamCameAfter(name, look.version_id, ours.version_id);
  if (!overtaken) co_return WriteOutcome::kWritten;
  co_await store_.RemoveVersion(name, ours.version_id);
  co_return WriteOutcome::kKept;
}

// Walks the key's versions, newest first, down to the one that was looked at.
Task<bool> ItemWriter::StreamCameAfter(const std::string& name, const std::string& looked_at,
                                       const std::string& ours) {
  std::string next;
  do {
    ObjectPage page = co_await store_.ListVersions(name, next);
    for (const ObjectInfo& version : page.objects) {
      if (version.key != name) co_return false;  // a longer key: ours is done
      if (version.version_id == looked_at) co_return false;
      if (version.version_id == ours) continue;
      if (version.is_delete_marker) co_return true;  // only a follower writes those
      auto object = co_await store_.Head(name, version.version_id);
      if (!object) continue;  // another backfill took its own away again
      const auto info = VersionInfo::FromMetadata(object->metadata);
      if (info && info->source == Source::kStream) co_return true;
    }
    next = page.next;
  } while (!next.empty());
  co_return false;
}

Task<PutResult> ItemWriter::Put(const std::string& name, std::string_view item, Time read_time,
                                PutCondition condition) {
  VersionInfo info;
  info.source = options_.source;
  info.event = EventName::kInsert;
  info.read_time = read_time;
  info.writer = options_.writer;
  PutRequest request;
  request.key = name;
  request.body = item;
  request.metadata = info.ToMetadata();
  request.condition = condition;
  co_return co_await store_.Put(std::move(request));
}

}  // namespace ddbvault
