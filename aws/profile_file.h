// ~/.aws/config and ~/.aws/credentials, read as AWS's SDKs read them.
//
//   [default]  [profile dev]  [sso-session corp]  [services local]      in the config file
//   [default]  [dev]                                                    in the credentials file
//
// Both files are merged, the credentials file wins.  [profile default] hides [default].  Names of
// keys do not depend on case.  '#' and ';' start a comment at the start of a line and after white
// space.  An indented line continues the value above it; below an empty value it is a sub-property:
//
//   s3 =
//     addressing_style = path
//
// Sections and keys with names that AWS does not allow are ignored, with all that is in them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ddbvault {

// Looks up an environment variable; nullopt: not set.  A function, so that tests bring their own.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

// The process's own.  HOME comes from the user database when it is not set (system services).
Environment ProcessEnvironment();

// The variable's value; empty when it is not set: to AWS's tools an empty one is an unset one.
std::string FromEnvironment(const Environment& environment, std::string_view name);

class ProfileSection {
 public:
  // The value, empty when there is none.  `key` in lower case.
  std::string Find(std::string_view key) const;
  // The value of a sub-property, empty when there is none.  Both keys in lower case.
  std::string FindSub(std::string_view key, std::string_view sub_key) const;
  bool empty() const { return values_.empty(); }

  void Set(std::string key, std::string value);
  void Continue(const std::string& key, std::string_view line);  // adds a line to a value
  void Merge(const ProfileSection& stronger);

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

struct ProfileFile {
  using Sections = std::map<std::string, ProfileSection, std::less<>>;
  Sections profiles;
  Sections sso_sessions;
  Sections services;
  std::string config_path;  // for messages
  std::string credentials_path;

  // nullptr: there is no such profile.
  const ProfileSection* FindProfile(std::string_view name) const;
};

// Throws Error{kFixCommand} that names the file and the line and quotes nothing of it.
ProfileFile ParseProfileFile(std::string_view config, std::string_view credentials,
                             std::string config_path = "~/.aws/config",
                             std::string credentials_path = "~/.aws/credentials");

// Reads the files named by AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else those below HOME;
// one that does not exist counts as empty.  Blocks; for start-up.  Throws as ParseProfileFile, and
// when a file cannot be read or is larger than 1 MiB.
ProfileFile LoadProfileFile(const Environment& environment);

}  // namespace ddbvault
