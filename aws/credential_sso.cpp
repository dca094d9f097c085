#include "aws/credential_sso.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "aws/credential_files.h"
#include "aws/credential_http.h"
#include "aws/credential_json.h"
#include "aws/sigv4.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

constexpr Duration kRenewBefore = std::chrono::minutes(15);  // botocore's SSOTokenProvider
constexpr std::size_t kMaxCacheSize = 256 * 1024;
constexpr int kAttempts = 3;  // the SDKs' standard mode

HttpRequest MakeRequest(const AwsSettings& settings, AwsService service, const std::string& region,
                        std::string_view path) {
  HttpRequest request;
  request.url = ResolveEndpoint(settings, service, region).url + std::string(path);
  request.use_proxy = !IsLoopbackHost(UrlHost(request.url));
  return request;
}

}  // namespace

std::string SsoSource::CachePath() const {
  const std::string& name = settings_.session.empty() ? settings_.start_url : settings_.session;
  const auto digest = Sha1(name);
  return FromEnvironment(context_.settings->environment, "HOME") + "/.aws/sso/cache/" +
         Hex(AsBytes(digest)) + ".json";
}

void SsoSource::FailLogin(const std::string& what) const {
  Error error(Reaction::kPermission, name() + ": " + what);
  error.Hint("Run: aws sso login --profile " + settings_.profile);
  throw error;
}

Task<bool> SsoSource::RenewToken(nlohmann::json* cache) {
  const std::optional<Time> registered = ParseTime(JsonText(*cache, "registrationExpiresAt"));
  nlohmann::json form{{"grantType", "refresh_token"}};
  for (const char* field : {"clientId", "clientSecret", "refreshToken"}) {
    form[field] = JsonText(*cache, field);
    if (JsonText(*cache, field).empty()) co_return false;
  }
  if (registered && *registered <= context_.clock.Now()) co_return false;
  const std::string body = form.dump();
  HttpRequest request =
      MakeRequest(*context_.settings, AwsService::kSsoOidc, settings_.region, "/token");
  request.method = "POST";
  request.headers.Add("Content-Type", "application/json");
  request.body = body;
  const HttpResponse response = co_await SendUnsigned(context_, std::move(request), kAttempts);
  if (response.status != 200) co_return false;
  const nlohmann::json answer = ParseCredentialJson(response.body, name());
  const auto lifetime = answer.find("expiresIn");
  if (JsonText(answer, "accessToken").empty() || lifetime == answer.end() ||
      !lifetime->is_number_integer()) {
    co_return false;
  }
  (*cache)["accessToken"] = JsonText(answer, "accessToken");
  (*cache)["expiresAt"] =
      FormatTime(FromEpochSeconds(EpochSeconds(context_.clock.Now()) + lifetime->get<int>()));
  const std::string refresh_token = JsonText(answer, "refreshToken");
  if (!refresh_token.empty()) (*cache)["refreshToken"] = refresh_token;
  co_return true;
}

Task<void> SsoSource::SaveToken(std::string text) {
  const std::string path = CachePath();
  const auto replace = [path, text] {
    ReplacePrivateFile(path, text);
    return true;
  };
  try {
    co_await context_.workers.Run(replace);
  } catch (const Error& error) {
    // The token in hand is good; what is lost is that the next program must renew it too.
    LogWarn("the renewed token of {} could not be saved: {}", name(), error.what());
  }
}

Task<std::string> SsoSource::AccessToken() {
  const std::string path = CachePath();
  const auto read = [path] { return ReadSmallFile(path, kMaxCacheSize); };
  const std::optional<std::string> text = co_await context_.workers.Run(read);
  if (!text) FailLogin("there is no token; it would be in " + path);
  nlohmann::json cache = nlohmann::json::parse(*text, nullptr, false);
  std::optional<Time> expires;
  if (cache.is_object()) expires = ParseTime(JsonText(cache, "expiresAt"));
  if (!expires || JsonText(cache, "accessToken").empty()) FailLogin("no token in " + path);

  const bool expired = *expires <= context_.clock.Now();
  const bool renew = !settings_.session.empty() && *expires - kRenewBefore <= context_.clock.Now();
  bool renewed = false;
  if (renew) {
    try {
      renewed = co_await RenewToken(&cache);
    } catch (const Error& error) {
      if (expired) throw;
      LogWarn("the token of {} could not be renewed, it is valid until {}: {}", name(),
              FormatTime(*expires), error.what());
    }
  }
  if (expired && !renewed) FailLogin("the token expired at " + FormatTime(*expires));
  if (renewed) {
    std::string renewed_text = cache.dump(2);
    co_await SaveToken(std::move(renewed_text));
  }
  co_return JsonText(cache, "accessToken");
}

Task<std::optional<Credentials>> SsoSource::Fetch() {
  std::string token = co_await AccessToken();
  HttpRequest request =
      MakeRequest(*context_.settings, AwsService::kSso, settings_.region,
                  "/federation/credentials?account_id=" + UriEncode(settings_.account_id) +
                      "&role_name=" + UriEncode(settings_.role_name));
  request.headers.Add("x-amz-sso_bearer_token", std::move(token));
  const HttpResponse response = co_await SendUnsigned(context_, std::move(request), kAttempts);
  if (response.status == 401) FailLogin("the token is not accepted any more");
  if (response.status != 200) {
    const bool passing = response.status == 429 || response.status >= 500;
    Error error(passing ? Reaction::kRetryLater : Reaction::kPermission,
                name() + " gives no credentials of role " + settings_.role_name + " in account " +
                    settings_.account_id + ": HTTP " + std::to_string(response.status));
    error.HttpStatus(response.status).Hint("Check sso_account_id and sso_role_name.");
    throw error;
  }
  const nlohmann::json answer = ParseCredentialJson(response.body, name());
  const nlohmann::json role = answer.value("roleCredentials", nlohmann::json::object());
  Credentials credentials;
  if (role.is_object()) {
    credentials.access_key_id = JsonText(role, "accessKeyId");
    credentials.secret_access_key = JsonText(role, "secretAccessKey");
    credentials.session_token = JsonText(role, "sessionToken");
    const auto expiration = role.find("expiration");  // milliseconds, unlike all others
    if (expiration != role.end() && expiration->is_number_integer()) {
      credentials.expires = Time(Duration(expiration->get<std::int64_t>()));
    }
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      !credentials.expires) {
    throw Error(Reaction::kPermission, name() + " answered without credentials");
  }
  credentials.account_id = settings_.account_id;
  co_return credentials;
}

}  // namespace ddbvault
