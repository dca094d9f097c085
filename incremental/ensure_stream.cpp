#include "incremental/ensure_stream.h"

#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

constexpr std::string_view kViewType = "NEW_AND_OLD_IMAGES";
// How often a change of the table's state is looked for: DescribeTable is cheap, and free.
constexpr Duration kPollTable{1000};

}  // namespace

Task<TableDescription> RequireTable(DynamoDbClient& client, std::string table) {
  auto description = co_await client.DescribeTable(table);
  if (!description) {
    throw Error(Reaction::kNotFound, "there is no table " + table)
        .Hint("check the name, the region (--region, or region/table) and the endpoint");
  }
  co_return std::move(*description);
}

bool HasNewImages(const StreamDescription& stream) {
  return stream.view_type == "NEW_AND_OLD_IMAGES" || stream.view_type == "NEW_IMAGE";
}

NotFollowed WhyNotFollowed(const std::optional<TableDescription>& table) {
  if (!table) {
    return {"the table is gone", " (hint: end this follower, unless the table is made again)"};
  }
  if (!table->stream.enabled) {
    return {"the stream is off", " (hint: enable it with NEW_AND_OLD_IMAGES)"};
  }
  if (!HasNewImages(table->stream)) {
    return {"the stream has no new images",
            " (hint: disable the stream, then enable it with NEW_AND_OLD_IMAGES)"};
  }
  return {"the stream cannot be found", ""};
}

Task<TableDescription> EnsureStream(DynamoDbClient& client, Clock& clock, Stop& stop,
                                    std::string table, bool enable) {
  TableDescription description = co_await RequireTable(client, table);
  if (description.stream.enabled && !HasNewImages(description.stream)) {
    throw Error(Reaction::kFixCommand, "the stream of table " + table + " has view type " +
                                           description.stream.view_type +
                                           ", which does not carry new images")
        .Hint(
            "a stream's view type cannot be changed: disable the stream, then run this again with "
            "--enable-stream (other readers of the stream will have to follow the new one)");
  }
  if (description.stream.enabled) co_return description;
  if (!enable) {
    throw Error(Reaction::kFixCommand, "the stream of table " + table + " is off")
        .Hint("add --enable-stream to turn it on with new and old images");
  }
  co_await client.EnableStream(table, kViewType);
  LogInfo("{}: enabled the stream with {}", table, kViewType);
  while (!description.stream.enabled || description.status != "ACTIVE") {
    stop.ThrowIfRequested();
    co_await clock.Sleep(kPollTable, &stop);
    description = co_await RequireTable(client, table);
  }
  co_return description;
}

}  // namespace ddbvault
