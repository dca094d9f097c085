// Everything an engine needs, in the process of the test and in fake time: AWS, a store, positions.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>

#include "aws/dynamodb_client.h"
#include "aws/streams_client.h"
#include "tests/support/aws_test_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_dynamodb.h"
#include "tests/support/memory_checkpoints.h"
#include "tests/support/memory_store.h"

namespace ddbvault {

class EngineWorld {
 public:
  explicit EngineWorld(MemoryStoreOptions store_options = {})
      : aws(clock),
        store(clock, store_options),
        table(TestCaller(aws, clock)),
        streams(TestCaller(aws, clock)) {}

  // Runs the task to its end, in fake time.
  template <typename T>
  T Run(Task<T> task) {
    return RunWithFakeTime(context, clock, std::move(task));
  }

  asio::io_context context;
  FakeClock clock;
  FakeDynamoDb aws;
  MemoryStore store;
  MemoryCheckpoints checkpoints;
  DynamoDbClient table;
  StreamsClient streams;
};

}  // namespace ddbvault
