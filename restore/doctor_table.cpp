#include "restore/doctor_table.h"

#include <cstdlib>
#include <utility>

#include "base/count.h"
#include "base/next_command.h"
#include "item/json_string.h"

namespace ddbvault {
namespace {

// Requests are signed for 5 minutes, which is corrected; whose lease has run out, and which of two
// reads was later, is told by the machines' clocks.
constexpr Duration kSkew{5000};

Task<std::string> Scan(DynamoDbClient& client, std::string table) {
  ScanRequest request;
  request.table = table;
  request.limit = 1;
  const ScanPage page = co_await client.Scan(std::move(request));
  co_return page.items.empty() ? "allowed; the table has no items" : "allowed";
}

// Of a key that nobody has: what is asked is whether one may ask.
Task<std::string> GetItem(DynamoDbClient& client, std::string table, KeySchema schema) {
  std::string key;
  for (const KeyAttribute& attribute : schema.attributes) {
    std::string value = R"({"S":"ddbvault-doctor"})";
    if (attribute.type == 'N') value = R"({"N":"0"})";
    if (attribute.type == 'B') value = R"({"B":"AA=="})";
    key += key.empty() ? "{" : ",";
    AppendJsonString(key, attribute.name);
    key += ":" + value;
  }
  co_await client.GetItem(table, key + "}");
  co_return "allowed";
}

class StreamCheck {
 public:
  StreamCheck(StreamsClient& streams, std::string arn) : streams_(streams), arn_(std::move(arn)) {}

  Task<std::string> Describe() {
    std::size_t shards = 0;
    std::size_t open = 0;
    std::string from;
    do {
      const StreamPage page = co_await streams_.DescribeStream(arn_, from);
      shards += page.shards.size();
      for (const ShardDescription& shard : page.shards) {
        if (!shard.ending_sequence_number.empty() && open > 0) continue;
        shard_ = shard.shard_id;  // an open one, else the last
        if (shard.ending_sequence_number.empty()) ++open;
      }
      from = page.last_evaluated_shard_id;
    } while (!from.empty());
    co_return std::to_string(shards) + (shards == 1 ? " shard, " : " shards, ") +
        std::to_string(open) + " open";
  }
  Task<std::string> GetIterator() {
    iterator_ = co_await streams_.GetShardIterator(arn_, shard_, IteratorType::kTrimHorizon, {});
    co_return "allowed";
  }
  Task<std::string> GetRecords() {
    co_await streams_.GetRecords(iterator_, 1);
    co_return "allowed";
  }
  bool has_shard() const { return !shard_.empty(); }

