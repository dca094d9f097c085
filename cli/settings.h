// Every setting that more than one command has, resolved: flag, environment, config file, default,
// strongest first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "aws/settings.h"
#include "cli/command_line.h"
#include "cli/config_file.h"
#include "incremental/place.h"
#include "item/item_key.h"

namespace ddbvault {

struct Settings {
  // What was given explicitly, for ResolveAwsSettings(), which knows the rest (environment,
  // profile).
  AwsOverrides aws;
  // The region of tables named without one; empty: that of everything else.
  std::string dynamodb_region;
  std::optional<S3Addressing> s3_addressing;  // nullopt: as the profile says

  Place incremental;
  Place snapshots;
  std::string checkpoints;  // absolute path
  KeyHash key_hash = KeyHash::kSha256;

  std::size_t in_flight = 64;                   // requests to the store
  std::size_t parallelism = 16;                 // requests to DynamoDB
  std::size_t memory = std::size_t{64} << 20U;  // of the process
  // Of that, what there is for all that is buffered; the rest is the program and its connections
  // (libcurl's buffers and the system's).
  std::size_t buffers() const {
    constexpr std::size_t kProgram = std::size_t{28} << 20U;
    constexpr std::size_t kConnection = std::size_t{16} << 10U;
    constexpr std::size_t kLeast = std::size_t{4} << 20U;
    return std::max(memory, kProgram + in_flight * kConnection + kLeast) - kProgram -
           in_flight * kConnection;
  }

  std::string log_level = "info";
  bool json = false;
  bool quiet = false;
};

// An empty environment variable counts as not set.  Throws UsageError, naming where the value was
// set.
Settings ResolveSettings(const CommandLine& line, const Environment& environment,
                         const ConfigValues& config);

}  // namespace ddbvault
