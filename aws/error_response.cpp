#include "aws/error_response.h"

#include <nlohmann/json.hpp>

#include "aws/error_table.h"
#include "aws/s3_xml.h"

namespace ddbvault {
namespace {

// Longer messages are cut: a person reads them.
constexpr std::size_t kLongestMessage = 500;

struct Parsed {
  std::string code;
  std::string message;
  std::string region;  // where S3 says the bucket is
};

// "com.amazonaws.dynamodb.v20120810#ThrottlingException:http://..." -> "ThrottlingException"
std::string ShortName(std::string_view type) {
  type.remove_prefix(std::min(type.size(), type.rfind('#') + 1));
  return std::string(type.substr(0, type.find(':')));
}

Parsed ParseJson(std::string_view body) {
  Parsed parsed;
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return parsed;
  const auto text = [&json](const char* name) {
    const auto at = json.find(name);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  parsed.code = ShortName(text("__type"));
  if (parsed.code.empty()) parsed.code = ShortName(text("code"));
  parsed.message = text("message");
  if (parsed.message.empty()) parsed.message = text("Message");
  return parsed;
}

Parsed ParseXml(std::string_view body) {
  S3ErrorDocument document = ParseS3Error(body);
  return {std::move(document.code), std::move(document.message), std::move(document.region)};
}

Parsed Parse(const HttpResponse& response, AwsProtocol protocol) {
  Parsed parsed;
  if (!response.body.empty()) {
    parsed = protocol == AwsProtocol::kJson ? ParseJson(response.body) : ParseXml(response.body);
  }
  if (parsed.code.empty()) parsed.code = ShortName(response.headers.Find("x-amzn-errortype"));
  if (const auto region = response.headers.Find("x-amz-bucket-region"); !region.empty()) {
    parsed.region = region;
  }
  return parsed;
}

// DynamoDB quotes values, of keys too, when it finds a request invalid; never before a colon.
std::string SafeMessage(const Parsed& parsed) {
  std::string message = parsed.message;
  if (parsed.code == "ValidationException" || parsed.code == "SerializationException") {
    message.resize(std::min(message.size(), message.find(':')));
  }
  if (message.size() > kLongestMessage) {
    message.resize(kLongestMessage);
    message += "...";
  }
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return message;
}

bool IsRegionError(std::string_view code, int status) {
  return status == 301 || code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" ||
         code == "IllegalLocationConstraintException";
}

}  // namespace

std::string ErrorCode(const HttpResponse& response, AwsProtocol protocol) {
  return Parse(response, protocol).code;
}

std::string_view RequestIdOf(const HttpResponse& response) {
  const std::string_view id = response.headers.Find("x-amzn-requestid");
  return id.empty() ? response.headers.Find("x-amz-request-id") : id;
}

Error ErrorFromResponse(const HttpResponse& response, AwsProtocol protocol, std::string_view what) {
  const Parsed parsed = Parse(response, protocol);
  const AwsErrorTraits traits = TraitsOf(parsed.code, response.status);
  std::string message = SafeMessage(parsed);
  if (message.empty()) {
    message = std::string(what) + " answered with status " + std::to_string(response.status);
  }
  if (!parsed.code.empty()) message += " (" + parsed.code + ")";
  Reaction reaction = traits.reaction;
  std::string hint(traits.hint);
  const bool elsewhere = !parsed.region.empty() && IsRegionError(parsed.code, response.status);
  if (elsewhere) {
    reaction = Reaction::kFixCommand;
    hint = "the bucket is in region " + parsed.region + ": set that region for it";
  }
  Error error(reaction, std::move(message));
  error.Code(parsed.code).RequestId(RequestIdOf(response)).HttpStatus(response.status).Hint(hint);
  return error;
}

}  // namespace ddbvault
