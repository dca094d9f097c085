#include "snapshot/bzip2.h"

#include <bzlib.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kOutputStep = 64 * 1024;

class Bzip2Decompressor : public Decompressor {
 public:
  ~Bzip2Decompressor() override { End(); }
  Bzip2Decompressor() = default;
  Bzip2Decompressor(const Bzip2Decompressor&) = delete;
  Bzip2Decompressor& operator=(const Bzip2Decompressor&) = delete;

  void Add(std::string_view& input, std::string& out, std::size_t max_out) override {
    std::size_t room = max_out;
    while (room > 0 && (!input.empty() || pending_)) {
      if (!open_) Begin();
      const std::size_t step = std::min(room, kOutputStep);
      const std::size_t before = out.size();
      out.resize(before + step);
      const auto given = static_cast<unsigned>(std::min<std::size_t>(input.size(), 1U << 20U));
      // It does not write to what it reads; its interface is older than const.
      stream_.next_in =
          const_cast<char*>(input.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
      stream_.avail_in = given;
      stream_.next_out = out.data() + before;
      stream_.avail_out = static_cast<unsigned>(step);
      const int result = BZ2_bzDecompress(&stream_);
      const std::size_t made = step - stream_.avail_out;
      out.resize(before + made);
      input.remove_prefix(given - stream_.avail_in);
      if (result != BZ_OK && result != BZ_STREAM_END) Fail(result);
      pending_ = result == BZ_OK && made == step;
      room -= made;
      if (result != BZ_STREAM_END) continue;
      End();
      ++streams_;
    }
  }
  bool pending() const override { return pending_; }

  void Finish() override {
    if (!open_ && streams_ > 0) return;
    throw Error(Reaction::kCorrupt, "it is cut short: the bzip2 data ends in the middle");
  }

 private:
  void Begin() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) {
      throw Error(Reaction::kRetryLater, "there is no memory for a bzip2 decompressor");
    }
    open_ = true;
  }
  void End() {
    if (open_) BZ2_bzDecompressEnd(&stream_);
    open_ = false;
  }
  [[noreturn]] void Fail(int result) const {
    if (result == BZ_MEM_ERROR) {
      throw Error(Reaction::kRetryLater, "there is no memory for a bzip2 decompressor");
    }
    const bool behind = result == BZ_DATA_ERROR_MAGIC && streams_ > 0;
    throw Error(Reaction::kCorrupt, behind ? "there is something else behind the bzip2 data"
                                           : "its bzip2 data is damaged");
  }

  bz_stream stream_{};
  bool open_ = false;
  std::size_t streams_ = 0;  // whole ones: parallel compressors write several
  bool pending_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> MakeBzip2Decompressor() {
  return std::make_unique<Bzip2Decompressor>();
}

}  // namespace ddbvault
