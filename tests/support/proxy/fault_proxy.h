// An HTTP/1.1 proxy of the tests: it stands between the binary and one real server, and does to
// their talk what its layers say.  With none it passes everything through as it is, the Host header
// included, so that signatures still hold.
//
// It listens on 127.0.0.1, on a port of its own, and runs on a thread of its own from Start() until
// it is destroyed.  A request that has come in whole is carried through even when its client is
// gone, as a real network would.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "aws/event_loop.h"
#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

class FaultProxy {
 public:
  // "http://127.0.0.1:27876": the real server.
  explicit FaultProxy(std::string upstream);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // Nearest to the client first.  Before Start().
  void Add(std::unique_ptr<ProxyLayer> layer) { layers_.push_back(std::move(layer)); }
  void Start();

  // For layers that talk to the server by themselves.
  EventLoop& loop() { return loop_; }
  const std::string& upstream() const { return upstream_; }
  // "http://127.0.0.1:43210": give it to the binary instead of the server's.
  std::string url() const;

 private:
  struct Listener;
  class Connection;
  Task<void> Accept();
  Task<ProxyReply> Pass(std::size_t layer, ProxyRequest request);
  Task<ProxyReply> AskServer(ProxyRequest request);

  std::string upstream_;
  // Tasks that still wait are destroyed with the loop, before what they refer to.
  std::vector<std::unique_ptr<ProxyLayer>> layers_;
  EventLoop loop_;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

}  // namespace ddbvault
