// What all is compared with: a bare libcurl loop that sends the same requests.
//
// curl_multi_perform() and curl_multi_poll() with so many easy handles, which are kept; each
// request has the headers and the body of ddbvault's, and is signed the same way, as whoever talks
// to S3 has to.  No coroutines, no retries, nothing checked but the status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ddbvault {

enum class BareMethod { kPut, kGet };

struct BareOptions {
  BareMethod method = BareMethod::kPut;
  std::string endpoint;
  std::size_t item_bytes = 1024;
  std::size_t in_flight = 64;
  // Items 0 ... items-1 are asked for, again and again.
  std::uint64_t items = 1000;
};

struct BareCost {
  double cpu_seconds = 0;   // of this thread, per request
  double wall_seconds = 0;  // in all
};

class BareLoop {
 public:
  explicit BareLoop(BareOptions options);
  ~BareLoop();
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;

  // Sends so many, over connections that are open already but for the first call's.  Throws
  // std::runtime_error unless all are answered with a 200.
  BareCost Send(std::uint64_t count);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddbvault
