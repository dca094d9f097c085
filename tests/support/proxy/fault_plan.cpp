#include "tests/support/proxy/fault_plan.h"

#include <cstdlib>

namespace ddbvault {

FaultPlan::FaultPlan(std::uint64_t seed, Shares shares) : seed_(seed), random_(seed) {
  for (const auto& [name, share] : shares) {
    Kind kind;
    kind.share = share;
    kind.wait = static_cast<std::uint32_t>(random_() % share);
    kinds_.emplace(name, kind);
  }
}

bool FaultPlan::Happens(std::string_view name) {
  if (!on_) return false;
  const std::lock_guard lock(mutex_);
  const auto found = kinds_.find(name);
  if (found == kinds_.end() || held_.contains(found->first)) return false;
  Kind& kind = found->second;
  if (kind.wait > 0) {
    --kind.wait;
    return false;
  }
  // On average `share` requests from one to the next.
  kind.wait = static_cast<std::uint32_t>(random_() % (2 * std::uint64_t{kind.share} - 1));
  ++kind.count;
  return true;
}

void FaultPlan::Hold(const std::set<std::string>& kinds) {
  const std::lock_guard lock(mutex_);
  held_ = kinds;
}

std::uint32_t FaultPlan::Random(std::uint32_t bound) {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(random_() % bound);
}

std::uint64_t FaultPlan::count(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = kinds_.find(name);
  return found == kinds_.end() ? 0 : found->second.count;
}

std::string FaultPlan::Report() const {
  const std::lock_guard lock(mutex_);
  std::string text = "DDBVAULT_TEST_SEED=" + std::to_string(seed_) + ";";
  for (const auto& [name, kind] : kinds_) {
    text += " " + name + " " + std::to_string(kind.count) + ",";
  }
  text.pop_back();
  return text;
}

std::uint64_t SeedOfThisRun() {
  const char* named = std::getenv("DDBVAULT_TEST_SEED");
  if (named != nullptr) return std::strtoull(named, nullptr, 10);
  return std::random_device()();
}

}  // namespace ddbvault
