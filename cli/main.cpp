#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "aws/profile_file.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  // What is written is other people's data: files 0600, directories 0700.
  umask(0077);
  // A reader of the report that has gone away is an error of the write, not a silent end.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return static_cast<int>(ddbvault::Run(arguments, ddbvault::ProcessEnvironment()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ddbvault: %s\n", error.what());
    return static_cast<int>(ddbvault::ExitStatus::kFailed);
  }
}
