// The ObjectStore suite against a real S3 server.
//
// The server is the one of DDBVAULT_TEST_S3 (endpoint URL) with DDBVAULT_TEST_S3_ACCESS_KEY and
// DDBVAULT_TEST_S3_SECRET, or the one that ctest has started.  With neither the tests fail.  What
// is asserted about conditions is Ceph 16's way: ignored in a versioned bucket, kept in another.
#include <cstdlib>

#include "aws/caller.h"
#include "aws/event_loop.h"
#include "aws/s3_client.h"
#include "incremental/s3_store.h"
#include "tests/incremental/object_store_suite.h"
#include "tests/support/e2e_environment.h"

namespace ddbvault {
namespace {

struct Server {
  std::string endpoint;
  std::string access_key_id;
  std::string secret_access_key;
};

Server FindServer() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  Server server{variable("DDBVAULT_TEST_S3"), variable("DDBVAULT_TEST_S3_ACCESS_KEY"),
                variable("DDBVAULT_TEST_S3_SECRET")};
  if (!server.endpoint.empty()) return server;
  const E2eEnvironment& environment = E2eEnvironment::Get();
  return {environment.s3_endpoint, environment.access_key_id, environment.secret_access_key};
}

template <bool kVersioned>
class S3Harness : public StoreHarness {
 public:
  S3Harness() {
    honours_conditions = !kVersioned;
    const Server server = FindServer();
    CallerOptions options;
    options.service = "s3";
    options.region = "us-east-1";
    options.endpoint = server.endpoint;
    options.protocol = AwsProtocol::kXml;
    Credentials credentials;
    credentials.access_key_id = server.access_key_id;
    credentials.secret_access_key = server.secret_access_key;
    caller_ = std::make_shared<AwsCaller>(
        loop_, clock_, std::make_shared<StaticCredentials>(credentials), options);
    client_ = Client(UniqueName("suite"));
    Run(client_->CreateBucket());
    if (kVersioned) Run(client_->PutBucketVersioning(true));
    // What the store must not see.
    S3PutRequest outside;
    outside.key = "store2/outside";
    Run(client_->PutObject(outside));
    store_ = Run(S3Store::Open(client_, "/store/"));
  }
  ObjectStore& store() override { return *store_; }
  void Drive(Task<void> task) override { loop_.Run(std::move(task)); }
  S3Client& client() { return *client_; }
  std::shared_ptr<S3Client> Client(std::string bucket) {
    return std::make_shared<S3Client>(caller_, std::move(bucket), true);
  }

 private:
  EventLoop loop_;
  SystemClock clock_;
  std::shared_ptr<AwsCaller> caller_;
  std::shared_ptr<S3Client> client_;
  std::unique_ptr<S3Store> store_;
};

using VersionedBucket = S3Harness<true>;
using PlainBucket = S3Harness<false>;

INSTANTIATE_TYPED_TEST_SUITE_P(S3Versioned, ObjectStoreSuite, VersionedBucket);
INSTANTIATE_TYPED_TEST_SUITE_P(S3Unversioned, ObjectStoreSuite, PlainBucket);

TEST(S3StoreOnAServer, SaysWhereItIsAndWhetherItIsVersioned) {
  VersionedBucket h;
  EXPECT_EQ(h.store().traits().description,
            "s3://" + h.client().bucket() + "/store/ at " + h.client().endpoint());
  EXPECT_TRUE(h.store().traits().versioned);
  EXPECT_FALSE(PlainBucket().store().traits().versioned);
}

TEST(S3StoreOnAServer, AMissingBucketIsAnErrorNotAnEmptyStore) {
  VersionedBucket h;
  S3Store gone(h.Client("no-such-bucket-here"), "x", true);
  const auto missing = [&](auto call) {
    try {
      h.Run(call());
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.reaction(), Reaction::kNotFound);
      EXPECT_EQ(error.code(), "NoSuchBucket");
      EXPECT_NE(error.hint(), "");
    }
  };
  missing([&] { return gone.Get("a"); });
  missing([&] { return gone.List(""); });
  missing([&] { return gone.ListVersions(""); });
  missing([&] { return gone.RemoveVersion("a", "b"); });
  missing([&] { return S3Store::Open(h.Client("no-such-bucket-here"), "x"); });
}

}  // namespace
}  // namespace ddbvault
