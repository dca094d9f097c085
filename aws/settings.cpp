#include "aws/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <utility>

#include "aws/lower.h"
#include "base/error.h"

namespace ddbvault {
namespace {

struct ServiceNames {
  AwsService service;
  std::string_view variable;  // AWS_ENDPOINT_URL_<variable>
  std::string_view key;       // in a services section
};

constexpr std::array<ServiceNames, 6> kServices = {{
    {AwsService::kDynamoDb, "DYNAMODB", "dynamodb"},
    {AwsService::kStreams, "DYNAMODB_STREAMS", "dynamodb_streams"},
    {AwsService::kS3, "S3", "s3"},
    {AwsService::kSts, "STS", "sts"},
    {AwsService::kSso, "SSO", "sso"},
    {AwsService::kSsoOidc, "SSO_OIDC", "sso_oidc"},
}};

// A setting's value and its name, for messages.
struct Found {
  std::string value;
  std::string where;
};

class Resolver {
 public:
  Resolver(const AwsOverrides& overrides, Environment environment) : overrides_(overrides) {
    settings_.environment = std::move(environment);
    settings_.profiles = std::make_shared<ProfileFile>(LoadProfileFile(settings_.environment));
  }

  AwsSettings Resolve() {
    ResolveProfile();
    settings_.region = !overrides_.region.empty() ? overrides_.region : FindRegion();
    settings_.ca_bundle = !overrides_.ca_bundle.empty() ? overrides_.ca_bundle
                                                        : Find("AWS_CA_BUNDLE", "ca_bundle").value;
    settings_.variant.fips = Flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    settings_.variant.dual_stack = Flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    ResolveRetries();
    settings_.app_id = Find("AWS_SDK_UA_APP_ID", "sdk_ua_app_id").value;
    settings_.account_id_endpoint_mode =
        OneOf("AWS_ACCOUNT_ID_ENDPOINT_MODE", "account_id_endpoint_mode",
              {"preferred", "disabled", "required"});
    settings_.request_checksum_calculation =
        OneOf("AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation",
              {"when_supported", "when_required"});
    settings_.response_checksum_validation =
        OneOf("AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation",
              {"when_supported", "when_required"});
    settings_.legacy_sts = OneOf("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints",
                                 {"regional", "legacy"}) == "legacy";
    ResolveS3Addressing();
    ResolveImds();
    ResolveEndpointUrls();
    return std::move(settings_);
  }

 private:
  void ResolveProfile() {
    settings_.profile_is_explicit = !overrides_.profile.empty();
    std::string name = overrides_.profile;
    // AWS_DEFAULT_PROFILE is what the AWS CLI read first, and still reads.
    if (name.empty()) name = FromEnvironment(settings_.environment, "AWS_PROFILE");
    if (name.empty()) name = FromEnvironment(settings_.environment, "AWS_DEFAULT_PROFILE");
    settings_.profile = name.empty() ? "default" : name;
    if (name.empty() || name == "default" || settings_.CurrentProfile() != nullptr) return;
    Error error(Reaction::kFixCommand, "there is no AWS profile \"" + name + "\"");
    error.Hint("Profiles are read from " + settings_.profiles->config_path + " and " +
               settings_.profiles->credentials_path + "; check AWS_PROFILE or --profile.");
    throw error;
  }

  Found FindInProfile(std::string_view key) const {
    const ProfileSection* section = settings_.CurrentProfile();
    return {section == nullptr ? "" : section->Find(key),
            std::string(key) + " of profile " + settings_.profile};
  }

  Found Find(std::string_view variable, std::string_view key) const {
    Found found{FromEnvironment(settings_.environment, variable), std::string(variable)};
    return found.value.empty() ? FindInProfile(key) : found;
  }

  std::string FindRegion() const {
    // The SDKs read AWS_REGION, botocore AWS_DEFAULT_REGION.
    std::string region = FromEnvironment(settings_.environment, "AWS_REGION");
    return region.empty() ? Find("AWS_DEFAULT_REGION", "region").value : region;
  }

  bool Flag(std::string_view variable, std::string_view key) const {
    const Found found = Find(variable, key);
    const std::string value = Lower(found.value);
    if (value.empty() || value == "false") return false;
    if (value == "true") return true;
    throw Error(Reaction::kFixCommand, found.where + " must be true or false");
  }

  // One of the values, the first when nothing is set.
  std::string OneOf(std::string_view variable, std::string_view key,
                    std::initializer_list<std::string_view> values) const {
    const Found found = Find(variable, key);
    std::string value = Lower(found.value);
    if (value.empty()) return std::string(*values.begin());
    if (std::find(values.begin(), values.end(), value) != values.end()) return value;
    std::string list;
    for (const std::string_view allowed : values) {
      list += (list.empty() ? "" : ", ") + std::string(allowed);
    }
    throw Error(Reaction::kFixCommand, found.where + " must be one of: " + list);
  }

