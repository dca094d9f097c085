#include "aws/credential_container.h"

#include <algorithm>
#include <utility>

#include "aws/credential_files.h"
#include "aws/credential_http.h"
#include "aws/credential_json.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::string_view kEcsHost = "http://169.254.170.2";  // ECS task metadata
constexpr Duration kTimeout(2000);  // botocore's ContainerMetadataFetcher
constexpr int kAttempts = 3;        // the same
constexpr std::size_t kMaxTokenSize = 64 * 1024;

// Absolute and without anything that could end the request line.
bool IsPlainUri(std::string_view uri) {
  return std::all_of(uri.begin(), uri.end(), [](char c) { return c > ' ' && c < 127; });
}

void CheckToken(const std::string& token, std::string_view where) {
  if (token.find_first_of("\r\n") == std::string::npos) return;
  throw Error(Reaction::kFixCommand, std::string(where) + " has a line break in it");
}

std::string ContainerUri(const Environment& environment) {
  const std::string relative =
      FromEnvironment(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) {
    // Without the slash it would become a part of the host's name.
    if (relative.front() == '/' && IsPlainUri(relative)) return std::string(kEcsHost) + relative;
    throw Error(Reaction::kFixCommand, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path");
  }
  std::string full = FromEnvironment(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty() || IsAllowedContainerUri(full)) return full;
  Error error(Reaction::kFixCommand,
              "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that may not be asked");
  error.Hint("Use https, or http to loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23].");
  throw error;
}

}  // namespace

bool IsAllowedContainerUri(std::string_view uri) {
  const std::string_view host = UrlHost(uri);
  const std::string_view authority = uri.substr(0, uri.find('/', 8));
  if (host.empty() || !IsPlainUri(uri) || authority.find('@') != std::string_view::npos) {
    return false;
  }
  if (uri.substr(0, 8) == "https://") return true;
  return uri.substr(0, 7) == "http://" && (IsLoopbackHost(host) || host == "169.254.170.2" ||
                                           host == "169.254.170.23" || host == "fd00:ec2::23");
}

Task<std::string> ContainerSource::Authorization() {
  const Environment& environment = context_.settings->environment;
  const std::string path = FromEnvironment(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (path.empty()) {
    std::string token = FromEnvironment(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    CheckToken(token, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    co_return token;
  }
  const auto read = [path] { return ReadSmallFile(path, kMaxTokenSize); };
  std::optional<std::string> token = co_await context_.workers.Run(read);
  if (!token) {
    throw Error(Reaction::kFixCommand,
                "the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is not there: " + path);
  }
  // One line end, as an editor leaves it, is not part of the token.
  if (!token->empty() && token->back() == '\n') token->pop_back();
  if (!token->empty() && token->back() == '\r') token->pop_back();
  CheckToken(*token, "the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  co_return std::move(*token);
}

Task<std::optional<Credentials>> ContainerSource::Fetch() {
  HttpRequest request;
  request.url = ContainerUri(context_.settings->environment);
  if (request.url.empty()) co_return std::nullopt;
  request.connect_timeout = kTimeout;
  request.idle_timeout = kTimeout;
  request.total_timeout = kTimeout * 2;
  request.use_proxy = false;
  request.headers.Add("Accept", "application/json");
  std::string authorization = co_await Authorization();
  if (!authorization.empty()) request.headers.Add("Authorization", std::move(authorization));
  HttpResponse response;
  try {
    response = co_await SendUnsigned(context_, std::move(request), kAttempts);
  } catch (Error& error) {
    error.Within(name());
    throw;
  }
  if (response.status != 200) {
    const bool passing = response.status == 429 || response.status >= 500;
    throw Error(passing ? Reaction::kRetryLater : Reaction::kPermission,
                name() + " answered with HTTP " + std::to_string(response.status))
        .HttpStatus(response.status);
  }
  const nlohmann::json object = ParseCredentialJson(response.body, name());
  co_return CredentialsFromJson(object, "Token", name());
}

}  // namespace ddbvault
