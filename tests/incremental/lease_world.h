// What tests of the lease share: a place, and processes that take the lease in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "incremental/lease.h"
#include "tests/support/engine_world.h"

namespace ddbvault {

// Both kinds of server: one that keeps conditions, one that ignores them (Ceph 16).
class LeaseTest : public testing::TestWithParam<bool> {
 protected:
  LeaseTest() : world_(StoreOptions()) {}
  static MemoryStoreOptions StoreOptions() {
    MemoryStoreOptions options;
    options.honours_conditions = GetParam();
    return options;
  }
  std::unique_ptr<Lease> Make(const std::string& owner, ObjectStore* store = nullptr,
                              bool standby = false) {
    Lease::Options options;
    options.owner = owner;
    options.host = "machine-of-" + owner;
    options.conditions = GetParam();
    options.standby = standby;
    options.server_ahead = [this] { return ahead_; };
    return std::make_unique<Lease>(store == nullptr ? world_.store : *store, layout_, world_.clock,
                                   world_.context.get_executor(), options);
  }
  // By a process whose positions were last moved under `known`.
  std::unique_ptr<Lease> Take(std::optional<std::uint64_t> known) {
    Lease::Options options;
    options.owner = "owner-" + std::to_string(++takers_);
    options.conditions = GetParam();
    options.known_generation = [known]() -> Task<std::optional<std::uint64_t>> { co_return known; };
    auto lease = std::make_unique<Lease>(world_.store, layout_, world_.clock,
                                         world_.context.get_executor(), options);
    world_.Run(lease->Acquire(stop_));
    return lease;
  }
  // Runs `first` as a live owner while `second` acquires.
  std::string AcquireBeside(Lease& first, Lease& second) {
    Stop done;
    TaskGroup keeper(world_.context.get_executor());
    keeper.Spawn(first.Keep(done));
    std::string error;
    try {
      world_.Run(second.Acquire(stop_));
    } catch (const Error& caught) {
      error = std::string(caught.what()) + " | " + caught.hint();
    }
    done.Request();
    world_.Run(keeper.Join());
    return error;
  }

  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
  Stop stop_;
  Duration ahead_{0};
  int takers_ = 0;
};

}  // namespace ddbvault
