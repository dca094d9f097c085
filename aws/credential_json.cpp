#include "aws/credential_json.h"

#include "base/clock.h"
#include "base/error.h"

namespace ddbvault {

nlohmann::json ParseCredentialJson(std::string_view text, const std::string& who) {
  nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
  if (object.is_object()) return object;
  throw Error(Reaction::kPermission, who + " did not answer with a JSON object");
}

std::string JsonText(const nlohmann::json& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Credentials CredentialsFromJson(const nlohmann::json& object, std::string_view token_name,
                                const std::string& who) {
  Credentials credentials;
  credentials.access_key_id = JsonText(object, "AccessKeyId");
  credentials.secret_access_key = JsonText(object, "SecretAccessKey");
  credentials.session_token = JsonText(object, token_name);
  credentials.account_id = JsonText(object, "AccountId");
  for (const std::string_view name : {"AccessKeyId", "SecretAccessKey"}) {
    if (!JsonText(object, name).empty()) continue;
    throw Error(Reaction::kPermission, who + " answered without " + std::string(name));
  }
  const auto expiration = object.find("Expiration");
  if (expiration == object.end() || expiration->is_null()) return credentials;
  credentials.expires = ParseTime(JsonText(object, "Expiration"));
  if (credentials.expires) return credentials;
  throw Error(Reaction::kPermission, who + " answered with an Expiration that is not a time");
}

}  // namespace ddbvault
