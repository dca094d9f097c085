#include "cli/definition_for.h"

#include <optional>
#include <utility>

#include "aws/dynamodb_client.h"
#include "base/log.h"
#include "snapshot/snapshot_checks.h"

namespace ddbvault {

Task<std::string> DefinitionFor(Context& context, TableName name, ObjectStore& incremental,
                                const Layout& layout) {
  const std::optional<StoredObject> there = co_await incremental.Head(layout.Table());
  if (there) co_return std::string();
  LogInfo("{}: the backup has no table.json, asking the table for its keys", name.name);
  const TableDescription table = co_await context.Describe(name);
  co_return table.json;
}

Task<KeySchema> KeySchemaFor(Context& context, TableName name, ObjectStore& incremental,
                             const Layout& layout) {
  std::string otherwise = co_await DefinitionFor(context, name, incremental, layout);
  const std::string json = co_await LoadTableDefinition(incremental, layout, std::move(otherwise));
  co_return ParseTableDescription(json).key_schema;
}

}  // namespace ddbvault
