// What an item costs a command, as a multiple of what a bare request costs.
#pragma once

#include <functional>
#include <vector>

#include "bench/bare_loop.h"
#include "bench/canned/canned_server.h"
#include "bench/product.h"
#include "bench/settings.h"

namespace ddbvault {

struct PerItem {
  double ratio = 0;                 // the median of the rounds
  double product_microseconds = 0;  // medians
  double bare_microseconds = 0;
  std::string Note() const;
};

// `run` has the product work on so many items, and returns what that used.
PerItem MeasurePerItem(const BenchSettings& settings, BareOptions bare,
                       const std::function<Usage(std::uint64_t)>& run);

}  // namespace ddbvault
