// What does one change cost that is followed into S3, in PUTs of a bare loop?
#include "bench/per_item.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

void Bench(const BenchSettings& settings) {
  CannedServer server;
  Product product(server);
  CannedLoad load;
  std::map<std::string, std::uint64_t> counts;
  const PerItem cost =
      MeasurePerItem(settings, {.endpoint = server.url()}, [&](std::uint64_t changes) {
        load.changes = changes;
        product.Rewind();
        server.Load(load);
        const Usage usage = product.RunFollow(kInFlight, changes);
        counts = server.counts();
        return usage;
      });
  AtMost("follow: a change / a bare PUT", cost.ratio, "x", 1.5, cost.Note());
  const auto changes = static_cast<double>(load.changes);
  AtMost(
      "follow: requests to items' objects per change",
      static_cast<double>(counts["PUT item"] + counts["GET item"] + counts["HEAD item"]) / changes,
      "", 1.0);
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
