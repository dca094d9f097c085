#include "tests/support/proxy/split_stream.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/digest.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kHashes = std::uint64_t{1} << 32;
constexpr char kSeparator = '#';  // neither in shard ids nor in DynamoDB Local's iterators

// Empty: before all.
bool IsAfter(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return !a.empty();
  return CompareSequenceNumbers(a, b) > 0;
}

std::string Successor(std::string number) {
  for (std::size_t i = number.size(); i-- > 0;) {
    if (number[i] != '9') {
      ++number[i];
      return number;
    }
    number[i] = '0';
  }
  return "1" + number;
}

ProxyRequest WithBody(const ProxyRequest& request, std::string_view operation, const Json& body) {
  ProxyRequest other = request;
  other.headers.Set("X-Amz-Target", "DynamoDBStreams_20120810." + std::string(operation));
  other.body = body.dump();
  return other;
}

}  // namespace

// What of a real page a reader of a shard is given.
struct SplitStream::Cut {
  std::vector<std::string> records;
  std::string read;      // up to here
  bool partial = false;  // the page has more
  bool capped = false;   // because of the size
};

bool SplitStream::Shard::Has(const ChangeView& change) const {
  if (change.keys.empty()) return begin == 0;
  const std::uint64_t hash = Crc32(ItemKey::FromKeys(change.keys).bytes());
  return hash >= begin && hash < end && IsAfter(std::string(change.sequence_number), after);
}

Task<ProxyReply> SplitStream::Handle(ProxyRequest request, const ProxyNext& next) {
  const std::string operation(request.operation());
  if (operation == "DescribeStream") co_return co_await DescribeStream(std::move(request), next);
  if (operation == "GetShardIterator") {
    co_return co_await GetShardIterator(std::move(request), next);
  }
  if (operation == "GetRecords") co_return co_await GetRecords(std::move(request), next);
  co_return co_await next(std::move(request));
}

SplitStream::Shard& SplitStream::NewShard(Stream& stream, const Shard* parent, std::uint64_t begin,
                                          std::uint64_t end) {
  Shard shard;
  // As AWS's: when it was made, in milliseconds; each has one of its own.
  made_ = std::max<std::uint64_t>(made_ + 1, SystemClock().Now().time_since_epoch().count());
  std::string number = std::to_string(made_);
  number.insert(0, 20 - number.size(), '0');
  shard.id = "shardId-" + number + "-" + Hex(RandomBytes(4));
  shard.begin = begin;
  shard.end = end;
  if (parent != nullptr) {
    shard.parent = parent->id;
    shard.after = parent->last;
    shard.hidden_for = options_.child_hidden_for;
  }
  return stream.shards.emplace_back(std::move(shard));
}

SplitStream::Stream& SplitStream::Open(const std::string& arn, const std::string& real_shard) {
  const auto [at, added] = streams_.try_emplace(arn);
  Stream& stream = at->second;
  if (!added) return stream;
  stream.arn = arn;
  stream.real_shard = real_shard;
  const std::uint64_t width = kHashes / options_.first_shards;
  for (std::uint32_t i = 0; i < options_.first_shards; ++i) {
    const bool is_last = i + 1 == options_.first_shards;
    NewShard(stream, nullptr, i * width, is_last ? kHashes : (i + 1) * width);
  }
  return stream;
}

std::pair<SplitStream::Stream*, SplitStream::Shard*> SplitStream::Find(
    const std::string& shard_id) {
  for (auto& [arn, stream] : streams_) {
    for (Shard& shard : stream.shards) {
      if (shard.id == shard_id) return {&stream, &shard};
    }
  }
  return {nullptr, nullptr};
}

Task<ProxyReply> SplitStream::DescribeStream(ProxyRequest request, const ProxyNext& next) {
  Json body = Json::parse(request.body);
  const std::string start = body.value("ExclusiveStartShardId", "");
  body.erase("ExclusiveStartShardId");
  ProxyRequest first_page = WithBody(request, "DescribeStream", body);
  ProxyReply reply = co_await next(std::move(first_page));
  if (reply.response.status != 200) co_return reply;
  Json answer = Json::parse(reply.response.body);
  Json& description = answer.at("StreamDescription");
  const Json real = description.at("Shards");
  if (real.empty()) co_return reply;  // being enabled
  if (real.size() > 1) co_return JsonError("Unsupported", "the real stream has several shards");
  Stream& stream = Open(body.at("StreamArn"), real[0].at("ShardId"));
  const Json& real_range = real[0].at("SequenceNumberRange");

  Json listed = Json::array();
  description.erase("LastEvaluatedShardId");
  bool begun = start.empty();
  for (Shard& shard : stream.shards) {
    if (begun && shard.hidden_for > 0) --shard.hidden_for;
  }
  for (const Shard& shard : stream.shards) {
    if (begun && listed.size() == options_.shards_per_page) {
      description["LastEvaluatedShardId"] = listed.back().at("ShardId");
      break;
    }
    if (begun && shard.hidden_for == 0) {
      Json entry = {{"ShardId", shard.id}, {"SequenceNumberRange", real_range}};
      if (!shard.after.empty()) {
        entry["SequenceNumberRange"]["StartingSequenceNumber"] = Successor(shard.after);
      }
      if (!shard.last.empty()) {
        entry["SequenceNumberRange"]["EndingSequenceNumber"] = shard.last;
      }
      if (!shard.parent.empty()) entry["ParentShardId"] = shard.parent;
      listed.push_back(std::move(entry));
    }
    begun = begun || shard.id == start;
  }
  description["Shards"] = listed;
  co_return JsonReply(200, answer.dump());
}

