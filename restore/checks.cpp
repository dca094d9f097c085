#include "restore/checks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/one_line.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

std::string Padded(std::string_view text, std::size_t width) {
  std::string padded(text);
  if (padded.size() < width) padded.resize(width, ' ');
  return padded;
}

}  // namespace

std::string_view CheckResultText(CheckResult result) {
  switch (result) {
    case CheckResult::kOk:
      return "ok";
    case CheckResult::kWarning:
      return "warning";
    case CheckResult::kFailed:
      return "failed";
    case CheckResult::kSkipped:
      return "skipped";
  }
  return "";
}

std::size_t Checks::Count(CheckResult result) const {
  return static_cast<std::size_t>(std::count_if(
      all_.begin(), all_.end(), [&](const Check& check) { return check.result == result; }));
}

void Checks::Ok(std::string_view name, std::string seen, std::string hint) {
  all_.push_back({std::string(name), CheckResult::kOk, std::move(seen), std::move(hint)});
}

void Checks::Warn(std::string_view name, std::string seen, std::string hint) {
  all_.push_back({std::string(name), CheckResult::kWarning, std::move(seen), std::move(hint)});
}

void Checks::Fail(std::string_view name, std::string seen, std::string hint) {
  all_.push_back({std::string(name), CheckResult::kFailed, std::move(seen), std::move(hint)});
}

void Checks::Skip(std::string_view name, std::string why) {
  all_.push_back({std::string(name), CheckResult::kSkipped, std::move(why), {}});
}

void Checks::Fail(std::string_view name, const Error& error, std::string_view allow) {
  std::string hint = error.hint();
  const bool permission = error.reaction() == Reaction::kPermission;
  if (IsDenied(error) || (permission && hint.empty() && error.code().empty())) {
    hint = allow;
  } else if (permission && hint.empty()) {
    hint = "check the credentials, and the region and endpoint that they are for";
  } else if (hint.empty() && error.reaction() == Reaction::kRetryLater) {
    hint = "run doctor again when the server answers";
  }
  Fail(name, error.what(), std::move(hint));
}

Task<bool> Checks::Try(std::string name, std::string allow, Task<std::string> work) {
  try {
    std::string seen = co_await std::move(work);
    Ok(name, std::move(seen));
    co_return true;
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    Fail(name, error, allow);
    co_return false;
  }
}

bool IsDenied(const Error& error) {
  return error.code() == "AccessDenied" || error.code() == "AccessDeniedException" ||
         (error.http_status() == 403 && error.code().empty());  // HEAD: without a body
}

std::string ToText(const Checks& checks) {
  std::size_t width = 0;
  for (const Check& check : checks.all()) width = std::max(width, check.name.size());
  std::string text = OneLine(checks.subject()) + "\n";
  for (const Check& check : checks.all()) {
    // What matters stands out among many lines that are fine.
    const bool failed = check.result == CheckResult::kFailed;
    text += "  " + Padded(failed ? "FAILED" : CheckResultText(check.result), 9) +
            Padded(check.name, width) + "  " + OneLine(check.seen) + "\n";
    if (!check.hint.empty()) text += "           hint: " + OneLine(check.hint) + "\n";
  }
  return text;
}

std::string ToJson(const std::vector<Checks>& all) {
  Json list = Json::array();
  bool failed = false;
  bool warned = false;
  for (const Checks& checks : all) {
    failed = failed || checks.Count(CheckResult::kFailed) > 0;
    warned = warned || checks.Count(CheckResult::kWarning) > 0;
    for (const Check& check : checks.all()) {
      list.push_back({{"subject", checks.subject()},
                      {"name", check.name},
                      {"result", CheckResultText(check.result)},
                      {"seen", check.seen},
                      {"hint", check.hint.empty() ? Json(nullptr) : Json(check.hint)}});
    }
  }
  const Json json = {{"result", failed ? "failed" : (warned ? "warnings" : "ok")},
                     {"checks", std::move(list)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ddbvault
