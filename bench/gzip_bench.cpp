// Is gzip through ISA-L at least three times as fast as zlib's level 6, and how large is what it
// makes?
#include <zlib.h>

#include <random>
#include <stdexcept>

#include "bench/canned/canned_items.h"
#include "bench/clocks.h"
#include "bench/report.h"
#include "snapshot/compression.h"

namespace ddbvault {
namespace {

constexpr int kLevel = 6;
constexpr int kGzipWindow = 15 + 16;  // 15: the window; 16: gzip's frame rather than zlib's
constexpr int kMemoryLevel = 8;       // zlib's default

// The canned items are all alike, which no snapshot is: these differ in their words and numbers.
std::string SnapshotLines(std::size_t bytes) {
  std::mt19937_64 random(1);
  std::vector<std::string> words(2000);
  for (std::string& word : words) {
    const std::size_t length = 3 + random() % 8;
    for (std::size_t i = 0; i < length; ++i) {
      word.push_back(static_cast<char>('a' + random() % 26));
    }
  }
  std::string text;
  for (std::uint64_t number = 0; text.size() < bytes; ++number) {
    text += R"({"Item":{"id":{"S":"item-)" + std::to_string(random()) + R"("},"price":{"N":")" +
            std::to_string(random() % 100000) + R"("},"active":{"BOOL":true},"text":{"S":")";
    for (int i = 0; i < 120; ++i) text += words[random() % words.size()] + ' ';
    text += "\"}}}\n";
  }
  return text;
}

std::size_t WithZlib(const std::string& text, std::string& out) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("zlib does not start");
  }
  out.resize(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  deflateEnd(&stream);
  if (ended != Z_STREAM_END) throw std::runtime_error("zlib does not end");
  return size;
}

std::size_t WithOurs(const std::string& text, std::string& out) {
  out.clear();
  const std::unique_ptr<Compressor> compressor = MakeCompressor(Compression::kGzip);
  compressor->Add(text, out);
  compressor->Finish(out);
  return out.size();
}

template <typename Compress>
double SecondsFor(const Compress& compress) {
  const double start = ThreadCpuSeconds();
  compress();
  return ThreadCpuSeconds() - start;
}

void Bench(const BenchSettings& settings) {
  const std::string text = SnapshotLines(std::size_t{settings.short_form ? 8U : 32U} << 20U);
  std::string out;
  out.reserve(text.size());
  std::size_t zlib_size = 0;
  std::size_t our_size = 0;
  std::vector<double> ratios;
  for (int round = 0; round < settings.rounds(); ++round) {
    const double zlib = SecondsFor([&] { zlib_size = WithZlib(text, out); });
    const double ours = SecondsFor([&] { our_size = WithOurs(text, out); });
    ratios.push_back(zlib / ours);
  }
  AtLeast("gzip: speed / zlib level 6", Median(ratios), "x", 3.0);
  const auto percent_of_text = [&text](std::size_t size) {
    return static_cast<double>(size) * 100 / static_cast<double>(text.size());
  };
  Reported("gzip: size / zlib level 6",
           static_cast<double>(our_size) / static_cast<double>(zlib_size), "x",
           Rounded(percent_of_text(our_size), 1) + " % of the text, zlib " +
               Rounded(percent_of_text(zlib_size), 1) + " %");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
