#include "snapshot/snapshot_reader.h"

#include <exception>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::uint64_t kRangeBytes = std::uint64_t{4} << 20;

constexpr const char* kDamageHint =
    "Nothing of this file was written. Restore an older snapshot, or bring the file back from "
    "another copy or from its older versions.";

bool HasChecksum(const DataFile& file) { return !file.sha256.empty() || !file.md5.empty(); }

// By the stronger of those that the manifest has; it may have none.
class FileDigest {
 public:
  explicit FileDigest(const DataFile& file) : file_(file) {}
  void Add(std::string_view bytes) {
    if (!file_.sha256.empty()) {
      sha256_.Add(bytes);
    } else if (!file_.md5.empty()) {
      md5_.Add(bytes);
    }
  }
  // Once.  Throws when it is not the manifest's.
  void Check() {
    if (!file_.sha256.empty() && Hex(AsBytes(sha256_.Finish())) != file_.sha256) {
      throw Error(Reaction::kCorrupt, "it is damaged: its SHA-256 is not the manifest's");
    }
    if (file_.sha256.empty() && !file_.md5.empty() && Base64(AsBytes(md5_.Finish())) != file_.md5) {
      throw Error(Reaction::kCorrupt, "it is damaged: its MD5 is not the manifest's");
    }
  }

 private:
  const DataFile& file_;
  Sha256Stream sha256_;
  Md5Stream md5_;
};

void CheckItems(const DataFile& file, std::uint64_t items) {
  if (items == file.items) return;
  throw Error(Reaction::kCorrupt, "it has " + std::to_string(items) + " items, the manifest says " +
                                      std::to_string(file.items));
}

void CheckBytes(const DataFile& file, const std::string& body) {
  if (file.bytes != 0 && body.size() != file.bytes) {
    throw Error(Reaction::kCorrupt, "it is cut short: it has " + std::to_string(body.size()) +
                                        " bytes, the manifest says " + std::to_string(file.bytes));
  }
  FileDigest digest(file);
  digest.Add(body);
  digest.Check();
}

// What the name says must be what is there: else a file cut to nothing would be a file of no items.
Compression CompressionOf(const std::string& key, std::string_view first_bytes) {
  const Compression detected = DetectCompression(first_bytes);
  for (const Compression named : {Compression::kGzip, Compression::kZstd, Compression::kBzip2}) {
    if (!key.ends_with(CompressionSuffix(named)) || detected == named) continue;
    throw Error(Reaction::kCorrupt, "it is not the " + std::string(CompressionName(named)) +
                                        " file that its name says");
  }
  return detected;
}

// What the sink threw: not about the file.
struct SinkFailure {
  std::exception_ptr cause;
};

Task<void> Give(const SnapshotReader::Sink& sink, std::vector<SnapshotItem> items) {
  try {
    co_await sink(std::move(items));
  } catch (...) {
    throw SinkFailure{std::current_exception()};
  }
}

struct Step {
  std::vector<SnapshotItem> items;
  std::string_view rest;
  bool more = false;
};

}  // namespace

Task<std::uint64_t> SnapshotReader::Read(DataFile file, Sink sink) {
  try {
    if (HasChecksum(file) && file.bytes <= most_whole_) co_return co_await ReadWhole(file, sink);
    co_return co_await ReadTwice(file, sink);
  } catch (const SinkFailure& failure) {
    std::rethrow_exception(failure.cause);
  } catch (Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    error.Within(file.key);
    if (error.reaction() == Reaction::kCorrupt) error.Hint(kDamageHint);
    throw;
  }
}

Task<std::uint64_t> SnapshotReader::ReadWhole(const DataFile& file, const Sink& sink) {
  const auto object = co_await store_.Get(file.key);
  if (!object) throw Error(Reaction::kCorrupt, "it is missing");
  const std::string& body = object->body;
  const auto check = [&file, &body] { CheckBytes(file, body); };
  co_await workers_.Run(check);
  // That the bytes are the manifest's does not say that they are items of this table's key.
  co_await DecodeWhole(file, body, nullptr);
  co_return co_await DecodeWhole(file, body, &sink);
}

Task<std::uint64_t> SnapshotReader::DecodeWhole(const DataFile& file, std::string_view body,
                                                const Sink* sink) {
  ItemDecoder decoder(CompressionOf(file.key, body), schema_);
  co_await Decode(decoder, body, sink);
  co_await FinishDecoding(decoder, sink);
  CheckItems(file, decoder.items());
  co_return decoder.items();
}

Task<std::uint64_t> SnapshotReader::ReadTwice(const DataFile& file, const Sink& sink) {
  const auto object = co_await store_.Head(file.key);
  if (!object) throw Error(Reaction::kCorrupt, "it is missing");
  const ObjectInfo info = object->info;
  co_await Pass(file, info, nullptr);
  co_return co_await Pass(file, info, &sink);
}

Task<std::uint64_t> SnapshotReader::Pass(const DataFile& file, const ObjectInfo& object,
                                         const Sink* sink) {
  std::optional<ItemDecoder> decoder;
  FileDigest digest(file);
  std::uint64_t offset = 0;
  do {
    // The ETag keeps both passes on the same bytes: a file that is replaced meanwhile is an error.
    std::string bytes;
    if (object.size > 0) {
      bytes = co_await store_.GetRange(file.key, object.etag, offset, kRangeBytes);
    }
    if (bytes.empty() && offset < object.size) throw Error(Reaction::kCorrupt, "it is cut short");
    offset += bytes.size();
    if (!decoder) decoder.emplace(CompressionOf(file.key, bytes), schema_);
    const auto add = [&digest, &bytes] { digest.Add(bytes); };
    co_await workers_.Run(add);
    co_await Decode(*decoder, bytes, sink);
  } while (offset < object.size);
  co_await FinishDecoding(*decoder, sink);
  digest.Check();
  if (HasChecksum(file)) CheckItems(file, decoder->items());  // a file of lines has neither
  co_return decoder->items();
}

// `sink` null: only checks.
Task<void> SnapshotReader::Decode(ItemDecoder& decoder, std::string_view bytes, const Sink* sink) {
  bool more = true;
  while (more) {
    stop_.ThrowIfRequested();
    const auto work = [&decoder, bytes] {
      Step step;
      step.rest = bytes;
      step.more = decoder.Step(step.rest, step.items);
      return step;
    };
    Step step = co_await workers_.Run(work);
    bytes = step.rest;
    more = step.more;
    if (sink != nullptr && !step.items.empty()) co_await Give(*sink, std::move(step.items));
  }
}

Task<void> SnapshotReader::FinishDecoding(ItemDecoder& decoder, const Sink* sink) {
  std::vector<SnapshotItem> items;
  const auto finish = [&decoder, &items] { decoder.Finish(items); };
  co_await workers_.Run(finish);
  if (sink != nullptr && !items.empty()) co_await Give(*sink, std::move(items));
}

}  // namespace ddbvault
