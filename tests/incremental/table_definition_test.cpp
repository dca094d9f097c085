#include "incremental/table_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;
using testing::SizeIs;
using testing::StartsWith;

class TableDefinitionTest : public testing::Test {
 protected:
  TableDefinitionTest() {
    world_.aws.CreateTable("orders", {{{"id", 'S'}}});
    world_.aws.SetTimeToLive("orders", "expires");
    world_.aws.SetTag("orders", "team", "shop");
    world_.aws.SetPointInTimeRecovery("orders", true);
  }
  TableDescription Table() { return world_.Run(world_.table.DescribeTable("orders")).value(); }
  std::string Whole() { return world_.Run(DescribeWhole(world_.table, Table())); }
  Json Saved() { return Json::parse(world_.store.Current(layout_.Table())->body)["ddbvault"]; }

  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
  TableDefinition definition_{world_.table, world_.store, layout_, world_.clock};
};

TEST_F(TableDefinitionTest, TellsWhatDescribeTableDoesNot) {
  const Json settings = Json::parse(Whole())["ddbvault"];
  EXPECT_EQ(settings["timeToLive"], "expires");
  EXPECT_EQ(settings["tags"], Json::array({{{"Key", "team"}, {"Value", "shop"}}}));
  EXPECT_TRUE(settings["pointInTimeRecovery"].is_object());
}

TEST_F(TableDefinitionTest, LeavesWhatAwsSentAsItIs) {
  const std::string described = Table().json;
  EXPECT_THAT(Whole(), StartsWith(described.substr(0, described.rfind('}'))));
  EXPECT_EQ(ParseTableDescription(Whole()).key_schema, Table().key_schema);
}

TEST_F(TableDefinitionTest, SaysThatSomethingIsOff) {
  world_.aws.SetTimeToLive("orders", "");
  world_.aws.SetPointInTimeRecovery("orders", false);
  const Json settings = Json::parse(Whole())["ddbvault"];
  EXPECT_TRUE(settings.contains("timeToLive"));
  EXPECT_TRUE(settings["timeToLive"].is_null());
  EXPECT_TRUE(settings["pointInTimeRecovery"].is_null());
}

TEST_F(TableDefinitionTest, LeavesOutWhatIsNotToldOrNotAllowed) {
  world_.aws.before = [](const HttpRequest&,
                         std::string_view operation) -> std::optional<HttpResponse> {
    if (operation == "ListTagsOfResource") {
      return FakeDynamoDb::Failure(400, "AccessDeniedException");
    }
    if (operation == "DescribeContinuousBackups") {
      return FakeDynamoDb::Failure(400, "UnknownOperationException");
    }
    return std::nullopt;
  };
  const Json settings = Json::parse(Whole())["ddbvault"];
  EXPECT_EQ(settings["timeToLive"], "expires");
  EXPECT_FALSE(settings.contains("tags"));
  EXPECT_FALSE(settings.contains("pointInTimeRecovery"));
}

TEST_F(TableDefinitionTest, IsWrittenOnlyWhenItHasChanged) {
  for (int i = 0; i < 2; ++i) world_.Run(definition_.Save(Table()));
  EXPECT_THAT(world_.store.Versions(layout_.Table()), SizeIs(1));
  world_.aws.SetTag("orders", "team", "stock");
  world_.Run(definition_.Save(Table()));
  EXPECT_THAT(world_.store.Versions(layout_.Table()), SizeIs(2));
  EXPECT_EQ(Saved()["tags"][0]["Value"], "stock");
}

TEST_F(TableDefinitionTest, IsKeptUpToDateAndNeverInTheWay) {
  world_.Run(definition_.Save(Table()));
  Stop done;
  int asked = 0;
  world_.aws.before = [&](const HttpRequest&,
                          std::string_view operation) -> std::optional<HttpResponse> {
    if (operation != "DescribeTable") return std::nullopt;
    if (++asked == 1) return FakeDynamoDb::Failure(400, "AccessDeniedException");
    world_.aws.SetTag("orders", "team", "stock");
    if (asked == 3) done.Request();
    return std::nullopt;
  };
  world_.Run(definition_.KeepUpToDate(done));
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(Saved()["tags"][0]["Value"], "stock");
}

}  // namespace
}  // namespace ddbvault