  std::optional<int> Count(std::string_view variable, std::string_view key) const {
    const Found found = Find(variable, key);
    if (found.value.empty()) return std::nullopt;
    int count = 0;
    const char* end = found.value.data() + found.value.size();
    const auto [stop, problem] = std::from_chars(found.value.data(), end, count);
    if (problem == std::errc() && stop == end && count >= 1) return count;
    throw Error(Reaction::kFixCommand, found.where + " must be a whole number from 1");
  }

  void ResolveRetries() {
    settings_.retry_mode =
        OneOf("AWS_RETRY_MODE", "retry_mode", {"standard", "adaptive", "legacy"});
    settings_.max_attempts = Count("AWS_MAX_ATTEMPTS", "max_attempts");
  }

  void ResolveS3Addressing() {
    const ProfileSection* section = settings_.CurrentProfile();
    if (section == nullptr) return;
    const std::string style = Lower(section->FindSub("s3", "addressing_style"));
    if (style == "path") {
      settings_.s3_addressing = S3Addressing::kPath;
    } else if (style == "virtual") {
      settings_.s3_addressing = S3Addressing::kVirtual;
    } else if (!style.empty() && style != "auto") {
      throw Error(Reaction::kFixCommand, "addressing_style below s3 of profile " +
                                             settings_.profile +
                                             " must be one of: auto, path, virtual");
    }
  }

  void ResolveImds() {
    settings_.imds_disabled =
        Lower(FromEnvironment(settings_.environment, "AWS_EC2_METADATA_DISABLED")) == "true";
    settings_.imds_attempts =
        Count("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts").value_or(2);
    const std::string mode = OneOf("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                   "ec2_metadata_service_endpoint_mode", {"ipv4", "ipv6"});
    const Found given = Find("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    if (!given.value.empty()) {
      settings_.imds_endpoint = CheckEndpointUrl(given.value, given.where);
    } else {
      settings_.imds_endpoint =
          mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    }
  }

  void ResolveEndpointUrls() {
    const bool ignore =
        Flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
    for (const ServiceNames& names : kServices) {
      const auto given = overrides_.endpoint_urls.find(names.service);
      Found found;
      if (given != overrides_.endpoint_urls.end() && !given->second.empty()) {
        found = {given->second, "the endpoint given for " + std::string(names.key)};
      } else if (!ignore) {
        found = ConfiguredEndpointUrl(names);
      }
      if (found.value.empty()) continue;
      settings_.endpoint_urls[names.service] = CheckEndpointUrl(found.value, found.where);
    }
  }

  // The order of botocore's ConfiguredEndpointProvider.
  Found ConfiguredEndpointUrl(const ServiceNames& names) const {
    const std::string variable = "AWS_ENDPOINT_URL_" + std::string(names.variable);
    Found found{FromEnvironment(settings_.environment, variable), variable};
    if (!found.value.empty()) return found;
    found = {FromEnvironment(settings_.environment, "AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL"};
    if (!found.value.empty()) return found;
    const std::string services = FindInProfile("services").value;
    const auto section = settings_.profiles->services.find(services);
    if (!services.empty() && section == settings_.profiles->services.end()) {
      throw Error(Reaction::kFixCommand, "profile " + settings_.profile +
                                             " names a services section \"" + services +
                                             "\" that is not in the file");
    }
    if (!services.empty()) {
      found = {section->second.FindSub(names.key, "endpoint_url"),
               "endpoint_url of " + std::string(names.key) + " in [services " + services + "]"};
      if (!found.value.empty()) return found;
    }
    return FindInProfile("endpoint_url");
  }

  const AwsOverrides& overrides_;
  AwsSettings settings_;
};

}  // namespace

AwsSettings ResolveAwsSettings(const AwsOverrides& overrides, Environment environment) {
  return Resolver(overrides, std::move(environment)).Resolve();
}

ResolvedEndpoint ResolveEndpoint(const AwsSettings& settings, AwsService service,
                                 const std::string& region) {
  const bool dynamodb = service == AwsService::kDynamoDb || service == AwsService::kStreams;
  // DynamoDB Local's region: the SDKs sign with us-east-1 for it.
  const std::string signing_region = region == "local" && dynamodb ? "us-east-1" : region;
  const auto custom = settings.endpoint_urls.find(service);
  if (custom == settings.endpoint_urls.end()) {
    if (service == AwsService::kSts && settings.legacy_sts && !settings.variant.fips &&
        !settings.variant.dual_stack && UsesGlobalSts(region)) {
      return {"https://sts.amazonaws.com", "us-east-1", false};
    }
    return {RegionalEndpoint(service, region, settings.variant), signing_region, false};
  }
  if (settings.variant.fips || settings.variant.dual_stack) {
    Error error(Reaction::kFixCommand,
                "an endpoint URL cannot be combined with FIPS or dual-stack endpoints");
    error.Hint(
        "Unset AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT (in the profile: "
        "use_fips_endpoint, use_dualstack_endpoint), or the endpoint URL.");
    throw error;
  }
  return {custom->second, signing_region, true};
}

}  // namespace ddbvault
