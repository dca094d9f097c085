#include "tests/support/e2e_environment.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace ddbvault {
namespace {

using Variables = std::map<std::string, std::string>;

// Lines "export NAME=value"; values need no quoting (tests/servers/common.sh sees to it).
Variables ReadVariables(const std::filesystem::path& server, const std::string& start) {
  const std::filesystem::path file = server / "environment";
  std::ifstream in(file);
  if (!in) {
    throw std::runtime_error(
        "no server: " + file.string() +
        " is missing. Run ctest, which starts the servers, or: tests/servers/" + start + " " +
        server.string());
  }
  constexpr std::string_view kExport = "export ";
  Variables variables;
  for (std::string line; std::getline(in, line);) {
    const std::size_t equals = line.find('=');
    if (!line.starts_with(kExport) || equals == std::string::npos) {
      throw std::runtime_error(file.string() +
                               ": not a line of the form export NAME=value: " + line);
    }
    variables[line.substr(kExport.size(), equals - kExport.size())] = line.substr(equals + 1);
  }
  return variables;
}

std::string Take(const Variables& variables, const std::string& name, const std::string& start) {
  const auto found = variables.find(name);
  if (found == variables.end() || found->second.empty()) {
    throw std::runtime_error(
        name + " is not set: stop that server and start it with tests/servers/" + start);
  }
  return found->second;
}

E2eEnvironment Read() {
  const char* named = std::getenv("DDBVAULT_E2E_SERVERS");
  const std::filesystem::path servers = named != nullptr ? named : DDBVAULT_E2E_SERVERS_DEFAULT;
  const std::string start_dynamodb = "start-dynamodb.sh";
  const std::string start_s3 = "start-s3.sh --tls --sts";
  const Variables dynamodb = ReadVariables(servers / "dynamodb", start_dynamodb);
  const Variables s3 = ReadVariables(servers / "s3", start_s3);

  E2eEnvironment read;
  read.dynamodb_endpoint = Take(dynamodb, "AWS_ENDPOINT_URL_DYNAMODB", start_dynamodb);
  read.region = Take(s3, "AWS_REGION", start_s3);
  read.access_key_id = Take(s3, "AWS_ACCESS_KEY_ID", start_s3);
  read.secret_access_key = Take(s3, "AWS_SECRET_ACCESS_KEY", start_s3);
  read.s3_endpoint = Take(s3, "AWS_ENDPOINT_URL_S3", start_s3);
  read.sts_endpoint = Take(s3, "AWS_ENDPOINT_URL_STS", start_s3);
  read.s3_tls_endpoint = Take(s3, "E2E_S3_TLS_ENDPOINT", start_s3);
  read.ca_bundle = Take(s3, "E2E_CA_BUNDLE", start_s3);
  read.other_access_key_id = Take(s3, "E2E_OTHER_ACCESS_KEY_ID", start_s3);
  read.other_secret_access_key = Take(s3, "E2E_OTHER_SECRET_ACCESS_KEY", start_s3);

  read.binary = DDBVAULT_BINARY;
  if (access(read.binary.c_str(), X_OK) != 0) {
    throw std::runtime_error("no binary " + read.binary.string() + ": build the target ddbvault");
  }
  return read;
}

std::string RandomHex() {
  std::ostringstream text;
  text << std::hex << std::random_device()();
  return text.str();
}

}  // namespace

const E2eEnvironment& E2eEnvironment::Get() {
  static const E2eEnvironment environment = Read();
  return environment;
}

std::map<std::string, std::string> E2eEnvironment::ForChild(
    const std::filesystem::path& home) const {
  return {{"HOME", home.string()},
          {"AWS_ACCESS_KEY_ID", access_key_id},
          {"AWS_SECRET_ACCESS_KEY", secret_access_key},
          {"AWS_REGION", region},
          {"AWS_EC2_METADATA_DISABLED", "true"},
          {"AWS_ENDPOINT_URL_DYNAMODB", dynamodb_endpoint},
          {"AWS_ENDPOINT_URL_DYNAMODB_STREAMS", dynamodb_endpoint},
          {"AWS_ENDPOINT_URL_S3", s3_endpoint},
          {"AWS_ENDPOINT_URL_STS", sts_endpoint}};
}

std::string UniqueName(std::string_view prefix) {
  static const std::string process = std::to_string(getpid()) + "-" + RandomHex();
  static std::atomic<unsigned> count = 0;
  return std::string(prefix) + "-" + process + "-" + std::to_string(count++);
}

}  // namespace ddbvault
