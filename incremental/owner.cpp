#include "incremental/owner.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "incremental/state.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

// arn:aws:dynamodb:REGION:ACCOUNT:table/NAME
std::string ArnPart(std::string_view arn, int index) {
  for (; index > 0; --index) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  return std::string(arn.substr(0, arn.find(':')));
}

std::string_view KeyHashText(KeyHash hash) { return hash == KeyHash::kMd5 ? "md5" : "sha256"; }

std::string ToJson(const Owner& owner, Time now) {
  const Json json = {{"format", 1},
                     {"account", owner.account},
                     {"region", owner.region},
                     {"table", owner.table},
                     {"tableId", owner.table_id},
                     {"tableArn", owner.table_arn},
                     {"keyHash", KeyHashText(owner.key_hash)},
                     {"claimed", FormatTime(now)}};
  return json.dump(1) + "\n";
}

// Two names for every item would be the end of a backup: only one of them would be kept up to date.
void RequireSameHash(const Owner& there, KeyHash ours) {
  if (there.key_hash == ours) return;
  const std::string hash(KeyHashText(there.key_hash));
  throw Error(Reaction::kFixCommand, "the objects of table " + there.table + " are named by the " +
                                         hash + " of their keys, not by " +
                                         std::string(KeyHashText(ours)))
      .Hint("add --key-hash " + hash)
      .Usage();
}

}  // namespace

Owner OwnerOf(const TableDescription& table, KeyHash key_hash) {
  Owner owner;
  owner.key_hash = key_hash;
  owner.region = ArnPart(table.arn, 3);
  owner.account = ArnPart(table.arn, 4);
  owner.table = table.name;
  owner.table_id = table.table_id;
  owner.table_arn = table.arn;
  return owner;
}

bool AreOfOneTable(const Owner& left, const Owner& right) {
  return left.account == right.account && left.region == right.region && left.table == right.table;
}

void RequireOneTable(const Owner& there, const Owner& ours, const std::string& place) {
  if (AreOfOneTable(there, ours)) return;
  throw Error(Reaction::kConflict, "the prefix of table " + ours.table + " in " + place +
                                       " belongs to another table: " + there.table_arn +
                                       ", this one is " + ours.table_arn)
      .Hint(
          "check the region, the account and --incremental; another table needs a prefix of its "
          "own");
}

Owner OwnerFromJson(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != 1) {
      throw Error(Reaction::kCorrupt, "owner.json is of another format than this ddbvault knows")
          .Hint("it may have been written by a newer ddbvault: use that one");
    }
    Owner owner;
    owner.account = json.at("account").get<std::string>();
    owner.region = json.at("region").get<std::string>();
    owner.table = json.at("table").get<std::string>();
    owner.table_id = json.at("tableId").get<std::string>();
    owner.table_arn = json.at("tableArn").get<std::string>();
    const auto hash = json.value("keyHash", std::string("sha256"));
    if (hash != "sha256" && hash != "md5") {
      throw Error(Reaction::kCorrupt, "owner.json names a hash of keys that is not known")
          .Hint("it may have been written by a newer ddbvault: use that one");
    }
    owner.key_hash = hash == "md5" ? KeyHash::kMd5 : KeyHash::kSha256;
    return owner;
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, "owner.json is not what ddbvault wrote there")
        .Hint("look at its older versions in the store and put the good one back");
  }
}

Task<OwnerCheck> ClaimPrefix(ObjectStore& store, const Layout& layout, const Owner& owner,
                             Time now) {
  ControlObject object(store, layout.Owner());
  auto there = co_await object.Load();
  const std::string body = ToJson(owner, now);
  if (!there) {
    PutRequest claim;
    claim.key = layout.Owner();
    claim.body = body;
    claim.condition = PutCondition::kIfAbsent;
    const PutResult result = co_await store.Put(std::move(claim));
    if (result.written) co_return OwnerCheck::kClaimed;
    there = co_await object.Load();  // somebody was faster
    if (!there)
      throw Error(Reaction::kRetryLater, "owner.json came and went while it was claimed")
          .Hint("look who else writes into this place, then start it again");
  }
  const Owner found = OwnerFromJson(*there);
  RequireOneTable(found, owner, store.traits().description);
  RequireSameHash(found, layout.hash());
  const bool told = !found.table_id.empty() && !owner.table_id.empty();
  if (!told || found.table_id == owner.table_id) co_return OwnerCheck::kOurs;
  co_return OwnerCheck::kRecreated;
}

Task<void> RenewOwner(ObjectStore& store, const Layout& layout, const Owner& owner, Time now) {
  ControlObject object(store, layout.Owner());
  co_await object.Load();
  co_await object.Save(ToJson(owner, now));
}

Task<std::optional<Owner>> LoadOwner(ObjectStore& store, const Layout& layout) {
  const auto there = co_await store.Get(layout.Owner());
  if (!there) co_return std::nullopt;
  co_return OwnerFromJson(there->body);
}

Task<std::optional<Owner>> RequireKeyHash(ObjectStore& store, const Layout& layout) {
  const std::optional<Owner> there = co_await LoadOwner(store, layout);
  if (there) RequireSameHash(*there, layout.hash());
  co_return there;
}

}  // namespace ddbvault
