// What DynamoDB and its Streams answer on a bad day, and DynamoDB Local never does.
//
//   dynamodb throttled             ProvisionedThroughputExceeded, Throttling, LimitExceeded
//   dynamodb 500                   InternalServerError, before or after it acted
//   dynamodb wrong crc32           an answer whose x-amz-crc32 is not that of its bytes
//   dynamodb unprocessed items     a BatchWriteItem of which a part is left undone
//   dynamodb unprocessed keys      a BatchGetItem of which a part is left out
//   dynamodb short page            a Scan that answers fewer items than it could
//   dynamodb empty scan page       a Scan without items that says where to go on (not the first
//   page) dynamodb empty page            a GetRecords without records, although there may be some
//   dynamodb expired iterator      ExpiredIteratorException
#pragma once

#include "tests/support/proxy/fault_plan.h"
#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

class DynamoDbFaults : public ProxyLayer {
 public:
  explicit DynamoDbFaults(FaultPlan& plan) : plan_(plan) {}
  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override;

 private:
  Task<ProxyReply> PassWhole(ProxyRequest request, const ProxyNext& next);
  Task<ProxyReply> Scan(ProxyRequest request, const ProxyNext& next);
  Task<ProxyReply> GetRecords(ProxyRequest request, const ProxyNext& next);
  Task<ProxyReply> BatchWrite(ProxyRequest request, const ProxyNext& next);
  Task<ProxyReply> BatchGet(ProxyRequest request, const ProxyNext& next);
  ProxyReply Throttle(const ProxyRequest& request);

  FaultPlan& plan_;
};

}  // namespace ddbvault
