// An HTTP/1.1 server on loopback whose answers a test scripts: also those that no proper server
// gives.  It runs on a thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "aws/http.h"

namespace ddbvault {

struct ScriptedRequest {
  std::string method;
  std::string target;  // path and query, as sent
  HttpHeaders headers;
  std::string body;
  int connection = 0;  // from 1, in the order in which they were accepted
};

struct ScriptedReply {
  int status = 200;
  HttpHeaders headers;  // Content-Length is added
  std::string body;
  // Closes after so many bytes of the body, of which Content-Length promises all.
  std::optional<std::size_t> cut_after;
  // Sent as it is instead of all the above.
  std::string raw;
  bool no_answer = false;    // closes without a byte
  bool stall = false;        // never answers, keeps the connection open
  bool close_after = false;  // without saying so: the next request on it finds it dead
};

class HttpScriptServer {
 public:
  // Called on the server's thread, for one request at a time.
  using Handler = std::function<ScriptedReply(const ScriptedRequest&)>;

  HttpScriptServer();
  ~HttpScriptServer();
  HttpScriptServer(const HttpScriptServer&) = delete;
  HttpScriptServer& operator=(const HttpScriptServer&) = delete;

  // "http://127.0.0.1:43210"
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }

  // One more reply at the end of the script.
  void Reply(ScriptedReply reply);
  void Reply(int status, std::string body = {});
  // What is done when the script is at its end; a 500 unless set.
  void Otherwise(Handler handler);

  // From any thread.
  std::vector<ScriptedRequest> requests() const;
  int connections() const;

 private:
  struct Loop;
  struct Connection;
  ScriptedReply Decide(const ScriptedRequest& request);

  mutable std::mutex mutex_;
  std::deque<ScriptedReply> script_;
  Handler otherwise_;
  std::vector<ScriptedRequest> requests_;
  int connections_ = 0;
  std::uint16_t port_ = 0;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace ddbvault
