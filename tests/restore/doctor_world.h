// What the tests of doctor share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "incremental/layout.h"
#include "restore/checks.h"
#include "tests/support/engine_world.h"

namespace ddbvault {

inline constexpr CheckResult kOk = CheckResult::kOk;
inline constexpr CheckResult kWarning = CheckResult::kWarning;
inline constexpr CheckResult kFailed = CheckResult::kFailed;
inline constexpr CheckResult kSkipped = CheckResult::kSkipped;

inline const Check& Find(const Checks& checks, std::string_view name) {
  for (const Check& check : checks.all()) {
    if (check.name == name) return check;
  }
  throw std::runtime_error("no check " + std::string(name) + " in:\n" + ToText(checks));
}

inline void Expect(const Checks& checks, std::string_view name, CheckResult result,
                   const std::string& seen, const std::string& hint = "") {
  const Check& check = Find(checks, name);
  EXPECT_EQ(CheckResultText(check.result), CheckResultText(result)) << name << ": " << check.seen;
  EXPECT_THAT(check.seen, ::testing::HasSubstr(seen)) << name;
  EXPECT_THAT(check.hint, ::testing::HasSubstr(hint)) << name;
}

inline std::size_t NotOk(const Checks& checks) {
  return checks.Count(kWarning) + checks.Count(kFailed);
}

class DoctorTest : public ::testing::Test {
 protected:
  void Put(const std::string& key, const std::string& body, ObjectMetadata metadata = {}) {
    PutRequest request;
    request.key = key;
    request.body = body;
    request.metadata = std::move(metadata);
    world_.Run(world_.store.Put(request));
  }
  std::optional<TableDescription> Describe() {
    return world_.Run(world_.table.DescribeTable("orders"));
  }

  EngineWorld world_;
  Checks checks_{"subject"};
  Layout layout_{"orders", KeyHash::kSha256};
  Stop stop_;
};

}  // namespace ddbvault
