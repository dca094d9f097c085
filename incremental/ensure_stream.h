// The stream that a backup follows: is it on, and does it carry what is needed?
#pragma once

#include <optional>
#include <string>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

// Its records carry the items as they are after each change.
bool HasNewImages(const StreamDescription& stream);

// With `enable`, turns a stream of `table` that is off on with new and old images, and waits until
// it is ENABLED.  A stream whose view type has no new images is Error{kFixCommand} with a hint (a
// person must switch it off), and so is one that is off without `enable`.  Returns the table as it
// is then.
Task<TableDescription> EnsureStream(DynamoDbClient& client, Clock& clock, Stop& stop,
                                    std::string table, bool enable);

struct NotFollowed {
  std::string reason;
  std::string hint;  // in parentheses, for the end of a line in the log; or empty
};

// `table`: as it is while its stream is not to be found; nullopt: it is gone.
NotFollowed WhyNotFollowed(const std::optional<TableDescription>& table);

// Throws Error{kNotFound}.
Task<TableDescription> RequireTable(DynamoDbClient& client, std::string table);

}  // namespace ddbvault
