// Standard input kept in a file, for what has to be read twice: nothing of it may be written into a
// table before all of it has been verified.
#pragma once

#include <filesystem>
#include <string>

#include "base/task.h"
#include "cli/context.h"

namespace ddbvault {

class SpooledInput {
 public:
  // Of the file in the directory.
  static constexpr const char* kName = "standard-input";

  // Makes a directory (mode 0700) in TMPDIR.  Throws Error{kFixCommand}.
  SpooledInput();
  // Removes it, with what is in it.
  ~SpooledInput();
  SpooledInput(const SpooledInput&) = delete;
  SpooledInput& operator=(const SpooledInput&) = delete;

  // Reads standard input to its end.  Throws Error: kFixCommand (it is a terminal, it cannot be
  // read, the disk is full), kCancelled.
  Task<void> Fill(Context& context);

  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

}  // namespace ddbvault
