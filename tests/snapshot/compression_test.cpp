#include "snapshot/compression.h"

#include <bzlib.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

// bzip2 is only read.
std::string CompressWithBzip2(std::string_view text) {
  auto size = static_cast<unsigned>(text.size() + text.size() / 100 + 600);
  std::string out(size, '\0');
  std::string source(text);
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, source.data(),
                                     static_cast<unsigned>(source.size()), 9, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

std::string Compress(Compression compression, std::string_view text, std::size_t piece = 1000) {
  if (compression == Compression::kBzip2) return CompressWithBzip2(text);
  const auto compressor = MakeCompressor(compression);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    compressor->Add(text.substr(at, piece), out);
  }
  compressor->Finish(out);
  return out;
}

std::string Decompress(Compression compression, std::string_view bytes, std::size_t piece = 77,
                       std::size_t max_out = 1000) {
  const auto decompressor = MakeDecompressor(compression);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::string_view input = bytes.substr(at, piece);
    while (!input.empty() || decompressor->pending()) decompressor->Add(input, out, max_out);
  }
  decompressor->Finish();
  return out;
}

std::string FailureOf(Compression compression, std::string_view bytes) {
  try {
    Decompress(compression, bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
    return error.what();
  }
  return "none";
}

std::string Text() {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text + RandomBytes(100000);
}

class CompressionTest : public testing::TestWithParam<Compression> {};

TEST_P(CompressionTest, GivesBackWhatWasPutIn) {
  const std::string text = Text();
  const std::string bytes = Compress(GetParam(), text);
  EXPECT_TRUE(Decompress(GetParam(), bytes) == text);
  EXPECT_TRUE(Decompress(GetParam(), bytes, bytes.size(), std::size_t{1} << 30) == text);
  EXPECT_EQ(DetectCompression(bytes), GetParam());
}

TEST_P(CompressionTest, GivesBackNothing) {
  EXPECT_EQ(Decompress(GetParam(), Compress(GetParam(), "")), "");
}

TEST_P(CompressionTest, TakesMembersAfterOneAnother) {
  const std::string bytes = Compress(GetParam(), "one ") + Compress(GetParam(), "two");
  EXPECT_EQ(Decompress(GetParam(), bytes, 1), "one two");
}

TEST_P(CompressionTest, CompressesAnotherStreamAfterFinish) {
  if (GetParam() == Compression::kBzip2) {
    EXPECT_THROW(MakeCompressor(GetParam()), Error);
    return;
  }
  const auto compressor = MakeCompressor(GetParam());
  for (const std::string text : {"first", "second"}) {
    std::string out;
    compressor->Add(text, out);
    compressor->Finish(out);
    EXPECT_EQ(Decompress(GetParam(), out), text);
  }
}

TEST_P(CompressionTest, NeverGivesMoreThanAsked) {
  const std::string bytes = Compress(GetParam(), std::string(10'000'000, 'x'));
  const auto decompressor = MakeDecompressor(GetParam());
  std::string_view input = bytes;
  std::string out;
  decompressor->Add(input, out, 5000);
  EXPECT_LE(out.size(), 5000u);
}

INSTANTIATE_TEST_SUITE_P(All, CompressionTest,
                         testing::Values(Compression::kGzip, Compression::kZstd, Compression::kNone,
                                         Compression::kBzip2),
                         [](const auto& of) { return std::string(CompressionName(of.param)); });

class DamageTest : public testing::TestWithParam<Compression> {};

TEST_P(DamageTest, NoticesEveryTruncation) {
  const std::string bytes = Compress(GetParam(), "some text that is some text");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(FailureOf(GetParam(), bytes.substr(0, size)), "none") << size;
  }
}

TEST_P(DamageTest, NoticesAFlippedBitInTheContent) {
  const std::string text = Text();
  const std::string bytes = Compress(GetParam(), text);
  // Up to gzip's last byte of data, some bits of which are padding that nobody reads.
  for (std::size_t at = 20; at + 9 < bytes.size(); at += bytes.size() / 50) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_NE(FailureOf(GetParam(), damaged), "none") << at;
  }
}

TEST_P(DamageTest, RefusesWhatIsBehindTheEnd) {
  const std::string name(CompressionName(GetParam()));
  EXPECT_EQ(FailureOf(GetParam(), Compress(GetParam(), "text") + "garbage"),
            "there is something else behind the " + name + " data");
}

INSTANTIATE_TEST_SUITE_P(All, DamageTest,
                         testing::Values(Compression::kGzip, Compression::kZstd,
                                         Compression::kBzip2),
                         [](const auto& of) { return std::string(CompressionName(of.param)); });

TEST(CompressionNames, AreReadAndWritten) {
  EXPECT_EQ(ParseCompression("zstd"), Compression::kZstd);
  EXPECT_EQ(ParseCompression("lz4"), std::nullopt);
  EXPECT_EQ(CompressionSuffix(Compression::kGzip), ".gz");
}

}  // namespace
}  // namespace ddbvault
