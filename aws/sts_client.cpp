#include "aws/sts_client.h"

#include <pugixml.hpp>

#include "aws/caller.h"
#include "base/error.h"

namespace ddbvault {
namespace {

void AppendEncoded(std::string* text, std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos;
    if (plain) {
      *text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      *text += '%';
      *text += kHex[byte >> 4U];
      *text += kHex[byte & 15U];
    }
  }
}

[[noreturn]] void FailAnswer(std::string_view action) {
  throw Error(Reaction::kCorrupt,
              "STS's answer to " + std::string(action) + " cannot be understood");
}

pugi::xml_node FindResult(const pugi::xml_document& document, std::string_view action) {
  const std::string name(action);
  return document.child((name + "Response").c_str()).child((name + "Result").c_str());
}

}  // namespace

std::string StsForm(std::string_view action,
                    const std::vector<std::pair<std::string_view, std::string_view>>& parameters) {
  std::string form = "Action=" + std::string(action) + "&Version=2011-06-15";
  for (const auto& [name, value] : parameters) {
    form += '&';
    AppendEncoded(&form, name);
    form += '=';
    AppendEncoded(&form, value);
  }
  return form;
}

Credentials ParseStsCredentials(std::string_view xml, std::string_view action) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) FailAnswer(action);
  const pugi::xml_node result = FindResult(document, action);
  const pugi::xml_node node = result.child("Credentials");
  Credentials credentials;
  credentials.access_key_id = node.child_value("AccessKeyId");
  credentials.secret_access_key = node.child_value("SecretAccessKey");
  credentials.session_token = node.child_value("SessionToken");
  credentials.expires = ParseTime(node.child_value("Expiration"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      credentials.session_token.empty() || !credentials.expires) {
    FailAnswer(action);
  }
  // arn:aws:sts::123456789012:assumed-role/name/session
  std::string_view arn = result.child("AssumedRoleUser").child_value("Arn");
  for (int colon = 0; colon < 4 && !arn.empty(); ++colon) {
    const std::size_t at = arn.find(':');
    arn.remove_prefix(at == std::string_view::npos ? arn.size() : at + 1);
  }
  credentials.account_id = arn.substr(0, arn.find(':'));
  return credentials;
}

std::pair<std::string, std::string> ParseStsError(std::string_view xml) {
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size());
  const pugi::xml_node error = document.child("ErrorResponse").child("Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

Task<std::string> StsClient::Call(std::string form) {
  AwsRequest request;
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = form;
  std::vector<int> accepted;
  AwsResponse response = co_await caller_->Call(request, std::move(accepted));
  co_return std::move(response.http.body);
}

Task<Credentials> StsClient::AssumeRole(AssumeRoleRequest request) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters = {
      {"RoleArn", request.role_arn}, {"RoleSessionName", request.session_name}};
  const std::string duration =
      request.duration_seconds ? std::to_string(*request.duration_seconds) : "";
  if (!duration.empty()) parameters.emplace_back("DurationSeconds", duration);
  if (!request.external_id.empty()) parameters.emplace_back("ExternalId", request.external_id);
  std::string form = StsForm("AssumeRole", parameters);
  const std::string xml = co_await Call(std::move(form));
  co_return ParseStsCredentials(xml, "AssumeRole");
}

Task<CallerIdentity> StsClient::GetCallerIdentity() {
  std::string form = StsForm("GetCallerIdentity", {});
  const std::string xml = co_await Call(std::move(form));
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) FailAnswer("GetCallerIdentity");
  const pugi::xml_node result = FindResult(document, "GetCallerIdentity");
  CallerIdentity identity{result.child_value("Account"), result.child_value("Arn")};
  if (identity.account.empty() || identity.arn.empty()) FailAnswer("GetCallerIdentity");
  co_return identity;
}

}  // namespace ddbvault
