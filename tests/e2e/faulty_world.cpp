#include "tests/e2e/faulty_world.h"

#include <gtest/gtest.h>

#include <iostream>

#include "tests/support/proxy/dynamodb_faults.h"
#include "tests/support/proxy/refused_operation.h"
#include "tests/support/proxy/s3_faults.h"
#include "tests/support/proxy/transport_faults.h"

namespace ddbvault {

FaultyWorld::FaultyWorld(FaultyOptions options)
    : plan(SeedOfThisRun(), std::move(options.shares)),
      dynamodb_proxy(servers.dynamodb_endpoint),
      s3_proxy(servers.s3_endpoint) {
  dynamodb_proxy.Add(std::make_unique<TransportFaults>(plan, "dynamodb", options.longest_delay));
  dynamodb_proxy.Add(std::make_unique<DynamoDbFaults>(plan));
  if (options.by_ttl) {
    auto deletes = std::make_unique<TtlDeletes>(std::move(options.by_ttl));
    ttl = deletes.get();
    dynamodb_proxy.Add(std::move(deletes));
  }
  if (!options.refused_operation.empty()) {
    dynamodb_proxy.Add(std::make_unique<RefusedOperation>(options.refused_operation));
  }
  if (!options.without_image.empty()) {
    dynamodb_proxy.Add(std::make_unique<WithoutImages>(options.without_image));
  }
  auto split = std::make_unique<SplitStream>(plan, options.stream);
  stream = split.get();
  dynamodb_proxy.Add(std::move(split));
  s3_proxy.Add(std::make_unique<TransportFaults>(plan, "s3", options.longest_delay));
  s3_proxy.Add(std::make_unique<S3Faults>(plan));
  if (options.conditions) {
    auto aws = std::make_unique<S3AsAws>(s3_proxy.loop(), s3_proxy.upstream(),
                                         CredentialsOf(servers), servers.region);
    as_aws = aws.get();
    s3_proxy.Add(std::move(aws));
  }
  dynamodb_proxy.Start();
  s3_proxy.Start();
  environment["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb_proxy.url();
  environment["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = dynamodb_proxy.url();
  environment["AWS_ENDPOINT_URL_S3"] = s3_proxy.url();
}

// The faults of a failed test can be had again.
FaultyWorld::~FaultyWorld() {
  if (testing::Test::HasFailure()) std::cerr << "faults of this test: " << plan.Report() << "\n";
}

S3Client FaultyWorld::BucketThroughProxy(const std::string& bucket) {
  return S3Client(Caller("s3", s3_proxy.url(), AwsProtocol::kXml), bucket, true);
}

}  // namespace ddbvault
