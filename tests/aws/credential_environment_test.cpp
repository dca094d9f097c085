#include "aws/credential_environment.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::World;

TEST(EnvironmentSource, ReadsKeysTokenExpirationAndAccount) {
  World world;
  EnvironmentSource nothing(world.Settings().environment);
  EXPECT_FALSE(Await(nothing.Fetch()));
  world.env["AWS_ACCESS_KEY_ID"] = "AKID";
  world.env["AWS_SECRET_ACCESS_KEY"] = "SECRET";
  world.env["AWS_SECURITY_TOKEN"] = "OLD";
  world.env["AWS_CREDENTIAL_EXPIRATION"] = "2026-11-20T18:00:00Z";
  world.env["AWS_ACCOUNT_ID"] = "123";
  EnvironmentSource source(world.Settings().environment);
  const Credentials keys = *Await(source.Fetch());
  EXPECT_EQ(keys.access_key_id, "AKID");
  EXPECT_EQ(keys.secret_access_key, "SECRET");
  EXPECT_EQ(keys.session_token, "OLD");
  EXPECT_EQ(keys.account_id, "123");
  EXPECT_EQ(FormatTime(*keys.expires), "2026-11-20T18:00:00Z");
  world.env["AWS_SESSION_TOKEN"] = "NEW";
  EnvironmentSource newer(world.Settings().environment);
  EXPECT_EQ(Await(newer.Fetch())->session_token, "NEW");
}

TEST(EnvironmentSource, TakesHalfAPairForAMistake) {
  World world;
  world.env["AWS_ACCESS_KEY_ID"] = "AKID";
  world.env["AWS_SECRET_ACCESS_KEY"] = "";
  EnvironmentSource source(world.Settings().environment);
  const Error error = ErrorOf([&] { Await(source.Fetch()); });
  EXPECT_STREQ(error.what(), "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
  EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
}

}  // namespace
}  // namespace ddbvault
