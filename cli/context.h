// What a command works with: the loop, the clock, AWS, and the wish to end.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/dynamodb_client.h"
#include "aws/event_loop.h"
#include "aws/session.h"
#include "aws/streams_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "cli/command_line.h"
#include "cli/settings.h"
#include "cli/values.h"

namespace ddbvault {

class Context {
 public:
  // Reads the AWS profile files (blocks).  Throws UsageError for settings that cannot be.
  Context(CommandLine line, Settings settings, Environment environment);

  const CommandLine& line() const { return line_; }
  const Settings& settings() const { return settings_; }
  EventLoop& loop() { return loop_; }
  Clock& clock() { return clock_; }
  WorkerPool& workers() { return workers_; }
  AwsSession& session() { return session_; }
  // Requested by the first SIGINT or SIGTERM.
  Stop& stop() { return stop_; }
  // The signal that requested it; 0: none.
  int signal() const { return signal_; }

  // From now on the first SIGINT or SIGTERM asks for the end, and ends the process 10 seconds later
  // if that has not come; the second ends the process at once.
  void HandleSignals();

  // An option's value and its name, for the functions of values.h; nullopt: not given.
  std::optional<SettingValue> Option(std::string_view name) const;

  // `patient`: goes on trying while the service is away, until stop().  A first call that is to
  // show whether the settings are right is better made with a client that is not.
  Task<std::shared_ptr<DynamoDbClient>> DynamoDb(TableName table, bool patient);
  Task<std::shared_ptr<StreamsClient>> Streams(TableName table, bool patient);
  // The table that is written: as --target-profile and --target-endpoint-url say, where given; else
  // as DynamoDb() does.
  Task<std::shared_ptr<DynamoDbClient>> TargetDynamoDb(TableName table, bool patient);
  // With a client that is not patient.  nullopt: there is no such table.
  Task<std::optional<TableDescription>> TryDescribeTarget(TableName table);
  // With a client that is not patient.  nullopt: there is no such table.
  Task<std::optional<TableDescription>> TryDescribe(TableName table);
  // The same; throws kNotFound, with a hint, when there is no such table.
  Task<TableDescription> Describe(TableName table);

 private:
  Task<void> LeaveLate();
  AwsSession& TargetSession();
  CallOptions OptionsFor(const TableName& table, bool patient);

  CommandLine line_;
  Settings settings_;
  SystemClock clock_;
  Stop stop_;
  int signal_ = 0;
  AwsSettings aws_settings_;
  EventLoop loop_;
  // Ends before the loop: its threads hand their results to it.
  WorkerPool workers_;
  AwsSession session_;
  Environment environment_;
  std::unique_ptr<AwsSession> target_session_;  // once it is asked for, where it is another one
};

// Runs `work` and shows `progress` meanwhile, unless --quiet.  Returns or throws what `work` does.
Task<void> ShowProgress(Context& context, std::string name, const Progress& progress,
                        Task<void> work);

}  // namespace ddbvault
