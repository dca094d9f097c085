#include "aws/sts_client.h"

#include "aws/caller.h"
#include "aws/s3_xml.h"
#include "aws/sigv4.h"
#include "base/error.h"

namespace ddbvault {
namespace {

[[noreturn]] void FailAnswer(std::string_view action) {
  throw Error(Reaction::kCorrupt,
              "STS's answer to " + std::string(action) + " cannot be understood");
}

std::string TextOf(const StsTexts& texts, std::string_view path) {
  const auto found = texts.find(path);
  return found == texts.end() ? std::string() : found->second;
}

}  // namespace

std::string StsForm(std::string_view action,
                    const std::vector<std::pair<std::string_view, std::string_view>>& parameters) {
  std::string form = "Action=" + std::string(action) + "&Version=2011-06-15";
  for (const auto& [name, value] : parameters) {
    form.append("&").append(UriEncode(name)).append("=").append(UriEncode(value));
  }
  return form;
}

Credentials ParseStsCredentials(std::string_view xml, std::string_view action) {
  const StsTexts texts = ParseStsResult(xml, action);
  Credentials credentials;
  credentials.access_key_id = TextOf(texts, "Credentials/AccessKeyId");
  credentials.secret_access_key = TextOf(texts, "Credentials/SecretAccessKey");
  credentials.session_token = TextOf(texts, "Credentials/SessionToken");
  credentials.expires = ParseTime(TextOf(texts, "Credentials/Expiration"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      credentials.session_token.empty() || !credentials.expires) {
    FailAnswer(action);
  }
  // arn:aws:sts::123456789012:assumed-role/name/session
  const std::string whole_arn = TextOf(texts, "AssumedRoleUser/Arn");
  std::string_view arn = whole_arn;
  for (int colon = 0; colon < 4 && !arn.empty(); ++colon) {
    const std::size_t at = arn.find(':');
    arn.remove_prefix(at == std::string_view::npos ? arn.size() : at + 1);
  }
  credentials.account_id = arn.substr(0, arn.find(':'));
  return credentials;
}

std::pair<std::string, std::string> ParseStsError(std::string_view xml) {
  S3ErrorDocument error = ParseS3Error(xml);
  return {std::move(error.code), std::move(error.message)};
}

Task<std::string> StsClient::Call(std::string form) {
  AwsRequest request;
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = form;
  std::vector<int> accepted;
  AwsResponse response = co_await caller_->Call(std::move(request), std::move(accepted));
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
  const StsTexts texts = ParseStsResult(xml, "GetCallerIdentity");
  CallerIdentity identity{TextOf(texts, "Account"), TextOf(texts, "Arn")};
  if (identity.account.empty() || identity.arn.empty()) FailAnswer("GetCallerIdentity");
  co_return identity;
}

}  // namespace ddbvault
