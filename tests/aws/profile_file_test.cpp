#include "aws/profile_file.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::ErrorOf;
using credential_test::World;

std::string Value(std::string_view config, std::string_view profile, std::string_view key,
                  std::string_view credentials = {}) {
  const ProfileFile file = ParseProfileFile(config, credentials);
  const ProfileSection* section = file.FindProfile(profile);
  return section == nullptr ? "(no profile)" : section->Find(key);
}

TEST(ProfileFile, ReadsValuesAsTheSdksDo) {
  const struct {
    const char* name;
    std::string_view config;
    const char* profile;
    const char* expected;
  } cases[] = {
      {"plain", "[profile a]\nk = v", "a", "v"},
      {"no blanks", "[profile a]\nk=v\n", "a", "v"},
      {"trailing blanks", "[profile a]  \nk = v \t \n", "a", "v"},
      {"windows line ends", "[profile a]\r\nk = v\r\n", "a", "v"},
      {"byte order mark", "\xEF\xBB\xBF[profile a]\nk = v", "a", "v"},
      {"blanks in the section", "[ \tprofile \t a  ]\nk = v", "a", "v"},
      {"equals signs in the value", "[profile a]\nk = a==b=", "a", "a==b="},
      {"a key in capitals", "[profile a]\nK = V", "a", "V"},
      {"an empty value", "[profile a]\nk =", "a", ""},
      {"a comment line", "# x\n[profile a]\n; y\nk = v", "a", "v"},
      {"a comment after blanks", "[profile a]\nk = v # x", "a", "v"},
      {"a semicolon after blanks", "[profile a]\nk = v ; x", "a", "v"},
      {"a hash inside a value", "[profile a]\nk = v#x;y", "a", "v#x;y"},
      {"a comment after a section", "[profile a]# x\nk = v", "a", "v"},
      {"a continuation", "[profile a]\nk = v\n  w", "a", "v\nw"},
      {"a continuation keeps its hash", "[profile a]\nk = v\n w # x", "a", "v\nw # x"},
      {"the last of two keys", "[profile a]\nk = v\nk = w", "a", "w"},
      {"a section in two parts", "[profile a]\nk = v\n[profile b]\n[profile a]\nj = w", "a", "v"},
      {"the default", "[default]\nk = v", "default", "v"},
      {"the prefixed default wins", "[profile default]\nk = v\n[default]\nk = w", "default", "v"},
      {"and hides the other whole", "[default]\nk = w\n[profile default]\nj = v", "default", ""},
      {"no prefix", "[a]\nk = v", "a", "(no profile)"},
      {"a prefix without a blank", "[profilea]\nk = v", "profilea", "(no profile)"},
      {"a bad profile name", "[profile a b]\nk = v", "a b", "(no profile)"},
      {"a bad key", "[profile a]\nk k = v\n more\nk = w", "a", "w"},
      {"all letters of a name", "[profile a_B-9/.%@:+]\nk = v", "a_B-9/.%@:+", "v"},
  };
  for (const auto& c : cases) EXPECT_EQ(Value(c.config, c.profile, "k"), c.expected) << c.name;
}

TEST(ProfileFile, MergesTheCredentialsFileOverTheConfigFile) {
  const std::string_view config = "[profile a]\nk = config\nj = config";
  EXPECT_EQ(Value(config, "a", "k", "[a]\nk = credentials"), "credentials");
  EXPECT_EQ(Value(config, "a", "j", "[a]\nk = credentials"), "config");
  EXPECT_EQ(Value("", "a", "k", "[profile a]\nk = v"), "(no profile)");
  EXPECT_EQ(Value("", "default", "k", "[default]\nk = v"), "v");
  EXPECT_EQ(Value("[profile default]\nk = v", "default", "k", "[default]\nk = w"), "w");
}

TEST(ProfileFile, ReadsSubPropertiesAndOtherSections) {
  const ProfileFile file = ParseProfileFile(
      "[profile a]\ns3 =\n  # note\n  Addressing_Style = path # x\n  other = 1\nregion = r\n"
      "[services local]\ndynamodb =\n  endpoint_url = http://localhost:8000\n"
      "[sso-session corp]\nsso_region = eu-west-1\n[strange x]\nk = v\n",
      "");
  const ProfileSection* section = file.FindProfile("a");
  ASSERT_NE(section, nullptr);
  EXPECT_EQ(section->FindSub("s3", "addressing_style"), "path");
  EXPECT_EQ(section->FindSub("s3", "absent"), "");
  EXPECT_EQ(section->FindSub("region", "r"), "");
  EXPECT_EQ(section->Find("region"), "r");
  EXPECT_EQ(file.services.at("local").FindSub("dynamodb", "endpoint_url"), "http://localhost:8000");
  EXPECT_EQ(file.sso_sessions.at("corp").Find("sso_region"), "eu-west-1");
  EXPECT_EQ(file.profiles.size(), 1U);
}

TEST(ProfileFile, NamesFileAndLineOfWhatIsMalformedAndQuotesNothing) {
  const struct {
    std::string_view config;
    const char* expected;
  } cases[] = {
      {"secret = x", "c:1: a property must stand below a [section]"},
      {"[profile secret", "c:1: a section must end with ']'"},
      {"[", "c:1: a section must end with ']'"},
      {"[default]\nsecret", "c:2: a property must have the form key = value"},
      {"[default]\n\n= secret", "c:3: a property must have a name"},
      {"[default]\n secret", "c:2: an indented line must stand below a property"},
      {" secret", "c:1: a property must stand below a [section]"},
      {"[default]\ns3 =\n secret", "c:3: a sub-property must have the form key = value"},
      {"[default]\ns3 =\n =secret", "c:3: a sub-property must have a name"},
  };
  for (const auto& c : cases) {
    const Error error = ErrorOf([&c] { ParseProfileFile(c.config, "", "c", "k"); });
    EXPECT_STREQ(error.what(), c.expected);
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
  }
  EXPECT_STREQ(ErrorOf([] { ParseProfileFile("", "x", "c", "k"); }).what(),
               "k:1: a property must stand below a [section]");
}

TEST(ProfileFile, SurvivesEveryCutOfAFile) {
  const std::string text = "[profile a]\r\ns3 =\n  x = y ; z\nk = v\n w\n[default]\n=#\n";
  int errors = 0;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    for (std::size_t begin = 0; begin <= end; ++begin) {
      try {
        ParseProfileFile(text.substr(begin, end - begin), text.substr(0, begin));
      } catch (const Error&) {
        ++errors;
      }
    }
  }
  EXPECT_GT(errors, 0);
}

TEST(ProfileFile, IsFoundBelowHomeAndWhereTheEnvironmentSays) {
  World world;
  world.Write(".aws/config", "[default]\nregion = home\n");
  EXPECT_EQ(world.Settings().region, "home");
  world.Write("elsewhere", "[default]\nregion = elsewhere\n");
  world.env["AWS_CONFIG_FILE"] = "~/elsewhere";
  EXPECT_EQ(world.Settings().region, "elsewhere");
  world.env["AWS_CONFIG_FILE"] = world.Path("absent");
  EXPECT_EQ(world.Settings().region, "");
}

TEST(ProfileFile, RefusesToReadMoreThanAMebibyte) {
  World world;
  world.Write(".aws/config", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(ErrorOf([&] { world.Settings(); }).message(),
            "cannot read " + world.Path(".aws/config") + ": it has more than 1048576 bytes");
}

}  // namespace
}  // namespace ddbvault
