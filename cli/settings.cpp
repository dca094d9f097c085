#include "cli/settings.h"

#include <filesystem>
#include <initializer_list>
#include <string_view>

#include "cli/exit_status.h"
#include "cli/values.h"

namespace ddbvault {
namespace {

constexpr std::uint64_t kMostRequests = 1024;
// A few answers of 1 MB, and batches, beside what a process takes.
constexpr std::size_t kLeastMemory = std::size_t{32} << 20U;

UsageError Bad(std::string message, std::string_view hint) {
  UsageError error(std::move(message));
  error.Hint(hint);
  return error;
}

class Resolver {
 public:
  Resolver(const CommandLine& line, const Environment& environment, const ConfigValues& config)
      : line_(line), environment_(environment), config_(config) {}

  Settings Resolve() {
    ResolveConnections();
    ResolvePlaces();
    ResolveWork();
    ResolveOutput();
    return std::move(settings_);
  }

 private:
  using Found = std::optional<SettingValue>;

  Found Flag(std::string_view option) const {
    const auto value = line_.Find(option);
    if (!value) return std::nullopt;
    return SettingValue{*value, "--" + std::string(option)};
  }
  Found Variable(std::string_view name) const {
    const std::string value = FromEnvironment(environment_, name);
    if (value.empty()) return std::nullopt;
    return SettingValue{value, std::string(name)};
  }
  Found File(std::string_view key) const {
    const auto found = config_.find(key);
    if (found == config_.end()) return std::nullopt;
    return found->second;
  }
  // The strongest that is there; empty names are left out.
  Found Find(std::string_view option, std::string_view variable, std::string_view key) const {
    Found found;
    if (!option.empty()) found = Flag(option);
    if (!found && !variable.empty()) found = Variable(variable);
    if (!found && !key.empty()) found = File(key);
    return found;
  }
  bool AnyVariable(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      if (Variable(name)) return true;
    }
    return false;
  }

