#include "cli/tables_in_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "incremental/layout.h"
#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TablesInPlaceTest : public testing::Test {
 protected:
  void PutText(const std::string& key) {
    PutRequest request;
    request.key = key;
    request.body = "{}";
    world_.Run(world_.store.Put(std::move(request)));
  }
  std::vector<std::string> Tables() { return world_.Run(TablesIn(world_.store)); }

  EngineWorld world_;
};

TEST_F(TablesInPlaceTest, AreThoseWithControlObjects) {
  EXPECT_THAT(Tables(), IsEmpty());
  for (const char* table : {"orders", "orders-2", "orders.x", "orders0", "Customers"}) {
    const Layout layout(table, KeyHash::kSha256);
    PutText(layout.Table());
    PutText(layout.State());
  }
  PutText("other-tool/0123");
  PutText("_/readme");
  EXPECT_THAT(Tables(), ElementsAre("Customers", "orders-2", "orders.x", "orders", "orders0"));
}

TEST_F(TablesInPlaceTest, AreAllThereHoweverManyParkedChangesOneHas) {
  const Layout many("orders", KeyHash::kSha256);
  for (int i = 0; i < 1500; ++i) PutText(many.Parked("unknown", "label", std::to_string(i)));
  for (const char* table : {"orders-2", "orders0", "zoo"}) {
    PutText(Layout(table, KeyHash::kSha256).Table());
  }
  EXPECT_THAT(Tables(), ElementsAre("orders-2", "orders", "orders0", "zoo"));
}

}  // namespace
}  // namespace ddbvault
