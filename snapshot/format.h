// Snapshots at rest: names, and the two manifests.
//
//   <table>/<YYYYMMDDThhmmssZ>/
//       manifest-summary.json       written last: with it the snapshot is whole
//       manifest-files-<run>.json   one line a data file: items, bytes, checksums
//       table.json                  the value of "Table" of DescribeTable
//       data/00000-<run>.json.gz    lines {"Item":{...}}
//   <table>/<YYYYMMDDThhmmssZ>.json.gz       --format lines: one file, an item in each line
//   <table>/<YYYYMMDDThhmmssZ>.table.json    its table.json
//
// A bit that rots, here or on the way of a copy, is found: the summary ends with its own checksum
// (SHA-256 of all bytes before its member "sha256"), and has those of table.json and of the list
// of files, which has those of the data files.
//
// The name is the moment shown.  The shape is that of DynamoDB's own export (ImportTable, given
// .../data/, Athena and Spark read it); what ours adds is in the member "ddbvault" of the summary,
// and "sha256" and "bytes" of each file.  <run> is random, so that two runs for one moment never
// write over each other's files: the one whose summary is there first counts.
//
// Keys in the manifests (manifestFilesS3Key, dataFileS3Key) are those of the bucket, as in AWS's
// exports: the store's prefix and then the key in the store (in a directory: the key alone).
// Readers take only their last part, and look beside the manifest: a snapshot can be copied
// anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "item/key_schema.h"
#include "snapshot/compression.h"

namespace ddbvault {

inline constexpr std::string_view kSummaryName = "manifest-summary.json";
inline constexpr std::string_view kTableName = "table.json";

// "<table>/<moment>/": with a name of above the key of a file.
std::string SnapshotDirectory(std::string_view table, Time moment);
// "data/00007-5f3a9c1e.json.gz"
std::string DataFileName(std::size_t number, std::string_view run, Compression compression);
// "manifest-files-5f3a9c1e.json"
std::string FilesManifestName(std::string_view run);
// "<table>/<moment>.json.gz"
std::string LinesFileName(std::string_view table, Time moment, Compression compression);
// "<table>/<moment>.table.json", for the name above or that of any file of lines.
std::string LinesTableName(std::string_view lines_key);

// A file of data, as manifest-files.json tells it.
struct DataFile {
  std::string key;  // in the store
  std::string etag;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;  // compressed; 0: not told (AWS's exports)
  std::string md5;          // base64; empty: not told
  std::string sha256;       // hex; empty: not told (AWS's exports)
};

// manifest-summary.json.
struct SnapshotSummary {
  std::string table;
  std::string table_arn;
  std::string table_id;
  Time moment{};  // exportTime: what the snapshot shows
  Time started{};
  Time ended{};
  std::uint64_t items = 0;
  std::string s3_bucket;  // of the snapshot; empty: not in S3
  std::string s3_prefix;
  std::string files_key;  // in the store

  // An incremental export of AWS's: its lines tell of what changed up to `moment`, one for an item.
  bool changes_only = false;
  // The member "ddbvault".  ours == false: made by AWS's export; the rest is not known.
  bool ours = true;
  // True: every item as it was at `moment`.  False: each as it was at some time from fuzzy_from to
  // fuzzy_to, because of `fuzzy_reason`.
  bool consistent = false;
  Time fuzzy_from{};
  Time fuzzy_to{};
  std::string fuzzy_reason;
  KeySchema key_schema;
  Compression compression = Compression::kGzip;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;    // of all data files, compressed
  std::uint64_t objects = 0;  // looked at: items, tombstones and damaged ones
  std::uint64_t tombstones = 0;
  std::uint64_t later = 0;    // items that came to be after the moment
  std::uint64_t damaged = 0;  // left out, as told
  std::uint64_t foreign = 0;  // objects under the table's prefix that are no items
  std::string made_by;        // "ddbvault 0.1.0"
  std::string files_sha256;   // hex, of the list of files; empty: not told (format 1)
  std::string table_sha256;   // likewise of table.json
};

std::string ToJson(const SnapshotSummary& summary);
// `key_prefix`: of the keys in the bucket ("backups/"); empty in a directory.
std::string ToJson(const std::vector<DataFile>& files, std::string_view key_prefix);

// Both throw Error{kCorrupt}.  `directory`: where the manifest was found ("<table>/<moment>/"); of
// the files, that which has "data/" in it (SnapshotSummary::changes_only: the one above).
SnapshotSummary SummaryFromJson(std::string_view json, std::string_view directory);
std::vector<DataFile> FilesFromJson(std::string_view json_lines, std::string_view directory);

}  // namespace ddbvault
