#include "aws/credential_chain.h"

#include <algorithm>
#include <utility>

#include "aws/credential_container.h"
#include "aws/credential_environment.h"
#include "aws/credential_profile.h"
#include "aws/credential_web_identity.h"
#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

class WebIdentityOfEnvironment : public CredentialSource {
 public:
  explicit WebIdentityOfEnvironment(CredentialContext context) : context_(std::move(context)) {}
  std::string name() const override { return "AWS_WEB_IDENTITY_TOKEN_FILE"; }
  Task<std::optional<Credentials>> Fetch() override {
    std::optional<WebIdentitySettings> settings =
        WebIdentityFromEnvironment(context_.settings->environment);
    if (!settings) co_return std::nullopt;
    WebIdentitySource source(context_, std::move(*settings));
    co_return co_await source.Fetch();
  }

 private:
  CredentialContext context_;
};

// The instance's metadata is asked without anybody having said that it is there: a refusal (not an
// instance of EC2's, metadata switched off) says no more than silence.
class GuessedImds : public CredentialSource {
 public:
  GuessedImds(CredentialContext context, std::shared_ptr<ImdsClient> client)
      : source_(std::move(context), std::move(client)) {}
  std::string name() const override { return source_.name(); }
  bool outlives_expiry() const override { return true; }
  Task<std::optional<Credentials>> Fetch() override {
    try {
      std::optional<Credentials> credentials = co_await source_.Fetch();
      proven_ = proven_ || credentials.has_value();
      co_return credentials;
    } catch (const Error& error) {
      if (proven_ || error.reaction() == Reaction::kRetryLater || !error.code().empty()) throw;
      LogDebug("{}", error.what());
    }
    co_return std::nullopt;
  }

 private:
  ImdsSource source_;
  bool proven_ = false;
};

}  // namespace

std::string CredentialChain::name() const { return chosen_ ? chosen_->name() : "the usual places"; }

bool CredentialChain::outlives_expiry() const { return chosen_ && chosen_->outlives_expiry(); }

Task<std::optional<Credentials>> CredentialChain::Fetch() {
  if (chosen_) {
    std::optional<Credentials> credentials = co_await chosen_->Fetch();
    if (credentials) co_return credentials;
    // What gave some before is likely to come back; the caller may try again.
    throw Error(Reaction::kRetryLater, chosen_->name() + " gives no credentials any more");
  }
  std::vector<std::string> places;
  for (const std::shared_ptr<CredentialSource>& source : sources_) {
    std::optional<Credentials> credentials = co_await source->Fetch();
    if (credentials) {
      chosen_ = source;
      LogDebug("credentials come from {}", source->name());
      co_return credentials;
    }
    const std::string place = source->name();
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  }
  std::string list;
  for (const std::string& place : places) list += (list.empty() ? "" : ", ") + place;
  Error error(Reaction::kPermission, "no AWS credentials found (looked in: " + list + ")");
  error.Code(kNoCredentials)
      .Hint(
          "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile or "
          "AWS_PROFILE, or give this host a role.")
      .Usage();
  throw error;
}

std::shared_ptr<CredentialSource> MakeDefaultChain(const CredentialContext& context,
                                                   std::shared_ptr<ImdsClient> imds) {
  std::vector<std::shared_ptr<CredentialSource>> sources;
  if (context.settings->profile_is_explicit) {
    sources.push_back(std::make_shared<ProfileSource>(context, ProfileSource::Part::kAll));
  } else {
    sources.push_back(std::make_shared<EnvironmentSource>(context.settings->environment));
    sources.push_back(std::make_shared<ProfileSource>(context, ProfileSource::Part::kRoleOnly));
    sources.push_back(std::make_shared<WebIdentityOfEnvironment>(context));
    sources.push_back(std::make_shared<ProfileSource>(context, ProfileSource::Part::kRest));
  }
  sources.push_back(std::make_shared<ContainerSource>(context));
  sources.push_back(std::make_shared<GuessedImds>(context, std::move(imds)));
  return std::make_shared<CredentialChain>(std::move(sources));
}

}  // namespace ddbvault
