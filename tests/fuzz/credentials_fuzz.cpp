// What hands out credentials: IMDS, ECS, SSO and credential processes (JSON), STS (XML).
#include "aws/credential_json.h"
#include "aws/s3_xml.h"
#include "aws/sts_client.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

// No secret and nothing else of the answer may be in the text of an Error: it is one of these.
void CheckQuotesNothing(const Error& error) {
  const std::string text = error.what();
  for (const char* said :
       {"it did not answer with a JSON object", "it answered without AccessKeyId",
        "it answered without SecretAccessKey", "it answered with an Expiration that is not a time",
        "STS's answer to AssumeRole cannot be understood",
        "STS's answer to AssumeRoleWithWebIdentity cannot be understood"}) {
    if (text == said) return;
  }
  Require(false, "an Error quotes nothing of an answer with credentials");
}

void ReadJson(std::string_view text, std::string_view token_name) {
  try {
    const nlohmann::json object = ParseCredentialJson(text, "it");
    const Credentials credentials = CredentialsFromJson(object, token_name, "it");
    Require(!credentials.access_key_id.empty() && !credentials.secret_access_key.empty(),
            "credentials have both keys");
  } catch (const Error& error) {
    CheckQuotesNothing(error);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  ReadJson(text, "Token");
  ReadJson(text, "SessionToken");
  for (const char* action : {"AssumeRole", "AssumeRoleWithWebIdentity"}) {
    try {
      const Credentials credentials = ParseStsCredentials(text, action);
      Require(!credentials.access_key_id.empty() && !credentials.secret_access_key.empty() &&
                  !credentials.session_token.empty(),
              "temporary credentials have both keys and a token");
    } catch (const Error& error) {
      CheckQuotesNothing(error);
    }
  }
  ParseStsResult(text, "GetCallerIdentity");
  ParseStsError(text);
  return 0;
}
