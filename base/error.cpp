#include "base/error.h"

#include <utility>

namespace ddbvault {

std::string_view ReactionName(Reaction reaction) {
  switch (reaction) {
    case Reaction::kRetryLater:
      return "retry later";
    case Reaction::kFixCommand:
      return "fix the command";
    case Reaction::kNotFound:
      return "not found";
    case Reaction::kPermission:
      return "permission";
    case Reaction::kConflict:
      return "conflict";
    case Reaction::kDataLoss:
      return "data loss";
    case Reaction::kCorrupt:
      return "corrupt";
    case Reaction::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

Error::Error(Reaction reaction, std::string message)
    : reaction_(reaction), message_(std::move(message)), text_(message_) {}

Error& Error::Within(std::string_view layer) {
  where_ = std::string(layer) + ": " + where_;
  Compose();
  return *this;
}

Error& Error::Hint(std::string_view hint) {
  if (hint_.empty()) hint_ = hint;
  return *this;
}

Error& Error::Code(std::string_view code) {
  code_ = code;
  return *this;
}

Error& Error::RequestId(std::string_view request_id) {
  request_id_ = request_id;
  Compose();
  return *this;
}

Error& Error::HttpStatus(int status) {
  http_status_ = status;
  return *this;
}

Error& Error::Usage() {
  usage_ = true;
  return *this;
}

void Error::Compose() {
  text_ = where_ + message_;
  if (!request_id_.empty()) text_ += " (request id " + request_id_ + ")";
}

}  // namespace ddbvault
