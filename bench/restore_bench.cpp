// What does one item cost that is restored into a table, 25 in a request, in PUTs of a bare loop?
#include "bench/per_item.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

void Bench(const BenchSettings& settings) {
  PerItemBench bench(settings);
  Product& product = bench.product();
  const auto snapshot_of = [&product](std::uint64_t items) {
    return product.directory() / ("snapshot-" + std::to_string(items));
  };
  for (const std::uint64_t items : {settings.few(), settings.many()}) {
    bench.Load(items);
    product.Run(product.SnapshotTo(snapshot_of(items)));
  }
  const auto restore = [&](std::uint64_t items) {
    bench.Load(items);
    return product.Run(product.Restore(snapshot_of(items)));
  };
  bench.SayCost("restore: an item / a bare PUT", BareMethod::kPut, 0.3, restore);
  Reported("restore: items in a BatchWriteItem", 1 / bench.Each("BatchWriteItem"), "");
  const auto in_place = [&](std::uint64_t items) {
    bench.Load(items);
    return product.Run(product.RestoreInPlace(snapshot_of(items)));
  };
  bench.SayCost("restore in place: an item that is the same / a bare PUT", BareMethod::kPut, 0.3,
                in_place);
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