Task<ProxyReply> SplitStream::RealIterator(ProxyRequest request, const ProxyNext& next,
                                           const Stream& stream, std::string after) {
  Json body = {{"StreamArn", stream.arn}, {"ShardId", stream.real_shard}};
  body["ShardIteratorType"] = after.empty() ? "TRIM_HORIZON" : "AFTER_SEQUENCE_NUMBER";
  if (!after.empty()) body["SequenceNumber"] = after;
  ProxyRequest real = WithBody(request, "GetShardIterator", body);
  co_return co_await next(std::move(real));
}

Task<ProxyReply> SplitStream::GetShardIterator(ProxyRequest request, const ProxyNext& next) {
  Json body = Json::parse(request.body);
  const auto [stream, shard] = Find(body.at("ShardId"));
  if (shard == nullptr) {
    co_return JsonError("ResourceNotFoundException", "Requested resource not found: Shard");
  }
  Position position{shard->id, shard->after, {}};
  const std::string type = body.at("ShardIteratorType");
  if (type == "AFTER_SEQUENCE_NUMBER") position.read = body.at("SequenceNumber");
  ProxyReply reply;
  if (type == "TRIM_HORIZON" || type == "AFTER_SEQUENCE_NUMBER") {
    reply = co_await RealIterator(request, next, *stream, position.read);
  } else {
    body["ShardId"] = stream->real_shard;
    ProxyRequest real = WithBody(request, "GetShardIterator", body);
    reply = co_await next(std::move(real));
  }
  if (reply.response.status != 200) co_return reply;
  position.iterator = Json::parse(reply.response.body).at("ShardIterator");
  const Json answer = {{"ShardIterator", Write(position)}};
  co_return JsonReply(200, answer.dump());
}

Task<ProxyReply> SplitStream::GetRecords(ProxyRequest request, const ProxyNext& next) {
  Json body = Json::parse(request.body);
  Position position = Read(body.at("ShardIterator"));
  const auto [stream, shard] = Find(position.shard);
  if (shard == nullptr) {
    co_return JsonError("ResourceNotFoundException", "Requested resource not found: Shard");
  }
  const auto at_end = [&shard = *shard, &position] {
    return !shard.last.empty() && !IsAfter(shard.last, position.read);
  };
  if (at_end()) co_return RecordsReply({}, "");
  body["ShardIterator"] = position.iterator;
  ProxyRequest onward = WithBody(request, "GetRecords", body);
  const ProxyReply real = co_await next(std::move(onward));
  if (real.response.status != 200) co_return real;
  const RecordsPage page = ReadRecords(real.response);
  const Cut cut = Select(*shard, page, position.read);
  position.read = cut.read;
  position.iterator = page.next_iterator;
  if (IsAfter(cut.read, shard->furthest)) shard->furthest = cut.read;
  shard->given += cut.records.size();
  EndIfDue(*stream, *shard);
  if (position.iterator.empty()) co_return RecordsReply(cut.records, "");
  if (at_end() && plan_.Random(2) == 0) co_return RecordsReply(cut.records, "");
  if (cut.capped) ++capped_;
  if (cut.partial) {
    const ProxyReply again = co_await RealIterator(request, next, *stream, cut.read);
    if (again.response.status != 200) co_return again;
    position.iterator = Json::parse(again.response.body).at("ShardIterator");
  }
  co_return RecordsReply(cut.records, Write(position));
}

SplitStream::Cut SplitStream::Select(const Shard& shard, const RecordsPage& page,
                                     std::string read) const {
  Cut cut;
  cut.read = std::move(read);
  std::size_t bytes = 0;
  for (const ChangeView& change : page.batch.changes()) {
    const std::string number(change.sequence_number);
    cut.partial = !shard.last.empty() && IsAfter(number, shard.last);
    const bool has = shard.Has(change);
    cut.capped = has && bytes > 0 && bytes + change.raw.size() > options_.page_bytes;
    cut.partial = cut.partial || cut.capped;
    if (cut.partial) break;
    if (has) {
      cut.records.emplace_back(change.raw);
      bytes += change.raw.size();
    }
    cut.read = number;
  }
  return cut;
}

// Nothing that a reader has been given may belong to the children: the shard ends where the
// furthest of them is.
void SplitStream::EndIfDue(Stream& stream, Shard& shard) {
  const bool due = options_.records_until_end > 0 && shard.given >= options_.records_until_end;
  if (!due || !shard.last.empty() || stream.shards.size() + 2 > options_.most_shards) return;
  shard.last = shard.furthest;
  if (plan_.Random(3) == 0) {
    NewShard(stream, &shard, shard.begin, shard.end);
    ++rolls_;
    return;
  }
  const std::uint64_t middle = shard.begin + (shard.end - shard.begin) / 2;
  NewShard(stream, &shard, shard.begin, middle);
  NewShard(stream, &shard, middle, shard.end);
  ++splits_;
}

std::string SplitStream::Write(const Position& position) {
  return position.shard + kSeparator + position.read + kSeparator + position.iterator;
}

SplitStream::Position SplitStream::Read(const std::string& iterator) {
  const std::size_t first = iterator.find(kSeparator);
  const std::size_t second = iterator.find(kSeparator, first + 1);
  return {iterator.substr(0, first), iterator.substr(first + 1, second - first - 1),
          iterator.substr(second + 1)};
}

}  // namespace ddbvault
