// The fault proxy itself, before real servers: what it adds is what AWS does, and what it passes
// through is as it was.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>

#include "aws/streams_client.h"
#include "tests/e2e/faulty_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

constexpr std::uint32_t kLast = 1000;

S3PutRequest Put(std::string_view body, std::string if_none_match, std::string if_match) {
  S3PutRequest put;
  put.key = "dir/with space+é";
  put.body = body;
  put.metadata = {{"note", "kept as it is"}};
  put.if_none_match = std::move(if_none_match);
  put.if_match = std::move(if_match);
  return put;
}

class FaultProxyTest : public testing::Test {
 protected:
  bool Written(S3Client& bucket, const S3PutRequest& put) {
    return !world_.Do(bucket.PutObject(put)).precondition_failed;
  }
  FaultyWorld world_{FaultyOptions()};
};

TEST_F(FaultProxyTest, KeepsConditionsInAVersionedBucket) {
  S3Client bucket = world_.BucketThroughProxy(world_.MakeBucket(true));
  EXPECT_FALSE(Written(bucket, Put("a", "", "0123456789abcdef0123456789abcdef")));
  EXPECT_TRUE(Written(bucket, Put("a", "*", "")));
  EXPECT_FALSE(Written(bucket, Put("b", "*", "")));
  const auto first = world_.Do(bucket.GetObject("dir/with space+é", ""));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, "a");
  EXPECT_EQ(first->metadata.at("note"), "kept as it is");
  EXPECT_TRUE(Written(bucket, Put("b", "", first->etag)));
  EXPECT_FALSE(Written(bucket, Put("c", "", first->etag)));
  world_.Do(bucket.DeleteObject("dir/with space+é", ""));
  EXPECT_TRUE(Written(bucket, Put("d", "*", "")));  // a delete marker counts as nothing
  EXPECT_EQ(world_.as_aws->held(), 3);
  EXPECT_EQ(world_.as_aws->failed(), 3);
}

TEST_F(FaultProxyTest, CountsNoConditionsOfControlObjects) {
  S3Client bucket = world_.BucketThroughProxy(world_.MakeBucket(true));
  for (const char* key : {"_/orders/lease.json", "backup/_/orders/probe-1"}) {
    S3PutRequest put = Put("a", "*", "");
    put.key = key;
    EXPECT_TRUE(Written(bucket, put));
    EXPECT_FALSE(Written(bucket, put));
  }
  EXPECT_EQ(world_.as_aws->held(), 0);
  EXPECT_EQ(world_.as_aws->failed(), 0);
}

TEST_F(FaultProxyTest, PutsASecondDeleteMarkerOnADeletedKey) {
  const std::string name = world_.MakeBucket(true);
  S3Client bucket = world_.BucketThroughProxy(name);
  world_.Do(bucket.PutObject(Put("a", "", "")));
  world_.Do(bucket.DeleteObject("dir/with space+é", ""));
  world_.Do(bucket.DeleteObject("dir/with space+é", ""));
  world_.Do(bucket.DeleteObject("never there", ""));
  const S3Listing listing = world_.Do(bucket.ListObjectVersions("", "", ""));
  std::vector<std::string> seen;
  for (const S3Entry& entry : listing.entries) {
    seen.push_back(entry.key + (entry.is_delete_marker ? " marker" : " version"));
  }
  EXPECT_THAT(seen, testing::ElementsAre("dir/with space+é marker", "dir/with space+é marker",
                                         "dir/with space+é version", "never there marker"));
  EXPECT_EQ(world_.as_aws->second_markers(), 2);
}

// ddbvault's own way does not lead through BatchGetItem: the client is asked itself.
TEST(DynamoDbFaultsTest, LeavesItemsAndKeysUnprocessed) {
  FaultyOptions options;
  options.shares = {{"dynamodb unprocessed items", 1}, {"dynamodb unprocessed keys", 1}};
  FaultyWorld world(std::move(options));
  DynamoDbClient client(world.Caller("dynamodb", world.dynamodb_proxy.url(), AwsProtocol::kJson));
  const std::string table = UniqueName("orders");
  Workload workload(client, table, WorkloadOptions());
  world.Do(workload.CreateTable(false));
  world.plan.Begin();
  world.Do(workload.Fill(30));
  EXPECT_EQ(world.Do(ReadTable(client, table)).size(), 30);
  std::vector<std::string> keys;
  for (std::uint32_t key = 0; key < 30; ++key) keys.push_back(workload.Key(key));
  std::size_t found = 0;
  while (!keys.empty()) {
    BatchGetResult got = world.Do(client.BatchGetItem(table, keys));
    EXPECT_EQ(got.items.size() + got.unprocessed_keys.size(), keys.size());
    found += got.items.size();
    keys = std::move(got.unprocessed_keys);
  }
  EXPECT_EQ(found, 30);
  EXPECT_GT(world.plan.count("dynamodb unprocessed items"), 0);
  EXPECT_GT(world.plan.count("dynamodb unprocessed keys"), 0);
}

