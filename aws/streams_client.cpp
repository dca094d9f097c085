#include "aws/streams_client.h"

#include <utility>

#include "aws/caller.h"
#include "aws/json_call.h"
#include "base/error.h"
#include "item/json.h"
#include "item/json_string.h"

namespace ddbvault {
namespace {

std::string Target(std::string_view operation) {
  return "DynamoDBStreams_20120810." + std::string(operation);
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

std::string_view IteratorTypeText(IteratorType type) {
  switch (type) {
    case IteratorType::kTrimHorizon:
      return "TRIM_HORIZON";
    case IteratorType::kLatest:
      return "LATEST";
    case IteratorType::kAtSequenceNumber:
      return "AT_SEQUENCE_NUMBER";
    case IteratorType::kAfterSequenceNumber:
      return "AFTER_SEQUENCE_NUMBER";
  }
  return "";
}

ShardDescription ReadShard(JsonReader& reader, JsonValue& element) {
  ShardDescription shard;
  reader.Members(element, [&](std::string_view field, JsonValue& value) {
    if (JsonReader::IsNull(value)) return;
    if (field == "ShardId") {
      shard.shard_id = reader.String(value);
    } else if (field == "ParentShardId") {
      shard.parent_shard_id = reader.String(value);
    } else if (field == "SequenceNumberRange") {
      reader.Members(value, [&](std::string_view end, JsonValue& number) {
        if (JsonReader::IsNull(number)) return;
        if (end == "StartingSequenceNumber") {
          shard.starting_sequence_number = reader.String(number);
        } else if (end == "EndingSequenceNumber") {
          shard.ending_sequence_number = reader.String(number);
        } else {
          reader.Text(number);
        }
      });
    } else {
      reader.Text(value);
    }
  });
  if (shard.shard_id.empty()) {
    throw Error(Reaction::kCorrupt, "the answer to DescribeStream has a shard without an id");
  }
  return shard;
}

void ReadStream(JsonReader& reader, JsonValue& description, StreamPage& page) {
  reader.Members(description, [&](std::string_view field, JsonValue& value) {
    if (JsonReader::IsNull(value)) return;
    if (field == "StreamStatus") {
      page.status = reader.String(value);
    } else if (field == "StreamViewType") {
      page.view_type = reader.String(value);
    } else if (field == "StreamLabel") {
      page.label = reader.String(value);
    } else if (field == "LastEvaluatedShardId") {
      page.last_evaluated_shard_id = reader.String(value);
    } else if (field == "Shards") {
      reader.Elements(value,
                      [&](JsonValue& shard) { page.shards.push_back(ReadShard(reader, shard)); });
    } else {
      reader.Text(value);
    }
  });
}

StreamPage ParseStreamPage(std::string& body) {
  StreamPage page;
  ReadJsonObjectInPlace(body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (field == "StreamDescription") {
      ReadStream(reader, value, page);
    } else {
      reader.Text(value);
    }
  });
  if (page.status.empty()) {
    throw Error(Reaction::kCorrupt, "the answer to DescribeStream has no StreamStatus");
  }
  return page;
}

Task<StreamPage> FinishDescribe(std::shared_ptr<AwsCaller> caller, std::string request) {
  const std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target("DescribeStream"), std::move(request));
  co_return ParseStreamPage(*body);
}

Task<std::string> FinishIterator(std::shared_ptr<AwsCaller> caller, std::string request) {
  const std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target("GetShardIterator"), std::move(request));
  std::string iterator;
  ReadJsonObjectInPlace(*body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (field == "ShardIterator") {
      iterator = reader.String(value);
    } else {
      reader.Text(value);
    }
  });
  if (iterator.empty()) {
    throw Error(Reaction::kCorrupt, "the answer to GetShardIterator has no ShardIterator");
  }
  co_return std::move(iterator);
}

Task<RecordsPage> FinishRecords(std::shared_ptr<AwsCaller> caller, std::string request) {
  std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target("GetRecords"), std::move(request));
  co_return ParseRecordsPage(std::move(body));
}

}  // namespace

// None of the methods is itself a coroutine: requests are written before the task is handed out, so
// that a task that starts later holds nothing of its caller's.

StreamsClient::StreamsClient(std::shared_ptr<AwsCaller> caller) : caller_(std::move(caller)) {}

Task<StreamPage> StreamsClient::DescribeStream(std::string stream_arn,
                                               std::string exclusive_start_shard_id) {
  std::string request = "{\"StreamArn\":" + Quoted(stream_arn);
  if (!exclusive_start_shard_id.empty()) {
    request += ",\"ExclusiveStartShardId\":" + Quoted(exclusive_start_shard_id);
  }
  return FinishDescribe(caller_, request + "}");
}

Task<std::string> StreamsClient::GetShardIterator(std::string stream_arn, std::string shard_id,
                                                  IteratorType type, std::string sequence_number) {
  std::string request = "{\"StreamArn\":" + Quoted(stream_arn) +
                        ",\"ShardId\":" + Quoted(shard_id) +
                        ",\"ShardIteratorType\":" + Quoted(IteratorTypeText(type));
  if (type == IteratorType::kAtSequenceNumber || type == IteratorType::kAfterSequenceNumber) {
    request += ",\"SequenceNumber\":" + Quoted(sequence_number);
  }
  return FinishIterator(caller_, request + "}");
}

Task<RecordsPage> StreamsClient::GetRecords(std::string iterator, std::uint32_t limit) {
  return FinishRecords(caller_, "{\"ShardIterator\":" + Quoted(iterator) +
                                    ",\"Limit\":" + std::to_string(limit) + "}");
}

Duration StreamsClient::server_ahead() const { return caller_->server_ahead(); }
bool StreamsClient::has_answered() const { return caller_->has_answered(); }

std::string StreamLabel(std::string_view stream_arn) {
  constexpr std::string_view kPart = "/stream/";
  const std::size_t part = stream_arn.rfind(kPart);
  if (!stream_arn.starts_with("arn:") || part == std::string_view::npos ||
      part + kPart.size() == stream_arn.size()) {
    throw Error(Reaction::kCorrupt, "not the ARN of a stream: " + std::string(stream_arn));
  }
  return std::string(stream_arn.substr(part + kPart.size()));
}

std::optional<Time> WhenEnabled(std::string_view stream_label) {
  return ParseTime(std::string(stream_label) + "Z");
}

}  // namespace ddbvault
