// The operations of DynamoDB Streams.

#include <algorithm>
#include <sstream>
#include <utility>

#include "item/change.h"
#include "tests/support/fake_stream.h"

namespace ddbvault {
namespace {

constexpr Duration kIteratorLife = std::chrono::minutes(15);
constexpr std::size_t kMaxRecords = 1000;

std::string Text(const FakeJson& request, const char* name) {
  return request.contains(name) ? request[name].get<std::string>() : std::string();
}

std::string OneLess(std::string number) {
  const std::size_t digit = number.find_last_not_of('0');
  if (digit == std::string::npos) return "0";
  --number[digit];
  std::fill(number.begin() + static_cast<std::ptrdiff_t>(digit) + 1, number.end(), '9');
  return number;
}

[[noreturn]] void Trimmed() {
  throw FakeError("TrimmedDataAccessException",
                  "The operation attempted to read past the oldest stream record in a shard.");
}

}  // namespace

// Where an iterator stands: behind `after`.  Its text has '|' in it, as DynamoDB Local's has.
struct FakeStream::Position {
  std::string shard_id;
  std::string after;
  int empty_pages = 0;  // that it has gone through since the last records
  Time issued;
};

std::string FakeStream::Iterator(const Position& position) const {
  return arn_ + "|" + position.shard_id + "|" + position.after + "|" +
         std::to_string(position.empty_pages) + "|" +
         std::to_string(clock_.Now().time_since_epoch().count());
}

FakeStream::Position FakeStream::ParseIterator(const std::string& text) const {
  std::istringstream parts(text);
  std::string arn;
  std::string empty_pages;
  std::string issued;
  Position position;
  std::getline(parts, arn, '|');
  std::getline(parts, position.shard_id, '|');
  std::getline(parts, position.after, '|');
  std::getline(parts, empty_pages, '|');
  std::getline(parts, issued, '|');
  if (issued.empty()) throw FakeError("ValidationException", "Invalid ShardIterator");
  position.empty_pages = std::stoi(empty_pages);
  position.issued = Time(Duration(std::stoll(issued)));
  return position;
}

FakeJson FakeStream::DescribeShard(const Shard& shard) const {
  FakeJson json;
  json["ShardId"] = shard.id;
  json["SequenceNumberRange"]["StartingSequenceNumber"] = shard.starting_sequence_number;
  if (!shard.open()) {
    json["SequenceNumberRange"]["EndingSequenceNumber"] = shard.ending_sequence_number;
  }
  if (!shard.parent.empty()) json["ParentShardId"] = shard.parent;
  return json;
}

FakeJson FakeStream::Describe(const FakeJson& request) {
  ForgetOld();
  const std::string start = Text(request, "ExclusiveStartShardId");
  const std::size_t limit =
      std::min(settings.shards_per_page, request.value("Limit", settings.shards_per_page));
  FakeJson description;
  description["StreamArn"] = arn_;
  description["StreamLabel"] = label_;
  description["StreamStatus"] = enabled_ ? "ENABLED" : "DISABLED";
  description["StreamViewType"] = view_type_;
  FakeJson listed = FakeJson::array();
  bool started = start.empty();
  bool more = false;
  for (Shard& shard : shards_) {
    const bool hidden = shard.hidden_for > 0;
    if (hidden && start.empty()) --shard.hidden_for;
    if (!started) {
      started = shard.id == start;
      continue;
    }
    if (hidden) continue;
    if (listed.size() == limit) {
      more = true;
      continue;
    }
    listed.push_back(DescribeShard(shard));
  }
  if (more || (settings.token_on_last_page && listed.size() == limit)) {
    description["LastEvaluatedShardId"] = listed.back()["ShardId"];
  }
  description["Shards"] = std::move(listed);
  return FakeJson{{"StreamDescription", std::move(description)}};
}

FakeJson FakeStream::ShardIterator(const FakeJson& request) {
  ForgetOld();
  const Shard& shard = Find(Text(request, "ShardId"));
  const std::string type = Text(request, "ShardIteratorType");
  const std::string number = Text(request, "SequenceNumber");
  Position position;
  position.shard_id = shard.id;
  if (type == "TRIM_HORIZON") {
    position.after = shard.trimmed_through.empty() ? "0" : shard.trimmed_through;
  } else if (type == "LATEST") {
    position.after = std::to_string(sequence_) + "000000";
  } else if (type == "AT_SEQUENCE_NUMBER" || type == "AFTER_SEQUENCE_NUMBER") {
    if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) {
      throw FakeError("ValidationException", "SequenceNumber is missing or not a number");
    }
    // The record that is named must still be there, as with AWS.
    if (!shard.trimmed_through.empty() &&
        CompareSequenceNumbers(number, shard.trimmed_through) <= 0) {
      Trimmed();
    }
    position.after = number;
    if (type == "AT_SEQUENCE_NUMBER") position.after = OneLess(number);
  } else {
    throw FakeError("ValidationException", "unknown ShardIteratorType");
  }
  return FakeJson{{"ShardIterator", Iterator(position)}};
}

std::string FakeStream::Records(const FakeJson& request) {
  ForgetOld();
  Position position = ParseIterator(Text(request, "ShardIterator"));
  if (position.issued + kIteratorLife <= clock_.Now()) {
    throw FakeError("ExpiredIteratorException", "Shard iterator has expired");
  }
  const Shard& shard = Find(position.shard_id);
  if (!shard.trimmed_through.empty() &&
      CompareSequenceNumbers(position.after, shard.trimmed_through) < 0) {
    Trimmed();
  }
  const std::size_t limit = std::min(kMaxRecords, request.value("Limit", kMaxRecords));
  if (limit == 0) throw FakeError("ValidationException", "Limit must be at least 1");

  auto record = std::find_if(shard.records.begin(), shard.records.end(), [&](const Record& one) {
    return CompareSequenceNumbers(one.sequence_number, position.after) > 0;
  });
  const bool nothing_left = record == shard.records.end();
  const bool hold_back = !nothing_left && position.empty_pages < settings.empty_pages_before_data;
  std::string answer = "{\"Records\":[";
  std::size_t count = 0;
  if (hold_back) {
    ++position.empty_pages;
  } else {
    const std::size_t empty_size = answer.size();
    for (; record != shard.records.end() && count < limit && answer.size() < settings.page_bytes;
         ++record) {
      if (answer.size() > empty_size) answer += ',';
      answer += record->json;
      position.after = record->sequence_number;
      ++count;
    }
    position.empty_pages = 0;
  }
  const bool at_end = !shard.open() && record == shard.records.end();
  if (at_end && (nothing_left || !settings.end_on_empty_page)) return answer + "]}";
  return answer + "],\"NextShardIterator\":" + FakeJson(Iterator(position)).dump() + "}";
}

}  // namespace ddbvault
