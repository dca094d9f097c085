#include "bench/per_item.h"

#include <vector>

#include "bench/report.h"

namespace ddbvault {

void PerItemBench::Load(std::uint64_t items) {
  CannedLoad load;
  load.items = items;
  product_.Load(load);
}

void PerItemBench::SayCost(std::string_view name, BareMethod method, double budget,
                           const std::function<Usage(std::uint64_t)>& run) {
  std::vector<double> ratios;
  std::vector<double> products;
  std::vector<double> bares;
  const std::uint64_t few = settings_.few();
  const std::uint64_t many = settings_.many();
  for (int round = 0; round < settings_.rounds(); ++round) {
    const double small = run(few).cpu_seconds;
    const double large = run(many).cpu_seconds;
    counts_ = server_.counts();
    items_ = many;
    // After the large one: its items are still the server's load.
    BareOptions bare = {.method = method, .endpoint = server_.url()};
    bare.items = many;
    BareLoop loop(bare);
    loop.Send(2 * bare.in_flight);  // opens the connections
    const double reference = loop.Send(many - few).cpu_seconds;
    const double product = (large - small) / static_cast<double>(many - few);
    ratios.push_back(product / reference);
    products.push_back(product * 1e6);
    bares.push_back(reference * 1e6);
  }
  AtMost(name, Median(ratios), "x", budget,
         Rounded(Median(products), 1) + " us of CPU, bare " + Rounded(Median(bares), 1));
}

void PerItemBench::SayItemRequests(std::string_view name) const {
  AtMost(name, Each("PUT item") + Each("GET item") + Each("HEAD item"), "", 1.0);
}

double PerItemBench::Each(const std::string& counted) const {
  const auto found = counts_.find(counted);
  const std::uint64_t count = found == counts_.end() ? 0 : found->second;
  return static_cast<double>(count) / static_cast<double>(items_);
}

}  // namespace ddbvault
