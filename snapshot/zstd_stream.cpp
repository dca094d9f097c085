#include "snapshot/zstd_stream.h"

#include <zstd.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kOutputStep = 64 * 1024;
constexpr int kLevel = 3;  // zstd's own default
// Frames that need a larger window are refused: 128 MB, as the zstd tool does by default.
constexpr int kMaxWindowLog = 27;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdCompressor : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx()) {
    if (!context_) throw Error(Reaction::kRetryLater, "there is no memory for a zstd compressor");
    Check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel));
    Check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
  }
  void Add(std::string_view bytes, std::string& out) override {
    if (!bytes.empty()) Compress(bytes, ZSTD_e_continue, out);
  }
  void Finish(std::string& out) override { Compress({}, ZSTD_e_end, out); }

 private:
  static std::size_t Check(std::size_t result) {
    if (ZSTD_isError(result)) {
      throw Error(Reaction::kFixCommand,
                  std::string("the zstd compressor failed: ") + ZSTD_getErrorName(result));
    }
    return result;
  }

  void Compress(std::string_view bytes, ZSTD_EndDirective directive, std::string& out) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    std::size_t remaining = 0;
    do {
      const std::size_t before = out.size();
      out.resize(before + kOutputStep);
      ZSTD_outBuffer output{out.data() + before, kOutputStep, 0};
      remaining = Check(ZSTD_compressStream2(context_.get(), &output, &input, directive));
      out.resize(before + output.pos);
    } while (input.pos < input.size || (directive == ZSTD_e_end && remaining > 0));
  }

  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {
    if (!context_) throw Error(Reaction::kRetryLater, "there is no memory for a zstd decompressor");
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  void Add(std::string_view& input, std::string& out, std::size_t max_out) override {
    std::size_t room = max_out;
    while (room > 0 && (!input.empty() || pending_)) {
      const std::size_t step = std::min(room, kOutputStep);
      const std::size_t before = out.size();
      out.resize(before + step);
      ZSTD_outBuffer output{out.data() + before, step, 0};
      ZSTD_inBuffer taken{input.data(), input.size(), 0};
      const std::size_t result = ZSTD_decompressStream(context_.get(), &output, &taken);
      out.resize(before + output.pos);
      input.remove_prefix(taken.pos);
      if (ZSTD_isError(result)) {
        throw Error(Reaction::kCorrupt, frames_ > 0 && between_frames_
                                            ? "there is something else behind the zstd data"
                                            : "its zstd data is damaged");
      }
      between_frames_ = result == 0;
      if (between_frames_) ++frames_;
      pending_ = output.pos == step && !between_frames_;
      room -= output.pos;
    }
  }
  bool pending() const override { return pending_; }

  void Finish() override {
    if (between_frames_) return;
    throw Error(Reaction::kCorrupt, "it is cut short: the zstd data ends in the middle");
  }

 private:
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  std::size_t frames_ = 0;
  bool between_frames_ = false;
  bool pending_ = false;
};

}  // namespace

std::unique_ptr<Compressor> MakeZstdCompressor() { return std::make_unique<ZstdCompressor>(); }

std::unique_ptr<Decompressor> MakeZstdDecompressor() {
  return std::make_unique<ZstdDecompressor>();
}

}  // namespace ddbvault
