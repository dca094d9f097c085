// All that AWS users can set for an SDK, resolved once from what was given explicitly, the
// environment and the profile files; strongest first.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/endpoint.h"
#include "aws/profile_file.h"

namespace ddbvault {

// What a person gave on the command line or in ddbvault's own config file; empty: nothing.
struct AwsOverrides {
  std::string profile;
  std::string region;
  std::string ca_bundle;
  std::map<AwsService, std::string> endpoint_urls;
};

struct AwsSettings {
  Environment environment;
  std::shared_ptr<const ProfileFile> profiles;

  std::string profile;               // "default" when nobody named one
  bool profile_is_explicit = false;  // an override: the environment's credentials do not count then
  std::string region;                // empty: nobody said; AwsSession asks the instance's metadata
  std::map<AwsService, std::string> endpoint_urls;  // of services that have one of their own
  std::string ca_bundle;                            // path of a PEM file; empty: the system's
  EndpointVariant variant;
  std::string retry_mode;  // "standard", "adaptive" or "legacy"
  std::optional<int> max_attempts;
  std::string app_id;                        // for the User-Agent: "app/<app_id>"
  std::string account_id_endpoint_mode;      // "preferred", "disabled" or "required"
  std::string request_checksum_calculation;  // "when_supported" or "when_required"
  std::string response_checksum_validation;  // the same
  S3Addressing s3_addressing = S3Addressing::kAuto;
  bool legacy_sts = false;  // sts.amazonaws.com for the regions that used it once

  bool imds_disabled = false;
  std::string imds_endpoint;  // "http://169.254.169.254" unless told otherwise
  int imds_attempts = 2;      // tries until metadata has answered for the first time

  // The section of `profile`; nullptr: there is none (only ever for "default").
  const ProfileSection* CurrentProfile() const { return profiles->FindProfile(profile); }
};

// Reads the profile files (blocks; for start-up) and resolves.  Throws Error{kFixCommand}, naming
// the setting: a file that is not well-formed, a value that is not allowed, a named profile that is
// not there.
AwsSettings ResolveAwsSettings(const AwsOverrides& overrides = {},
                               Environment environment = ProcessEnvironment());

struct ResolvedEndpoint {
  std::string url;  // without a trailing slash
  std::string signing_region;
  bool custom = false;  // a person gave it
};

// Throws Error{kFixCommand} when there is none: region unusable, or an endpoint URL together with
// FIPS or dual-stack.
ResolvedEndpoint ResolveEndpoint(const AwsSettings& settings, AwsService service,
                                 const std::string& region);

}  // namespace ddbvault
