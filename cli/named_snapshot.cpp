#include "cli/named_snapshot.h"

#include <filesystem>
#include <utility>

#include "cli/exit_status.h"
#include "cli/open_store.h"
#include "snapshot/find_snapshots.h"

namespace ddbvault {

bool IsSnapshotUrl(std::string_view text) {
  return text.find("://") != std::string_view::npos || text.starts_with('/') ||
         text.starts_with("./") || text.starts_with("../");
}

SnapshotLocation LocateSnapshot(std::string_view url) {
  SnapshotLocation location;
  location.place = AsUsage([&] { return ParsePlace(url); });
  Place& place = location.place;
  if (place.s3) {
    // The whole bucket is the store: what is above the snapshot need not be readable.
    location.key = std::exchange(place.prefix, "");
  } else {
    const std::filesystem::path path(place.directory);
    location.key = path.filename().string();
    place.directory = path.parent_path().string();
  }
  if (location.key.empty()) {
    UsageError error("\"" + std::string(url) + "\" is a place, not a snapshot in it");
    error.Hint("give the URL of the snapshot's directory or file");
    throw error;
  }
  return location;
}

Task<NamedSnapshot> FindNamedSnapshot(Context& context, std::string table, std::string text) {
  NamedSnapshot named;
  if (text == "-") {
    named.input = std::make_unique<SpooledInput>();
    co_await named.input->Fill(context);
    named.place.directory = named.input->directory().string();
    named.store = co_await OpenPlain(context, named.place, Use::kRead);
    named.key = SpooledInput::kName;
  } else if (IsSnapshotUrl(text)) {
    SnapshotLocation location = LocateSnapshot(text);
    named.place = std::move(location.place);
    named.store = co_await OpenPlain(context, named.place, Use::kRead);
    named.key = std::move(location.key);
  } else {
    named.place = context.settings().snapshots;
    named.store = co_await OpenSnapshots(context, Use::kRead);
    const SnapshotEntry entry = co_await ResolveSnapshot(*named.store, std::move(table), text);
    named.key = entry.key;
  }
  co_return named;
}

}  // namespace ddbvault
