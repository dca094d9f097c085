// What does one item cost that a snapshot reads from S3, checks and compresses, in GETs of a bare
// loop?
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
  const BareOptions bare = {.method = BareMethod::kGet, .endpoint = server.url()};
  const PerItem cost = MeasurePerItem(settings, bare, [&](std::uint64_t items) {
    load.items = items;
    product.Rewind();
    server.Load(load);
    const Usage usage = product.Run(product.Snapshot(kInFlight));
    counts = server.counts();
    return usage;
  });
  AtMost("snapshot: an item / a bare GET", cost.ratio, "x", 1.5, cost.Note());
  const auto items = static_cast<double>(load.items);
  AtMost("snapshot: requests to items' objects per item",
         static_cast<double>(counts["PUT item"] + counts["GET item"] + counts["HEAD item"]) / items,
         "", 1.0);
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
