#include "cli/commands.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/digest.h"

namespace ddbvault {

void Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return;
  }
  throw Error(Reaction::kFixCommand, std::string("the report could not be written to standard "
                                                 "output: ") +
                                         std::strerror(errno))
      .Hint("the command itself was done; only its report is lost");
}

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string WriterId() {
  return HostName() + "-" + std::to_string(getpid()) + "-" + Hex(RandomBytes(4));
}

}  // namespace ddbvault
