// Makes Ceph 16 do with versioned buckets what AWS does.
//
// Conditions: a PUT with If-None-Match: * or If-Match, and a DELETE with If-Match, look first and
// are answered 412 (404) as AWS does; those that hold go on without the header (Ceph answers any
// If-Match in a versioned bucket with 412), signed anew.
//
// Delete markers: a DELETE of a key whose newest version is a marker puts a second one, where Ceph
// does nothing.  Ceph has no way to make one but to delete something, so there is something for a
// moment, which nobody sees through this proxy.
//
// Writes of a key go one at a time, and nobody reads the key or a listing while there is something
// to hide.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "aws/caller.h"
#include "aws/event_loop.h"
#include "aws/s3_client.h"
#include "aws/sigv4.h"
#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

class S3AsAws : public ProxyLayer {
 public:
  // `loop`: the proxy's.  `upstream`: the real server.  Credentials of the user who made the
  // requests: they are signed anew.
  S3AsAws(EventLoop& loop, const std::string& upstream, Credentials credentials,
          std::string region);

  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override;

  // From any thread: how many conditions were found to hold, or not, of all but control objects
  // (below "_/": each command tries conditions there as it begins); how many markers were added.
  std::uint64_t held() const { return held_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t second_markers() const { return second_markers_; }

 private:
  struct Place {
    std::string bucket;
    std::string key;  // decoded; empty: of the bucket itself
  };
  static Place PlaceOf(const ProxyRequest& request);
  S3Client& Client(const std::string& bucket);
  Task<Semaphore::Permit> Lock(std::string name);
  // The answer when the condition does not hold; takes the header away when it does.
  Task<std::optional<ProxyReply>> Check(const Place& place, ProxyRequest& request);
  Task<ProxyReply> Delete(const Place& place, ProxyRequest request, const ProxyNext& next);
  void SignAgain(ProxyRequest& request);

  EventLoop& loop_;
  SystemClock clock_;
  Credentials credentials_;
  Signer signer_;
  std::shared_ptr<AwsCaller> caller_;
  std::map<std::string, S3Client> clients_;  // by bucket
  std::map<std::string, Semaphore> locks_;   // by bucket (listings) and by bucket/key
  std::atomic<std::uint64_t> held_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::atomic<std::uint64_t> second_markers_ = 0;
};

}  // namespace ddbvault
