// What does one change cost that is followed into S3, in PUTs of a bare loop?
#include "bench/per_item.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

void Bench(const BenchSettings& settings) {
  PerItemBench bench(settings);
  const auto follow = [&bench](std::uint64_t changes) {
    CannedLoad load;
    load.changes = changes;
    bench.product().Load(load);
    return bench.product().RunFollow(kInFlight, changes);
  };
  bench.SayCost("follow: a change / a bare PUT", BareMethod::kPut, 1.5, follow);
  bench.SayItemRequests("follow: requests to items' objects per change");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
