#include "aws/credential_sso.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/digest.h"
#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Answer;
using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::SentRequest;
using credential_test::World;

constexpr const char* kRoleKeys =
    R"({"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"SECRET",)"
    R"("sessionToken":"TOKEN","expiration":1795179240123}})";

std::string CacheName(const std::string& name) {
  const auto digest = Sha1(name);
  return ".aws/sso/cache/" + Hex(AsBytes(digest)) + ".json";
}

// World::clock starts at 2026-11-20T11:54:00Z.
std::string Token(const std::string& expires) {
  return R"({"accessToken":"ACCESS","expiresAt":")" + expires +
         R"(","refreshToken":"REFRESH","clientId":"ID","clientSecret":"CS",)"
         R"("registrationExpiresAt":"2027-01-01T00:00:00Z","kept":1})";
}

class SsoTest : public testing::Test {
 protected:
  SsoTest() {
    settings.profile = "p";
    settings.session = "corp";
    settings.start_url = "https://corp.example/start";
    settings.region = "eu-west-1";
    settings.account_id = "123";
    settings.role_name = "ro le";
    world.transport.handler = [this](const SentRequest& sent) {
      if (sent.request.url.ends_with("/token")) return Answer(token_status, token_answer);
      return Answer(role_status, kRoleKeys);
    };
  }
  Credentials Fetch() {
    SsoSource source(world.Context(), settings);
    return *Await(source.Fetch());
  }
  World world;
  SsoSettings settings;
  int token_status = 200;
  int role_status = 200;
  std::string token_answer = R"({"accessToken":"NEW","expiresIn":3600,"refreshToken":"NEXT"})";
};

TEST_F(SsoTest, TradesTheCachedTokenForARolesKeys) {
  world.Write(CacheName("corp"), Token("2026-11-20T14:00:00Z"));
  const Credentials keys = Fetch();
  EXPECT_EQ(keys.access_key_id, "ASIA");
  EXPECT_EQ(keys.session_token, "TOKEN");
  EXPECT_EQ(keys.account_id, "123");
  EXPECT_EQ(FormatTime(*keys.expires), "2026-11-20T12:54:00.123Z");
  ASSERT_EQ(world.transport.sent.size(), 1U);
  const HttpRequest& request = world.transport.sent[0].request;
  EXPECT_EQ(request.url,
            "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials"
            "?account_id=123&role_name=ro%20le");
  EXPECT_EQ(request.headers.Find("x-amz-sso_bearer_token"), "ACCESS");
}

TEST_F(SsoTest, RenewsATokenInItsLastQuarterOfAnHourAndSavesIt) {
  world.Write(CacheName("corp"), Token("2026-11-20T12:09:00Z"));
  Fetch();
  ASSERT_EQ(world.transport.sent.size(), 2U);
  const SentRequest& renewal = world.transport.sent[0];
  EXPECT_EQ(renewal.request.url, "https://oidc.eu-west-1.amazonaws.com/token");
  EXPECT_EQ(nlohmann::json::parse(renewal.body), nlohmann::json({{"grantType", "refresh_token"},
                                                                 {"clientId", "ID"},
                                                                 {"clientSecret", "CS"},
                                                                 {"refreshToken", "REFRESH"}}));
  EXPECT_EQ(world.transport.sent[1].request.headers.Find("x-amz-sso_bearer_token"), "NEW");
  const nlohmann::json saved = nlohmann::json::parse(world.Read(CacheName("corp")));
  EXPECT_EQ(saved["accessToken"], "NEW");
  EXPECT_EQ(saved["refreshToken"], "NEXT");
  EXPECT_EQ(saved["expiresAt"], "2026-11-20T12:54:00Z");
  EXPECT_EQ(saved["kept"], 1);
  struct stat file {};
  ASSERT_EQ(::stat(world.Path(CacheName("corp")).c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
}

TEST_F(SsoTest, GoesOnWithATokenThatCannotBeRenewedUntilItExpires) {
  token_status = 400;
  world.Write(CacheName("corp"), Token("2026-11-20T12:00:00Z"));
  EXPECT_EQ(Fetch().access_key_id, "ASIA");
  EXPECT_EQ(world.Read(CacheName("corp")), Token("2026-11-20T12:00:00Z"));
  world.Write(CacheName("corp"), Token("2026-11-20T11:54:00Z"));
  const Error error = ErrorOf([&] { Fetch(); });
  EXPECT_STREQ(error.what(), "SSO of profile p: the token expired at 2026-11-20T11:54:00Z");
  EXPECT_EQ(error.hint(), "Run: aws sso login --profile p");
  EXPECT_EQ(error.reaction(), Reaction::kPermission);
}

TEST_F(SsoTest, NeverRenewsATokenOfTheOlderForm) {
  settings.session.clear();
  world.Write(CacheName("https://corp.example/start"), Token("2026-11-20T12:00:00Z"));
  EXPECT_EQ(Fetch().access_key_id, "ASIA");
  EXPECT_EQ(world.transport.sent.size(), 1U);
}

TEST_F(SsoTest, TellsToLogInWhenThereIsNoUsableToken) {
  EXPECT_EQ(ErrorOf([&] { Fetch(); }).message(),
            "SSO of profile p: there is no token; it would be in " + world.Path(CacheName("corp")));
  for (const char* text : {"", "secret", "[]", "{\"accessToken\":\"secret\"}",
                           "{\"expiresAt\":\"2026-11-20T14:00:00Z\"}"}) {
    world.Write(CacheName("corp"), text);
    EXPECT_EQ(ErrorOf([&] { Fetch(); }).message(),
              "SSO of profile p: no token in " + world.Path(CacheName("corp")));
  }
  world.Write(CacheName("corp"), Token("2026-11-20T14:00:00Z"));
  role_status = 401;
  EXPECT_EQ(ErrorOf([&] { Fetch(); }).message(),
            "SSO of profile p: the token is not accepted any more");
  role_status = 403;
  EXPECT_EQ(ErrorOf([&] { Fetch(); }).message(),
            "SSO of profile p gives no credentials of role ro le in account 123: HTTP 403");
}

}  // namespace
}  // namespace ddbvault
