// What does one item cost that a snapshot reads from S3, checks and compresses, in GETs of a bare
// loop?
#include "bench/per_item.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

void Bench(const BenchSettings& settings) {
  PerItemBench bench(settings);
  const auto snapshot = [&bench](std::uint64_t items) {
    bench.Load(items);
    return bench.product().Run(bench.product().Snapshot(kInFlight));
  };
  bench.SayCost("snapshot: an item / a bare GET", BareMethod::kGet, 1.5, snapshot);
  bench.SayItemRequests("snapshot: requests to items' objects per item");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
