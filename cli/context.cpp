#include "cli/context.h"

#include <unistd.h>
#include <asio/detached.hpp>

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "base/log.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/progress_display.h"

namespace ddbvault {
namespace {

AwsSettings AwsSettingsOf(const Settings& settings, Environment environment) {
  AwsSettings aws = ResolveAwsSettings(settings.aws, std::move(environment));
  // With nothing else said, everything is where the tables are.
  if (aws.region.empty()) aws.region = settings.dynamodb_region;
  if (settings.s3_addressing) aws.s3_addressing = *settings.s3_addressing;
  return aws;
}

HttpOptions HttpOptionsOf(const Settings& settings, const AwsSettings& aws) {
  // Beside the work itself: reads of shards, credentials, control objects.
  constexpr std::size_t kOthers = 32;
  HttpOptions options;
  options.ca_bundle = aws.ca_bundle;
  options.max_connections = settings.in_flight + settings.parallelism + kOthers;
  options.user_agent = "ddbvault/" + Version();
  if (!aws.app_id.empty()) options.user_agent += " app/" + aws.app_id;
  return options;
}

// How long the work in flight may take to end after a signal.
constexpr Duration kLongestGoodbye{10000};

}  // namespace

Context::Context(CommandLine line, Settings settings, Environment environment)
    : line_(std::move(line)),
      settings_(std::move(settings)),
      aws_settings_(AsUsage([&] { return AwsSettingsOf(settings_, environment); })),
      loop_(AsUsage([&] { return EventLoop(HttpOptionsOf(settings_, aws_settings_)); })),
      workers_(std::max(2U, std::thread::hardware_concurrency())),
      session_(loop_, clock_, workers_, aws_settings_),
      environment_(std::move(environment)) {}

void Context::HandleSignals() {
  loop_.OnSignals([this](int signal) {
    // Everything that matters is durable before it is said to be: leaving at once loses nothing.
    if (signal_ != 0) _exit(static_cast<int>(ExitStatusOfSignal(signal)));
    signal_ = signal;
    LogInfo("told to end: finishing and saving what is in flight; once more to leave at once");
    stop_.Request();
    asio::co_spawn(loop_.executor(), LeaveLate(), asio::detached);
  });
}

// On a dead network a request in flight would hold the end for as long as its timeouts.
Task<void> Context::LeaveLate() {
  co_await clock_.Sleep(kLongestGoodbye);
  LogWarn("what is in flight has not ended within {}: leaving; the next run looks at it again",
          FormatDuration(kLongestGoodbye));
  _exit(static_cast<int>(ExitStatusOfSignal(signal_)));
}

std::optional<SettingValue> Context::Option(std::string_view name) const {
  const auto value = line_.Find(name);
  if (!value) return std::nullopt;
  return SettingValue{*value, "--" + std::string(name)};
}

CallOptions Context::OptionsFor(const TableName& table, bool patient) {
  CallOptions options;
  options.region = table.region.empty() ? settings_.dynamodb_region : table.region;
  options.patient = patient;
  options.stop = &stop_;
  return options;
}

Task<std::shared_ptr<DynamoDbClient>> Context::DynamoDb(TableName table, bool patient) {
  const CallOptions options = OptionsFor(table, patient);
  std::shared_ptr<AwsCaller> caller = co_await session_.DynamoDb(options);
  co_return std::make_shared<DynamoDbClient>(std::move(caller));
}

AwsSession& Context::TargetSession() {
  const auto profile = Option("target-profile");
  const auto url = Option("target-endpoint-url");
  if (!profile && !url) return session_;
  if (target_session_) return *target_session_;
  Settings settings = settings_;
  if (profile) settings.aws.profile = profile->text;
  const auto resolve = [&] {
    if (url) {
      settings.aws.endpoint_urls[AwsService::kDynamoDb] = CheckEndpointUrl(url->text, url->origin);
    }
    return AwsSettingsOf(settings, environment_);
  };
  target_session_ = std::make_unique<AwsSession>(loop_, clock_, workers_, AsUsage(resolve));
  return *target_session_;
}

Task<std::shared_ptr<DynamoDbClient>> Context::TargetDynamoDb(TableName table, bool patient) {
  const CallOptions options = OptionsFor(table, patient);
  std::shared_ptr<AwsCaller> caller = co_await TargetSession().DynamoDb(options);
  co_return std::make_shared<DynamoDbClient>(std::move(caller));
}

Task<std::optional<TableDescription>> Context::TryDescribeTarget(TableName table) {
  const std::shared_ptr<DynamoDbClient> client = co_await TargetDynamoDb(table, false);
  co_return co_await client->DescribeTable(table.name);
}

Task<std::shared_ptr<StreamsClient>> Context::Streams(TableName table, bool patient) {
  const CallOptions options = OptionsFor(table, patient);
  std::shared_ptr<AwsCaller> caller = co_await session_.Streams(options);
  co_return std::make_shared<StreamsClient>(std::move(caller));
}

Task<std::optional<TableDescription>> Context::TryDescribe(TableName table) {
  const std::shared_ptr<DynamoDbClient> client = co_await DynamoDb(table, false);
  co_return co_await client->DescribeTable(table.name);
}

Task<TableDescription> Context::Describe(TableName table) {
  std::optional<TableDescription> description = co_await TryDescribe(table);
  if (!description) {
    const CallOptions options = OptionsFor(table, false);
    const std::shared_ptr<AwsCaller> caller = co_await session_.DynamoDb(options);
    throw Error(Reaction::kNotFound, "there is no table \"" + table.name + "\" in region " +
                                         caller->options().region + ", at " +
                                         caller->options().endpoint)
        .Hint(
            "check the name (`ddbvault --help` lists the commands), the region (--region, or "
            "region/name) and the account");
  }
  co_return std::move(*description);
}

Task<void> ShowProgress(Context& context, std::string name, const Progress& progress,
                        Task<void> work) {
  if (context.settings().quiet) {
    co_await std::move(work);
    co_return;
  }
  Stop end;
  ProgressDisplay display(std::move(name), progress, context.clock(), ProgressOutput::Stderr());
  Executor executor = co_await asio::this_coro::executor;
  TaskGroup group(executor);
  group.Spawn(display.Run(&end));
  std::exception_ptr error;
  try {
    co_await std::move(work);
  } catch (...) {
    error = std::current_exception();
  }
  end.Request();
  co_await group.Join();
  if (error) std::rethrow_exception(error);
}

}  // namespace ddbvault
