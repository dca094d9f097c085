// Does the memory of each command stay within its budget, whatever the number and the size of the
// items?
#include "bench/product.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

constexpr const char* kCommands[] = {"follow", "backfill", "snapshot", "restore"};
constexpr int kManyInFlight = 256;
constexpr std::size_t kLargestItem = std::size_t{400} << 10U;  // DynamoDB takes no larger ones

class Memory {
 public:
  explicit Memory(const BenchSettings& settings) : settings_(settings), product_(server_) {}

  // Enough items to fill what may be buffered, and several times as many.
  void OfManyItems() {
    memory_ = settings_.short_form ? "32M" : "40M";
    const std::uint64_t few = settings_.short_form ? 6000 : 30000;
    for (const char* command : kCommands) {
      const double of_few = Rss(command, LoadOf(few, 1024));
      const double of_many = Rss(command, LoadOf(3 * few, 1024));
      AtMost("memory: " + std::string(command) + ", many items / few", of_many / of_few, "x", 1.1,
             Rounded(of_many, 1) + " MB at " + std::to_string(3 * few) + ", " + Rounded(of_few, 1) +
                 " MB at " + std::to_string(few) + ", --memory " + memory_);
    }
  }

  // With all the memory that it may use unless told otherwise.
  void OfFollow() {
    memory_.clear();
    CannedLoad load = LoadOf(settings_.short_form ? 6000 : 80000, 1024);
    for (const std::uint32_t shards : {1U, 8U}) {
      load.shards = shards;
      AtMost("memory: follow, 256 in flight, shards: " + std::to_string(shards),
             Rss("follow", load), "MB", 64);
    }
  }

  void OfLargeItems() {
    constexpr double kMemoryMegabytes = 40;
    memory_ = "40M";
    const std::uint64_t items = settings_.short_form ? 60 : 1000;
    for (const char* command : kCommands) {
      CannedLoad load = LoadOf(items, kLargestItem);
      // A page has two changes of such items: it takes many shards to fill the memory.
      load.shards = 32;
      const double rss = Rss(command, load);
      AtMost("memory: " + std::string(command) + " of 400 KB items / --memory",
             rss / kMemoryMegabytes, "x", 1.0, Rounded(rss, 1) + " MB with --memory " + memory_);
    }
  }

 private:
  static CannedLoad LoadOf(std::uint64_t items, std::size_t item_bytes) {
    return {.item_bytes = item_bytes, .items = items, .changes = items};
  }

  double Rss(const std::string& command, const CannedLoad& load) {
    product_.Load(load);
    std::vector<std::string> arguments;
    if (command == "follow") {
      std::vector<std::string> more;
      if (!memory_.empty()) more = {"--memory", memory_};
      return product_.RunFollow(kManyInFlight, load.changes, more).rss_megabytes;
    }
    if (command == "backfill") {
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
};

void Bench(const BenchSettings& settings) {
  Memory memory(settings);
  memory.OfFollow();
  memory.OfManyItems();
  memory.OfLargeItems();
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
