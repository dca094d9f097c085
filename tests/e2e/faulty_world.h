// The real binary and the real servers, with a fault proxy before each server.
#pragma once

#include <memory>
#include <string>

#include "tests/e2e/e2e_world.h"
#include "tests/support/proxy/fault_plan.h"
#include "tests/support/proxy/fault_proxy.h"
#include "tests/support/proxy/s3_as_aws.h"
#include "tests/support/proxy/split_stream.h"
#include "tests/support/proxy/ttl_deletes.h"
#include "tests/support/proxy/without_images.h"

namespace ddbvault {

struct FaultyOptions {
  FaultPlan::Shares shares;  // no faults unless named here
  Duration longest_delay{50};
  bool conditions = true;  // conditional writes and delete markers are AWS's; else Ceph's
  SplitOptions stream{1, 0};
  TtlDeletes::Chosen by_ttl;      // none unless given
  std::string refused_operation;  // "Scan": no policy allows it; empty: all are allowed
  std::string without_image;      // records whose NewImage contains this lose it; empty: none
};

// The binary is sent to the proxies; `dynamodb` and Bucket() of the test itself go to the servers.
class FaultyWorld : public E2eWorld {
 public:
  explicit FaultyWorld(FaultyOptions options);
  ~FaultyWorld();

  // A bucket through the proxy, for what must see it as the binary does.
  S3Client BucketThroughProxy(const std::string& bucket);

  FaultPlan plan;
  FaultProxy dynamodb_proxy;
  FaultProxy s3_proxy;
  S3AsAws* as_aws = nullptr;  // null without `conditions`
  SplitStream* stream = nullptr;
  TtlDeletes* ttl = nullptr;  // null without `by_ttl`
};

}  // namespace ddbvault
