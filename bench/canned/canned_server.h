// The server side of all benches: DynamoDB, its streams and S3 on one port, with canned answers.
//
// A thread of the program that makes it.  All methods are safe from other threads; what they change
// holds from the next request on.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/canned/canned_dynamodb.h"
#include "bench/canned/canned_load.h"
#include "bench/canned/canned_s3.h"
#include "bench/canned/http_server.h"

namespace ddbvault {

using Instant = std::chrono::steady_clock::time_point;

class CannedServer {
 public:
  // Port 0: any free one.
  explicit CannedServer(std::uint16_t port = 0);
  ~CannedServer();
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  // "http://127.0.0.1:43210"
  std::string url() const { return "http://127.0.0.1:" + std::to_string(http_.port()); }
  void SetLatency(std::chrono::nanoseconds latency) { http_.SetLatency(latency); }

  // Another load.  The bookkeeping in the bucket stays.
  void Load(const CannedLoad& load);
  KeptObjects kept();
  void SetKept(KeptObjects kept);

  // Since the last Load(): requests by name of their operation ("PUT item", "GetRecords", ...),
  // also of "connections"; and when each request for an item's object came.
  std::map<std::string, std::uint64_t> counts();
  std::vector<Instant> item_requests();
  std::uint64_t item_puts();

 private:
  CannedAnswer Answer(const CannedRequest& request);
  void CountS3(const CannedRequest& request, S3Operation operation);

  std::mutex mutex_;
  std::unique_ptr<CannedDynamoDb> dynamodb_;
  std::unique_ptr<CannedS3> s3_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::uint64_t item_puts_ = 0;
  std::uint64_t item_gets_ = 0;
  std::uint64_t item_heads_ = 0;
  std::uint64_t accepted_before_ = 0;
  std::vector<Instant> item_requests_;
  HttpServer http_;
  std::thread thread_;
};

}  // namespace ddbvault
