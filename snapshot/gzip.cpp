#include "snapshot/gzip.h"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kOutputStep = 64 * 1024;
// avail_in is 32 bits wide in both libraries.
constexpr std::size_t kInputStep = std::size_t{1} << 30;

[[noreturn]] void Corrupt(const char* what) { throw Error(Reaction::kCorrupt, what); }

class GzipCompressor : public Compressor {
 public:
  GzipCompressor() : level_buffer_(ISAL_DEF_LVL1_DEFAULT) { Reset(); }

  void Add(std::string_view bytes, std::string& out) override {
    while (!bytes.empty()) {
      const std::string_view step = bytes.substr(0, kInputStep);
      Deflate(step, false, out);
      bytes.remove_prefix(step.size());
    }
  }

  void Finish(std::string& out) override {
    Deflate({}, true, out);
    Reset();
  }

 private:
  void Reset() {
    isal_deflate_init(&stream_);
    stream_.level = 1;
    stream_.level_buf = level_buffer_.data();
    stream_.level_buf_size = static_cast<std::uint32_t>(level_buffer_.size());
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.flush = NO_FLUSH;
  }

  void Deflate(std::string_view input, bool last, std::string& out) {
    stream_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<std::uint32_t>(input.size());
    stream_.end_of_stream = last ? 1 : 0;
    do {
      const std::size_t before = out.size();
      out.resize(before + kOutputStep);
      stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data() + before);
      stream_.avail_out = kOutputStep;
      const int result = isal_deflate(&stream_);
      out.resize(before + kOutputStep - stream_.avail_out);
      if (result != COMP_OK) {
        throw Error(Reaction::kFixCommand,
                    "the gzip compressor failed with " + std::to_string(result));
      }
    } while (stream_.avail_in > 0 || stream_.avail_out == 0 ||
             (last && stream_.internal_state.state != ZSTATE_END));
  }

  std::vector<std::uint8_t> level_buffer_;
  isal_zstream stream_{};
};

class GzipDecompressor : public Decompressor {
 public:
  GzipDecompressor() {
    // 16: gzip's header and trailer are read and its CRC and length are checked.
    if (inflateInit2(&stream_, MAX_WBITS + 16) != Z_OK) {
      throw Error(Reaction::kRetryLater, "there is no memory for a gzip decompressor");
    }
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;

  void Add(std::string_view& input, std::string& out, std::size_t max_out) override {
    std::size_t room = max_out;
    while (room > 0 && (!input.empty() || pending_)) {
      if (at_end_) BeginMember();
      const std::size_t step = std::min(room, kOutputStep);
      const std::size_t produced = Inflate(input, out, step);
      room -= produced;
    }
  }
  bool pending() const override { return pending_; }

  void Finish() override {
    if (!started_) Corrupt("it is empty: not even the header of a gzip file");
    if (!at_end_) Corrupt("it is cut short: the gzip data ends in the middle");
  }

 private:
  void BeginMember() {
    inflateReset(&stream_);
    at_end_ = false;
    member_begun_ = true;
  }

  std::size_t Inflate(std::string_view& input, std::string& out, std::size_t step) {
    const std::string_view taken = input.substr(0, kInputStep);
    const std::size_t before = out.size();
    out.resize(before + step);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(taken.data()));
    stream_.avail_in = static_cast<uInt>(taken.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(step);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const std::size_t produced = step - stream_.avail_out;
    out.resize(before + produced);
    input.remove_prefix(taken.size() - stream_.avail_in);
    started_ = true;
    at_end_ = result == Z_STREAM_END;
    // A full output buffer may hide more; Z_BUF_ERROR then says that there was not.
    pending_ = result == Z_OK && stream_.avail_out == 0;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      const bool no_header =
          stream_.msg != nullptr && std::string_view(stream_.msg) == "incorrect header check";
      Corrupt(member_begun_ && no_header ? "there is something else behind the gzip data"
                                         : "its gzip data is damaged");
    }
    return produced;
  }

  z_stream stream_{};
  bool started_ = false;
  bool at_end_ = false;
  bool pending_ = false;
  bool member_begun_ = false;
};

}  // namespace

std::unique_ptr<Compressor> MakeGzipCompressor() { return std::make_unique<GzipCompressor>(); }

std::unique_ptr<Decompressor> MakeGzipDecompressor() {
  return std::make_unique<GzipDecompressor>();
}

}  // namespace ddbvault
