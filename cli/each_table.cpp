#include "cli/each_table.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/tables_in_place.h"
#include "cli/values.h"

namespace ddbvault {

Task<std::vector<std::string>> NamedOrAll(Context& context, ObjectStore& incremental,
                                          std::string hint) {
  if (!context.line().arguments.empty()) co_return context.line().arguments;
  std::vector<std::string> tables = co_await TablesIn(incremental);
  if (tables.empty()) {
    throw Error(Reaction::kNotFound,
                "there is no table's backup in " + incremental.traits().description)
        .Hint(hint);
  }
  co_return tables;
}

Task<ExitStatus> ForEachTable(Context& context, std::vector<std::string> tables,
                              std::function<Task<TableReport>(std::string typed)> work) {
  const bool json = context.settings().json;
  nlohmann::ordered_json document;
  std::optional<Error> failure;
  bool attention = false;
  for (const std::string& typed : tables) {
    try {
      TableReport report = co_await work(typed);
      attention = attention || report.attention;
      document[typed] = std::move(report.json);
      if (!json) Print(report.text);
    } catch (const Error& error) {
      document[typed]["error"] = error.what();
      if (failure) LogError("{}", failure->what());
      failure = error;
    }
    context.stop().ThrowIfRequested();
  }
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  if (json) Print(document.dump(2, ' ', false, kReplace) + "\n");
  if (failure) throw Error(*failure);
  co_return attention ? ExitStatus::kAttention : ExitStatus::kDone;
}

}  // namespace ddbvault
