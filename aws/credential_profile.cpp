#include "aws/credential_profile.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "aws/credential_assume_role.h"
#include "aws/credential_container.h"
#include "aws/credential_environment.h"
#include "aws/credential_imds.h"
#include "aws/credential_process.h"
#include "aws/credential_sso.h"
#include "aws/credential_web_identity.h"
#include "base/error.h"

namespace ddbvault {
namespace {

using SourcePointer = std::shared_ptr<CredentialSource>;

// Walks along source_profile, from the first profile to the one that has credentials of its own.
class Builder {
 public:
  explicit Builder(const CredentialContext& context) : context_(context) {}

  SourcePointer Build(const std::string& profile) {
    const ProfileSection* section = context_.settings->profiles->FindProfile(profile);
    if (section == nullptr) return nullptr;
    const bool is_source = !visited_.empty();
    Visit(profile);
    if (is_source) {
      if (SourcePointer keys = BuildKeys(profile, *section)) return keys;
    }
    if (!section->Find("role_arn").empty()) return BuildRole(profile, *section);
    if (SourcePointer sso = BuildSso(profile, *section)) return sso;
    if (SourcePointer keys = BuildKeys(profile, *section)) return keys;
    const std::string command = section->Find("credential_process");
    if (!command.empty()) return std::make_shared<ProcessSource>(context_, profile, command);
    if (!section->Find("login_session").empty()) FailLoginSession(profile);
    return nullptr;
  }

 private:
  [[noreturn]] static void Fail(const std::string& profile, const std::string& what,
                                std::string_view hint = {}) {
    Error error(Reaction::kFixCommand, "profile " + profile + ": " + what);
    error.Hint(hint);
    throw error;
  }

  [[noreturn]] static void FailLoginSession(const std::string& profile) {
    Fail(profile, "login_session (aws login) is not supported",
         "In another profile set credential_process = aws configure export-credentials --profile " +
             profile + " --format process");
  }

  void Visit(const std::string& profile) {
    const bool circle = std::find(visited_.begin(), visited_.end(), profile) != visited_.end();
    visited_.push_back(profile);
    if (!circle) return;
    std::string path;
    for (const std::string& name : visited_) path += (path.empty() ? "" : " -> ") + name;
    Fail(visited_.front(), "its source profiles go round in a circle: " + path);
  }

  static SourcePointer BuildKeys(const std::string& profile, const ProfileSection& section) {
    Credentials keys;
    keys.access_key_id = section.Find("aws_access_key_id");
    keys.secret_access_key = section.Find("aws_secret_access_key");
    keys.session_token = section.Find("aws_session_token");
    keys.account_id = section.Find("aws_account_id");
    if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return nullptr;
    if (keys.access_key_id.empty()) Fail(profile, "aws_access_key_id is missing");
    if (keys.secret_access_key.empty()) Fail(profile, "aws_secret_access_key is missing");
    return std::make_shared<StaticSource>("profile " + profile, std::move(keys));
  }

  SourcePointer BuildRole(const std::string& profile, const ProfileSection& section) {
    const std::string source_profile = section.Find("source_profile");
    const std::string credential_source = section.Find("credential_source");
    const std::string token_file = section.Find("web_identity_token_file");
    const int sources = static_cast<int>(!source_profile.empty()) +
                        static_cast<int>(!credential_source.empty()) +
                        static_cast<int>(!token_file.empty());
    if (sources != 1) {
      Fail(profile,
           "role_arn needs exactly one of source_profile, credential_source and "
           "web_identity_token_file");
    }
    if (!token_file.empty()) return BuildWebIdentity(profile, section);
    if (!section.Find("mfa_serial").empty()) {
      Fail(profile, "mfa_serial needs a person to type a code, and ddbvault does not ask",
           "Get temporary credentials with: aws configure export-credentials --profile " + profile +
               " --format env");
    }
    AssumeRoleRequest request;
    request.role_arn = section.Find("role_arn");
    request.session_name = section.Find("role_session_name");
    request.external_id = section.Find("external_id");
    request.duration_seconds = RoleDuration(profile, section);
    SourcePointer base = source_profile.empty()
                             ? BuildCredentialSource(profile, credential_source)
                             : BuildSourceProfile(profile, section, source_profile);
    return std::make_shared<AssumeRoleSource>(context_, std::move(base), std::move(request),
                                              profile);
  }

