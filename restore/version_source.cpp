#include "restore/version_source.h"

#include <optional>
#include <vector>

#include "base/error.h"
#include "base/next_command.h"

namespace ddbvault {

Task<SourceDescription> VersionSource::Open() {
  SourceDescription description;
  description.name = "version " + version_id_ + " of the item";
  ObjectInfo info;
  info.key = layout_.ItemObject(key_);
  info.version_id = version_id_;
  info.size = 1;  // not known yet
  auto version = co_await ReadItemVersion(incremental_, std::move(info));
  if (!version) {
    throw Error(Reaction::kNotFound, "there is no version " + version_id_ + " of this item")
        .Hint("Delete markers are not versions that can be put back; " +
              NextCommand("history " + layout_.table()) + " with --key lists the others.");
  }
  version_ = std::move(*version);
  if (version_.kind == ItemVersion::Kind::kTombstone) {
    throw Error(Reaction::kConflict, description.name + " is its delete: there is nothing to put")
        .Hint("Choose another version, or delete the item by other means.");
  }
  if (version_.kind == ItemVersion::Kind::kDamaged) {
    throw Error(Reaction::kCorrupt, description.name + " is damaged: " + version_.damage)
        .Hint("Choose another version.");
  }
  description.moment = version_.time();
  description.consistent = true;
  description.items = 1;
  co_return description;
}

Task<std::string> VersionSource::TableDefinition() {
  throw Error(Reaction::kNotFound, "a version of an item tells nothing of its table");
  co_return "";
}

Task<void> VersionSource::Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) {
  stop.ThrowIfRequested();
  SnapshotItem item{version_.body, ItemKey::FromWholeItem(version_.body, schema)};
  if (item.key != key_) {
    throw Error(Reaction::kCorrupt, "the version holds another item than its name says");
  }
  ++counts_.read;
  if (!wanted.Wants(item.key)) co_return;
  std::vector<SnapshotItem> items;
  items.push_back(std::move(item));
  co_await sink(std::move(items));
}

}  // namespace ddbvault
