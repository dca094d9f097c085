// The config file (TOML).
#include "cli/config_file.h"
#include "cli/exit_status.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    for (const auto& [name, value] : ParseConfig(Text(data, size), "file.toml")) {
      Require(!name.empty() && value.origin.starts_with("file.toml:"),
              "a setting has a name and a place in the file");
    }
  } catch (const UsageError& error) {
    Require(std::string_view(error.what()).starts_with("file.toml:") && !error.hint().empty(),
            "an error names the place in the file, and has a hint");
  }
  return 0;
}