  void ResolveConnections() {
    if (const Found profile = Flag("profile")) settings_.aws.profile = profile->text;
    ResolveRegion();
    ResolveDynamoDbEndpoint();
    if (const Found url = Flag("s3-endpoint-url")) {
      SetEndpoint({AwsService::kS3}, *url);
    } else if (!AnyVariable({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"})) {
      if (const Found file = File("s3.endpoint")) SetEndpoint({AwsService::kS3}, *file);
    }
    if (const Found style = Find("s3-path-style", "", "s3.path_style")) {
      constexpr S3Addressing kStyles[] = {S3Addressing::kAuto, S3Addressing::kPath,
                                          S3Addressing::kVirtual};
      settings_.s3_addressing = kStyles[ParseChoice(*style, {"auto", "always", "never"})];
    }
    if (const Found bundle = Flag("ca-bundle")) {
      settings_.aws.ca_bundle = bundle->text;
    } else if (const Found file = File("s3.ca_bundle"); file && !Variable("AWS_CA_BUNDLE")) {
      settings_.aws.ca_bundle = file->text;
    }
  }

  void ResolveRegion() {
    if (const Found flag = Flag("region")) {
      settings_.aws.region = flag->text;
      settings_.dynamodb_region = flag->text;
    } else if (const Found variable = Variable("DYNAMODB_REGION")) {
      settings_.dynamodb_region = variable->text;
    } else if (const Found file = File("dynamodb.region");
               file && !AnyVariable({"AWS_REGION", "AWS_DEFAULT_REGION"})) {
      settings_.dynamodb_region = file->text;
    }
  }

  void ResolveDynamoDbEndpoint() {
    const auto services = {AwsService::kDynamoDb, AwsService::kStreams};
    if (const Found flag = Flag("endpoint-url")) return SetEndpoint(services, *flag);
    Found host = Variable("DYNAMODB_HOST");
    if (!host) {
      if (AnyVariable({"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"})) return;
      host = File("dynamodb.host");
    }
    const Found port = Find("", "DYNAMODB_PORT", "dynamodb.port");
    const Found tls = Find("", "DYNAMODB_USETLS", "dynamodb.tls");
    const std::uint64_t port_number = port ? ParseCount(*port, 1, 65535) : 0;
    const bool use_tls = !tls || ParseSwitch(*tls);
    if (!host) {
      CheckNoHost(port, port_number, tls, use_tls);
      return;
    }
    const bool bare_ipv6 = host->text.find(':') != std::string::npos && host->text[0] != '[';
    if (host->text.find('/') != std::string::npos) {
      throw Bad(host->origin + ": \"" + host->text + "\" is not the name of a host",
                "for a URL use --endpoint-url");
    }
    SetEndpoint(services, {(use_tls ? "https://" : "http://") +
                               (bare_ipv6 ? "[" + host->text + "]" : host->text) +
                               (port ? ":" + std::to_string(port_number) : ""),
                           host->origin});
  }

  // AWS itself is https on port 443: another port or no TLS means that a host was forgotten.
  static void CheckNoHost(const Found& port, std::uint64_t port_number, const Found& tls,
                          bool use_tls) {
    constexpr std::string_view kHint = "set DYNAMODB_HOST, or dynamodb.host in the config file";
    if (port && port_number != 443) throw Bad(port->origin + " is set without a host", kHint);
    if (!use_tls) throw Bad(tls->origin + " is set without a host", kHint);
  }

  void SetEndpoint(std::initializer_list<AwsService> services, const SettingValue& url) {
    try {
      const std::string checked = CheckEndpointUrl(url.text, url.origin);
      for (const AwsService service : services) settings_.aws.endpoint_urls[service] = checked;
    } catch (const Error& error) {
      throw UsageError(error);
    }
  }

  void ResolvePlaces() {
    settings_.incremental =
        FindPlace("incremental", "INCREMENTAL", "s3.incremental", "./ddbvault-data/incremental");
    settings_.snapshots =
        FindPlace("snapshots", "SNAPSHOT", "s3.snapshot", "./ddbvault-data/snapshots");
    if (settings_.incremental == settings_.snapshots) {
      throw Bad("snapshots and the incremental backup have the same place, " +
                    settings_.incremental.url(),
                "give each its own: a snapshot among the objects of items would be taken for one");
    }
    const Found checkpoints = Find("checkpoints", "", "checkpoints");
    settings_.checkpoints =
        std::filesystem::absolute(checkpoints ? checkpoints->text : "ddbvault-data/checkpoints.db")
            .lexically_normal()
            .string();
    if (const Found hash = Find("key-hash", "", "key_hash")) {
      settings_.key_hash =
          ParseChoice(*hash, {"sha256", "md5"}) == 0 ? KeyHash::kSha256 : KeyHash::kMd5;
    }
  }

  // Bucket and prefix are settings of their own, as they were for the predecessor: the
  // environment's prefix goes with the file's bucket.
  Place FindPlace(std::string_view option, const std::string& variable, const std::string& table,
                  std::string_view fallback) const {
    if (const Found flag = Flag(option)) return ReadPlace(*flag);
    const Found url = File(table + ".url");
    const Found file_bucket = File(table + ".bucket");
    if (url && file_bucket) {
      throw Bad(url->origin + " is set as well as " + table + ".bucket", "keep one of the two");
    }
    const Found bucket = Find("", variable + "_BUCKET", table + ".bucket");
    const Found prefix = Find("", variable + "_PREFIX", table + ".prefix");
    if (bucket) {
      return ReadPlace(
          {"s3://" + bucket->text + (prefix ? "/" + prefix->text : ""), bucket->origin});
    }
    if (prefix) {
      throw Bad(prefix->origin + " is set without a bucket",
                "set " + variable + "_BUCKET, or " + table + ".bucket in the config file");
    }
    if (url) return ReadPlace(*url);
    return ReadPlace({std::string(fallback), "--" + std::string(option)});
  }

  static Place ReadPlace(const SettingValue& value) {
    try {
      return ParsePlace(value.text);
    } catch (Error& error) {
      error.Within(value.origin);
      throw UsageError(error);
    }
  }

  void ResolveWork() {
    if (const Found n = Flag("in-flight")) settings_.in_flight = ParseCount(*n, 1, kMostRequests);
    if (const Found n = Find("parallelism", "DYNAMODB_PARALLELISM", "dynamodb.parallelism")) {
      settings_.parallelism = ParseCount(*n, 1, kMostRequests);
    }
    if (const Found size = Flag("memory")) {
      settings_.memory = ParseSize(*size);
      if (settings_.memory < kLeastMemory) {
        throw Bad(size->origin + ": " + size->text + " is too little", "32M is the least");
      }
    }
  }

  void ResolveOutput() {
    settings_.json = line_.Has("json");
    settings_.quiet = line_.Has("quiet");
    if (settings_.quiet) settings_.log_level = "warn";
    if (const Found level = Flag("log-level")) {
      ParseChoice(*level, {"trace", "debug", "info", "warn", "error", "off"});
      settings_.log_level = level->text;
    }
  }

  const CommandLine& line_;
  const Environment& environment_;
  const ConfigValues& config_;
  Settings settings_;
};

}  // namespace

Settings ResolveSettings(const CommandLine& line, const Environment& environment,
                         const ConfigValues& config) {
  return Resolver(line, environment, config).Resolve();
}

}  // namespace ddbvault
