#include "restore/bnr_source.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/error.h"
#include "incremental/synced_file.h"
#include "item/item_key.h"
#include "item/json.h"
#include "snapshot/archive.h"
#include "snapshot/compression.h"
#include "snapshot/lines.h"

namespace ddbvault {
namespace {

constexpr std::uint64_t kRangeBytes = std::uint64_t{4} << 20;
constexpr std::string_view kSchemaName = "schema.json";

// "orders" and "data/0000000000.json" of "dump/orders/data/0000000000.json"; the first parts may be
// missing, as where a directory inside of "dump" was packed.
struct EntryName {
  std::string above;  // "dump"
  std::string table;
  std::string rest;
};
std::string Joined(const std::vector<std::string>& parts, std::size_t count) {
  std::string joined;
  for (std::size_t i = 0; i < count; ++i) joined += parts[i] + "/";
  return joined;
}
std::optional<EntryName> ParseEntryName(const std::string& name) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(name)) {
    if (part != "." && part != "/") parts.push_back(part.string());
  }
  const std::size_t count = parts.size();
  if (count >= 2 && parts[count - 1] == kSchemaName) {
    return EntryName{Joined(parts, count - 2), parts[count - 2], parts[count - 1]};
  }
  const bool is_data =
      count >= 3 && parts[count - 2] == "data" && parts[count - 1].ends_with(".json");
  if (!is_data) return std::nullopt;
  return EntryName{Joined(parts, count - 3), parts[count - 3], "data/" + parts[count - 1]};
}

// The elements of a JSON array, each as one line.
std::vector<std::string> ItemsOf(const ArchiveFile& file) {
  std::vector<std::string> items;
  try {
    ReadJsonObject("{\"items\":" + file.content + "}",
                   [&](JsonReader& reader, std::string_view, JsonValue& value) {
                     reader.Elements(value, [&](JsonValue& element) {
                       std::string buffer;
                       items.emplace_back(OneLine(reader.Text(element), buffer));
                     });
                   });
  } catch (Error& error) {
    throw error.Within(file.name);
  }
  return items;
}

// The value of "Table", or what is inside of it.  It has no status: the table is not there.
std::string TableOf(const ArchiveFile& file) {
  std::string table = file.content;
  bool has_status = false;
  ReadJsonObject(file.content, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    const std::string_view text = reader.Text(value);
    if (name == "Table") table = text;
    has_status = has_status || name == "TableStatus" || name == "Table";
  });
  if (has_status) return table;
  return R"({"TableStatus":"ACTIVE",)" + table.substr(table.find('{') + 1);
}

}  // namespace

class BnrSource::Copy {
 public:
  explicit Copy(const std::string& directory) : file(directory) {}
  TempFile file;
};

BnrSource::BnrSource(ObjectStore& store, WorkerPool& workers, std::string key, std::string table,
                     bool or_only, std::string temp_directory)
    : store_(store),
      workers_(workers),
      key_(std::move(key)),
      table_(std::move(table)),
      or_only_(or_only),
      temp_directory_(std::move(temp_directory)) {}

BnrSource::~BnrSource() = default;

Task<void> BnrSource::MakeCopy() {
  const auto object = co_await store_.Head(key_);
  if (!object) throw Error(Reaction::kNotFound, "there is no archive " + key_);
  const std::string directory =
      temp_directory_.empty() ? std::filesystem::temp_directory_path().string() : temp_directory_;
  copy_ = std::make_unique<Copy>(directory);
  // Decompressed by ours, which verify checksums and ends: libarchive's do not all.
  std::unique_ptr<Decompressor> decompressor;
  std::string plain;
  for (std::uint64_t at = 0; at < object->info.size;) {
    const std::string bytes = co_await store_.GetRange(key_, object->info.etag, at, kRangeBytes);
    if (bytes.empty()) throw Error(Reaction::kCorrupt, key_ + " is cut short");
    if (!decompressor) decompressor = MakeDecompressor(DetectCompression(bytes));
    const auto write = [this, &bytes, &decompressor, &plain] {
      std::string_view rest = bytes;
      while (!rest.empty() || decompressor->pending()) {
        plain.clear();
        decompressor->Add(rest, plain, kRangeBytes);
        copy_->file.Write(plain);
      }
    };
    co_await workers_.Run(write);
    at += bytes.size();
  }
  if (decompressor) decompressor->Finish();
}

