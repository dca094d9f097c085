// Does the memory of each command stay within its budget, whatever the number and the size of the
// items?
#include "bench/product.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

constexpr int kManyInFlight = 256;
constexpr std::size_t kLargestItem = std::size_t{400} << 10U;  // DynamoDB takes no larger ones

class Memory {
 public:
  explicit Memory(const BenchSettings& settings) : settings_(settings), product_(server_) {
    product_.Prepare();
    at_start_ = Rss("follow", {});
  }

  void OfManyItems() {
    for (const char* command : {"follow", "backfill", "snapshot", "restore"}) {
      const double few = Rss(command, LoadOf(settings_.few(), 1024));
      const double many = Rss(command, LoadOf(settings_.many(), 1024));
      const std::string name = command;
      if (name == "follow") AtMost("memory: follow, 256 in flight", many, "MB", 64);
      AtMost("memory: " + name + ", many items / few", many / few, "x", 1.1,
             Rounded(many, 1) + " MB at " + std::to_string(settings_.many()) + ", " +
                 Rounded(few, 1) + " MB at " + std::to_string(settings_.few()));
    }
  }

  // Of the byte budget, what is used beside what a process starts with.
  void OfLargeItems() {
    constexpr double kMemoryMegabytes = 32;
    memory_ = "32M";
    const std::uint64_t items = settings_.short_form ? 150 : 1000;
    for (const char* command : {"follow", "backfill", "snapshot", "restore"}) {
      CannedLoad load = LoadOf(items, kLargestItem);
      // A page has two changes of such items: it takes many shards to fill the memory.
      load.shards = 32;
      const double rss = Rss(command, load);
      AtMost("memory: " + std::string(command) + " of 400 KB items / --memory",
             (rss - at_start_) / kMemoryMegabytes, "x", 1.0,
             Rounded(rss, 1) + " MB with --memory 32M, " + Rounded(at_start_, 1) + " at the start");
    }
  }

 private:
  static CannedLoad LoadOf(std::uint64_t items, std::size_t item_bytes) {
    return {.item_bytes = item_bytes, .items = items, .changes = items};
  }

  double Rss(const std::string& command, const CannedLoad& load) {
    product_.Rewind();
    server_.Load(load);
    std::vector<std::string> arguments;
    if (command == "follow") {
      arguments = product_.Follow(kManyInFlight);
    } else if (command == "backfill") {
      arguments = product_.Backfill(kManyInFlight);
    } else if (command == "snapshot") {
      arguments = product_.Snapshot(kManyInFlight);
    } else {
      const auto directory = product_.directory() / "restored";
      std::filesystem::remove_all(directory);
      product_.Run(product_.SnapshotTo(directory));
      arguments = product_.Restore(directory);
    }
    if (!memory_.empty()) arguments.insert(arguments.end(), {"--memory", memory_});
    return product_.Run(std::move(arguments)).rss_megabytes;
  }

  BenchSettings settings_;
  CannedServer server_;
  Product product_;
  std::string memory_;
  double at_start_ = 0;
};

void Bench(const BenchSettings& settings) {
  Memory memory(settings);
  memory.OfManyItems();
  memory.OfLargeItems();
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
