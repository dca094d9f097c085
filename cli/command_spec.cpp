#include "cli/command_spec.h"

#include <algorithm>

namespace ddbvault {

OptionSpec IncrementalOption() {
  return {"incremental", "URL",
          "Where the objects of the incremental backup are: s3://bucket/prefix (the bucket must be "
          "versioned), file:///directory or a path. Default: ./ddbvault-data/incremental.",
          "INCREMENTAL_BUCKET, INCREMENTAL_PREFIX"};
}

OptionSpec SnapshotsOption() {
  return {"snapshots", "URL",
          "Where snapshots are: s3://bucket/prefix, file:///directory or a path. Default: "
          "./ddbvault-data/snapshots.",
          "SNAPSHOT_BUCKET, SNAPSHOT_PREFIX"};
}

OptionSpec KeyHashOption() {
  return {"key-hash", "sha256|md5",
          "Which hash of an item's key is its object's name. md5 is for buckets of the older "
          "dynamodb-replicator. All commands on one place must use the same. Default: sha256."};
}

OptionSpec InFlightOption() {
  return {"in-flight", "N",
          "How many requests to the store may be in flight at once, 1 to 1024. Default: 64."};
}

OptionSpec ParallelismOption() {
  return {"parallelism", "N",
          "How many requests to DynamoDB may be in flight at once, 1 to 1024. Default: 16.",
          "DYNAMODB_PARALLELISM"};
}

OptionSpec MemoryOption() {
  return {"memory", "SIZE",
          "How much memory may be used, about: a number of bytes, or one with K, M or G behind it. "
          "24M of it are the program's; the rest is for what is buffered. Default: 64M."};
}

OptionSpec KeyOption(std::string_view help) { return {"key", "JSON", help}; }

std::vector<OptionSpec> TargetOptions() {
  return {{"target-profile", "NAME",
           "The profile to use for the table that is written: another account's. Default: that of "
           "all else."},
          {"target-endpoint-url", "URL",
           "Where DynamoDB listens for the table that is written. Default: as for all else."}};
}

std::vector<OptionGroup> CommonGroups() {
  return {
      {"Connections",
       {{"region", "REGION", "The AWS region of tables that are named without one.",
         "DYNAMODB_REGION, AWS_REGION, AWS_DEFAULT_REGION"},
        {"profile", "NAME", "The profile of ~/.aws/config and ~/.aws/credentials to use.",
         "AWS_PROFILE"},
        {"endpoint-url", "URL",
         "Where DynamoDB and its streams listen, for a local server or a VPC endpoint.",
         "DYNAMODB_HOST, AWS_ENDPOINT_URL_DYNAMODB"},
        {"s3-endpoint-url", "URL", "Where S3 listens, for another S3 server.",
         "AWS_ENDPOINT_URL_S3"},
        {"s3-path-style", "auto|always|never",
         "Whether the bucket is in the path of a request (always) or in the name of the host "
         "(never). Default: auto, which is in the path for a custom endpoint."},
        {"ca-bundle", "FILE", "PEM certificates to trust instead of the system's.",
         "AWS_CA_BUNDLE"}}},
      {"General",
       {{"config", "FILE", "A TOML file with settings; see below."},
        {"json", "",
         "Print the report to standard output as one JSON document, and an error to standard error "
         "as one line of JSON."},
        {"quiet", "", "No progress, and of the log only warnings and errors.", "", 'q'},
        {"log-level", "LEVEL",
         "trace, debug, info, warn, error or off. The log goes to standard error and never has "
         "items or secrets in it. Default: info."},
        {"help", "", "Show this help.", "", 'h'},
        {"version", "", "Show the version.", "", 'V'}}}};
}

std::vector<VariableSpec> CommonVariables() {
  return {
      {"INCREMENTAL_BUCKET, INCREMENTAL_PREFIX", "The incremental place, in S3."},
      {"SNAPSHOT_BUCKET, SNAPSHOT_PREFIX", "The place of snapshots, in S3."},
      {"DYNAMODB_REGION", "The region of tables, where it is not that of everything else."},
      {"DYNAMODB_HOST, DYNAMODB_PORT, DYNAMODB_USETLS",
       "Where DynamoDB and its streams listen. DYNAMODB_USETLS is true or false; default: true."},
      {"DYNAMODB_PARALLELISM", "Requests to DynamoDB in flight."},
      {"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
       "Credentials. Without them the usual chain of the AWS SDKs is tried: profile, web identity, "
       "SSO, credential process, container, EC2 instance."},
      {"AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS, ...",
       "As the AWS SDKs read them."},
      {"HTTPS_PROXY, NO_PROXY", "Proxies."},
  };
}

std::vector<OptionGroup> CommandSpec::AllGroups() const {
  std::vector<OptionGroup> all = groups;
  for (OptionGroup& group : CommonGroups()) all.push_back(std::move(group));
  return all;
}

const std::vector<CommandSpec>& Commands() {
  static const std::vector<CommandSpec> commands = {
      FollowSpec(), BackfillSpec(),      SnapshotSpec(), RestoreSpec(),  VerifySpec(),
      DoctorSpec(), StatusCommandSpec(), ParkedSpec(),   HistorySpec(),  DiffSpec(),
      DrillSpec(),  PruneSpec(),         ForgetSpec(),   ReplicateSpec()};
  return commands;
}

const CommandSpec* FindCommand(std::string_view name) {
  const auto& commands = Commands();
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const CommandSpec& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

const CommandSpec& DefaultCommand() { return Commands().front(); }

}  // namespace ddbvault
