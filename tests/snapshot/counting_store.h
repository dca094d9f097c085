// Counts what is asked about items.
#pragma once

#include <string>
#include <utility>

#include "tests/support/flaky_store.h"

namespace ddbvault {

class CountingStore : public FlakyStore {
 public:
  explicit CountingStore(ObjectStore& inner) : FlakyStore(inner, none_) {}

  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id) override {
    if (key.starts_with("orders/")) ++gets;
    co_return co_await FlakyStore::Get(std::move(key), std::move(version_id));
  }
  Task<std::optional<StoredObject>> Head(std::string key, std::string version_id) override {
    if (key.starts_with("orders/")) ++heads;
    co_return co_await FlakyStore::Head(std::move(key), std::move(version_id));
  }

  int gets = 0;
  int heads = 0;

 private:
  Faults none_{0, FaultMoment::kBefore};
};

}  // namespace ddbvault
