#include "cli/named_snapshot.h"

#include <gtest/gtest.h>

#include "cli/exit_status.h"

namespace ddbvault {
namespace {

TEST(NamedSnapshot, TellsUrlsFromNames) {
  for (const char* url : {"s3://bucket/a", "file:///a", "/a", "./a", "../a"}) {
    EXPECT_TRUE(IsSnapshotUrl(url)) << url;
  }
  for (const char* name : {"latest", "20261120T120000Z", "orders/latest", ""}) {
    EXPECT_FALSE(IsSnapshotUrl(name)) << name;
  }
}

TEST(NamedSnapshot, SplitsAnS3UrlIntoTheBucketAndTheKey) {
  const SnapshotLocation location = LocateSnapshot("s3://bucket/a/orders/20261120T120000Z/");
  EXPECT_EQ(location.place.url(), "s3://bucket");
  EXPECT_EQ(location.key, "a/orders/20261120T120000Z");
}

TEST(NamedSnapshot, SplitsAPathIntoTheDirectoryAboveAndTheName) {
  const SnapshotLocation location = LocateSnapshot("file:///a/orders/20261120T120000Z/");
  EXPECT_EQ(location.place.directory, "/a/orders");
  EXPECT_EQ(location.key, "20261120T120000Z");
  EXPECT_EQ(LocateSnapshot("/lines.gz").place.directory, "/");
  EXPECT_EQ(LocateSnapshot("/lines.gz").key, "lines.gz");
}

TEST(NamedSnapshot, RefusesAPlaceWithoutASnapshot) {
  EXPECT_THROW(LocateSnapshot("s3://bucket/"), UsageError);
  EXPECT_THROW(LocateSnapshot("/"), UsageError);
  EXPECT_THROW(LocateSnapshot("https://bucket/x"), UsageError);
}

}  // namespace
}  // namespace ddbvault
