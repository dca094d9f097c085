// The one exception type of ddbvault: what ends an operation is an Error.
//
// An Error says what the caller can do about it (Reaction), where it happened (a path of layers,
// outermost first), what happened, AWS's own name for it and the request id, and a hint for a
// person.  It never carries item data, keys of items or secrets.
//
// What is expected is not an Error: "not found" is an empty optional, the outcome of a conditional
// write is an enum.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace ddbvault {

// What the one who catches an Error should do.
enum class Reaction {
  kRetryLater,  // transient or throttled: the same call may succeed later
  kFixCommand,  // the request, the settings or the input are wrong: repeating it cannot help
  kNotFound,    // a table, stream, shard, bucket or object that must exist does not
  kPermission,  // credentials are missing, wrong or not allowed to do this
  kConflict,    // something else was there first, or is of another shape
  kDataLoss,    // stream records are gone that were never applied (trimmed, expired)
  kCorrupt,     // bytes are not what they must be: checksum, length or syntax
  kCancelled,   // told to stop
};

// "retry later", "fix the command", ...: for logs and --json.
std::string_view ReactionName(Reaction reaction);

class Error : public std::exception {
 public:
  Error(Reaction reaction, std::string message);

  // Adds the name of the layer that the error passes through, outside in:
  //   catch (Error& error) { error.Within("scan segment 3"); throw; }
  Error& Within(std::string_view layer);
  // What a person should do next; one sentence.  The innermost hint stays unless it is empty.
  Error& Hint(std::string_view hint);
  // AWS's name of the error ("ThrottlingException", "NoSuchBucket"); empty where AWS gave none.
  Error& Code(std::string_view code);
  Error& RequestId(std::string_view request_id);
  Error& HttpStatus(int status);
  // What the operator typed or configured is wrong: the process ends with exit status 2.
  Error& Usage();

  Reaction reaction() const { return reaction_; }
  const std::string& code() const { return code_; }
  const std::string& request_id() const { return request_id_; }
  const std::string& hint() const { return hint_; }
  const std::string& message() const { return message_; }
  int http_status() const { return http_status_; }  // 0: no answer was received
  bool usage() const { return usage_; }

  // "backfill orders: scan segment 3: throttled (request id 7f2c)": without the hint.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void Compose();

  Reaction reaction_;
  std::string message_;
  std::string where_;
  std::string code_;
  std::string request_id_;
  std::string hint_;
  int http_status_ = 0;
  bool usage_ = false;
  std::string text_;
};

}  // namespace ddbvault
