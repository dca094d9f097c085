#include "cli/definition_for.h"

#include <optional>

#include "base/log.h"

namespace ddbvault {

Task<std::string> DefinitionFor(Context& context, TableName name, ObjectStore& incremental,
                                const Layout& layout) {
  const std::optional<StoredObject> there = co_await incremental.Head(layout.Table());
  if (there) co_return std::string();
  LogInfo("{}: the backup has no table.json, asking the table for its keys", name.name);
  const TableDescription table = co_await context.Describe(name);
  co_return table.json;
}

}  // namespace ddbvault
