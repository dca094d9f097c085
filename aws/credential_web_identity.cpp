#include "aws/credential_web_identity.h"

#include <utility>
#include <vector>

#include "aws/credential_assume_role.h"
#include "aws/credential_files.h"
#include "aws/credential_http.h"
#include "aws/sts_client.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kMaxTokenSize = 64 * 1024;  // STS takes 20000 characters
constexpr int kAttempts = 3;                      // the SDKs' standard mode

// What aws-c-auth repeats: the provider could not be asked, or has not got its new keys out yet.
bool IsPassing(const HttpResponse& response) {
  if (response.status < 400) return false;
  const std::string code = ParseStsError(response.body).first;
  return code == "IDPCommunicationError" || code == "InvalidIdentityToken" ||
         code == "Throttling" || code == "ThrottlingException";
}

[[noreturn]] void FailAnswer(const HttpResponse& response, const std::string& role_arn) {
  const auto [code, message] = ParseStsError(response.body);
  const bool passing =
      response.status == 429 || response.status >= 500 || code == "IDPCommunicationError";
  std::string text = "STS refuses the web identity for role " + role_arn + ": HTTP " +
                     std::to_string(response.status);
  if (!code.empty()) text += " " + code;
  if (!message.empty()) text += ": " + message.substr(0, 500);
  Error error(passing ? Reaction::kRetryLater : Reaction::kPermission, std::move(text));
  error.Code(code)
      .HttpStatus(response.status)
      .RequestId(response.headers.Find("x-amzn-requestid"))
      .Hint("Check the role's trust policy, and that the token is current.");
  throw error;
}

}  // namespace

std::optional<WebIdentitySettings> WebIdentityFromEnvironment(const Environment& environment) {
  WebIdentitySettings settings;
  settings.token_file = FromEnvironment(environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  if (settings.token_file.empty()) return std::nullopt;
  settings.role_arn = FromEnvironment(environment, "AWS_ROLE_ARN");
  settings.session_name = FromEnvironment(environment, "AWS_ROLE_SESSION_NAME");
  settings.where = "AWS_WEB_IDENTITY_TOKEN_FILE";
  if (!settings.role_arn.empty()) return settings;
  Error error(Reaction::kFixCommand, "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not");
  error.Hint("Set both, or neither to use another source of credentials.");
  throw error;
}

Task<std::string> WebIdentitySource::ReadToken() {
  const std::string path = settings_.token_file;
  const auto read = [path] { return ReadSmallFile(path, kMaxTokenSize); };
  std::optional<std::string> token = co_await context_.workers.Run(read);
  if (!token) {
    throw Error(Reaction::kFixCommand, "the web identity's token file is not there: " + path);
  }
  while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
  co_return std::move(*token);
}

Task<std::optional<Credentials>> WebIdentitySource::Fetch() {
  const std::string token = co_await ReadToken();
  const std::string session_name = settings_.session_name.empty()
                                       ? MakeSessionName(context_.clock.Now())
                                       : settings_.session_name;
  std::vector<std::pair<std::string_view, std::string_view>> parameters = {
      {"RoleArn", settings_.role_arn}, {"RoleSessionName", session_name}};
  const std::string duration =
      settings_.duration_seconds ? std::to_string(*settings_.duration_seconds) : "";
  if (!duration.empty()) parameters.emplace_back("DurationSeconds", duration);
  parameters.emplace_back("WebIdentityToken", token);
  const std::string form = StsForm("AssumeRoleWithWebIdentity", parameters);

  HttpRequest request;
  request.method = "POST";
  request.url = StsEndpoint(*context_.settings).url + "/";
  request.use_proxy = !IsLoopbackHost(UrlHost(request.url));
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = form;
  std::optional<HttpResponse> response;
  try {
    response = co_await SendUnsigned(context_, std::move(request), kAttempts, IsPassing);
  } catch (Error& error) {
    error.Within(name());
    throw;
  }
  if (response->status != 200) FailAnswer(*response, settings_.role_arn);
  co_return ParseStsCredentials(response->body, "AssumeRoleWithWebIdentity");
}

}  // namespace ddbvault
