#include "bench/per_item.h"

#include "bench/report.h"

namespace ddbvault {

std::string PerItem::Note() const {
  return Rounded(product_microseconds, 1) + " us of CPU, bare " + Rounded(bare_microseconds, 1);
}

PerItem MeasurePerItem(const BenchSettings& settings, BareOptions bare,
                       const std::function<Usage(std::uint64_t)>& run) {
  std::vector<double> ratios;
  std::vector<double> products;
  std::vector<double> bares;
  const std::uint64_t few = settings.few();
  const std::uint64_t many = settings.many();
  for (int round = 0; round < settings.rounds(); ++round) {
    const double small = run(few).cpu_seconds;
    const double large = run(many).cpu_seconds;
    // After the large one: its items are still the server's load.
    bare.items = many;
    BareLoop loop(bare);
    loop.Send(2 * bare.in_flight);  // opens the connections
    const double reference = loop.Send(many - few).cpu_seconds;
    const double product = (large - small) / static_cast<double>(many - few);
    ratios.push_back(product / reference);
    products.push_back(product * 1e6);
    bares.push_back(reference * 1e6);
  }
  return {Median(ratios), Median(products), Median(bares)};
}

}  // namespace ddbvault
