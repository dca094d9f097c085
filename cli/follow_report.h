// One of the tables that `ddbvault follow` follows, and what is told of it at the end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/streams_client.h"
#include "base/error.h"
#include "base/progress.h"
#include "cli/exit_status.h"
#include "cli/values.h"
#include "incremental/backfill.h"
#include "incremental/followed_table.h"

namespace ddbvault {

struct Followed {
  std::string typed;  // "orders", "eu-central-1/orders"
  TableName name;
  std::shared_ptr<DynamoDbClient> client;
  std::shared_ptr<StreamsClient> streams;
  std::unique_ptr<FollowedTable> table;
  FollowedTableResult result;     // of all its runs
  BackfillResult backfill;        // --backfill: of all its tries; only the counts of items
  std::optional<Time> converged;  // --backfill
  Progress progress;              // of the backfill
  bool begun = false;             // to be followed
  std::optional<Error> error;
  std::optional<Error> backfill_error;  // the table was followed all the same
  bool failed_stopping = false;         // one of the two came after a signal
};
using FollowedList = std::vector<std::unique_ptr<Followed>>;

struct FollowReportOptions {
  bool once = false;
  bool backfill = false;
};

// As --help has them.  The text says what to do next.
std::string ToText(const FollowedList& tables, const FollowReportOptions& options);
std::string ToJson(const FollowedList& tables);
// `signal`: that ended the run; 0: none.
ExitStatus StatusOf(const FollowedList& tables, const FollowReportOptions& options, int signal);

}  // namespace ddbvault
