// What does one item cost that a backfill writes into S3, in PUTs of a bare loop?
#include "bench/per_item.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

void Bench(const BenchSettings& settings) {
  PerItemBench bench(settings);
  const auto backfill = [&bench](std::uint64_t items) {
    bench.Load(items);
    return bench.product().Run(bench.product().Backfill(kInFlight));
  };
  bench.SayCost("backfill: an item / a bare PUT", BareMethod::kPut, 1.5, backfill);
  bench.SayItemRequests("backfill: requests to items' objects per item");
  Reported("backfill: connections opened per item", bench.Each("connections"), "");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
