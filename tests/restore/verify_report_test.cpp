#include "restore/verify_report.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

VerifyReport Example() {
  VerifyReport report;
  report.table = "orders";
  report.place = "s3://backup/orders";
  report.began = FromEpochSeconds(1795176000);
  report.ended = FromEpochSeconds(1795176003);
  report.items = 1003;
  report.objects = 1002;
  report.equal = 1000;
  report.pending = 1;
  report.different = 1;
  report.missing = 1;
  report.tombstones = 7;
  report.findings.push_back({FindingKind::kMissing, "orders/ab", "no object", ""});
  report.followed = true;
  report.watermark = FromEpochSeconds(1795175990);
  report.covered_from = FromEpochSeconds(1795170000);
  report.stream_enabled = true;
  report.stream_label = "2026-11-20T11:53:39.431";
  return report;
}

TEST(VerifyReportTest, IsTextForAPerson) {
  EXPECT_EQ(ToText(Example()),
            "verified orders against s3://backup/orders in 3.0s: 1,003 items, 1,002 objects\n"
            "  1,000 equal\n"
            "  1 pending: changed while verify looked, or a change not yet applied\n"
            "  1 different\n"
            "  1 missing in the backup\n"
            "  7 tombstones of deleted items\n"
            "missing  orders/ab  (no object)\n"
            "and 1 more: --samples shows more\n"
            "to make the backup say of an item what the table says: `ddbvault backfill orders "
            "--key KEY` (--show-keys names the keys); of every item: `ddbvault backfill orders "
            "--reconcile`\n"
            "changes are applied until 2026-11-20T11:59:50Z\n"
            "backfilled: covered from 2026-11-20T10:20:00Z\n");
}

TEST(VerifyReportTest, SaysWhatIsNotCovered) {
  VerifyReport report;
  report.table = "orders";
  report.typed = "eu-central-1/orders";
  report.place = "file:///backup/";
  report.items = 1;
  report.equal = 1;
  report.followed = true;
  report.parked = 2;
  report.tail_trimmed = true;
  report.open_gaps.push_back({"gap-1", "records were trimmed", "", "", FromEpochSeconds(1795170000),
                              FromEpochSeconds(1795176000), std::nullopt});
  EXPECT_EQ(ToText(report),
            "verified orders against file:///backup/ in 0ms: 1 item, 0 objects\n"
            "  1 equal\n"
            "the follower has not yet said until when changes are applied\n"
            "not covered: no backfill has finished under the current stream; run "
            "`ddbvault backfill eu-central-1/orders --enable-stream`\n"
            "open gap gap-1 from 2026-11-20T10:20:00Z until 2026-11-20T12:00:00Z: records were "
            "trimmed; run `ddbvault backfill eu-central-1/orders` to close it\n"
            "2 changes are parked: not applied, see `ddbvault parked eu-central-1/orders`\n"
            "the stream has forgotten changes that were not applied: run `ddbvault follow "
            "eu-central-1/orders` and `ddbvault backfill eu-central-1/orders`\n"
            "the table's stream is off\n");
  EXPECT_FALSE(report.covered());
  EXPECT_FALSE(report.differs());
}

TEST(VerifyReportTest, IsJsonForAProgram) {
  VerifyReport report = Example();
  report.findings[0].key = R"({"id":{"S":"a"}})";
  EXPECT_EQ(ToJson(report), R"({
 "table": "orders",
 "place": "s3://backup/orders",
 "began": "2026-11-20T12:00:00Z",
 "ended": "2026-11-20T12:00:03Z",
 "result": "differences",
 "counts": {
  "items": 1003,
  "objects": 1002,
  "equal": 1000,
  "pending": 1,
  "different": 1,
  "missing": 1,
  "extra": 0,
  "damaged": 0,
  "tombstones": 7,
  "twins": 0,
  "foreign": 0
 },
 "findings": [
  {
   "kind": "missing",
   "object": "orders/ab",
   "detail": "no object",
   "key": {
    "id": {
     "S": "a"
    }
   }
  }
 ],
 "backup": {
  "followed": true,
  "watermark": "2026-11-20T11:59:50Z",
  "coveredFrom": "2026-11-20T10:20:00Z",
  "parked": 0,
  "openGaps": []
 },
 "stream": {
  "enabled": true,
  "label": "2026-11-20T11:53:39.431",
  "tailRead": false,
  "tailRecords": 0,
  "tailTrimmed": false
 }
}
)");
}

TEST(VerifyReportTest, IsJsonAlsoWithAKeyThatIsNotUnicode) {
  VerifyReport report = Example();
  report.findings[0].key = R"({"id":{"S":"\ud800"}})";
  EXPECT_NE(ToJson(report).find(R"("key": "{\"id\":{\"S\":\"\\ud800\"}}")"), std::string::npos);
}

}  // namespace
}  // namespace ddbvault
