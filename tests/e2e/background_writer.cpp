#include "tests/e2e/background_writer.h"

#include <utility>

namespace ddbvault {
namespace {

// One or two batches of BatchWriteItem: stopped soon.
constexpr std::uint32_t kAtOnce = 25;

}  // namespace

BackgroundWriter::BackgroundWriter(const E2eEnvironment& servers, std::string table,
                                   WorkloadOptions options)
    : table_(std::move(table)), options_(options), thread_([this, &servers] { Run(servers); }) {}

BackgroundWriter::~BackgroundWriter() {
  try {
    Stop();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the test has failed before
  }
}

void BackgroundWriter::Allow(std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  allowed_ = changes == kNoLimit ? kNoLimit : made_ + changes;
  changed_.notify_all();
}

void BackgroundWriter::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

std::uint64_t BackgroundWriter::made() const {
  const std::lock_guard lock(mutex_);
  return made_;
}

void BackgroundWriter::WaitUntilMade(std::uint64_t changes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || made_ >= changes; });
}

bool BackgroundWriter::WaitForAllowance() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || made_ < allowed_; });
  return !stop_;
}

void BackgroundWriter::Run(const E2eEnvironment& servers) {
  try {
    EventLoop loop;
    SystemClock clock;
    DynamoDbClient client(
        CallerOn(loop, clock, servers, "dynamodb", servers.dynamodb_endpoint, AwsProtocol::kJson));
    Workload workload(client, table_, options_);
    while (WaitForAllowance()) {
      loop.Run(workload.Change(kAtOnce));
      const std::lock_guard lock(mutex_);
      made_ += kAtOnce;
      changed_.notify_all();
    }
  } catch (...) {
    error_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace ddbvault
