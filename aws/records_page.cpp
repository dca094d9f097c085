#include <utility>

#include "aws/streams_client.h"
#include "base/clock.h"
#include "base/error.h"
#include "item/json.h"

namespace ddbvault {
namespace {

// SequenceNumber is at most 40 digits (API reference).
constexpr std::size_t kMaxSequenceDigits = 40;

bool IsSequenceNumber(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSequenceDigits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Reads records one by one.  A field of an unexpected shape leaves the change without it, and
// Defect() says later what that means: the other records must not suffer from it.
class RecordReader {
 public:
  explicit RecordReader(JsonReader& reader) : reader_(reader) {}

  ChangeView Read(JsonValue& record) {
    change_ = ChangeView();
    view_type_ = {};
    has_event_name_ = false;
    has_dynamodb_ = false;
    if (!JsonReader::IsObject(record)) {
      change_.raw = reader_.Text(record);
      change_.defect = "the record is not an object";
      return std::move(change_);
    }
    const char* const start = JsonReader::Start(record);
    reader_.Members(record,
                    [this](std::string_view name, JsonValue& value) { ReadField(name, value); });
    change_.raw = reader_.From(start);
    change_.defect = Defect();
    return std::move(change_);
  }

 private:
  void ReadField(std::string_view name, JsonValue& value) {
    if (name == "dynamodb" && JsonReader::IsObject(value)) {
      has_dynamodb_ = true;
      reader_.Members(value, [this](std::string_view field, JsonValue& content) {
        ReadContent(field, content);
      });
    } else if (name == "eventName" && JsonReader::IsString(value)) {
      const std::optional<EventName> event_name = ParseEventName(reader_.RawString(value));
      has_event_name_ = event_name.has_value();
      change_.event_name = event_name.value_or(EventName::kInsert);
    } else if (name == "userIdentity" && JsonReader::IsObject(value)) {
      reader_.Members(value, [this](std::string_view field, JsonValue& identity) {
        // The API model writes it with a capital, real answers do not.
        if ((field == "principalId" || field == "PrincipalId") && JsonReader::IsString(identity)) {
          change_.principal_id = reader_.RawString(identity);
        } else {
          reader_.Text(identity);
        }
      });
    } else {
      reader_.Text(value);
    }
  }

  void ReadContent(std::string_view name, JsonValue& value) {
    if (name == "Keys" && JsonReader::IsObject(value)) {
      change_.keys = reader_.Text(value);
    } else if (name == "NewImage" && JsonReader::IsObject(value)) {
      change_.new_image = reader_.Text(value);
    } else if (name == "SequenceNumber" && JsonReader::IsString(value)) {
      const std::string_view number = reader_.RawString(value);
      if (IsSequenceNumber(number)) change_.sequence_number = number;
    } else if (name == "StreamViewType" && JsonReader::IsString(value)) {
      view_type_ = reader_.RawString(value);
    } else if (name == "ApproximateCreationDateTime") {
      change_.change_time = ParseEpochSeconds(reader_.Text(value)).value_or(Time{});
    } else {
      reader_.Text(value);
    }
  }

  std::string Defect() {
    if (!has_dynamodb_) return "the record has no dynamodb";
    if (change_.keys.empty()) return "the record has no Keys";
    if (change_.sequence_number.empty()) return "the record has no SequenceNumber that can be read";
    if (!has_event_name_) return "the record's eventName is missing or unknown";
    if (change_.event_name == EventName::kRemove) {
      change_.new_image = {};
    } else if (change_.new_image.empty() && view_type_ != "KEYS_ONLY" &&
               view_type_ != "OLD_IMAGE") {
      return "the record has no NewImage";
    }
    return {};
  }

  JsonReader& reader_;
  ChangeView change_;
  std::string_view view_type_;
  bool has_event_name_ = false;
  bool has_dynamodb_ = false;
};

}  // namespace

RecordsPage ParseRecordsPage(std::unique_ptr<std::string> body) {
  RecordsPage page;
  std::vector<ChangeView> changes;
  bool answered = false;
  ReadJsonObjectInPlace(*body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (field == "Records") {
      answered = true;
      RecordReader records(reader);
      reader.Elements(value, [&](JsonValue& record) { changes.push_back(records.Read(record)); });
    } else if (field == "NextShardIterator" && !JsonReader::IsNull(value)) {
      page.next_iterator = reader.String(value);
    } else {
      reader.Text(value);
    }
  });
  // It would pass for the end of the shard.
  if (!answered) throw Error(Reaction::kCorrupt, "the answer to GetRecords has no Records");
  page.batch = ChangeBatch(std::move(body), std::move(changes));
  return page;
}

}  // namespace ddbvault