  SourcePointer BuildSourceProfile(const std::string& profile, const ProfileSection& section,
                                   const std::string& source_profile) {
    if (source_profile == profile) {
      // A profile may take its own keys to assume its role, nothing else of its own.
      if (SourcePointer keys = BuildKeys(profile, section)) return keys;
    }
    SourcePointer base = Build(source_profile);
    if (base == nullptr) {
      Fail(profile, "source_profile " + source_profile + " does not exist or has no credentials");
    }
    return base;
  }

  SourcePointer BuildCredentialSource(const std::string& profile, const std::string& name) {
    if (name == "Environment") {
      return std::make_shared<EnvironmentSource>(context_.settings->environment);
    }
    if (name == "Ec2InstanceMetadata") {
      return std::make_shared<ImdsSource>(context_, std::make_shared<ImdsClient>(context_));
    }
    if (name == "EcsContainer") return std::make_shared<ContainerSource>(context_);
    Fail(profile,
         "credential_source must be one of: Environment, Ec2InstanceMetadata, "
         "EcsContainer");
  }

  SourcePointer BuildWebIdentity(const std::string& profile, const ProfileSection& section) {
    WebIdentitySettings settings;
    settings.role_arn = section.Find("role_arn");
    settings.token_file = section.Find("web_identity_token_file");
    settings.session_name = section.Find("role_session_name");
    settings.duration_seconds = RoleDuration(profile, section);
    settings.where = "the web identity of profile " + profile;
    return std::make_shared<WebIdentitySource>(context_, std::move(settings));
  }

  // 15 minutes to 12 hours (STS's API reference).
  static std::optional<int> RoleDuration(const std::string& profile,
                                         const ProfileSection& section) {
    const std::string text = section.Find("duration_seconds");
    if (text.empty()) return std::nullopt;
    int seconds = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, seconds);
    if (problem == std::errc() && stop == end && seconds >= 900 && seconds <= 43200) {
      return seconds;
    }
    Fail(profile, "duration_seconds must be a number from 900 to 43200");
  }

  SourcePointer BuildSso(const std::string& profile, const ProfileSection& section) {
    SsoSettings settings;
    settings.profile = profile;
    settings.session = section.Find("sso_session");
    settings.start_url = section.Find("sso_start_url");
    settings.region = section.Find("sso_region");
    settings.account_id = section.Find("sso_account_id");
    settings.role_name = section.Find("sso_role_name");
    // With neither, the profile is only for the bearer tokens of other tools.
    if (settings.account_id.empty() && settings.role_name.empty()) return nullptr;
    if (settings.account_id.empty()) Fail(profile, "sso_account_id is missing");
    if (settings.role_name.empty()) Fail(profile, "sso_role_name is missing");
    if (!settings.session.empty()) ReadSsoSession(&settings);
    if (settings.start_url.empty()) Fail(profile, "sso_start_url is missing");
    if (settings.region.empty()) Fail(profile, "sso_region is missing");
    return std::make_shared<SsoSource>(context_, std::move(settings));
  }

  void ReadSsoSession(SsoSettings* settings) const {
    const auto& sessions = context_.settings->profiles->sso_sessions;
    const auto found = sessions.find(settings->session);
    if (found == sessions.end()) {
      Fail(settings->profile, "there is no [sso-session " + settings->session + "]");
    }
    const std::string start_url = found->second.Find("sso_start_url");
    const std::string region = found->second.Find("sso_region");
    const bool differ = (!settings->start_url.empty() && settings->start_url != start_url) ||
                        (!settings->region.empty() && settings->region != region);
    if (differ) {
      Fail(settings->profile, "its sso_start_url or sso_region is not that of [sso-session " +
                                  settings->session + "]");
    }
    settings->start_url = start_url;
    settings->region = region;
  }

  const CredentialContext& context_;
  std::vector<std::string> visited_;
};

}  // namespace

SourcePointer MakeProfileSource(const CredentialContext& context, const std::string& profile) {
  return Builder(context).Build(profile);
}

std::string ProfileSource::name() const { return "profile " + context_.settings->profile; }

Task<std::optional<Credentials>> ProfileSource::Fetch() {
  if (source_ == nullptr) {
    const ProfileSection* section = context_.settings->CurrentProfile();
    if (section == nullptr) co_return std::nullopt;
    const bool role =
        !section->Find("role_arn").empty() && section->Find("web_identity_token_file").empty();
    const bool other_part = part_ == (role ? Part::kRest : Part::kRoleOnly);
    if (other_part) co_return std::nullopt;
    source_ = MakeProfileSource(context_, context_.settings->profile);
    if (source_ == nullptr) co_return std::nullopt;
  }
  co_return co_await source_->Fetch();
}

}  // namespace ddbvault
