#include "cli/config_file.h"

#include <sys/stat.h>

#include <toml++/toml.h>
#include <algorithm>
#include <optional>
#include <vector>

#include "aws/credential_files.h"
#include "base/log.h"
#include "cli/exit_status.h"
#include "cli/nearest.h"

namespace ddbvault {
namespace {

enum class Type { kText, kNumber, kSwitch };

struct Key {
  std::string_view name;
  Type type;
};

constexpr Key kKeys[] = {
    {"checkpoints", Type::kText},           {"key_hash", Type::kText},
    {"s3.endpoint", Type::kText},           {"s3.path_style", Type::kText},
    {"s3.ca_bundle", Type::kText},          {"s3.incremental.bucket", Type::kText},
    {"s3.incremental.prefix", Type::kText}, {"s3.incremental.url", Type::kText},
    {"s3.snapshot.bucket", Type::kText},    {"s3.snapshot.prefix", Type::kText},
    {"s3.snapshot.url", Type::kText},       {"dynamodb.region", Type::kText},
    {"dynamodb.host", Type::kText},         {"dynamodb.port", Type::kNumber},
    {"dynamodb.tls", Type::kSwitch},        {"dynamodb.parallelism", Type::kNumber},
};

constexpr std::size_t kLargestFile = 1U << 20U;  // a config file is a page of text

std::string At(const std::string& path, const toml::source_region& source) {
  return path + ":" + std::to_string(source.begin.line) + ":" + std::to_string(source.begin.column);
}

UsageError Bad(std::string message, std::string_view hint) {
  UsageError error(std::move(message));
  error.Hint(hint);
  return error;
}

constexpr std::string_view kHint = "`ddbvault --help` shows a config file with every key";

bool IsTable(std::string_view key) {
  return std::any_of(std::begin(kKeys), std::end(kKeys), [&](const Key& known) {
    return known.name.size() > key.size() && known.name.starts_with(key) &&
           known.name[key.size()] == '.';
  });
}

const Key* FindKey(std::string_view name) {
  const auto* found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                   [&](const Key& known) { return known.name == name; });
  return found == std::end(kKeys) ? nullptr : found;
}

// What may stand in the table `parent` ("" for the top).
std::vector<std::string> Children(std::string_view parent) {
  std::vector<std::string> children;
  const std::string prefix = parent.empty() ? "" : std::string(parent) + ".";
  for (const Key& key : kKeys) {
    if (!key.name.starts_with(prefix)) continue;
    const std::string_view rest = key.name.substr(prefix.size());
    const std::string child(rest.substr(0, rest.find('.')));
    if (std::find(children.begin(), children.end(), child) == children.end()) {
      children.push_back(child);
    }
  }
  return children;
}

std::string_view TypeText(Type type) {
  switch (type) {
    case Type::kText:
      return "a text in quotes";
    case Type::kNumber:
      return "a whole number";
    case Type::kSwitch:
      return "true or false";
  }
  return "";
}

std::optional<std::string> ValueText(const toml::node& node, Type type) {
  if (type == Type::kText && node.is_string()) return node.as_string()->get();
  if (type == Type::kNumber && node.is_integer()) return std::to_string(node.as_integer()->get());
  if (type == Type::kSwitch && node.is_boolean())
    return node.as_boolean()->get() ? "true" : "false";
  return std::nullopt;
}

void ReadTable(const toml::table& table, const std::string& parent, const std::string& path,
               ConfigValues& values) {
  for (const auto& [toml_key, node] : table) {
    const std::string child(toml_key.str());
    const std::string name = parent.empty() ? child : parent + "." + child;
    const std::string at = At(path, toml_key.source());
    const Key* key = FindKey(name);
    if (key == nullptr && !IsTable(name)) {
      throw Bad(at + ": there is no setting \"" + name + "\"" + Suggestion(child, Children(parent)),
                kHint);
    }
    if (key == nullptr) {
      if (!node.is_table()) throw Bad(at + ": \"" + name + "\" must be a table", kHint);
      ReadTable(*node.as_table(), name, path, values);
      continue;
    }
    const std::optional<std::string> text = ValueText(node, key->type);
    if (!text) throw Bad(at + ": " + name + " must be " + std::string(TypeText(key->type)), kHint);
    values[name] = {*text, at + ": " + name};
  }
}

}  // namespace

ConfigValues ParseConfig(std::string_view text, const std::string& path) {
  try {
    const toml::table table = toml::parse(text, path);
    ConfigValues values;
    ReadTable(table, "", path, values);
    return values;
  } catch (const toml::parse_error& error) {
    throw Bad(At(path, error.source()) + ": this is not TOML: " + std::string(error.description()),
              kHint);
  }
}

ConfigValues ReadConfigFile(const std::string& path) {
  const std::optional<std::string> text = ReadSmallFile(path, kLargestFile);
  if (!text) throw Bad("there is no config file " + path, "check the path given with --config");
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0) {
    LogWarn("{}: anybody on this machine can change this config file, and so where backups go",
            path);
  }
  return ParseConfig(*text, path);
}

}  // namespace ddbvault
