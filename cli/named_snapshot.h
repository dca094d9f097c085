// The snapshot that a person names on the command line.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/context.h"
#include "cli/spooled_input.h"
#include "incremental/object_store.h"
#include "incremental/place.h"

namespace ddbvault {

struct NamedSnapshot {
  Place place;                          // that it is in
  std::unique_ptr<ObjectStore> store;   // of that place
  std::string key;                      // in the store, for OpenSnapshot()
  std::unique_ptr<SpooledInput> input;  // that the store is on; nullptr: on something else
};

// `text`: empty or "latest", a time, "other-table/TIME" or "other-table/latest", of the place of
// snapshots; or the URL (or the path, beginning with '/' or '.') of a snapshot's directory, of its
// manifest-summary.json or of a file of lines; or "-", a file of lines on standard input.  Throws
// UsageError for what is none of these, and as OpenSnapshots() and ResolveSnapshot() do; what is at
// a URL is not looked at here.
Task<NamedSnapshot> FindNamedSnapshot(Context& context, std::string table, std::string text);

// True for a URL or a path, as told above.
bool IsSnapshotUrl(std::string_view text);

// The place above a snapshot's URL, and the key in it.
struct SnapshotLocation {
  Place place;
  std::string key;
};
SnapshotLocation LocateSnapshot(std::string_view url);

}  // namespace ddbvault
