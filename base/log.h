// The log: lines for operators on stderr.  Never item data, keys of items, or secrets.
//
//   LogInfo("{}: stream {} has {} shards", table, label, count);
//
// Safe from any thread.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>
#include <utility>

namespace ddbvault {

// Called once by main.  level: trace, debug, info, warn, error or off; throws Error{kFixCommand}
// for anything else.
void StartLog(std::string_view level);

template <typename... Args>
void LogDebug(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogInfo(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogWarn(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogError(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace ddbvault
