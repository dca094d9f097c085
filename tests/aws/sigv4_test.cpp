#include "aws/sigv4.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

struct Who {
  std::string access_key_id;
  std::string secret;
  std::string time;
  std::string service;
};

const Who kSuite = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z",
                    "service"};
const Who kS3 = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                 "20130524T000000Z", "s3"};
const Who kDynamoDb = {kSuite.access_key_id, kSuite.secret, "20261120T120000Z", "dynamodb"};
const Who kSts = {kSuite.access_key_id, kSuite.secret, "20261120T120000Z", "sts"};

struct Golden {
  std::string name;
  Who who;
  std::string method;
  std::string path;
  HttpQuery query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string canonical_hash;
  std::string signature;
};

const std::pair<std::string, std::string> kDate = {"Date", "Fri, 24 May 2013 00:00:00 GMT"};

// Printed by tests/golden/sigv4.py, which also checks those that AWS has published.
const std::vector<Golden> kGolden = {
    {"get-vanilla",
     kSuite,
     "GET",
     "/",
     {},
     {},
     "",
     "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case",
     kSuite,
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {},
     "",
     "816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-header-key-duplicate",
     kSuite,
     "GET",
     "/",
     {},
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "",
     "dc7f04a3abfde8d472b0ab1a418b741b7c67174dad1551b4117b15527fbe966c",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-trim",
     kSuite,
     "GET",
     "/",
     {},
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "",
     "a726db9b0df21c14f559d0a978e563112acb1b9e05476f0a6a1c7d68f28605c7",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-vanilla",
     kSuite,
     "POST",
     "/",
     {},
     {},
     "",
     "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-x-www-form-urlencoded",
     kSuite,
     "POST",
     "/",
     {},
     {{"Content-Type", "application/x-www-form-urlencoded"}},
     "Param1=value1",
     "42a5e5bb34198acb3e84da4f085bb7927f2bc277ca766e6d19c73c2154021281",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"s3-get-object-range",
     kS3,
     "GET",
     "/test.txt",
     {},
     {{"Range", "bytes=0-9"}},
     "",
     "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"s3-put-object",
     kS3,
     "PUT",
     "/test%24file.text",
     {},
     {kDate, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "Welcome to Amazon S3.",
     "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"s3-get-lifecycle",
     kS3,
     "GET",
     "/",
     {{"lifecycle", ""}},
     {},
     "",
     "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"s3-list-objects",
     kS3,
     "GET",
     "/",
     {{"max-keys", "2"}, {"prefix", "J"}},
     {},
     "",
     "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    {"s3-odd-key",
     kS3,
     "GET",
     "/a//b/../%20%2B%C3%A4",
     {{"versionId", "a/b c+="}, {"a", ""}},
     {},
     "",
     "9212f5239529dda1891e59e781c5c17a9bc97a2dacc6a7e9825a4dffde80790f",
     "30bba43a0f6006db84e473bba1e010cb8025bfb8bf15c6e77c8f845ba214444b"},
    {"dynamodb-list-tables",
     kDynamoDb,
     "POST",
     "/",
     {},
     {{"Content-Type", "application/x-amz-json-1.0"},
      {"X-Amz-Target", "DynamoDB_20120810.ListTables"}},
     R"({"Limit":1})",
     "5bdffcada160dec60b4e375b12252daa92cafbcb74f34df974fe99f843829453",
     "9c8b30058d392be490f1aa63cc893affdc70ee8fe80f85210292c899dcbd8acd"},
    {"odd-path",
     kSts,
     "GET",
     "/a//b/./c/../%20x/",
     {},
     {},
     "",
     "d9fa0790e9bdee3d8afff79d6497646a75614edead09171c4f375e6cb09f42cf",
     "64a8613cce6f6224d971a1562454fdbe4b1112eb358381e6f50d5acc449a1ce1"},
};

HttpHeaders HeadersOf(const Golden& golden) {
  HttpHeaders headers;
  for (const auto& [name, value] : golden.headers) headers.Add(name, value);
  headers.Add("Host", golden.who.service == "s3" ? "examplebucket.s3.amazonaws.com"
                                                 : "example.amazonaws.com");
  return headers;
}

TEST(SigV4, AgreesWithThePublishedExamplesInAllStages) {
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.name);
    const bool s3 = golden.who.service == "s3";
    const std::string payload_hash = Hex(AsBytes(Sha256(golden.body)));
    HttpHeaders headers = HeadersOf(golden);
    headers.Add("X-Amz-Date", golden.who.time);
    if (s3) headers.Add("X-Amz-Content-Sha256", payload_hash);
    const std::string query = CanonicalQuery(golden.query);
    const SignedRequest request{golden.method, golden.path, query, headers, payload_hash};
    const std::string canonical =
        CanonicalRequest(request, s3 ? SigningRules::kS3 : SigningRules::kGeneric);
    EXPECT_EQ(Hex(AsBytes(Sha256(canonical))), golden.canonical_hash) << canonical;

    const Time time = ParseTime(golden.who.time).value();
    const std::string scope = CredentialScope(time, "us-east-1", golden.who.service);
    EXPECT_EQ(StringToSign(canonical, time, scope),
              "AWS4-HMAC-SHA256\n" + golden.who.time + "\n" + scope + "\n" + golden.canonical_hash);
    const Sha256Bytes key = SigningKey(golden.who.secret, time, "us-east-1", golden.who.service);
    EXPECT_EQ(Signature(key, StringToSign(canonical, time, scope)), golden.signature);
  }
}

