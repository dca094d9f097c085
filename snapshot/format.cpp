#include "snapshot/format.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

// 1 had no checksums in the summary.
constexpr std::uint64_t kFormat = 2;
constexpr std::uint64_t kFormatWithoutChecksums = 1;

// Ends a summary: its own checksum, of all bytes before this.
constexpr std::string_view kOwnChecksum = ",\n  \"sha256\": \"";
constexpr std::string_view kEnd = "\"\n}\n";
constexpr std::size_t kHexBytes = 64;
constexpr const char* kNoChecksum = "it is damaged: it does not end with its checksum";

std::string LastPart(std::string_view key) { return std::string(key.substr(key.rfind('/') + 1)); }

template <typename T>
T Read(const Json& json, const char* name, T otherwise) {
  const auto at = json.find(name);
  return at == json.end() || at->is_null() ? otherwise : at->get<T>();
}

// Not negative and not a fraction, which nlohmann-json would make a number of all the same.
std::uint64_t Count(const Json& json) {
  if (!json.is_number_unsigned()) throw Error(Reaction::kCorrupt, "a count that is not a number");
  return json.get<std::uint64_t>();
}

std::uint64_t ReadCount(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at == json.end() || at->is_null() ? 0 : Count(*at);
}

Time ReadTime(const Json& json, const char* name) {
  return ParseTime(Read(json, name, std::string())).value_or(Time{});
}

Json KeySchemaJson(const KeySchema& schema) {
  Json keys = Json::array();
  for (const KeyAttribute& attribute : schema.attributes) {
    keys.push_back({{"name", attribute.name}, {"type", std::string(1, attribute.type)}});
  }
  return keys;
}

KeySchema ReadKeySchema(const Json& keys) {
  KeySchema schema;
  for (const Json& key : keys) {
    const auto type = key.at("type").get<std::string>();
    if (type != "S" && type != "N" && type != "B") {
      throw Error(Reaction::kCorrupt, "a key attribute that is not of type S, N or B");
    }
    schema.attributes.push_back({key.at("name").get<std::string>(), type[0]});
  }
  return schema;
}

Json OursJson(const SnapshotSummary& summary) {
  Json ours = {{"format", kFormat},
               {"table", summary.table},
               {"moment", FormatTime(summary.moment)},
               {"consistency", summary.consistent ? "consistent" : "fuzzy"}};
  if (!summary.consistent) {
    ours["fuzzyFrom"] = FormatTime(summary.fuzzy_from);
    ours["fuzzyTo"] = FormatTime(summary.fuzzy_to);
    ours["fuzzyReason"] = summary.fuzzy_reason;
  }
  ours["keySchema"] = KeySchemaJson(summary.key_schema);
  ours["compression"] = CompressionName(summary.compression);
  ours["files"] = summary.files;
  ours["bytes"] = summary.bytes;
  ours["objects"] = summary.objects;
  ours["tombstones"] = summary.tombstones;
  ours["later"] = summary.later;
  ours["damaged"] = summary.damaged;
  ours["foreign"] = summary.foreign;
  ours["madeBy"] = summary.made_by;
  ours["filesSha256"] = summary.files_sha256;
  ours["tableSha256"] = summary.table_sha256;
  return ours;
}

void CheckOwnChecksum(std::string_view text) {
  const std::size_t bytes = kOwnChecksum.size() + kHexBytes + kEnd.size();
  const std::size_t start = text.size() < bytes ? 0 : text.size() - bytes;
  const std::string_view end = text.substr(start);
  if (!end.starts_with(kOwnChecksum) || !end.ends_with(kEnd)) {
    throw Error(Reaction::kCorrupt, kNoChecksum);
  }
  if (end.substr(kOwnChecksum.size(), kHexBytes) != Hex(AsBytes(Sha256(text.substr(0, start))))) {
    throw Error(Reaction::kCorrupt, "it is damaged: it has another checksum than it says");
  }
}

