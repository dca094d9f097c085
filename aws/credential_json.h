// The JSON documents in which AWS and its helpers hand out credentials.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "aws/credentials.h"

namespace ddbvault {

// Throws Error{kPermission} "<who> ..." that quotes nothing of the text, unless it is a JSON
// object.
nlohmann::json ParseCredentialJson(std::string_view text, const std::string& who);

// The string member of that name, else empty.
std::string JsonText(const nlohmann::json& object, std::string_view name);

// AccessKeyId, SecretAccessKey, <token_name>, Expiration (ISO 8601) and AccountId; the first two
// are required.  Throws as above.
Credentials CredentialsFromJson(const nlohmann::json& object, std::string_view token_name,
                                const std::string& who);

}  // namespace ddbvault
