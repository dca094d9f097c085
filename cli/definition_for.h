// The definition of a table whose backup does not have it: other tools' places.
#pragma once

#include <string>

#include "base/task.h"
#include "cli/context.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "item/key_schema.h"

namespace ddbvault {

// Empty where the place has a table.json; else DescribeTable's "Table", asked for now: what
// LoadTableDefinition() takes instead.  Throws as Context::Describe().
Task<std::string> DefinitionFor(Context& context, TableName name, ObjectStore& incremental,
                                const Layout& layout);

// The key of the table's items, by its definition in the backup, else by the table itself.
Task<KeySchema> KeySchemaFor(Context& context, TableName name, ObjectStore& incremental,
                             const Layout& layout);

}  // namespace ddbvault
