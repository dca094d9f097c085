#include "tests/support/fake_stream.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/digest.h"
#include "item/change.h"

namespace ddbvault {
namespace {

constexpr Duration kRetention = std::chrono::hours(24);
constexpr std::uint64_t kHashes = std::uint64_t{1} << 32;

bool Before(std::string_view a, std::string_view b) { return CompareSequenceNumbers(a, b) < 0; }

std::string ShardId(Time created, std::uint64_t count) {
  char id[48];
  std::snprintf(id, sizeof(id), "shardId-%020lld-%08llx",
                static_cast<long long>(created.time_since_epoch().count()),
                static_cast<unsigned long long>(count));
  return id;
}

bool Shows(std::string_view view_type, std::string_view image) {
  return view_type == "NEW_AND_OLD_IMAGES" || view_type == image;
}

std::string_view EventNameOf(const FakeWrite& write) {
  if (write.after.empty()) return "REMOVE";
  return write.before.empty() ? "INSERT" : "MODIFY";
}

}  // namespace

FakeStream::FakeStream(const Clock& clock, std::string table, std::string label,
                       std::string view_type, std::size_t shards)
    : clock_(clock),
      arn_("arn:aws:dynamodb:eu-central-1:123456789012:table/" + table + "/stream/" + label),
      label_(std::move(label)),
      view_type_(std::move(view_type)) {
  for (std::size_t i = 0; i < shards; ++i) {
    AddShard("", kHashes * i / shards, kHashes * (i + 1) / shards);
  }
}

std::string FakeStream::NextSequenceNumber() {
  sequence_ += 1 + random_() % 200;
  return std::to_string(sequence_) + "000000";
}

FakeStream::Shard& FakeStream::Find(const std::string& shard_id) {
  const auto shard = std::find_if(shards_.begin(), shards_.end(),
                                  [&](const Shard& one) { return one.id == shard_id; });
  if (shard == shards_.end()) {
    throw FakeError("ResourceNotFoundException", "Requested resource not found: Shard not found");
  }
  return *shard;
}

FakeStream::Shard& FakeStream::AddShard(const std::string& parent, std::uint64_t begin,
                                        std::uint64_t end) {
  Shard shard;
  shard.id = ShardId(clock_.Now(), ++shard_count_);
  shard.parent = parent;
  shard.begin = begin;
  shard.end = end;
  shard.starting_sequence_number = NextSequenceNumber();
  if (!parent.empty()) shard.hidden_for = settings.child_hidden_for;
  shards_.push_back(std::move(shard));
  return shards_.back();
}

void FakeStream::Close(Shard& shard) {
  if (!shard.open()) throw std::logic_error("the shard is closed already");
  shard.ending_sequence_number = NextSequenceNumber();
  shard.closed = clock_.Now();
}

std::string FakeStream::RollShard(const std::string& shard_id) {
  Shard& shard = Find(shard_id);
  Close(shard);
  const std::uint64_t begin = shard.begin;
  const std::uint64_t end = shard.end;
  return AddShard(shard_id, begin, end).id;
}

std::vector<std::string> FakeStream::SplitShard(const std::string& shard_id) {
  Shard& shard = Find(shard_id);
  Close(shard);
  const std::uint64_t begin = shard.begin;
  const std::uint64_t end = shard.end;
  const std::uint64_t middle = begin + (end - begin) / 2;
  std::vector<std::string> children;
  children.push_back(AddShard(shard_id, begin, middle).id);
  children.push_back(AddShard(shard_id, middle, end).id);
  return children;
}

void FakeStream::Disable() {
  enabled_ = false;
  for (Shard& shard : shards_) {
    if (shard.open()) Close(shard);
  }
}

void FakeStream::Append(const FakeWrite& write, bool by_ttl) {
  if (!enabled_ || !write.changed()) return;
  const auto shard = std::find_if(shards_.begin(), shards_.end(), [&](const Shard& one) {
    return one.open() && write.hash >= one.begin && write.hash < one.end;
  });
  if (shard == shards_.end()) throw std::logic_error("no open shard for the item");

  const std::string number = NextSequenceNumber();
  std::string content =
      "{\"ApproximateCreationDateTime\":" + std::to_string(EpochSeconds(clock_.Now())) +
      ",\"Keys\":" + write.keys;
  if (Shows(view_type_, "NEW_IMAGE") && !write.after.empty()) {
    content += ",\"NewImage\":" + write.after;
  }
  if (Shows(view_type_, "OLD_IMAGE") && !write.before.empty()) {
    content += ",\"OldImage\":" + write.before;
  }
  content += ",\"SequenceNumber\":\"" + number +
             "\",\"SizeBytes\":" + std::to_string(write.before.size() + write.after.size()) +
             ",\"StreamViewType\":\"" + view_type_ + "\"}";
  std::string json = "{\"eventID\":\"" + std::to_string(++event_count_) + "\",\"eventName\":\"" +
                     std::string(EventNameOf(write)) +
                     "\",\"eventVersion\":\"1.1\",\"eventSource\":\"aws:dynamodb\","
                     "\"awsRegion\":\"eu-central-1\",\"dynamodb\":" +
                     content;
  if (by_ttl) {
    json += ",\"userIdentity\":{\"principalId\":\"dynamodb.amazonaws.com\",\"type\":\"Service\"}";
  }
  shard->records.push_back({number, clock_.Now(), json + "}"});
}

void FakeStream::AppendRaw(FakeJson record) {
  const auto shard =
      std::find_if(shards_.begin(), shards_.end(), [](const Shard& one) { return one.open(); });
  if (shard == shards_.end()) throw std::logic_error("no open shard");
  const std::string number = NextSequenceNumber();
  if (record.is_object() && record.contains("dynamodb") &&
      record["dynamodb"].contains("SequenceNumber")) {
    record["dynamodb"]["SequenceNumber"] = number;
  }
  shard->records.push_back({number, clock_.Now(), record.dump()});
}

void FakeStream::TrimBefore(std::string_view sequence_number) {
  for (Shard& shard : shards_) {
    const auto first = std::find_if(
        shard.records.begin(), shard.records.end(),
        [&](const Record& record) { return !Before(record.sequence_number, sequence_number); });
    if (first == shard.records.begin()) continue;
    shard.trimmed_through = std::prev(first)->sequence_number;
    shard.records.erase(shard.records.begin(), first);
  }
  std::erase_if(shards_, [&](const Shard& shard) {
    return !shard.open() && Before(shard.ending_sequence_number, sequence_number);
  });
}

void FakeStream::ForgetOld() {
  const Time horizon = clock_.Now() - kRetention;
  for (Shard& shard : shards_) {
    const auto first = std::find_if(shard.records.begin(), shard.records.end(),
                                    [&](const Record& record) { return record.written > horizon; });
    if (first == shard.records.begin()) continue;
    shard.trimmed_through = std::prev(first)->sequence_number;
    shard.records.erase(shard.records.begin(), first);
  }
  std::erase_if(shards_,
                [&](const Shard& shard) { return !shard.open() && shard.closed <= horizon; });
}

std::vector<std::string> FakeStream::shards() const {
  std::vector<std::string> ids;
  for (const Shard& shard : shards_) ids.push_back(shard.id);
  return ids;
}

std::vector<std::string> FakeStream::open_shards() const {
  std::vector<std::string> ids;
  for (const Shard& shard : shards_) {
    if (shard.open()) ids.push_back(shard.id);
  }
  return ids;
}

std::vector<std::string> FakeStream::sequence_numbers() const {
  std::vector<std::string> numbers;
  for (const Shard& shard : shards_) {
    for (const Record& record : shard.records) numbers.push_back(record.sequence_number);
  }
  return numbers;
}

}  // namespace ddbvault
