#include "incremental/process.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace ddbvault {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "<boot id>/<pid namespace>/"; empty: unknown.
std::string Here() {
  const std::string boot = FirstLine("/proc/sys/kernel/random/boot_id");
  std::error_code error;
  const std::string space = std::filesystem::read_symlink("/proc/self/ns/pid", error).string();
  if (boot.empty() || space.empty()) return {};
  return boot + "/" + space + "/";
}

// Field 22 of /proc/<pid>/stat; the second field, the command in parentheses, may hold anything.
std::string StartTime(const std::string& proc, const std::string& pid) {
  const std::string stat = FirstLine(proc + "/" + pid + "/stat");
  const std::size_t after_command = stat.rfind(')');
  if (after_command == std::string::npos) return {};
  std::istringstream fields(stat.substr(after_command + 1));
  std::string field;
  constexpr int kFieldsAfterCommand = 20;
  for (int i = 0; i < kFieldsAfterCommand; ++i) fields >> field;
  return field;
}

}  // namespace

std::string ThisProcess() {
  const std::string here = Here();
  const std::string pid = std::to_string(getpid());
  const std::string start = StartTime("/proc", pid);
  if (here.empty() || start.empty()) return {};
  return here + pid + "/" + start;
}

bool HasEnded(std::string_view process, const std::string& proc) {
  const std::string here = Here();
  if (here.empty() || !process.starts_with(here)) return false;
  const std::string_view rest = process.substr(here.size());
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos) return false;
  const std::string_view pid = rest.substr(0, slash);
  if (!std::all_of(pid.begin(), pid.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  const std::string start = StartTime(proc, std::string(pid));
  if (!start.empty()) return start != rest.substr(slash + 1);
  // Others' processes may be hidden (mount option hidepid, systemd's ProtectProc): no word of it is
  // no proof of its end.
  const auto number = static_cast<pid_t>(std::strtol(std::string(pid).c_str(), nullptr, 10));
  return number > 0 && kill(number, 0) != 0 && errno == ESRCH;
}

}  // namespace ddbvault
