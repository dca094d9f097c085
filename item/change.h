// A change of one item, and a batch of them, as a stream hands them over.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace ddbvault {

enum class EventName { kInsert, kModify, kRemove };

// "INSERT", "MODIFY", "REMOVE".
std::string_view EventNameText(EventName name);
std::optional<EventName> ParseEventName(std::string_view text);

// One stream record.  The views point into the body of the batch that it belongs to.
struct ChangeView {
  EventName event_name = EventName::kInsert;
  std::string_view sequence_number;  // decimal, as AWS sent it
  // ApproximateCreationDateTime: whole seconds, rounded down by DynamoDB; not an order.
  Time change_time;
  std::string_view keys;       // DynamoDB JSON object, byte for byte as AWS sent it
  std::string_view new_image;  // the same; empty for REMOVE and for streams without new images
  // userIdentity.principalId where the record has it: "dynamodb.amazonaws.com" for a TTL delete.
  std::string_view principal_id;
  // The record as AWS sent it, whole: what is parked when it cannot be applied.
  std::string_view raw;
  // Why the record cannot be read (no Keys, no SequenceNumber, an unknown eventName, an image
  // missing); empty for a good one.  Such a change has only `raw`, and what else could be read.
  std::string defect;
};

// The records of one GetRecords answer, in the order of the shard.  Owns what the views point to;
// moves keep the views valid.
class ChangeBatch {
 public:
  ChangeBatch() = default;
  ChangeBatch(std::unique_ptr<std::string> body, std::vector<ChangeView> changes)
      : body_(std::move(body)), changes_(std::move(changes)) {}

  const std::vector<ChangeView>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }
  std::size_t bytes() const { return body_ ? body_->size() : 0; }  // of the answer
  // Bytes that the batch itself holds: the answer and its changes.
  std::size_t memory() const {
    return (body_ ? body_->capacity() : 0) + changes_.capacity() * sizeof(ChangeView);
  }

 private:
  std::unique_ptr<std::string> body_;  // behind a pointer: its bytes stay where they are
  std::vector<ChangeView> changes_;
};

// Orders two sequence numbers of one stream: negative, 0 or positive.  Decimal numbers of up to
// 40 digits, of any width: leading zeros do not count.
int CompareSequenceNumbers(std::string_view a, std::string_view b);

}  // namespace ddbvault