TEST(SigV4, SignsAsTheStagesDo) {
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.name);
    Signer signer("us-east-1", golden.who.service);
    Credentials credentials;
    credentials.access_key_id = golden.who.access_key_id;
    credentials.secret_access_key = golden.who.secret;
    HttpHeaders headers = HeadersOf(golden);
    signer.Sign(golden.method, golden.path, CanonicalQuery(golden.query),
                Hex(AsBytes(Sha256(golden.body))), credentials, ParseTime(golden.who.time).value(),
                headers);
    const std::string authorization(headers.Find("authorization"));
    EXPECT_EQ(authorization.substr(authorization.size() - 64), golden.signature);
    EXPECT_EQ(headers.Find("x-amz-date"), golden.who.time);
    EXPECT_EQ(headers.Has("x-amz-content-sha256"), golden.who.service == "s3");
  }
}

TEST(SigV4, WritesTheAuthorizationHeaderAsAwsReadsIt) {
  Signer signer("us-east-1", "service");
  Credentials credentials;
  credentials.access_key_id = kSuite.access_key_id;
  credentials.secret_access_key = kSuite.secret;
  HttpHeaders headers;
  headers.Add("Host", "example.amazonaws.com");
  signer.Sign("GET", "/", "", Hex(AsBytes(Sha256(""))), credentials, ParseTime(kSuite.time).value(),
              headers);
  EXPECT_EQ(headers.Find("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, SignsTheSessionTokenAndNotWhatProxiesChange) {
  Signer signer("us-east-1", "s3");
  Credentials credentials;
  credentials.access_key_id = "A";
  credentials.secret_access_key = "S";
  credentials.session_token = "T";
  HttpHeaders headers;
  headers.Add("Host", "h");
  headers.Add("User-Agent", "ddbvault");
  headers.Add("Expect", "100-continue");
  headers.Add("Connection", "close");
  headers.Add("Transfer-Encoding", "chunked");
  headers.Add("Content-Length", "3");
  signer.Sign("PUT", "/", "", kUnsignedPayload, credentials, Time(), headers);
  EXPECT_EQ(headers.Find("x-amz-security-token"), "T");
  EXPECT_EQ(headers.Find("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(SignedHeaderNames(headers),
            "content-length;host;x-amz-content-sha256;x-amz-date;x-amz-security-token");
}

TEST(SigV4, TheKeptKeyIsNotUsedForAnotherDayOrSecret) {
  const auto sign = [](Signer& signer, const std::string& secret, const std::string& time) {
    Credentials credentials;
    credentials.access_key_id = "A";
    credentials.secret_access_key = secret;
    HttpHeaders headers;
    headers.Add("Host", "h");
    signer.Sign("GET", "/", "", "", credentials, ParseTime(time).value(), headers);
    return std::string(headers.Find("authorization"));
  };
  Signer kept("us-east-1", "dynamodb");
  const std::vector<std::pair<std::string, std::string>> cases = {{"one", "20261120T235959Z"},
                                                                  {"one", "20261121T000000Z"},
                                                                  {"two", "20261121T000000Z"},
                                                                  {"one", "20261120T235959Z"}};
  for (const auto& [secret, time] : cases) {
    Signer fresh("us-east-1", "dynamodb");
    EXPECT_EQ(sign(kept, secret, time), sign(fresh, secret, time));
  }
}

TEST(SigV4, EncodesAllButUnreservedBytes) {
  EXPECT_EQ(UriEncode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(UriEncode("a b/c+d=e&f%"), "a%20b%2Fc%2Bd%3De%26f%25");
  EXPECT_EQ(UriEncode("a/b c", true), "a/b%20c");
  EXPECT_EQ(UriEncode(std::string_view("\xC3\xA4\0", 3)), "%C3%A4%00");
}

TEST(SigV4, SortsQueriesByEncodedNameThenValue) {
  EXPECT_EQ(CanonicalQuery({}), "");
  EXPECT_EQ(CanonicalQuery({{"versions", ""}, {"prefix", "a/b"}, {"a", "2"}, {"a", "1"}}),
            "a=1&a=2&prefix=a%2Fb&versions=");
  EXPECT_EQ(CanonicalQuery({{"a~", "1"}, {"a/", "2"}}), "a%2F=2&a~=1");
}

}  // namespace
}  // namespace ddbvault
