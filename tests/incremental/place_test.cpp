#include "incremental/place.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"

namespace ddbvault {
namespace {

std::string RefusalOf(std::string_view text) {
  try {
    return "accepted as " + ParsePlace(text).url();
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_EQ(
        error.hint(),
        "a place is s3://bucket/prefix, file:///absolute/directory or the path of a directory");
    return error.what();
  }
}

TEST(Place, ReadsABucketAndAPrefix) {
  const Place place = ParsePlace("s3://backup-bucket/a/b");
  EXPECT_TRUE(place.s3);
  EXPECT_EQ(place.bucket, "backup-bucket");
  EXPECT_EQ(place.prefix, "a/b");
  EXPECT_EQ(place.url(), "s3://backup-bucket/a/b");
}

TEST(Place, KeepsThePrefixWithoutSlashesAtItsEnds) {
  for (const char* text : {"s3://bucket", "s3://bucket/", "s3://bucket//"}) {
    EXPECT_EQ(ParsePlace(text).prefix, "") << text;
    EXPECT_EQ(ParsePlace(text).url(), "s3://bucket");
  }
  EXPECT_EQ(ParsePlace("s3://bucket//a//b//").prefix, "a//b");
}

TEST(Place, ReadsDirectories) {
  EXPECT_EQ(ParsePlace("file:///var/backup").directory, "/var/backup");
  EXPECT_EQ(ParsePlace("file:///var/backup/").directory, "/var/backup");
  EXPECT_EQ(ParsePlace("/var/./x/../backup//").directory, "/var/backup");
  EXPECT_EQ(ParsePlace("/").directory, "/");
  EXPECT_EQ(ParsePlace("/a%20b c").directory, "/a%20b c");
  EXPECT_EQ(ParsePlace("file:///var/backup").url(), "file:///var/backup");
  EXPECT_FALSE(ParsePlace("/var/backup").s3);
}

TEST(Place, MakesARelativePathAbsolute) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(ParsePlace("ddbvault-data/x").directory, here + "/ddbvault-data/x");
  EXPECT_EQ(ParsePlace("./x").directory, here + "/x");
  EXPECT_EQ(ParsePlace(".").directory, here);
}

TEST(Place, GivesTheSamePlaceForItsUrl) {
  for (const char* text : {"s3://bucket/a", "s3://bucket", "file:///x/y", "relative", "/"}) {
    const Place place = ParsePlace(text);
    EXPECT_EQ(ParsePlace(place.url()), place) << text;
  }
}

TEST(Place, RefusesOtherSchemesAndForms) {
  EXPECT_EQ(RefusalOf("https://bucket/a"),
            "\"https://bucket/a\" is not a place for backups: \"https\" is not supported");
  EXPECT_EQ(RefusalOf("file://host/dir"),
            "\"file://host/dir\" is not a place for backups: a file URL has three slashes and an "
            "absolute path");
  EXPECT_EQ(RefusalOf("s3:/bucket"),
            "\"s3:/bucket\" is not a place for backups: \"//\" is missing behind the colon");
  EXPECT_EQ(RefusalOf(""), "\"\" is not a place for backups: it is empty");
  EXPECT_EQ(RefusalOf("a\nb"), "a place for backups has a control character in it");
}

TEST(Place, RefusesWhatS3DoesNotTakeForABucket) {
  for (const std::string& bucket :
       {std::string("ab"), std::string("Bucket"), std::string("under_score"), std::string("-abc"),
        std::string("abc."), std::string("a..b"), std::string("192.168.1.1"), std::string(),
        std::string(64, 'a')}) {
    EXPECT_EQ(RefusalOf("s3://" + bucket + "/p"),
              "\"s3://" + bucket + "/p\" is not a place for backups: \"" + bucket +
                  "\" is not a bucket's name (3 to 63 characters: lower-case letters, digits, '-' "
                  "and '.')");
  }
  EXPECT_EQ(ParsePlace("s3://my.bucket-1").bucket, "my.bucket-1");
}

TEST(Place, RefusesAPrefixAmongTheControlObjectsOfAnother) {
  for (const std::string& url :
       {std::string("s3://backups/_"), std::string("s3://backups/a/_/b")}) {
    EXPECT_EQ(RefusalOf(url), "\"" + url +
                                  "\" is not a place for backups: \"_\" in a prefix is where "
                                  "ddbvault has its own objects");
  }
  EXPECT_EQ(ParsePlace("s3://backups/_a/b_").prefix, "_a/b_");
}

TEST(Place, RefusesAPrefixThatLeavesNoRoomForNames) {
  EXPECT_EQ(ParsePlace("s3://bucket/" + std::string(512, 'p')).prefix.size(), 512U);
  const std::string url = "s3://bucket/" + std::string(513, 'p');
  EXPECT_EQ(RefusalOf(url),
            "\"" + url + "\" is not a place for backups: its prefix is longer than 512 bytes");
}

}  // namespace
}  // namespace ddbvault
