#include "cli/help.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace ddbvault {
namespace {

constexpr std::size_t kWidth = 80;  // columns: what every terminal has

// `text` in lines of at most kWidth, each behind `indent` spaces; the first line is begun already
// and is `column` wide.
std::string Wrap(std::string_view text, std::size_t indent, std::size_t column) {
  std::string out;
  bool first = column >= indent;
  std::size_t at = first ? column : indent;
  if (!first) out.append(indent - column, ' ');
  bool line_empty = true;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (!line_empty && at + 1 + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      at = indent;
      line_empty = true;
    }
    if (!line_empty) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
    line_empty = false;
  }
  return out + "\n";
}

// "  term      text": the text starts in the column `indent`, on the next line if the term is long.
std::string Entry(std::string_view term, std::string_view text, std::size_t indent) {
  std::string out = "  " + std::string(term);
  if (out.size() + 2 > indent) return out + "\n" + Wrap(text, indent, 0);
  return out + Wrap(text, indent, out.size());
}

std::string OptionTerm(const OptionSpec& option) {
  std::string term = option.letter == 0 ? "" : "-" + std::string(1, option.letter) + ", ";
  term += "--" + std::string(option.name);
  if (!option.value.empty()) term += " " + std::string(option.value);
  return term;
}

std::string OptionText(const OptionSpec& option) {
  std::string text(option.help);
  if (!option.environment.empty()) text += " (" + std::string(option.environment) + ")";
  return text;
}

std::string Paragraphs(const std::vector<std::string_view>& paragraphs) {
  std::string out;
  for (const std::string_view paragraph : paragraphs) out += Wrap(paragraph, 0, 0) + "\n";
  return out;
}

std::string Variables() {
  std::string out = "Environment\n";
  for (const VariableSpec& variable : CommonVariables()) {
    out += Wrap(variable.names, 2, 0) + Wrap(variable.help, 6, 0);
  }
  return out + "\n";
}

constexpr std::string_view kConfigFile = R"(Config file (--config), TOML; every key may be left out
  checkpoints = "/var/lib/ddbvault/checkpoints.db"
  key_hash = "sha256"

  [s3]
  endpoint = "https://s3.example.com"
  path_style = "auto"
  ca_bundle = "/etc/ssl/example.pem"

  [s3.incremental]
  bucket = "backup-bucket"       # or: url = "file:///var/backup/incremental"
  prefix = "backup"

  [s3.snapshot]
  bucket = "snapshot-bucket"     # or: url = ...
  prefix = "snapshots"

  [dynamodb]
  region = "eu-central-1"
  host = "localhost"
  port = 4242
  tls = false
  parallelism = 16

)";

constexpr std::string_view kPrecedence =
    "An option is stronger than the environment, the environment is stronger than the config file, "
    "and that is stronger than the default. A path is relative to the working directory.";

std::string Statuses(const std::vector<StatusSpec>& statuses) {
  std::string out = "Exit status\n";
  for (const StatusSpec& status : statuses) {
    out += Entry(std::to_string(status.status), status.meaning, 8);
  }
  return out + "\n";
}

const std::vector<StatusSpec>& AllStatuses() {
  static const std::vector<StatusSpec> all = {
      {0, "done"},
      {1, "failed"},
      {2, "the command line, the environment or the config file is wrong"},
      {3, "differences were found"},
      {4, "a gap or a parked change: a backfill or a person is needed"},
      {130, "interrupted (SIGINT) before it was done"},
      {143, "terminated (SIGTERM) before it was done"}};
  return all;
}

}  // namespace

std::string GeneralHelp() {
  std::string out =
      "ddbvault keeps a continuous, versioned backup of DynamoDB tables in S3 or in a\n"
      "directory by following their streams, and brings it back.\n\n"
      "Usage\n"
      "  ddbvault <command> <table>... [options]\n"
      "  ddbvault <table>... [options]             the same as `ddbvault follow`\n"
      "  ddbvault <command> --help\n\n"
      "Commands\n";
  for (const CommandSpec& command : Commands()) out += Entry(command.name, command.summary, 14);
  out += "\nOptions of every command\n";
  for (const OptionGroup& group : CommonGroups()) {
    for (const OptionSpec& option : group.options) {
      out += Entry(OptionTerm(option), OptionText(option), 26);
    }
  }
  out += "\n" + Wrap(kPrecedence, 0, 0) + "\n" + Variables() + std::string(kConfigFile) +
         Statuses(AllStatuses());
  out +=
      "Examples\n"
      "  ddbvault follow orders --incremental s3://backup-bucket/backup\n"
      "  ddbvault backfill orders --incremental s3://backup-bucket/backup\n"
      "  ddbvault verify orders --incremental s3://backup-bucket/backup\n";
  return out;
}

std::string HelpOf(const CommandSpec& command) {
  std::string out =
      Wrap("ddbvault " + std::string(command.name) + ": " + std::string(command.summary), 0, 0) +
      "\n" + Paragraphs(command.about) + "Usage\n";
  for (const std::string_view usage : command.usage)
    out += "  ddbvault " + std::string(usage) + "\n";
  for (const OptionGroup& group : command.AllGroups()) {
    out += "\n" + std::string(group.title) + "\n";
    for (const OptionSpec& option : group.options) {
      out += Entry(OptionTerm(option), OptionText(option), 26);
    }
  }
  out += "\n" + Wrap(kPrecedence, 0, 0) + "\n" + Variables() + std::string(kConfigFile);
  out += "Report (--json)\n";
  for (const std::string_view line : command.report) out += "  " + std::string(line) + "\n";
  out += "\n" + Statuses(command.statuses) + "Examples\n";
  for (const Example& example : command.examples) {
    out += "  " + std::string(example.why) + "\n    " + std::string(example.line) + "\n";
  }
  return out;
}

std::string Version() { return DDBVAULT_VERSION; }

std::string VersionText() { return "ddbvault " + Version() + "\n"; }

}  // namespace ddbvault
