// An HttpTransport without a network: a test says what is answered, and sees what was sent.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "aws/http.h"
#include "base/error.h"

namespace ddbvault {

// For the thread of the tasks that use it.  Each Send() takes one turn of the loop.
class ScriptTransport : public HttpTransport {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  using Handler = std::function<HttpResponse(const HttpRequest&)>;  // may throw an Error

  struct Seen {  // a copy, views and all
    std::string method;
    std::string url;
    HttpHeaders headers;
    std::string body;
    bool use_proxy = true;
    std::chrono::seconds idle_most{0};
    // The part of the URL behind the host: path and query.
    std::string target() const;
  };

  // One more answer at the end of the script.
  ScriptTransport& Answer(int status, std::string body = {}, Fields headers = {});
  ScriptTransport& Fail(Error error);
  ScriptTransport& Then(Handler handler);
  // What is done when the script is at its end.  Without it one more request is a
  // std::logic_error, which names it.
  void Otherwise(Handler handler) { otherwise_ = std::move(handler); }

  Task<HttpResponse> Send(const HttpRequest& request) override;

  const std::vector<Seen>& requests() const { return requests_; }
  std::size_t answers_left() const { return script_.size(); }

 private:
  std::deque<Handler> script_;
  Handler otherwise_;
  std::vector<Seen> requests_;
};

// As the real transport makes it: with the spare capacity that parsers want.
HttpResponse MakeResponse(int status, std::string body = {}, ScriptTransport::Fields headers = {});

// A kRetryLater without an answer, as after a broken connection.
Error BrokenConnection();

}  // namespace ddbvault
