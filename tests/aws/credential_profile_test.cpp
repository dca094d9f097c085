#include "aws/credential_profile.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Answer;
using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::SentRequest;
using credential_test::World;

std::string AssumeRoleAnswer(const std::string& key) {
  return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + key +
         "</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
         "<Expiration>2026-11-20T13:00:00Z</Expiration></Credentials></AssumeRoleResult>"
         "</AssumeRoleResponse>";
}

// STS that answers the n-th call with key "ROLE<n>" and remembers who signed.
struct Sts {
  HttpResponse operator()(const SentRequest& sent) {
    const std::string_view authorization = sent.request.headers.Find("Authorization");
    const std::size_t at = authorization.find("Credential=") + 11;
    signers.emplace_back(authorization.substr(at, authorization.find('/') - at));
    bodies.push_back(sent.body);
    return Answer(200, AssumeRoleAnswer("ROLE" + std::to_string(signers.size())));
  }
  std::vector<std::string> signers;
  std::vector<std::string> bodies;
};

constexpr const char* kBase =
    "[profile base]\naws_access_key_id = AK\naws_secret_access_key = SK\n";

Credentials Fetch(World& world, const std::string& config, const std::string& profile) {
  world.Write(".aws/config", config);
  const CredentialContext context = world.Context();
  const auto source = MakeProfileSource(context, profile);
  if (source == nullptr) return {};
  return *Await(source->Fetch());
}

TEST(ProfileCredentials, ReadsStaticKeys) {
  World world;
  EXPECT_EQ(Fetch(world, kBase, "base").access_key_id, "AK");
  EXPECT_EQ(Fetch(world, kBase, "absent").access_key_id, "");
  EXPECT_EQ(Fetch(world, "[profile a]\nregion = r\n", "a").access_key_id, "");
}

TEST(ProfileCredentials, AssumesARoleWithItsSourceProfile) {
  World world;
  Sts sts;
  world.transport.handler = std::ref(sts);
  const std::string config = std::string(kBase) +
                             "[profile a]\nrole_arn = arn:a\nsource_profile = base\n"
                             "external_id = x y\nrole_session_name = me\nduration_seconds = 900\n";
  EXPECT_EQ(Fetch(world, config, "a").access_key_id, "ROLE1");
  EXPECT_EQ(sts.signers, std::vector<std::string>{"AK"});
  EXPECT_EQ(sts.bodies.at(0),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aa&RoleSessionName=me"
            "&DurationSeconds=900&ExternalId=x%20y");
  EXPECT_EQ(world.transport.sent.at(0).request.url, "https://sts.us-east-1.amazonaws.com/");
}

TEST(ProfileCredentials, FollowsAChainOfRolesFromItsEnd) {
  World world;
  Sts sts;
  world.transport.handler = std::ref(sts);
  const std::string config = std::string(kBase) +
                             "[profile a]\nrole_arn = arn:a\nsource_profile = b\n"
                             "[profile b]\nrole_arn = arn:b\nsource_profile = base\n";
  EXPECT_EQ(Fetch(world, config, "a").access_key_id, "ROLE2");
  EXPECT_EQ(sts.signers, (std::vector<std::string>{"AK", "ROLE1"}));
  EXPECT_NE(sts.bodies.at(0).find("RoleArn=arn%3Ab"), std::string::npos);
  EXPECT_NE(sts.bodies.at(1).find("RoleArn=arn%3Aa"), std::string::npos);
}

TEST(ProfileCredentials, PrefersTheKeysOfASourceToItsRoleAndAllowsASelfReference) {
  World world;
  Sts sts;
  world.transport.handler = std::ref(sts);
  const std::string config =
      "[profile a]\nrole_arn = arn:a\nsource_profile = b\n"
      "[profile b]\nrole_arn = arn:b\nsource_profile = a\n"
      "aws_access_key_id = BK\naws_secret_access_key = S\n"
      "[profile self]\nrole_arn = arn:s\nsource_profile = self\n"
      "aws_access_key_id = SELF\naws_secret_access_key = S\n";
  Fetch(world, config, "a");
  Fetch(world, config, "self");
  EXPECT_EQ(sts.signers, (std::vector<std::string>{"BK", "SELF"}));
}

TEST(ProfileCredentials, TakesTheKeysOfTheEnvironmentAsCredentialSource) {
  World world;
  Sts sts;
  world.transport.handler = std::ref(sts);
  world.env["AWS_ACCESS_KEY_ID"] = "ENV";
  world.env["AWS_SECRET_ACCESS_KEY"] = "S";
  Fetch(world, "[profile a]\nrole_arn = arn:a\ncredential_source = Environment\n", "a");
  EXPECT_EQ(sts.signers, std::vector<std::string>{"ENV"});
}

TEST(ProfileCredentials, SaysWhatIsWrongWithAProfile) {
  const std::string one_of =
      "profile a: role_arn needs exactly one of source_profile, credential_source and "
      "web_identity_token_file";
  const std::string role = "[profile a]\nrole_arn = r\n";
  const struct {
    std::string config;
    std::string expected;
  } cases[] = {
      {"[profile a]\naws_access_key_id = AK\n", "profile a: aws_secret_access_key is missing"},
      {"[profile a]\naws_secret_access_key = S\n", "profile a: aws_access_key_id is missing"},
      {role, one_of},
      {role + "source_profile = base\ncredential_source = Environment\n", one_of},
      {role + "source_profile = absent\n",
       "profile a: source_profile absent does not exist or has no credentials"},
      {role + "credential_source = Moon\n",
       "profile a: credential_source must be one of: Environment, Ec2InstanceMetadata, "
       "EcsContainer"},
      {role + "source_profile = base\nduration_seconds = 899\n",
       "profile a: duration_seconds must be a number from 900 to 43200"},
      {role + "source_profile = base\nduration_seconds = 1h\n",
       "profile a: duration_seconds must be a number from 900 to 43200"},
      {role + "source_profile = base\nmfa_serial = m\n",
       "profile a: mfa_serial needs a person to type a code, and ddbvault does not ask"},
      {role + "source_profile = a\n",
       "profile a: its source profiles go round in a circle: a -> a"},
      {role + "source_profile = b\n[profile b]\nrole_arn = r\nsource_profile = c\n"
              "[profile c]\nrole_arn = r\nsource_profile = b\n",
       "profile a: its source profiles go round in a circle: a -> b -> c -> b"},
      {"[profile a]\nsso_account_id = 1\n", "profile a: sso_role_name is missing"},
      {"[profile a]\nsso_role_name = r\n", "profile a: sso_account_id is missing"},
      {"[profile a]\nsso_role_name = r\nsso_account_id = 1\n",
       "profile a: sso_start_url is missing"},
      {"[profile a]\nsso_role_name = r\nsso_account_id = 1\nsso_session = s\n",
       "profile a: there is no [sso-session s]"},
      {"[profile a]\nsso_role_name = r\nsso_account_id = 1\nsso_session = s\nsso_region = x\n"
       "[sso-session s]\nsso_region = y\nsso_start_url = u\n",
       "profile a: its sso_start_url or sso_region is not that of [sso-session s]"},
      {"[profile a]\nlogin_session = x\n", "profile a: login_session (aws login) is not supported"},
  };
  for (const auto& c : cases) {
    World world;
    const Error error = ErrorOf([&] { Fetch(world, kBase + c.config, "a"); });
    EXPECT_EQ(error.message(), c.expected);
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
  }
}

TEST(ProfileCredentials, ReportsARefusedRole) {
  World world;
  world.transport.handler = [](const SentRequest&) {
    return Answer(403,
                  "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message>"
                  "</Error><RequestId>7f2c</RequestId></ErrorResponse>");
  };
  const std::string config =
      std::string(kBase) + "[profile a]\nrole_arn = arn:a\nsource_profile = base\n";
  const Error error = ErrorOf([&] { Fetch(world, config, "a"); });
  EXPECT_EQ(error.code(), "AccessDenied");
  EXPECT_EQ(error.reaction(), Reaction::kPermission);
  EXPECT_EQ(std::string(error.what()).find("role arn:a of profile a: "), 0U) << error.what();
}

}  // namespace
}  // namespace ddbvault
