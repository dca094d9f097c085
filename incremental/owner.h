// Which table a prefix belongs to: a second table (another account, region or TableId) may not
// share it, or its items would overwrite the first one's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/dynamodb_client.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

// owner.json: {"format":1,"account":"123456789012","region":"eu-central-1","table":"orders",
// "tableId":"...","tableArn":"...","keyHash":"sha256","claimed":"2026-11-20T12:00:00Z"}.
struct Owner {
  std::string account;
  std::string region;
  std::string table;
  std::string table_id;  // empty: the server does not tell
  std::string table_arn;
  KeyHash key_hash = KeyHash::kSha256;  // of the names of the objects under the prefix
};

Owner OwnerOf(const TableDescription& table, KeyHash key_hash);
// Of one account, region and name, whichever TableId.
bool AreOfOneTable(const Owner& left, const Owner& right);

// Throws Error{kConflict} when they are of two; `place`: for its text.
void RequireOneTable(const Owner& there, const Owner& ours, const std::string& place);

// Throws Error{kCorrupt}.
Owner OwnerFromJson(std::string_view text);

enum class OwnerCheck {
  kOurs,       // it was this table's already
  kClaimed,    // nobody's: it is this table's now
  kRecreated,  // a table of the same name, account and region with another TableId: it was deleted
               // and created again; owner.json still names the old one (RenewOwner)
};

// Success: durable.  Throws Error{kConflict} when the prefix belongs to another table.  A prefix
// without owner.json is free, also when another tool (dynamodb-replicator) has objects in it.
// Throws Error{kFixCommand} when the prefix is this table's, with objects named by the other hash.
Task<OwnerCheck> ClaimPrefix(ObjectStore& store, const Layout& layout, const Owner& owner,
                             Time now);

// After kRecreated, once it is on record what that means for the backup: from here on the new table
// is the prefix's own.  Success: durable.
Task<void> RenewOwner(ObjectStore& store, const Layout& layout, const Owner& owner, Time now);

// nullopt: nobody's prefix yet.  Throws Error{kCorrupt} for what is no owner.json.
Task<std::optional<Owner>> LoadOwner(ObjectStore& store, const Layout& layout);

// For commands that only read: LoadOwner(), and throws Error{kFixCommand} when it says that the
// objects are named by another hash than the layout's.
Task<std::optional<Owner>> RequireKeyHash(ObjectStore& store, const Layout& layout);

}  // namespace ddbvault
