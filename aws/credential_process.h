// Credentials printed by a program: credential_process of a profile.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/credential_source.h"

namespace ddbvault {

// Cuts a command into words as a shell would: white space separates, '...' and "..." group, a
// backslash escapes (inside "..." only '"' and itself).  Nothing is expanded.  Throws
// Error{kFixCommand} when a quote is not closed or there is no word.
std::vector<std::string> SplitCommand(std::string_view command);

// Runs the program (found by PATH, no shell, its stdin empty, its stderr ours) and returns what it
// wrote to stdout.  Blocks.  Throws Error{kPermission} when it cannot be started, does not exit
// with 0, writes more than 1 MiB, or has not ended after `timeout`; it has been killed then.  The
// command is not in the message, for it may hold secrets.
std::string RunCredentialProcess(const std::vector<std::string>& words,
                                 std::chrono::milliseconds timeout);

class ProcessSource : public CredentialSource {
 public:
  ProcessSource(CredentialContext context, std::string profile, std::string command)
      : context_(std::move(context)), profile_(std::move(profile)), command_(std::move(command)) {}
  std::string name() const override { return "credential_process of profile " + profile_; }
  Task<std::optional<Credentials>> Fetch() override;

 private:
  CredentialContext context_;
  std::string profile_;
  std::string command_;
};

}  // namespace ddbvault
