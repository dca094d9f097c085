// Commands that do one thing for several tables, one after the other.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/exit_status.h"
#include "incremental/object_store.h"

namespace ddbvault {

// Those that the command line names; else all that the place has a backup of.  Throws
// Error{kNotFound} with this hint when there is none.
Task<std::vector<std::string>> NamedOrAll(Context& context, ObjectStore& incremental,
                                          std::string hint);

// What a command says of one table.
struct TableReport {
  nlohmann::ordered_json json;
  std::string text;        // for a person
  bool attention = false;  // exit status 4
};

// One table's failure is not the next one's: it is said, and the last of them is thrown at the end.
// Prints each text as it comes; with --json one document of all, an {"error": text} among them.
Task<ExitStatus> ForEachTable(Context& context, std::vector<std::string> tables,
                              std::function<Task<TableReport>(std::string typed)> work);

}  // namespace ddbvault
