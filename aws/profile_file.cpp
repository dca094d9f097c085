#include "aws/profile_file.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "aws/credential_files.h"
#include "aws/lower.h"
#include "base/error.h"

namespace ddbvault {
namespace {

// Real ones have a few KB; a limit so that a wrong path does not fill the memory.
constexpr std::size_t kMaxFileSize = 1 << 20;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsCommentMark(char c) { return c == '#' || c == ';'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// In a section's line a comment needs no white space before it, in a property's it does.
std::string_view WithoutComment(std::string_view line, bool needs_blank) {
  line = Trim(line);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!IsCommentMark(line[i])) continue;
    if (!needs_blank || (i > 0 && IsBlank(line[i - 1]))) return Trim(line.substr(0, i));
  }
  return line;
}

bool IsIdentifier(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-/.%@:+").find(c) != std::string_view::npos;
  });
}

struct Property {
  std::string key;
  std::string_view value;
};

// nullopt: no '='.  An empty key stays empty.
std::optional<Property> CutProperty(std::string_view line) {
  line = WithoutComment(line, true);
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  return Property{Lower(std::string(Trim(line.substr(0, equals)))), Trim(line.substr(equals + 1))};
}

std::string_view NextLine(std::string_view* rest) {
  const std::size_t end = rest->find('\n');
  std::string_view line = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

enum class FileKind { kConfig, kCredentials };

class Parser {
 public:
  Parser(FileKind kind, std::string path) : kind_(kind), path_(std::move(path)) {}

  ProfileFile Parse(std::string_view text) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    while (!text.empty()) {
      ++line_number_;
      ReadLine(NextLine(&text));
    }
    if (has_prefixed_default_) {
      file_.profiles["default"] = prefixed_default_;
    } else if (has_default_) {
      file_.profiles["default"] = default_;
    }
    return std::move(file_);
  }

 private:
  void ReadLine(std::string_view line) {
    if (Trim(line).empty() || IsCommentMark(line.front())) return;
    if (line.front() == '[') {
      ReadSection(line);
    } else if (IsBlank(line.front())) {
      ReadContinuation(line);
    } else {
      ReadProperty(line);
    }
  }

  void ReadSection(std::string_view line) {
    line = WithoutComment(line, false);
    if (line.size() < 2 || line.back() != ']') Fail("a section must end with ']'");
    key_.clear();
    in_section_ = true;
    section_ = FindSection(Trim(line.substr(1, line.size() - 2)));
  }

  // nullptr: a section that is ignored.
  ProfileSection* FindSection(std::string_view title) {
    const std::size_t blank = std::min(title.find(' '), title.find('\t'));
    if (blank == std::string_view::npos) {
      if (title == "default") {
        has_default_ = true;
        return &default_;
      }
      const bool known = kind_ == FileKind::kCredentials && IsIdentifier(title);
      return known ? &file_.profiles[std::string(title)] : nullptr;
    }
    const std::string_view type = title.substr(0, blank);
    const std::string_view name = Trim(title.substr(blank));
    if (kind_ == FileKind::kCredentials || !IsIdentifier(name)) return nullptr;
    if (type == "sso-session") return &file_.sso_sessions[std::string(name)];
    if (type == "services") return &file_.services[std::string(name)];
    if (type != "profile") return nullptr;
    if (name != "default") return &file_.profiles[std::string(name)];
    has_prefixed_default_ = true;
    return &prefixed_default_;
  }

  void ReadProperty(std::string_view line) {
    if (!in_section_) Fail("a property must stand below a [section]");
    auto property = CutProperty(line);
    if (!property) Fail("a property must have the form key = value");
    if (property->key.empty()) Fail("a property must have a name");
    key_ = std::move(property->key);
    has_sub_properties_ = property->value.empty();
    ignored_ = section_ == nullptr || !IsIdentifier(key_);
    if (!ignored_) section_->Set(key_, std::string(property->value));
  }

  void ReadContinuation(std::string_view line) {
    if (!in_section_) Fail("a property must stand below a [section]");
    if (key_.empty()) Fail("an indented line must stand below a property");
    line = Trim(line);
    if (has_sub_properties_) {
      if (IsCommentMark(line.front())) return;
      const auto property = CutProperty(line);
      if (!property) Fail("a sub-property must have the form key = value");
      if (property->key.empty()) Fail("a sub-property must have a name");
    }
    if (!ignored_) section_->Continue(key_, line);
  }

  [[noreturn]] void Fail(std::string_view what) const {
    Error error(Reaction::kFixCommand,
                path_ + ":" + std::to_string(line_number_) + ": " + std::string(what));
    error.Hint("Correct that line of the file.");
    throw error;
  }

  FileKind kind_;
  std::string path_;
  std::size_t line_number_ = 0;
  ProfileFile file_;
  ProfileSection default_;
  ProfileSection prefixed_default_;
  bool has_default_ = false;
  bool has_prefixed_default_ = false;
  bool in_section_ = false;
  ProfileSection* section_ = nullptr;
  std::string key_;  // of the property that indented lines continue; empty: there is none
  bool has_sub_properties_ = false;
  bool ignored_ = false;
};

