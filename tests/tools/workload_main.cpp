// ddbvault-workload: makes, fills and changes a practice table in a local DynamoDB; for the demo.
//
//   ddbvault-workload ENDPOINT create|create-without-stream TABLE
//   ddbvault-workload ENDPOINT fill TABLE COUNT
//   ddbvault-workload ENDPOINT change TABLE COUNT [SEED]
//   ddbvault-workload ENDPOINT compare TABLE TABLE
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "aws/caller.h"
#include "aws/event_loop.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

constexpr int kUsage = 2;
constexpr int kDifferent = 3;
constexpr const char* kHelp =
    "usage: ddbvault-workload ENDPOINT create|create-without-stream TABLE\n"
    "       ddbvault-workload ENDPOINT fill TABLE COUNT\n"
    "       ddbvault-workload ENDPOINT change TABLE COUNT [SEED]\n"
    "       ddbvault-workload ENDPOINT compare TABLE TABLE\n";

Task<int> RunCommand(DynamoDbClient& client, std::vector<std::string> words) {
  const std::string& command = words.at(0);
  const std::string& table = words.at(1);
  WorkloadOptions options;
  if (words.size() > 3) options.seed = std::stoull(words.at(3));
  Workload workload(client, table, options);
  if (command == "create" || command == "create-without-stream") {
    co_await workload.CreateTable(command == "create");
  } else if (command == "fill") {
    co_await workload.Fill(static_cast<std::uint32_t>(std::stoul(words.at(2))));
  } else if (command == "change") {
    co_await workload.Change(static_cast<std::uint32_t>(std::stoul(words.at(2))));
  } else if (command == "compare") {
    const auto left = co_await ReadTable(client, table);
    const auto right = co_await ReadTable(client, words.at(2));
    std::printf("%zu items in %s, %zu in %s: %s\n", left.size(), table.c_str(), right.size(),
                words.at(2).c_str(), left == right ? "the same, item by item" : "DIFFERENT");
    co_return left == right ? 0 : kDifferent;
  } else {
    std::fputs(kHelp, stderr);
    co_return kUsage;
  }
  co_return 0;
}

int Main(std::vector<std::string> words) {
  if (words.size() < 3) {
    std::fputs(kHelp, stderr);
    return kUsage;
  }
  EventLoop loop;
  SystemClock clock;
  Credentials credentials;
  credentials.access_key_id = "demo";
  credentials.secret_access_key = "demo";
  CallerOptions options;
  options.service = "dynamodb";
  options.region = "us-east-1";
  options.endpoint = words.front();
  DynamoDbClient client(std::make_shared<AwsCaller>(
      loop, clock, std::make_shared<StaticCredentials>(credentials), options));
  words.erase(words.begin());
  return loop.Run(RunCommand(client, std::move(words)));
}

}  // namespace
}  // namespace ddbvault

int main(int count, char** arguments) {
  try {
    return ddbvault::Main(std::vector<std::string>(arguments + 1, arguments + count));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ddbvault-workload: %s\n", error.what());
    return 1;
  }
}