 private:
  StreamsClient& streams_;
  std::string arn_;
  std::string shard_;
  std::string iterator_;
};

constexpr std::string_view kNotBefore = "not tried, because of the above";

Task<void> CheckReading(Checks& checks, StreamsClient& streams, std::string arn) {
  StreamCheck stream(streams, std::move(arn));
  Task<std::string> describe = stream.Describe();
  bool ok = co_await checks.Try("DescribeStream", "allow dynamodb:DescribeStream on the stream",
                                std::move(describe));
  if (ok && !stream.has_shard()) {
    checks.Skip("GetShardIterator", "the stream has no shards yet");
    checks.Skip("GetRecords", "the stream has no shards yet");
    co_return;
  }
  if (ok) {
    Task<std::string> get = stream.GetIterator();
    ok = co_await checks.Try("GetShardIterator", "allow dynamodb:GetShardIterator on the stream",
                             std::move(get));
  } else {
    checks.Skip("GetShardIterator", std::string(kNotBefore));
  }
  if (ok) {
    Task<std::string> get = stream.GetRecords();
    co_await checks.Try("GetRecords", "allow dynamodb:GetRecords on the stream", std::move(get));
  } else {
    checks.Skip("GetRecords", std::string(kNotBefore));
  }
}

void CheckStream(Checks& checks, const TableDescription& table) {
  const StreamDescription& stream = table.stream;
  const bool new_images =
      stream.view_type == "NEW_AND_OLD_IMAGES" || stream.view_type == "NEW_IMAGE";
  if (!stream.enabled) {
    checks.Fail("stream",
                stream.arn.empty() ? "the table has no stream"
                                   : "the stream is off: changes are in no backup",
                "run " + NextCommand("follow " + table.name + " --enable-stream"));
  } else if (!new_images) {
    checks.Fail(
        "stream",
        "the stream has view type " + stream.view_type + ", which does not carry new images",
        "a stream's view type cannot be changed: disable the stream, then run " +
            NextCommand("follow " + table.name + " --enable-stream") +
            "; its other readers have to follow the new one");
  } else {
    checks.Ok("stream", "on since " + stream.label + ", " + stream.view_type);
  }
}

std::string Describe(const TableDescription& table) {
  std::string text = table.status + ", about " + Count(table.item_count, "item", "items") + ", ";
  text += table.on_demand
              ? std::string("on demand")
              : std::to_string(table.read_capacity) + " read units a second are provisioned";
  return text;
}

Task<std::optional<TableDescription>> DescribeTable(Checks& checks, DynamoDbClient& client,
                                                    std::string table) {
  std::optional<TableDescription> description;
  try {
    description = co_await client.DescribeTable(table);
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Fail("DescribeTable", error, "allow dynamodb:DescribeTable on the table");
    co_return std::nullopt;
  }
  if (!description) {
    checks.Fail("DescribeTable", "there is no table " + table,
                "check the name, the region (--region, or region/table), the account and the "
                "endpoint");
    co_return std::nullopt;
  }
  const bool active = description->status == "ACTIVE" || description->status == "UPDATING";
  if (active) {
    checks.Ok("DescribeTable", Describe(*description));
  } else {
    checks.Warn("DescribeTable", Describe(*description), "wait until the table is ACTIVE");
  }
  co_return description;
}

}  // namespace

Task<std::optional<TableDescription>> CheckTable(Checks& checks, DynamoDbClient& client,
                                                 StreamsClient& streams, std::string table) {
  std::optional<TableDescription> found = co_await DescribeTable(checks, client, table);
  if (!found) {
    for (const char* name : {"clock", "stream", "DescribeStream", "GetShardIterator", "GetRecords",
                             "Scan", "GetItem"}) {
      checks.Skip(name, std::string(kNotBefore));
    }
    co_return std::nullopt;
  }
  CheckClock(checks, client.server_ahead());
  CheckStream(checks, *found);
  checks.Skip("UpdateTable", "not tried, it would change the table: only --enable-stream needs it");
  if (found->stream.enabled) {
    co_await CheckReading(checks, streams, found->stream.arn);
  } else {
    for (const char* name : {"DescribeStream", "GetShardIterator", "GetRecords"}) {
      checks.Skip(name, "the stream is off");
    }
  }
  Task<std::string> scan = Scan(client, table);
  co_await checks.Try("Scan", "allow dynamodb:Scan on the table", std::move(scan));
  Task<std::string> get = GetItem(client, table, found->key_schema);
  co_await checks.Try("GetItem", "allow dynamodb:GetItem on the table", std::move(get));
  co_return found;
}

void CheckClock(Checks& checks, Duration ahead) {
  const Duration apart{std::abs(ahead.count())};
  const std::string text = "this machine's clock and the server's are " +
                           (apart < kSkew ? "less than " + FormatDuration(kSkew) + " apart"
                                          : FormatDuration(apart) + " apart: this one is " +
                                                (ahead.count() > 0 ? "behind" : "ahead"));
  if (apart < kSkew) {
    checks.Ok("clock", text);
  } else {
    checks.Warn("clock", text, "set the clock, and keep it right with NTP");
  }
}

}  // namespace ddbvault
