// What doctor finds: one Check for each thing that it looked at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"

namespace ddbvault {

enum class CheckResult {
  kOk,
  kWarning,  // it works, and somebody should know this about it
  kFailed,   // something that ddbvault needs does not work
  kSkipped,  // not looked at; `seen` says why
};

// "ok", "warning", "failed", "skipped".
std::string_view CheckResultText(CheckResult result);

struct Check {
  std::string name;  // "Scan", "versioning"
  CheckResult result = CheckResult::kOk;
  std::string seen;
  std::string hint;  // what a person should do; may be empty
};

// The checks of one subject (a table, a place), in the order in which they were made.
class Checks {
 public:
  explicit Checks(std::string subject) : subject_(std::move(subject)) {}

  const std::string& subject() const { return subject_; }
  const std::vector<Check>& all() const { return all_; }
  std::size_t Count(CheckResult result) const;

  void Ok(std::string_view name, std::string seen, std::string hint = {});
  void Warn(std::string_view name, std::string seen, std::string hint);
  void Fail(std::string_view name, std::string seen, std::string hint);
  void Skip(std::string_view name, std::string why);
  // A failed check, with what the error says.  `allow` is the hint when it is not permitted
  // ("allow dynamodb:Scan on the table"); other errors bring their own.
  void Fail(std::string_view name, const Error& error, std::string_view allow);

  // Awaits `work`, whose result is what was seen.  An Error that it throws is a failed check (see
  // above); only kCancelled is thrown on.  True: it is ok.
  Task<bool> Try(std::string name, std::string allow, Task<std::string> work);

 private:
  std::string subject_;
  std::vector<Check> all_;
};

// Of AWS and its like: a policy does not allow the call.
bool IsDenied(const Error& error);

// For a person; several lines.
std::string ToText(const Checks& checks);

// {"result": "ok" | "warnings" | "failed", "checks": [{"subject", "name", "result", "seen",
// "hint"}]} and a line feed; `hint` is null where there is none.
std::string ToJson(const std::vector<Checks>& all);

}  // namespace ddbvault