void ReadOurs(const Json& ours, bool has_checksum, SnapshotSummary& summary) {
  const std::uint64_t format = ReadCount(ours, "format");
  if (format != kFormat && format != kFormatWithoutChecksums) {
    throw Error(Reaction::kCorrupt,
                "it has format " + std::to_string(format) + ", this ddbvault knows formats 1 and 2")
        .Hint("It may have been made by a newer ddbvault: use that one.");
  }
  if (format == kFormat) {
    if (!has_checksum) throw Error(Reaction::kCorrupt, kNoChecksum);
    summary.files_sha256 = ours.at("filesSha256").get<std::string>();
    summary.table_sha256 = ours.at("tableSha256").get<std::string>();
  }
  summary.table = ours.at("table").get<std::string>();
  summary.moment = ReadTime(ours, "moment");
  summary.consistent = ours.at("consistency").get<std::string>() == "consistent";
  summary.fuzzy_from = ReadTime(ours, "fuzzyFrom");
  summary.fuzzy_to = ReadTime(ours, "fuzzyTo");
  summary.fuzzy_reason = Read(ours, "fuzzyReason", std::string());
  summary.key_schema = ReadKeySchema(ours.at("keySchema"));
  const auto compression = ParseCompression(ours.at("compression").get<std::string>());
  if (!compression) throw Error(Reaction::kCorrupt, "its compression is not known");
  summary.compression = *compression;
  summary.files = Count(ours.at("files"));
  summary.bytes = Count(ours.at("bytes"));
  summary.objects = ReadCount(ours, "objects");
  summary.tombstones = ReadCount(ours, "tombstones");
  summary.later = ReadCount(ours, "later");
  summary.damaged = ReadCount(ours, "damaged");
  summary.foreign = ReadCount(ours, "foreign");
  summary.made_by = Read(ours, "madeBy", std::string());
}

DataFile ReadFile(const Json& json, std::string_view directory) {
  DataFile file;
  const std::string name = LastPart(json.at("dataFileS3Key").get<std::string>());
  if (name.empty() || name == "." || name == "..") {
    throw Error(Reaction::kCorrupt, "a data file without a name");
  }
  file.key = std::string(directory) + "data/" + name;
  file.etag = Read(json, "etag", std::string());
  file.items = Count(json.at("itemCount"));
  file.bytes = ReadCount(json, "bytes");
  file.md5 = Read(json, "md5Checksum", std::string());
  file.sha256 = Read(json, "sha256", std::string());
  return file;
}

// "orders" of "arn:aws:dynamodb:eu-central-1:123456789012:table/orders".
std::string TableOfArn(const std::string& arn) {
  const std::size_t at = arn.find(":table/");
  return at == std::string::npos ? std::string() : arn.substr(at + 7);
}

}  // namespace

std::string SnapshotDirectory(std::string_view table, Time moment) {
  return std::string(table) + "/" + FormatCompactTime(moment) + "/";
}

std::string DataFileName(std::size_t number, std::string_view run, Compression compression) {
  const std::string digits = std::to_string(number);
  const std::string zeros(digits.size() < 5 ? 5 - digits.size() : 0, '0');
  return "data/" + zeros + digits + "-" + std::string(run) + ".json" +
         std::string(CompressionSuffix(compression));
}

std::string FilesManifestName(std::string_view run) {
  return "manifest-files-" + std::string(run) + ".json";
}

std::string LinesFileName(std::string_view table, Time moment, Compression compression) {
  return std::string(table) + "/" + FormatCompactTime(moment) + ".json" +
         std::string(CompressionSuffix(compression));
}

std::string LinesTableName(std::string_view lines_key) {
  const std::size_t name = lines_key.rfind('/') + 1;  // 0 where there is none
  const std::size_t dot = lines_key.find('.', name);
  return std::string(lines_key.substr(0, dot)) + ".table.json";
}

