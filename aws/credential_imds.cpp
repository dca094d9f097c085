#include "aws/credential_imds.h"

#include <chrono>
#include <utility>

#include "aws/credential_http.h"
#include "aws/credential_json.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::chrono::seconds kTokenLifetime(21600);  // the longest that IMDSv2 allows
constexpr Duration kTokenMargin = std::chrono::minutes(2);
constexpr Duration kTimeout(1000);
constexpr int kAttemptsOnceAnswered = 4;  // the AWS SDK for Rust's
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view kWho = "the instance's metadata service";

[[noreturn]] void FailStatus(std::string_view what, int status) {
  const bool passing = status == 429 || status >= 500;
  Error error(passing ? Reaction::kRetryLater : Reaction::kPermission,
              std::string(kWho) + " answered " + std::string(what) + " with HTTP " +
                  std::to_string(status));
  error.HttpStatus(status).Hint(
      "IMDSv2 must be enabled on the instance, with a hop limit of 2 for containers.");
  throw error;
}

}  // namespace

Task<HttpResponse> ImdsClient::Send(HttpRequest request) {
  request.connect_timeout = kTimeout;
  request.idle_timeout = kTimeout;
  request.total_timeout = kTimeout * 2;
  request.use_proxy = false;
  const int attempts = answered_ ? kAttemptsOnceAnswered : context_.settings->imds_attempts;
  HttpResponse response = co_await SendUnsigned(context_, std::move(request), attempts);
  answered_ = true;
  co_return response;
}

// False: there is no such service here.
Task<bool> ImdsClient::FetchToken() {
  HttpRequest request;
  request.method = "PUT";
  request.url = context_.settings->imds_endpoint + "/latest/api/token";
  request.headers.Add("x-aws-ec2-metadata-token-ttl-seconds",
                      std::to_string(kTokenLifetime.count()));
  HttpResponse response;
  try {
    response = co_await Send(std::move(request));
  } catch (Error& error) {
    if (!answered_ && error.reaction() == Reaction::kRetryLater) co_return false;
    error.Within(kWho);
    throw;
  }
  if (response.status != 200) FailStatus("the request for a session token", response.status);
  if (response.body.empty() || response.body.find_first_of("\r\n ") != std::string::npos) {
    throw Error(Reaction::kPermission, std::string(kWho) + " did not answer with a session token");
  }
  token_ = std::move(response.body);
  token_expires_ = context_.clock.Now() + kTokenLifetime - kTokenMargin;
  co_return true;
}

Task<std::optional<std::string>> ImdsClient::Get(std::string path) {
  if (context_.settings->imds_disabled) co_return std::nullopt;
  for (bool again = true;; again = false) {
    if (!has_token()) {
      const bool there = co_await FetchToken();
      if (!there) co_return std::nullopt;
    }
    HttpRequest request;
    request.url = context_.settings->imds_endpoint + path;
    request.headers.Add("x-aws-ec2-metadata-token", token_);
    HttpResponse response;
    try {
      response = co_await Send(std::move(request));
    } catch (Error& error) {
      error.Within(kWho);
      throw;
    }
    if (response.status == 200) co_return std::move(response.body);
    if (response.status == 404) co_return std::nullopt;
    // The token has been forgotten over there (a stopped and started instance): one new one.
    token_.clear();
    if (response.status != 401 || !again) FailStatus("a request", response.status);
  }
}

Task<std::optional<Credentials>> ImdsSource::Fetch() {
  std::string path(kRolePath);
  const std::optional<std::string> roles = co_await client_->Get(std::move(path));
  if (!roles) co_return std::nullopt;
  const std::string role = roles->substr(0, roles->find_first_of("\r\n"));
  if (role.empty()) co_return std::nullopt;
  if (role.find_first_of("/?# ") != std::string::npos) {
    throw Error(Reaction::kPermission, name() + " did not answer with the name of a role");
  }
  path = std::string(kRolePath) + role;
  const std::optional<std::string> text = co_await client_->Get(std::move(path));
  if (!text) co_return std::nullopt;
  const nlohmann::json object = ParseCredentialJson(*text, name());
  const std::string code = JsonText(object, "Code");
  if (code != "Success") {
    Error error(Reaction::kPermission, name() + " has no credentials of role " + role);
    error.Code(code).Hint("Check the role's trust policy: it must allow ec2.amazonaws.com.");
    throw error;
  }
  co_return CredentialsFromJson(object, "Token", name());
}

}  // namespace ddbvault