std::string FilePath(const Environment& environment, std::string_view variable,
                     std::string_view default_name) {
  const std::string home = FromEnvironment(environment, "HOME");
  std::string named = FromEnvironment(environment, variable);
  if (named.empty()) return home.empty() ? "" : home + "/.aws/" + std::string(default_name);
  if (named.substr(0, 2) == "~/" && !home.empty()) return home + named.substr(1);
  return named;
}

std::string ReadOrEmpty(const std::string& path) {
  if (path.empty()) return {};
  return ReadSmallFile(path, kMaxFileSize).value_or("");
}

}  // namespace

Environment ProcessEnvironment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value != nullptr) return value;
    if (name != "HOME") return std::nullopt;
    const passwd* user = ::getpwuid(::getuid());
    if (user == nullptr || user->pw_dir == nullptr) return std::nullopt;
    return user->pw_dir;
  };
}

std::string FromEnvironment(const Environment& environment, std::string_view name) {
  return environment(name).value_or("");
}

std::string ProfileSection::Find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string() : found->second;
}

std::string ProfileSection::FindSub(std::string_view key, std::string_view sub_key) const {
  const auto found = values_.find(key);
  if (found == values_.end() || found->second.empty() || found->second.front() != '\n') return {};
  std::string value;
  for (std::string_view rest = found->second; !rest.empty();) {
    const auto property = CutProperty(NextLine(&rest));
    if (property && property->key == sub_key) value = property->value;
  }
  return value;
}

void ProfileSection::Set(std::string key, std::string value) {
  values_[std::move(key)] = std::move(value);
}

void ProfileSection::Continue(const std::string& key, std::string_view line) {
  std::string& value = values_[key];
  value += '\n';
  value += line;
}

void ProfileSection::Merge(const ProfileSection& stronger) {
  for (const auto& [key, value] : stronger.values_) values_[key] = value;
}

const ProfileSection* ProfileFile::FindProfile(std::string_view name) const {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

ProfileFile ParseProfileFile(std::string_view config, std::string_view credentials,
                             std::string config_path, std::string credentials_path) {
  ProfileFile merged = Parser(FileKind::kConfig, config_path).Parse(config);
  const ProfileFile keys = Parser(FileKind::kCredentials, credentials_path).Parse(credentials);
  for (const auto& [name, section] : keys.profiles) merged.profiles[name].Merge(section);
  merged.config_path = std::move(config_path);
  merged.credentials_path = std::move(credentials_path);
  return merged;
}

ProfileFile LoadProfileFile(const Environment& environment) {
  const std::string config_path = FilePath(environment, "AWS_CONFIG_FILE", "config");
  const std::string credentials_path =
      FilePath(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  return ParseProfileFile(ReadOrEmpty(config_path), ReadOrEmpty(credentials_path), config_path,
                          credentials_path);
}

}  // namespace ddbvault
