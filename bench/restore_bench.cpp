// What does one item cost that is restored into a table, 25 in a request, in PUTs of a bare loop?
#include "bench/per_item.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

void Bench(const BenchSettings& settings) {
  CannedServer server;
  Product product(server);
  product.Prepare();
  CannedLoad load;
  const auto directory_of = [&product](std::uint64_t items) {
    return product.directory() / ("snapshot-" + std::to_string(items));
  };
  for (const std::uint64_t items : {settings.few(), settings.many()}) {
    load.items = items;
    product.Rewind();
    server.Load(load);
    product.Run(product.SnapshotTo(directory_of(items)));
  }
  std::map<std::string, std::uint64_t> counts;
  const PerItem cost =
      MeasurePerItem(settings, {.endpoint = server.url()}, [&](std::uint64_t items) {
        load.items = items;
        server.Load(load);
        const Usage usage = product.Run(product.Restore(directory_of(items)));
        counts = server.counts();
        return usage;
      });
  AtMost("restore: an item / a bare PUT", cost.ratio, "x", 0.3, cost.Note());
  Reported("restore: items in a BatchWriteItem",
           static_cast<double>(load.items) / static_cast<double>(counts["BatchWriteItem"]), "");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
