// What does one item cost that a backfill writes into S3, in PUTs of a bare loop?
#include "bench/per_item.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

void Bench(const BenchSettings& settings) {
  CannedServer server;
  Product product(server);
  product.Prepare();
  CannedLoad load;
  std::map<std::string, std::uint64_t> counts;
  const PerItem cost =
      MeasurePerItem(settings, {.endpoint = server.url()}, [&](std::uint64_t items) {
        load.items = items;
        product.Rewind();
        server.Load(load);
        const Usage usage = product.Run(product.Backfill(kInFlight));
        counts = server.counts();
        return usage;
      });
  AtMost("backfill: an item / a bare PUT", cost.ratio, "x", 1.5, cost.Note());
  const auto items = static_cast<double>(load.items);
  AtMost("backfill: requests to items' objects per item",
         static_cast<double>(counts["PUT item"] + counts["GET item"] + counts["HEAD item"]) / items,
         "", 1.0);
  Reported("backfill: connections opened per item",
           static_cast<double>(counts["connections"]) / items, "");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
