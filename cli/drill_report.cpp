#include "cli/drill_report.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/count.h"
#include "base/error.h"
#include "cli/update_text.h"
#include "incremental/synced_file.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

double Seconds(Duration duration) { return static_cast<double>(duration.count()) / 1000; }

std::string Label(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return "{table=\"" + quoted + "\"} ";
}

std::uint64_t Differences(const DrillResult& result) {
  return result.compared.added + result.compared.overwritten + result.compared.removed;
}

}  // namespace

std::string ToText(const DrillReport& report) {
  const DrillResult& result = *report.result;
  const SourceDescription& source = result.restored.source;
  const UpdateCounts& compared = result.compared;
  std::string text = report.table + ": " + source.name;
  if (source.moment) text += ", as of " + FormatTime(*source.moment) + ",";
  text += " was restored into " + report.scratch + ": " +
          Count(result.restored.written, "item", "items") + " in " +
          FormatDuration(result.restore_took) + "\n";
  text += "  compared with " + result.witness.name + " in " + FormatDuration(result.compare_took);
  if (result.alike()) {
    text += ": every item is as it was\n";
  } else {
    text += ": missing " + GroupDigits(compared.added) + ", different " +
            GroupDigits(compared.overwritten) + ", extra " + GroupDigits(compared.removed) + "\n";
    text += SamplesText(compared, report.show_keys);
  }
  text += result.deleted ? "  the scratch table is deleted\n"
                         : "  the scratch table " + report.scratch + " is still there\n";
  return text;
}

std::string ToJson(const DrillReport& report) {
  Json json;
  json["table"] = report.table;
  json["scratch"] = report.scratch;
  json["source"] = report.source;
  json["moment"] = nullptr;
  json["comparedWith"] = nullptr;
  if (report.result) {
    const DrillResult& result = *report.result;
    json["source"] = result.restored.source.name;
    if (result.restored.source.moment) {
      json["moment"] = FormatTime(*result.restored.source.moment);
    }
    json["comparedWith"] = result.witness.name;
    json["items"] = result.restored.written;
    json["restoreSeconds"] = Seconds(result.restore_took);
    json["compareSeconds"] = Seconds(result.compare_took);
    json["same"] = result.compared.same;
    json["missing"] = result.compared.added;
    json["different"] = result.compared.overwritten;
    json["extra"] = result.compared.removed;
    json["samples"] = SamplesJson(result.compared, report.show_keys);
    json["deleted"] = result.deleted;
  }
  json["error"] = nullptr;
  if (!report.error.empty()) json["error"] = report.error;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ToMetrics(const DrillReport& report) {
  std::string text;
  const std::string label = Label(report.table);
  const auto add = [&](const std::string& name, const std::string& help, const std::string& value) {
    text += "# HELP ddbvault_drill_" + name + " " + help + "\n# TYPE ddbvault_drill_" + name +
            " gauge\nddbvault_drill_" + name + label + value + "\n";
  };
  add("success", "Whether the last drill ended well.", report.well() ? "1" : "0");
  add("timestamp_seconds", "When the last drill ended.",
      std::to_string(report.ended.time_since_epoch().count() / 1000));
  if (!report.result) return text;
  const DrillResult& result = *report.result;
  add("items", "Items that were restored.", std::to_string(result.restored.written));
  add("differences", "Items that differ from the backup.", std::to_string(Differences(result)));
  add("restore_seconds", "How long the restore took.",
      std::to_string(Seconds(result.restore_took)));
  add("compare_seconds", "How long the comparison took.",
      std::to_string(Seconds(result.compare_took)));
  return text;
}

void WriteMetrics(const std::string& path, const std::string& text) {
  const std::filesystem::path full = std::filesystem::absolute(path);
  TempFile file(full.parent_path().string());
  file.Write(text);
  constexpr mode_t kReadable = 0644;
  if (::fchmod(file.file().get(), kReadable) != 0) throw FileError("chmod", path, errno);
  file.Sync();
  file.RenameTo(full.filename().string());
}

void RunNotification(const std::string& command, const std::string& input) {
  // A command that does not read its input must not end this process.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  std::FILE* pipe = ::popen(command.c_str(), "w");
  if (pipe == nullptr) {
    throw Error(Reaction::kFixCommand,
                std::string("--notify: cannot run the command: ") + std::strerror(errno));
  }
  std::fwrite(input.data(), 1, input.size(), pipe);
  const int status = ::pclose(pipe);
  std::signal(SIGPIPE, before);
  if (status == 0) return;
  const std::string what = WIFEXITED(status)
                               ? "ended with status " + std::to_string(WEXITSTATUS(status))
                               : "was ended by a signal";
  throw Error(Reaction::kFixCommand, "--notify: the command " + what)
      .Hint("Nobody may have been told: run the command by hand.");
}

}  // namespace ddbvault
