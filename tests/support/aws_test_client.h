// The clients of DynamoDB and its streams on any transport, with credentials of their own.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <utility>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "aws/dynamodb_client.h"
#include "aws/http.h"
#include "aws/streams_client.h"
#include "tests/support/fake_clock.h"

namespace ddbvault {

inline std::shared_ptr<AwsCaller> TestCaller(HttpTransport& transport, Clock& clock,
                                             CallerOptions options = {}) {
  Credentials keys;
  keys.access_key_id = "AKIDEXAMPLE";
  keys.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  auto credentials = std::make_shared<StaticCredentials>(std::move(keys));
  options.service = "dynamodb";
  options.region = "eu-central-1";
  if (options.endpoint.empty()) options.endpoint = "http://dynamodb.test";
  return std::make_shared<AwsCaller>(transport, clock, std::move(credentials), std::move(options));
}

// Both clients over one transport, and a loop to run them on in fake time.
class AwsTestClient {
 public:
  AwsTestClient(HttpTransport& transport, FakeClock& clock, CallerOptions options = {})
      : clock_(clock),
        caller_(TestCaller(transport, clock, std::move(options))),
        dynamodb(caller_),
        streams(caller_) {}

  template <typename T>
  T Run(Task<T> task) {
    return RunWithFakeTime(context_, clock_, std::move(task));
  }

 private:
  asio::io_context context_;
  FakeClock& clock_;
  std::shared_ptr<AwsCaller> caller_;

 public:
  DynamoDbClient dynamodb;
  StreamsClient streams;
};

}  // namespace ddbvault
