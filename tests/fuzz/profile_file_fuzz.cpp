// ~/.aws/config and ~/.aws/credentials: the input up to the first zero byte, and what follows it.
#include "aws/profile_file.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [config, credentials] = Halves(Text(data, size));
  try {
    const ProfileFile file = ParseProfileFile(config, credentials, "config", "credentials");
    for (const ProfileFile::Sections* sections :
         {&file.profiles, &file.sso_sessions, &file.services}) {
      for (const auto& [name, section] : *sections) {
        Require(!name.empty(), "a section has a name");
        for (const char* key : {"region", "s3", "dynamodb", "credential_process"}) {
          section.Find(key);
          section.FindSub(key, "endpoint_url");
        }
      }
    }
    Require(file.FindProfile("") == nullptr, "no profile is without a name");
  } catch (const Error& error) {
    Require(error.reaction() == Reaction::kFixCommand, "a bad file is the operator's to correct");
    const std::string text = error.what();
    Require(text.starts_with("config:") || text.starts_with("credentials:"),
            "an Error names the file and the line");
  }
  return 0;
}
