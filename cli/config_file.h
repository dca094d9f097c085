// The config file (--config): TOML, each key a setting.  The only user of toml++.
//
//   checkpoints = "/var/lib/ddbvault/checkpoints.db"
//   key_hash = "sha256"
//   [s3]              endpoint, path_style, ca_bundle
//   [s3.incremental]  bucket and prefix, or url
//   [s3.snapshot]     bucket and prefix, or url
//   [dynamodb]        region, host, port, tls, parallelism
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/values.h"

namespace ddbvault {

// By dotted key, "s3.incremental.bucket"; the origin has file, line and column.
using ConfigValues = std::map<std::string, SettingValue, std::less<>>;

// Blocks.  Throws UsageError, with file:line:column: no such file, not TOML, an unknown key (and
// what it probably should be), a value of the wrong type.  Values are never in an error's text.
ConfigValues ReadConfigFile(const std::string& path);
// The same of a text; `path` is for messages.
ConfigValues ParseConfig(std::string_view text, const std::string& path);

}  // namespace ddbvault
