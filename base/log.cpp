#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <string>

#include "base/error.h"

namespace ddbvault {

void StartLog(std::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  // from_str answers "off" for what it does not know.
  if (parsed == spdlog::level::off && level != "off") {
    throw Error(Reaction::kFixCommand, "there is no log level \"" + std::string(level) + "\"")
        .Hint("use one of trace, debug, info, warn, error, off");
  }
  auto logger = std::make_shared<spdlog::logger>("ddbvault",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::trace);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %-5l %v");
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace ddbvault
