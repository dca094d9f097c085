#include "aws/endpoint.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/error.h"

namespace ddbvault {
namespace {

struct Partition {
  std::string_view region_prefix;
  std::string_view suffix;
  std::string_view dual_stack_suffix;  // empty: has none
};

// botocore's partitions.json; the first match counts.
constexpr std::array<Partition, 8> kPartitions = {{
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "amazonaws.com", "api.aws"},
    {"us-iso-", "c2s.ic.gov", ""},
    {"us-isob-", "sc2s.sgov.gov", ""},
    {"eu-isoe-", "cloud.adc-e.uk", ""},
    {"us-isof-", "csp.hci.ic.gov", ""},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"", "amazonaws.com", "api.aws"},
}};

// The regions whose SDKs called sts.amazonaws.com before regional hosts were the default
// (botocore's LEGACY_GLOBAL_STS_REGIONS).
constexpr std::array<std::string_view, 16> kGlobalStsRegions = {
    "ap-northeast-1", "ap-south-1",   "ap-southeast-1", "ap-southeast-2",
    "aws-global",     "ca-central-1", "eu-central-1",   "eu-north-1",
    "eu-west-1",      "eu-west-2",    "eu-west-3",      "sa-east-1",
    "us-east-1",      "us-east-2",    "us-west-1",      "us-west-2"};

const Partition& PartitionOf(std::string_view region) {
  return *std::find_if(kPartitions.begin(), kPartitions.end(), [region](const Partition& p) {
    return region.substr(0, p.region_prefix.size()) == p.region_prefix;
  });
}

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A region goes into the name of the host that gets our signature: nothing but a DNS label may.
void CheckRegion(std::string_view region) {
  const bool label = !region.empty() && region.size() <= 63 && region.front() != '-' &&
                     region.back() != '-' && std::all_of(region.begin(), region.end(), [](char c) {
                       return IsAlphanumeric(c) || c == '-';
                     });
  if (label) return;
  Error error(Reaction::kFixCommand, "\"" + std::string(region) + "\" is not an AWS region");
  error.Hint("A region looks like eu-central-1; see AWS_REGION and the profile's region.").Usage();
  throw error;
}

std::string_view Suffix(std::string_view region, bool dual_stack) {
  const Partition& partition = PartitionOf(region);
  if (!dual_stack) return partition.suffix;
  if (!partition.dual_stack_suffix.empty()) return partition.dual_stack_suffix;
  Error error(Reaction::kFixCommand,
              "region " + std::string(region) + " has no dual-stack endpoints");
  error.Hint("Unset AWS_USE_DUALSTACK_ENDPOINT and use_dualstack_endpoint.").Usage();
  throw error;
}

std::string_view Prefix(AwsService service, bool fips, bool dual_stack, bool gov) {
  // In GovCloud the plain hosts of DynamoDB and STS are the FIPS ones.
  const bool marked = fips && (!gov || dual_stack);
  switch (service) {
    case AwsService::kDynamoDb:
      return marked ? "dynamodb-fips" : "dynamodb";
    case AwsService::kStreams:
      if (dual_stack) return marked ? "streams-dynamodb-fips" : "streams-dynamodb";
      return marked ? "streams.dynamodb-fips" : "streams.dynamodb";
    case AwsService::kS3:
      if (dual_stack) return fips ? "s3-fips.dualstack" : "s3.dualstack";
      return fips ? "s3-fips" : "s3";
    case AwsService::kSts:
      return marked ? "sts-fips" : "sts";
    case AwsService::kSso:
      return marked ? "portal.sso-fips" : "portal.sso";
    case AwsService::kSsoOidc:
      return marked ? "oidc-fips" : "oidc";
  }
  return {};
}

bool IsDnsBucket(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 && IsAlphanumeric(bucket.front()) &&
         IsAlphanumeric(bucket.back()) && std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return (IsAlphanumeric(c) && !(c >= 'A' && c <= 'Z')) || c == '-' || c == '.';
         });
}

std::string_view Authority(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace

std::string RegionalEndpoint(AwsService service, std::string_view region, EndpointVariant variant) {
  CheckRegion(region);
  const bool dynamodb = service == AwsService::kDynamoDb || service == AwsService::kStreams;
  if (region == "local" && dynamodb) return "http://localhost:8000";
  const bool gov = PartitionOf(region).region_prefix == "us-gov-";
  // S3 has no host below the dual-stack suffix: its dual-stack hosts end like the others.
  const bool other_suffix = variant.dual_stack && service != AwsService::kS3;
  if (variant.dual_stack) Suffix(region, true);
  return "https://" + std::string(Prefix(service, variant.fips, variant.dual_stack, gov)) + "." +
         std::string(region) + "." + std::string(Suffix(region, other_suffix));
}

std::string AccountEndpoint(std::string_view account_id, std::string_view region, bool dual_stack) {
  CheckRegion(region);
  CheckRegion(account_id);
  return "https://" + std::string(account_id) + ".ddb." + std::string(region) + "." +
         std::string(Suffix(region, dual_stack));
}

bool UsesGlobalSts(std::string_view region) {
  return std::find(kGlobalStsRegions.begin(), kGlobalStsRegions.end(), region) !=
         kGlobalStsRegions.end();
}

std::string CheckEndpointUrl(std::string_view url, std::string_view where) {
  while (!url.empty() && url.back() == '/') url.remove_suffix(1);
  const bool scheme = url.substr(0, 7) == "http://" || url.substr(0, 8) == "https://";
  const std::string_view authority = Authority(url);
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; });
  // A user's name and password are refused, and so that they do not show, nothing is quoted.
  if (scheme && plain && !UrlHost(url).empty() && authority.find('@') == std::string_view::npos &&
      url.find_first_of("?#") == std::string_view::npos) {
    return std::string(url);
  }
  Error error(Reaction::kFixCommand, std::string(where) + " is not an endpoint URL");
  error.Hint("It must look like http://localhost:8000 or https://host.");
  throw error;
}

std::string_view UrlHost(std::string_view url) {
  std::string_view host = Authority(url);
  if (!host.empty() && host.front() == '[') {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? std::string_view() : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool IsIpAddress(std::string_view host) {
  if (host.find(':') != std::string_view::npos) return true;
  int numbers = 0;
  while (!host.empty()) {
    const std::string_view number = host.substr(0, host.find('.'));
    if (number.empty() || number.size() > 3 ||
        number.find_first_not_of("0123456789") != std::string_view::npos ||
        (number.size() == 3 && number > "255")) {
      return false;
    }
    ++numbers;
    host.remove_prefix(std::min(host.size(), number.size() + 1));
  }
  return numbers == 4;
}

bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "::1") return true;
  return IsIpAddress(host) && host.substr(0, 4) == "127.";
}

bool S3UsesPathStyle(std::string_view endpoint, bool custom, std::string_view bucket,
                     S3Addressing addressing) {
  if (addressing != S3Addressing::kAuto) return addressing == S3Addressing::kPath;
  if (custom || IsIpAddress(UrlHost(endpoint)) || !IsDnsBucket(bucket)) return true;
  // A wildcard certificate covers one label only.
  return endpoint.substr(0, 8) == "https://" && bucket.find('.') != std::string_view::npos;
}

}  // namespace ddbvault
