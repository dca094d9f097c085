// Where AWS's services listen, by region.
#pragma once

#include <string>
#include <string_view>

namespace ddbvault {

enum class AwsService { kDynamoDb, kStreams, kS3, kSts, kSso, kSsoOidc };

struct EndpointVariant {
  bool fips = false;
  bool dual_stack = false;
};

// "https://dynamodb.eu-central-1.amazonaws.com".  Hosts as in the SDKs' endpoint rules (2026-08);
// a region that no known partition has counts as one of "aws", so that new ones work.  Region
// "local" is http://localhost:8000 for DynamoDB and its streams.  Throws Error{kFixCommand} when
// the region cannot be part of a host name or its partition has no such variant.
std::string RegionalEndpoint(AwsService service, std::string_view region,
                             EndpointVariant variant = {});

// "https://123456789012.ddb.eu-central-1.amazonaws.com": DynamoDB's endpoint of one account.
std::string AccountEndpoint(std::string_view account_id, std::string_view region,
                            bool dual_stack = false);

// "sts.amazonaws.com" and us-east-1 instead of the regional host: sts_regional_endpoints = legacy
// says so for the oldest 16 regions.
bool UsesGlobalSts(std::string_view region);

// Checks an endpoint URL that a person gave and takes its trailing slashes off.  `where` names the
// setting.  Throws Error{kFixCommand} unless it is http(s)://host[:port][/path].
std::string CheckEndpointUrl(std::string_view url, std::string_view where);

// The host of a URL, without port and brackets.
std::string_view UrlHost(std::string_view url);
// 127.0.0.0/8, ::1, localhost or a name that ends with .localhost.
bool IsLoopbackHost(std::string_view host);
// The four numbers or the colons of an IP address.
bool IsIpAddress(std::string_view host);

enum class S3Addressing { kAuto, kPath, kVirtual };

// Whether the bucket goes into the path (true) or into the host's name.  `custom`: the endpoint was
// given by a person.  Anything but kAuto decides by itself.
bool S3UsesPathStyle(std::string_view endpoint, bool custom, std::string_view bucket,
                     S3Addressing addressing);

}  // namespace ddbvault
