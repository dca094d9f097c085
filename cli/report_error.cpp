#include "cli/report_error.h"

#include <nlohmann/json.hpp>

#include "base/one_line.h"

namespace ddbvault {
std::string ErrorText(const Error& error) {
  std::string text = "ddbvault: " + OneLine(error.what()) + "\n";
  if (!error.hint().empty()) text += "  hint: " + OneLine(error.hint()) + "\n";
  return text;
}

std::string ErrorJson(const Error& error, ExitStatus status) {
  nlohmann::ordered_json details;
  details["reaction"] = ReactionName(error.reaction());
  details["message"] = error.what();
  if (!error.hint().empty()) details["hint"] = error.hint();
  if (!error.code().empty()) details["code"] = error.code();
  if (!error.request_id().empty()) details["requestId"] = error.request_id();
  if (error.http_status() != 0) details["httpStatus"] = error.http_status();
  nlohmann::ordered_json document;
  document["error"] = std::move(details);
  document["exitStatus"] = static_cast<int>(status);
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  return document.dump(-1, ' ', false, kReplace) + "\n";
}

}  // namespace ddbvault
