// Compressing and decompressing streams of bytes, in bounded memory: gzip, zstd, bzip2 (which is
// only read), or none.
//
// Both sides keep state between calls and may be used from any thread, one call at a time: the
// callers run them on a WorkerPool.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ddbvault {

enum class Compression { kGzip, kZstd, kNone, kBzip2 };

// "gzip", "zstd", "none", "bzip2".
std::string_view CompressionName(Compression compression);
// Of those that can be written.
std::optional<Compression> ParseCompression(std::string_view name);
// What a file's name ends with: ".gz", ".zst", "", ".bz2".
std::string_view CompressionSuffix(Compression compression);
// By the first bytes (4 are enough); kNone for what is none of the others.
Compression DetectCompression(std::string_view first_bytes);

class Compressor {
 public:
  virtual ~Compressor() = default;
  // Appends what is ready of the compressed bytes to `out`; some may be kept back until Finish().
  virtual void Add(std::string_view bytes, std::string& out) = 0;
  // Ends the stream.  The next Add() begins a new one.
  virtual void Finish(std::string& out) = 0;
};

// gzip by ISA-L at its level 1, zstd at level 3 with a checksum.  Throws Error{kFixCommand} for
// bzip2.
std::unique_ptr<Compressor> MakeCompressor(Compression compression);

class Decompressor {
 public:
  virtual ~Decompressor() = default;
  // Takes bytes from the front of `input` and appends what they give to `out`, at most about
  // `max_out` bytes a call; call again while `input` is not empty.  Throws Error{kCorrupt} for what
  // is not a stream of this kind: a wrong checksum or length, and also bytes after its end that do
  // not begin another (members after one another are one stream).
  virtual void Add(std::string_view& input, std::string& out, std::size_t max_out) = 0;
  // True: there may be more to come out although the input is empty; call Add() again.
  virtual bool pending() const = 0;
  // All input has been given.  Throws Error{kCorrupt} when the stream is cut short.
  virtual void Finish() = 0;
};

std::unique_ptr<Decompressor> MakeDecompressor(Compression compression);

}  // namespace ddbvault
