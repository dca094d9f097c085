// How long is it from the start of the process to the first change applied, how large is the
// binary, and what memory does it start with?
#include <csignal>
#include <stdexcept>

#include "bench/clocks.h"
#include "bench/product.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

double MegabytesStripped(const Product& product) {
  const std::filesystem::path stripped = product.directory() / "stripped";
  const std::string command =
      "strip -o '" + stripped.string() + "' '" + Product::Binary().string() + "'";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot run: " + command);
  return static_cast<double>(std::filesystem::file_size(stripped)) / 1024 / 1024;
}

// A steady_clock's time as WallSeconds() has it.
double Seconds(Instant instant) {
  return std::chrono::duration<double>(instant.time_since_epoch()).count();
}

void Bench(const BenchSettings& settings) {
  CannedServer server;
  Product product(server);
  std::vector<double> first;
  for (int round = 0; round < settings.rounds(); ++round) {
    CannedLoad load;
    load.changes = 10;
    product.Load(load);
    const auto running = product.Start(product.Follow(kInFlight));
    running->WaitUntil([&server] { return server.item_puts() > 0; });
    running->Signal(SIGTERM);
    running->Wait();
    first.push_back((Seconds(server.item_requests().at(0)) - running->started()) * 1000);
  }
  Reported("start: process start to first change applied", Median(first), "ms");
  Reported("start: the stripped release binary", MegabytesStripped(product), "MB");
  product.Load({});
  Reported("start: memory of a follow with nothing to do",
           product.RunFollow(kInFlight, 0).rss_megabytes, "MB");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