// Reads a stream as a careful reader would: parents before children, to every shard's end.
class CarefulReader {
 public:
  CarefulReader(E2eWorld& world, const std::string& endpoint, std::string arn)
      : world_(world),
        streams_(world.Caller("dynamodb", endpoint, AwsProtocol::kJson)),
        arn_(std::move(arn)) {}

  // Reads until `done`, in far more rounds than it takes.
  void ReadUntil(const std::function<bool()>& done) {
    for (int round = 0; !done(); ++round) {
      ASSERT_LT(round, 500) << "after " << seen_.size() << " records";
      const std::vector<ShardDescription> shards = List();
      for (const ShardDescription& shard : shards) {
        const bool waits =
            Listed(shards, shard.parent_shard_id) && !finished_.contains(shard.parent_shard_id);
        if (!waits && !finished_.contains(shard.shard_id)) ReadOnce(shard.shard_id);
      }
    }
  }

  // Sequence numbers, by the order in which they came.
  const std::vector<std::string>& seen() const { return seen_; }
  bool HasSeen(const std::string& id) const {
    return std::any_of(of_item_.begin(), of_item_.end(), [&](const auto& entry) {
      return entry.first.find(id) != std::string::npos;
    });
  }
  // Of each item, by its key.
  const std::map<std::string, std::vector<std::string>>& of_item() const { return of_item_; }
  std::size_t empty_pages() const { return empty_pages_; }
  std::size_t finished() const { return finished_.size(); }

 private:
  std::vector<ShardDescription> List() {
    std::vector<ShardDescription> shards;
    std::string start;
    do {
      StreamPage page = world_.Do(streams_.DescribeStream(arn_, start));
      EXPECT_LE(page.shards.size(), 4U);
      for (ShardDescription& shard : page.shards) shards.push_back(std::move(shard));
      start = page.last_evaluated_shard_id;
    } while (!start.empty());
    return shards;
  }
  static bool Listed(const std::vector<ShardDescription>& shards, const std::string& id) {
    return std::any_of(shards.begin(), shards.end(),
                       [&](const ShardDescription& shard) { return shard.shard_id == id; });
  }
  void ReadOnce(const std::string& shard_id) {
    std::string& iterator = iterators_[shard_id];
    if (iterator.empty()) {
      iterator =
          world_.Do(streams_.GetShardIterator(arn_, shard_id, IteratorType::kTrimHorizon, ""));
    }
    const RecordsPage page = world_.Do(streams_.GetRecords(iterator, 100));
    for (const ChangeView& change : page.batch.changes()) {
      seen_.emplace_back(change.sequence_number);
      of_item_[std::string(change.keys)].emplace_back(change.sequence_number);
    }
    if (page.batch.empty()) ++empty_pages_;
    iterator = page.next_iterator;
    if (iterator.empty()) finished_.insert(shard_id);
  }

  E2eWorld& world_;
  StreamsClient streams_;
  std::string arn_;
  std::map<std::string, std::string> iterators_;
  std::set<std::string> finished_;
  std::vector<std::string> seen_;
  std::map<std::string, std::vector<std::string>> of_item_;
  std::size_t empty_pages_ = 0;
};

TEST(SplitStreamTest, GivesEachRecordOnceAndAnItemsRecordsInOrder) {
  FaultyOptions options;
  options.stream.first_shards = 3;
  options.stream.records_until_end = 60;
  options.stream.page_bytes = 20'000;
  FaultyWorld world(std::move(options));
  const std::string table = UniqueName("orders");
  WorkloadOptions work;
  work.keys = 40;
  Workload workload(world.dynamodb, table, work);
  world.Do(workload.CreateTable(true));
  world.Do(workload.Change(500));
  const std::string arn = world.Do(world.dynamodb.DescribeTable(table))->stream.arn;
  WriteRequest last;
  last.item = workload.Item(kLast, 1);
  const std::vector<WriteRequest> requests = {last};
  world.Do(world.dynamodb.BatchWriteItem(table, requests));
  // The real stream has one shard: with the last record all have come.
  CarefulReader whole(world, world.servers.dynamodb_endpoint, arn);
  whole.ReadUntil([&] { return whole.HasSeen("plain-" + std::to_string(kLast)); });
  CarefulReader split(world, world.dynamodb_proxy.url(), arn);
  split.ReadUntil([&] { return split.seen().size() >= whole.seen().size(); });

  std::vector<std::string> numbers_seen = split.seen();
  std::sort(numbers_seen.begin(), numbers_seen.end());  // of one width here
  EXPECT_EQ(numbers_seen, whole.seen());
  for (const auto& [key, numbers] : split.of_item()) {
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end(), [](const auto& a, const auto& b) {
      return CompareSequenceNumbers(a, b) < 0;
    }));
  }
  EXPECT_GT(world.stream->splits(), 0U);
  EXPECT_GT(world.stream->rolls() + world.stream->splits(), 2U);
  EXPECT_GT(world.stream->capped(), 0U);
  EXPECT_GT(split.finished(), 2U);
  EXPECT_GT(split.empty_pages(), 0U);
}

}  // namespace
}  // namespace ddbvault
