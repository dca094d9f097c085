#include "incremental/layout.h"

#include <gmock/gmock.h>

namespace ddbvault {
namespace {

constexpr const char* kSha256Name =
    "d9b6990bcccce4c29a5f27866bf6f105a0fe391a29c4092e795f0b3c6528e4ac";
constexpr const char* kMd5Name = "ee2bdf43ab8f10ad6c66546714da218b";

VersionInfo StreamVersion(const std::string& label, const std::string& number) {
  VersionInfo info;
  info.source = Source::kStream;
  info.stream_label = label;
  info.sequence_number = number;
  info.change_time = FromEpochSeconds(1795176000);
  info.event = EventName::kModify;
  info.writer = "host/1";
  return info;
}

TEST(Layout, NamesObjectsForEver) {
  const ItemKey key = ItemKey::FromKeys(R"({"id":{"S":"record-1"}})");
  const Layout layout("prim", KeyHash::kSha256);
  EXPECT_EQ(layout.ItemObject(key), std::string("prim/") + kSha256Name);
  EXPECT_EQ(Layout("prim", KeyHash::kMd5).ItemObject(key), std::string("prim/") + kMd5Name);
  EXPECT_EQ(layout.Owner(), "_/prim/owner.json");
  EXPECT_EQ(layout.State(), "_/prim/state.json");
  EXPECT_EQ(layout.Table(), "_/prim/table.json");
  EXPECT_EQ(layout.BackfillSegment("2026-11-20T11:53:39.431", 8, 3),
            "_/prim/backfill/2026-11-20T11:53:39.431/00008/00003.json");
  EXPECT_EQ(layout.Parked(kMd5Name, "2026-11-20T11:53:39.431", "000000000000000000115"),
            std::string("_/prim/parked/") + kMd5Name +
                "/2026-11-20T11:53:39.431/000000000000000000115.json");
}

TEST(Layout, NeverTakesAnotherTablesObjectsForItsOwn) {
  const Layout layout("prim", KeyHash::kSha256);
  EXPECT_TRUE(layout.IsItemObject(std::string("prim/") + kSha256Name));
  EXPECT_FALSE(layout.IsItemObject(std::string("prim2/") + kSha256Name));
  EXPECT_FALSE(layout.IsItemObject(std::string("trim/") + kSha256Name));
  EXPECT_FALSE(layout.IsItemObject(std::string("prim/") + kMd5Name));
  EXPECT_FALSE(layout.IsItemObject(std::string("prim/") + kSha256Name + "x"));
  EXPECT_FALSE(layout.IsItemObject("prim/readme.txt"));
  EXPECT_FALSE(layout.IsItemObject("_/prim/state.json"));
}

TEST(VersionInfo, WritesMetadataForEver) {
  VersionInfo info = StreamVersion("2026-11-20T11:53:39.431", "000000000000000000115");
  info.event = EventName::kRemove;
  info.principal_id = "dynamodb.amazonaws.com";
  info.key = R"({"id":{"S":"record-1"}})";
  const ObjectMetadata expected = {
      {"ddbvault-source", "stream"},
      {"ddbvault-stream", "2026-11-20T11:53:39.431"},
      {"ddbvault-sequence-number", "000000000000000000115"},
      {"ddbvault-change-time", "2026-11-20T12:00:00Z"},
      {"ddbvault-event", "REMOVE"},
      {"ddbvault-writer", "host/1"},
      {"ddbvault-principal", "dynamodb.amazonaws.com"},
      {"ddbvault-key", "eyJpZCI6eyJTIjoicmVjb3JkLTEifX0="},
  };
  EXPECT_EQ(info.ToMetadata(), expected);

  VersionInfo backfill;
  backfill.source = Source::kBackfill;
  backfill.read_time = Time(Duration(1795176000123));
  backfill.writer = "host/2";
  const ObjectMetadata expected_backfill = {
      {"ddbvault-source", "backfill"},
      {"ddbvault-event", "INSERT"},
      {"ddbvault-read-time", "2026-11-20T12:00:00.123Z"},
      {"ddbvault-writer", "host/2"},
  };
  EXPECT_EQ(backfill.ToMetadata(), expected_backfill);
  backfill.read_after = {"2026-11-20T11:53:39.431", "115"};
  EXPECT_EQ(backfill.ToMetadata()["ddbvault-read-after"], "2026-11-20T11:53:39.431/115");
}

TEST(VersionInfo, ReadsWhatItWrote) {
  VersionInfo info = StreamVersion("2026-11-20T11:53:39.431", "115");
  info.key = std::string("{\"id\":{\"B\":\"\xc3\xa9\"}}");
  const auto back = VersionInfo::FromMetadata(info.ToMetadata());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->ToMetadata(), info.ToMetadata());
  EXPECT_EQ(back->key, info.key);
  EXPECT_EQ(back->change_time, info.change_time);
}

TEST(VersionInfo, ReadsWhatAReadingHasSeen) {
  VersionInfo info;
  info.source = Source::kRepair;
  info.read_after = {"2026-11-20T11:53:39.431", "115"};
  ObjectMetadata metadata = info.ToMetadata();
  EXPECT_EQ(VersionInfo::FromMetadata(metadata)->read_after, info.read_after);
  for (const char* bad : {"", "115", "/115", "2026-11-20T11:53:39.431/", "2026/11x"}) {
    metadata["ddbvault-read-after"] = bad;
    ASSERT_TRUE(VersionInfo::FromMetadata(metadata)) << bad;
    EXPECT_FALSE(VersionInfo::FromMetadata(metadata)->read_after) << bad;
  }
}

TEST(VersionInfo, LeavesOutAKeyThatDoesNotFitIntoMetadata) {
  VersionInfo info = StreamVersion("2026-11-20T11:53:39.431", "115");
  info.key = std::string(2048, 'k');
  EXPECT_EQ(info.ToMetadata().count("ddbvault-key"), 0U);
}

TEST(VersionInfo, DoesNotTakeOtherToolsMetadataForItsOwn) {
  EXPECT_FALSE(VersionInfo::FromMetadata({}));
  EXPECT_FALSE(VersionInfo::FromMetadata({{"mtime", "1"}}));
  ObjectMetadata metadata = StreamVersion("2026-11-20T11:53:39.431", "115").ToMetadata();
  metadata["ddbvault-sequence-number"] = "12x";
  EXPECT_FALSE(VersionInfo::FromMetadata(metadata));
}

TEST(CompareWithChange, OrdersByNumberWithinOneStreamAndByLabelAcross) {
  const std::string first = "2026-11-20T11:53:39.431";
  const std::string second = "2026-11-21T00:00:00.000";
  const auto at_rest = StreamVersion(first, "100");
  EXPECT_EQ(CompareWithChange(at_rest, first, "100"), 0);
  EXPECT_GT(CompareWithChange(at_rest, first, "99"), 0);
  EXPECT_LT(CompareWithChange(at_rest, first, "101"), 0);
  EXPECT_EQ(CompareWithChange(at_rest, first, "000000000000000000100"), 0);
  // Numbers begin again under a new label: 5 there is newer than 100 here.
  EXPECT_LT(CompareWithChange(at_rest, second, "5"), 0);
  EXPECT_GT(CompareWithChange(StreamVersion(second, "5"), first, "100"), 0);
}

TEST(CompareWithChange, TakesWhatHasNoStreamForOlderThanAnyChange) {
  EXPECT_LT(CompareWithChange(std::nullopt, "2026-11-20T11:53:39.431", "1"), 0);
  VersionInfo backfill;
  backfill.source = Source::kBackfill;
  EXPECT_LT(CompareWithChange(backfill, "2026-11-20T11:53:39.431", "1"), 0);
}

}  // namespace
}  // namespace ddbvault
