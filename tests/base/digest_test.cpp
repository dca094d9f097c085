#include "base/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

namespace ddbvault {
namespace {

// FIPS 180-4, RFC 1321, RFC 3174 and RFC 4231 (test case 2).
TEST(Digest, AgreesWithThePublishedExamples) {
  EXPECT_EQ(Hex(AsBytes(Sha256("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(AsBytes(Sha256(""))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(AsBytes(Md5("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Hex(AsBytes(Sha1("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Hex(AsBytes(HmacSha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // The check value of CRC-32/ISO-HDLC.
  EXPECT_EQ(Crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(Crc32(""), 0U);
  EXPECT_EQ(Crc32("6789", Crc32("12345")), 0xCBF43926U);
  EXPECT_EQ(Crc32(std::string_view(), 0xCBF43926U), 0xCBF43926U);
}

TEST(Digest, AnEmptyKeyIsAKey) {
  EXPECT_EQ(Hex(AsBytes(HmacSha256(std::string_view(), std::string_view()))),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

RC_GTEST_PROP(Sha256StreamProperty, PiecesGiveTheDigestOfTheWhole,
              (const std::vector<std::string>& pieces)) {
  Sha256Stream stream;
  std::string whole;
  for (const std::string& piece : pieces) {
    stream.Add(piece);
    whole += piece;
  }
  Sha256Stream moved = std::move(stream);
  RC_ASSERT(moved.Finish() == Sha256(whole));
}

// RFC 4648, section 10.
TEST(Base64, AgreesWithThePublishedExamples) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xfb\xff"), "+/8=");
}

TEST(Base64, ReadsOnlyWhatIsWholeAndPadded) {
  EXPECT_EQ(FromBase64(""), "");
  EXPECT_EQ(FromBase64("Zm8="), "fo");
  for (const char* text : {"Z", "Zg", "Zg=", "Zg= =", "Zg==\n",
                           " Zg==", "Z===", "====", "Zg==Zg==", "Zm9v!mFy", "-_8="}) {
    EXPECT_EQ(FromBase64(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(Base64Property, ComesBackAsItWas, (const std::string& bytes)) {
  RC_ASSERT(FromBase64(Base64(bytes)) == bytes);
}

TEST(Hex, IsLowerCase) { EXPECT_EQ(Hex(std::string("\x00\xAF\x10", 3)), "00af10"); }

TEST(RandomUuid, IsOfVersionFourAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = RandomUuid();
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) EXPECT_EQ(uuid[at], '-');
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

}  // namespace
}  // namespace ddbvault
