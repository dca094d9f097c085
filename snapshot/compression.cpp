#include "snapshot/compression.h"

#include <algorithm>

#include "base/error.h"
#include "snapshot/bzip2.h"
#include "snapshot/gzip.h"
#include "snapshot/zstd_stream.h"

namespace ddbvault {
namespace {

class PlainCompressor : public Compressor {
 public:
  void Add(std::string_view bytes, std::string& out) override { out += bytes; }
  void Finish(std::string&) override {}
};

class PlainDecompressor : public Decompressor {
 public:
  void Add(std::string_view& input, std::string& out, std::size_t max_out) override {
    const std::size_t count = std::min(input.size(), max_out);
    out += input.substr(0, count);
    input.remove_prefix(count);
  }
  bool pending() const override { return false; }
  void Finish() override {}
};

}  // namespace

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kBzip2:
      return "bzip2";
    case Compression::kNone:
      break;
  }
  return "none";
}

std::optional<Compression> ParseCompression(std::string_view name) {
  for (const auto compression : {Compression::kGzip, Compression::kZstd, Compression::kNone}) {
    if (name == CompressionName(compression)) return compression;
  }
  return std::nullopt;
}

std::string_view CompressionSuffix(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return ".gz";
    case Compression::kZstd:
      return ".zst";
    case Compression::kBzip2:
      return ".bz2";
    case Compression::kNone:
      break;
  }
  return "";
}

Compression DetectCompression(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return Compression::kGzip;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Compression::kZstd;
  if (first_bytes.starts_with("BZh")) return Compression::kBzip2;
  return Compression::kNone;
}

std::unique_ptr<Compressor> MakeCompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return MakeGzipCompressor();
    case Compression::kZstd:
      return MakeZstdCompressor();
    case Compression::kBzip2:
      throw Error(Reaction::kFixCommand, "bzip2 can be read, but not written")
          .Hint("Compress the file with gzip or zstd instead.");
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainCompressor>();
}

std::unique_ptr<Decompressor> MakeDecompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return MakeGzipDecompressor();
    case Compression::kZstd:
      return MakeZstdDecompressor();
    case Compression::kBzip2:
      return MakeBzip2Decompressor();
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainDecompressor>();
}

}  // namespace ddbvault
