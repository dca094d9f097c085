// What an end-to-end test works with: the real servers and the real binary.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace ddbvault {

// Read once, from the files that tests/servers/start-dynamodb.sh and start-s3.sh write.
// ctest starts the servers and says where (DDBVAULT_E2E_SERVERS).
class E2eEnvironment {
 public:
  // Throws std::runtime_error, with the commands that mend it, if a server or the binary is
  // missing: a test that needs them fails, it never skips itself.
  static const E2eEnvironment& Get();

  // "http://127.0.0.1:27876"; DynamoDB and its Streams share one.
  std::string dynamodb_endpoint;
  std::string s3_endpoint;
  std::string sts_endpoint;
  // The same S3 store over https, and the file with the CA that signed its certificate.
  std::string s3_tls_endpoint;
  std::filesystem::path ca_bundle;

  std::string region;
  std::string access_key_id;
  std::string secret_access_key;
  // A user of the S3 server who may not touch the first one's buckets.
  std::string other_access_key_id;
  std::string other_secret_access_key;

  // The ddbvault binary.
  std::filesystem::path binary;

  // The environment to run the binary with: credentials, region and endpoints; `home` is where it
  // looks for ~/.aws, and nothing of the caller's own AWS settings is in it.
  std::map<std::string, std::string> ForChild(const std::filesystem::path& home) const;
};

// "orders-4711-1f3a09c2-0": no other test, run or process gets it; good for tables and buckets.
// `prefix`: lower-case letters, digits and dashes, at most 30 characters.
std::string UniqueName(std::string_view prefix);

}  // namespace ddbvault