std::string ToJson(const SnapshotSummary& summary) {
  Json json = {{"version", "2020-06-30"},
               {"tableArn", summary.table_arn},
               {"tableId", summary.table_id},
               {"startTime", FormatTime(summary.started)},
               {"endTime", FormatTime(summary.ended)},
               {"exportTime", FormatTime(summary.moment)},
               {"s3Bucket", summary.s3_bucket},
               {"s3Prefix", summary.s3_prefix},
               {"manifestFilesS3Key", summary.s3_prefix + summary.files_key},
               {"itemCount", summary.items},
               {"outputFormat", "DYNAMODB_JSON"},
               {"ddbvault", OursJson(summary)}};
  std::string text = json.dump(2);
  text.resize(text.rfind("\n}"));
  const std::string checksum = Hex(AsBytes(Sha256(text)));
  return text.append(kOwnChecksum).append(checksum).append(kEnd);
}

std::string ToJson(const std::vector<DataFile>& files, std::string_view key_prefix) {
  std::string lines;
  for (const DataFile& file : files) {
    const Json json = {
        {"itemCount", file.items}, {"md5Checksum", file.md5},
        {"sha256", file.sha256},   {"bytes", file.bytes},
        {"etag", file.etag},       {"dataFileS3Key", std::string(key_prefix) + file.key}};
    lines += json.dump() + "\n";
  }
  return lines;
}

SnapshotSummary SummaryFromJson(std::string_view json, std::string_view directory) {
  SnapshotSummary summary;
  try {
    const Json document = Json::parse(json);
    // First of all, whatever else it says: any of that may have rotted.
    const bool has_checksum = document.contains("sha256");
    if (has_checksum) CheckOwnChecksum(json);
    summary.table_arn = Read(document, "tableArn", std::string());
    summary.table_id = Read(document, "tableId", std::string());
    summary.table = TableOfArn(summary.table_arn);
    summary.started = ReadTime(document, "startTime");
    summary.ended = ReadTime(document, "endTime");
    summary.moment = ReadTime(document, "exportTime");
    summary.items = Count(document.at("itemCount"));
    summary.s3_bucket = Read(document, "s3Bucket", std::string());
    summary.s3_prefix = Read(document, "s3Prefix", std::string());
    const auto files = document.at("manifestFilesS3Key").get<std::string>();
    summary.files_key = std::string(directory) + LastPart(files);
    if (document.at("outputFormat").get<std::string>() != "DYNAMODB_JSON") {
      throw Error(Reaction::kFixCommand, "its files are not DynamoDB JSON")
          .Hint("Only exports in the format DYNAMODB_JSON can be read.");
    }
    summary.changes_only = Read(document, "exportType", std::string()) == "INCREMENTAL_EXPORT";
    if (summary.changes_only) summary.moment = ReadTime(document, "exportToTime");
    const auto ours = document.find("ddbvault");
    summary.ours = ours != document.end();
    if (summary.ours) ReadOurs(*ours, has_checksum, summary);
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, "it is damaged, or not a snapshot's manifest-summary.json");
  }
  return summary;
}

std::vector<DataFile> FilesFromJson(std::string_view json_lines, std::string_view directory) {
  std::vector<DataFile> files;
  std::set<std::string> keys;
  try {
    while (!json_lines.empty()) {
      const std::size_t end = std::min(json_lines.find('\n'), json_lines.size());
      const std::string_view line = json_lines.substr(0, end);
      json_lines.remove_prefix(std::min(end + 1, json_lines.size()));
      if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
      files.push_back(ReadFile(Json::parse(line), directory));
      if (!keys.insert(files.back().key).second) {
        throw Error(Reaction::kCorrupt, "it names the same file twice");
      }
    }
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, "it is damaged, or not a snapshot's list of files");
  }
  return files;
}

}  // namespace ddbvault
