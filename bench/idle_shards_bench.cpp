// What does a process cost that follows a thousand open shards, and does a busy one among them
// wait?
#include <chrono>
#include <csignal>
#include <stdexcept>

#include "bench/clocks.h"
#include "bench/product.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

constexpr std::uint32_t kManyShards = 1000;
// Quiet shards are asked less and less, down to once in two seconds.
constexpr double kLongestPause = 2;

void WaitUntilQuiet(RunningProduct& running, CannedServer& server, std::uint32_t shards) {
  std::uint64_t before = 0;
  for (int tries = 0; tries < 20; ++tries) {
    running.RunFor(kLongestPause);
    const std::uint64_t reads = server.counts()["GetRecords"];
    // All have been read, and none oftener than that.
    if (before >= shards && reads - before <= shards + shards / 20 + 1) return;
    before = reads;
  }
  throw std::runtime_error("the shards are not quiet after so long a time");
}

void Idle(const BenchSettings& settings, CannedServer& server, Product& product) {
  CannedLoad load;
  load.shards = kManyShards;
  product.Load(load);
  const auto running = product.Start(product.Follow(kInFlight));
  WaitUntilQuiet(*running, server, load.shards);
  const double cpu = running->CpuSeconds();
  const double wall = WallSeconds();
  const std::uint64_t reads = server.counts()["GetRecords"];
  running->RunFor(settings.short_form ? 4 : 30);
  const double seconds = WallSeconds() - wall;
  const double percent = (running->CpuSeconds() - cpu) / seconds * 100;
  const double rate = static_cast<double>(server.counts()["GetRecords"] - reads) / seconds;
  running->Signal(SIGTERM);
  const Usage usage = running->Wait();
  AtMost("idle shards: 1,000 open, all quiet", percent, "% of a core", 2.0,
         Rounded(usage.rss_megabytes, 1) + " MB, " + Rounded(percent * 1e4 / rate, 0) +
             " us of CPU a read");
  AtMost("idle shards: reads of a quiet shard per second", rate / kManyShards, "/s", 0.55);
}

// Seconds from the first to the last write of what comes into one shard when all have long been
// quiet.
double SecondsOfTheBusyOne(CannedServer& server, Product& product, CannedLoad load) {
  const CannedLoad quiet = {.shards = load.shards};
  product.Load(quiet);
  const auto running = product.Start(product.Follow(kInFlight));
  WaitUntilQuiet(*running, server, load.shards);
  server.Load(load);
  running->WaitUntil([&] { return server.item_puts() >= load.changes; });
  const std::vector<Instant> times = server.item_requests();
  running->Signal(SIGTERM);
  running->Wait();
  return std::chrono::duration<double>(times.back() - times.front()).count();
}

void Busy(CannedServer& server, Product& product) {
  CannedLoad load;
  load.changes = 60000;
  load.one_busy_shard = true;
  std::vector<double> ratios;
  for (int round = 0; round < 3; ++round) {
    load.shards = 1;
    const double alone = SecondsOfTheBusyOne(server, product, load);
    load.shards = kManyShards;
    const double among = SecondsOfTheBusyOne(server, product, load);
    ratios.push_back(alone / among);
  }
  Reported("idle shards: speed of a busy one among them / alone", Median(ratios), "x");
}

void Bench(const BenchSettings& settings) {
  CannedServer server;
  Product product(server);
  Idle(settings, server, product);
  if (!settings.short_form) Busy(server, product);
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