// Every item of the table is whole JSON with its key, and the archive is whole.
void BnrSource::ReadThrough() {
  std::map<std::string, std::string> schemas;  // by table
  std::map<std::string, std::string> above;    // the directory that it is in
  Archive archive(copy_->file.path());
  while (auto file = archive.Next()) {
    const auto name = ParseEntryName(file->name);
    if (!name || name->rest != kSchemaName) continue;
    if (!schemas.emplace(name->table, TableOf(*file)).second) {
      throw Error(Reaction::kCorrupt, "the archive has table " + name->table + " twice")
          .Hint("Unpack it, and pack the backup that is wanted alone.");
    }
    above[name->table] = name->above;
  }
  if (or_only_ && !schemas.contains(table_) && schemas.size() == 1) table_ = schemas.begin()->first;
  const auto schema = schemas.find(table_);
  if (schema == schemas.end()) {
    std::string names;
    for (const auto& [name, json] : schemas) names += (names.empty() ? "" : ", ") + name;
    throw Error(Reaction::kNotFound,
                "the archive has no table " + table_ + (names.empty() ? "" : "; it has " + names))
        .Hint("Name the table that is wanted: --source-table.");
  }
  schema_json_ = schema->second;
  const KeySchema keys = ParseTableDescription(schema_json_).key_schema;
  Archive again(copy_->file.path());
  while (auto file = again.Next()) {
    const auto name = ParseEntryName(file->name);
    if (!name || name->table != table_ || name->rest == kSchemaName) continue;
    if (name->above != above[table_]) {
      throw Error(Reaction::kCorrupt, file->name + " is of another backup than the schema");
    }
    for (const std::string& item : ItemsOf(*file)) {
      try {
        ItemKey::FromWholeItem(item, keys);
      } catch (Error& error) {
        throw error.Within(file->name);
      }
      ++items_;
    }
  }
}

Task<SourceDescription> BnrSource::Open() {
  co_await MakeCopy();
  const auto read = [this] { ReadThrough(); };
  co_await workers_.Run(read);
  SourceDescription description;
  description.name = table_ + " of " + key_;
  description.key_schema = ParseTableDescription(schema_json_).key_schema;
  description.items = items_;
  co_return description;
}

Task<std::string> BnrSource::TableDefinition() { co_return schema_json_; }

Task<void> BnrSource::Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) {
  Archive archive(copy_->file.path());
  // The items of the next file of the table; nullopt: that was the last.
  const auto next = [this, &archive, &schema]() -> std::optional<std::vector<SnapshotItem>> {
    while (const auto file = archive.Next()) {
      const auto name = ParseEntryName(file->name);
      if (!name || name->table != table_ || name->rest == kSchemaName) continue;
      std::vector<SnapshotItem> items;
      for (std::string& json : ItemsOf(*file)) {
        ItemKey key = ItemKey::FromWholeItem(json, schema);
        items.push_back({std::move(json), std::move(key), false});
      }
      return items;
    }
    return std::nullopt;
  };
  for (;;) {
    stop.ThrowIfRequested();
    std::optional<std::vector<SnapshotItem>> items = co_await workers_.Run(next);
    if (!items) co_return;
    ++counts_.files;
    counts_.read += items->size();
    std::erase_if(*items, [&](const SnapshotItem& item) { return !wanted.Wants(item.key); });
    if (!items->empty()) co_await sink(std::move(*items));
  }
}

}  // namespace ddbvault
