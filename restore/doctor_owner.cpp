#include "restore/doctor_owner.h"

#include <string>

#include "base/next_command.h"
#include "incremental/lease.h"
#include "incremental/owner.h"
#include "incremental/state.h"

namespace ddbvault {
namespace {

void Judge(Checks& checks, const Owner& found, const Layout& layout,
           const std::optional<TableDescription>& table) {
  if (found.key_hash != layout.hash()) {
    const std::string hash = found.key_hash == KeyHash::kMd5 ? "md5" : "sha256";
    checks.Fail("owner", "the objects are named by the " + hash + " of their keys",
                "add --key-hash " + hash);
    return;
  }
  if (!table) {
    checks.Ok("owner", "the prefix belongs to " + found.table_arn);
    return;
  }
  const Owner ours = OwnerOf(*table, layout.hash());
  if (!AreOfOneTable(found, ours)) {
    checks.Fail("owner",
                "the prefix belongs to another table: " + found.table_arn + ", this one is " +
                    ours.table_arn,
                "give this table a prefix of its own: --incremental with another prefix");
  } else if (!found.table_id.empty() && !ours.table_id.empty() && found.table_id != ours.table_id) {
    checks.Warn("owner",
                "the table was deleted and created again since: what the new one did is not in "
                "the backup",
                "run " + NextCommand("follow " + layout.table()) +
                    ", which puts that gap on record, and " +
                    NextCommand("backfill " + layout.table()));
  } else {
    checks.Ok("owner", "the prefix belongs to this table");
  }
}

}  // namespace

Task<void> CheckOwner(Checks& checks, ObjectStore& store, const Layout& layout,
                      const std::optional<TableDescription>& table) {
  try {
    const std::optional<Owner> found = co_await LoadOwner(store, layout);
    if (found) {
      Judge(checks, *found, layout, table);
    } else {
      checks.Ok("owner", "nobody's yet: the first `follow` or `backfill` claims the prefix");
    }
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Fail("owner", error,
                "allow s3:GetObject below the prefix and s3:ListBucket on the bucket");
  }
}

Task<void> CheckRecords(Checks& checks, ObjectStore& store, const Layout& layout) {
  try {
    const BackupState state = co_await BackupState::Load(store, layout);
    const auto lease = co_await store.Get(layout.Lease());
    if (lease) LeaseRecordFromJson(lease->body);
    const auto removal = co_await store.Get(layout.RemovalLease());
    if (removal) LeaseRecordFromJson(removal->body);
    if (state.follower || lease || !state.backfill.empty()) {
      checks.Ok("records", "state.json, the leases and the records of backfills can be read");
    }
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Fail("records", error,
                "allow s3:GetObject below the prefix and s3:ListBucket on the bucket");
  }
}

}  // namespace ddbvault
