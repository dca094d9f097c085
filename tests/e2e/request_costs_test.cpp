// What each command asks of AWS for an item or a change, as the README's table of costs has it: the
// difference between a small table and a larger one, in which what a run costs by itself drops out.
#include <gmock/gmock.h>

#include "incremental/layout.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/proxy/fault_proxy.h"
#include "tests/support/proxy/request_counts.h"
#include "tests/support/proxy/s3_as_aws.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Counts = RequestCounts::Counts;

constexpr std::uint32_t kFew = 50;
constexpr std::uint32_t kMany = 250;
constexpr std::int64_t kMore = kMany - kFew;
// BatchWriteItem takes at most 25 (API reference).
constexpr std::int64_t kBatch = 25;
constexpr std::int64_t kGetBatch = 100;

// What depends on how long a run takes: polls, and renewals of the lease (control objects).
void WithoutTimed(Counts& counts) {
  std::erase_if(counts, [](const auto& entry) {
    const std::string& kind = entry.first;
    return kind == "GetRecords" || kind == "DescribeStream" || kind == "GetShardIterator" ||
           kind == "DescribeTable" || kind.ends_with(" other");
  });
}

class RequestCostsTest : public testing::Test {
 protected:
  using ByCommand = std::map<std::string, Counts>;

  explicit RequestCostsTest(bool conditions = true) {
    auto dynamodb = std::make_unique<RequestCounts>();
    dynamodb_counts_ = dynamodb.get();
    dynamodb_proxy_.Add(std::move(dynamodb));
    auto s3 = std::make_unique<RequestCounts>();
    s3_counts_ = s3.get();
    s3_proxy_.Add(std::move(s3));
    // The server at hand ignores conditions; this makes them hold.
    if (conditions) {
      s3_proxy_.Add(std::make_unique<S3AsAws>(s3_proxy_.loop(), s3_proxy_.upstream(),
                                              CredentialsOf(world_.servers),
                                              world_.servers.region));
    }
    dynamodb_proxy_.Start();
    s3_proxy_.Start();
    world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb_proxy_.url();
    world_.environment["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = dynamodb_proxy_.url();
    world_.environment["AWS_ENDPOINT_URL_S3"] = s3_proxy_.url();
    world_.UseBucket(world_.MakeBucket(true));
  }

  Counts CountsOf(std::vector<std::string> arguments) {
    dynamodb_counts_->Take();
    s3_counts_->Take();
    const Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
    Counts counts = s3_counts_->Take();
    counts.merge(dynamodb_counts_->Take());
    WithoutTimed(counts);
    return counts;
  }

  Workload FilledTable(const std::string& name, std::uint32_t items) {
    WorkloadOptions options;
    options.keys = items;
    Workload workload(world_.dynamodb, name, options);
    world_.Do(workload.CreateTable(false));
    world_.Do(workload.Fill(items));
    return workload;
  }

  // Of one item each, and of one change of each item.
  ByCommand Measure(std::uint32_t items) {
    const std::string table = UniqueName("orders");
    Workload workload = FilledTable(table, items);
    ByCommand counts;
    counts["backfill"] = CountsOf({"backfill", table, "--enable-stream"});
    CountsOf({"follow", table, "--once", "--backfill"});
    counts["snapshot"] = CountsOf({"snapshot", table});
    const std::string again = UniqueName("again");
    counts["restore"] = CountsOf({"restore", again, table + "/latest", "--create"});
    counts["restore in place"] = CountsOf({"restore", again, table + "/latest", "--into-existing"});
    world_.Do(workload.Fill(items));
    counts["follow"] = CountsOf({"follow", table, "--once"});
    counts["snapshot of what has just changed"] = CountsOf({"snapshot", table});
    counts["verify"] = CountsOf({"verify", table});
    counts["restore in place of what has changed"] =
        CountsOf({"restore", again, table + "/latest", "--into-existing"});
    return counts;
  }

  E2eWorld world_;
  FaultProxy dynamodb_proxy_{world_.servers.dynamodb_endpoint};
  FaultProxy s3_proxy_{world_.servers.s3_endpoint};
  RequestCounts* dynamodb_counts_ = nullptr;
  RequestCounts* s3_counts_ = nullptr;
};

Counts Difference(const Counts& many, const Counts& few) {
  Counts difference = many;
  for (const auto& [kind, count] : few) difference[kind] -= count;
  std::erase_if(difference, [](const auto& entry) { return entry.second == 0; });
  return difference;
}

TEST_F(RequestCostsTest, AnItemAndAChangeCostWhatTheReadmeSays) {
  const ByCommand few = Measure(kFew);
  ByCommand more;
  for (const auto& [command, counts] : Measure(kMany)) {
    more[command] = Difference(counts, few.at(command));
  }
  EXPECT_EQ(more["backfill"], (Counts{{"PUT item", kMore}}));
  // In the first five minutes, over what a backfill has written.  Later nothing but the PUT:
  // BackupSinkTest.CostsOneRequestAChangeInSteadyState.
  EXPECT_EQ(more["follow"],
            (Counts{{"HEAD item", 2 * kMore}, {"LIST", kMore}, {"PUT item", kMore}}));
  EXPECT_EQ(more["verify"], (Counts{{"GET item", kMore}}));
  EXPECT_EQ(more["snapshot"], (Counts{{"GET item", kMore}}));
  EXPECT_EQ(more["snapshot of what has just changed"],
            (Counts{{"GET item", kMore}, {"HEAD item", kMore}}));
  EXPECT_EQ(more["restore"], (Counts{{"BatchWriteItem", kMore / kBatch}}));
  EXPECT_EQ(more["restore in place"], (Counts{{"BatchGetItem", kMore / kGetBatch}}));
  EXPECT_EQ(more["restore in place of what has changed"],
            (Counts{{"BatchGetItem", kMore / kGetBatch}, {"PutItem", kMore}}));
}

class CostsWithoutConditionsTest : public RequestCostsTest {
 protected:
  CostsWithoutConditionsTest() : RequestCostsTest(false) {}

  Counts Backfill(std::uint32_t items) {
    const std::string table = UniqueName("orders");
    FilledTable(table, items);
    return CountsOf({"backfill", table, "--enable-stream"});
  }
};

TEST_F(CostsWithoutConditionsTest, ABackfilledItemIsLookedAtBeforeAndAfter) {
  const Counts few = Backfill(kFew);
  EXPECT_EQ(
      Difference(Backfill(kMany), few),
      (Counts{{"PUT item", kMore}, {"GET item", kMore}, {"LIST", 2 * kMore}, {"GetItem", kMore}}));
}

}  // namespace
}  // namespace ddbvault
