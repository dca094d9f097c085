// What an item costs a command, as a multiple of what a bare request costs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "bench/bare_loop.h"
#include "bench/canned/canned_server.h"
#include "bench/product.h"
#include "bench/settings.h"

namespace ddbvault {

// A server and the product beside it, measured with few items and with many.
class PerItemBench {
 public:
  explicit PerItemBench(const BenchSettings& settings) : settings_(settings), product_(server_) {}

  CannedServer& server() { return server_; }
  Product& product() { return product_; }

  // Product::Load() of so many items and no changes.
  void Load(std::uint64_t items);
  // `run` loads the server, has the product work on so many items, and returns what that used. Says
  // what one costs in requests of a bare loop: the line `name`, with its budget.
  void SayCost(std::string_view name, BareMethod method, double budget,
               const std::function<Usage(std::uint64_t)>& run);
  // Of the last run: how many requests to the objects of items each cost.
  void SayItemRequests(std::string_view name) const;
  double Each(const std::string& counted) const;

 private:
  BenchSettings settings_;
  CannedServer server_;
  Product product_;
  std::uint64_t items_ = 0;  // of the last run
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace ddbvault
