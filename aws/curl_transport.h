// HTTP over libcurl, on an io_context.  A part of EventLoop (event_loop.h).
//
// The only file that includes libcurl is curl_transport.cpp.  libcurl's sockets are in an epoll set
// of our own, which is to Asio a single descriptor: whatever Asio knows (a timer, a signal, the
// result of a WorkerPool) wakes the loop at once, an idle loop sleeps, and no request costs Asio a
// registration.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "aws/http.h"
#include "base/task.h"

namespace ddbvault {

struct HttpOptions {
  // File of PEM certificates to trust; empty: the system's.
  std::string ca_bundle;
  // Requests in flight at once; more wait in line.  Also the number of connections kept open.
  std::size_t max_connections = 256;
  std::string user_agent = "ddbvault";
};

// For the thread that runs the context.
class CurlTransport : public HttpTransport {
 public:
  // Throws Error{kFixCommand} when ca_bundle cannot be read.  `context` must outlive Detach().
  CurlTransport(asio::io_context& context, HttpOptions options);
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  Task<HttpResponse> Send(const HttpRequest& request) override;

  // Lets go of the context, which may then be destroyed, and with it the tasks that wait here (they
  // take their requests out of libcurl).  Nothing may be sent afterwards.
  void Detach();
  std::size_t in_flight() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddbvault
