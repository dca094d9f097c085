#include "tests/support/proxy/s3_faults.h"

namespace ddbvault {
namespace {

// Answers to HEAD have no body that could say why.
ProxyReply Refuse(bool head, int status, std::string_view code, std::string_view message) {
  ProxyReply reply = XmlError(status, code, message);
  if (head) reply.response.body.clear();
  return reply;
}

}  // namespace

Task<ProxyReply> S3Faults::Handle(ProxyRequest request, const ProxyNext& next) {
  const bool head = request.method == "HEAD";
  if (plan_.spares_last_tries() && request.IsLastTry()) {
    co_return co_await next(std::move(request));
  }
  if (plan_.Happens("s3 503")) {
    co_return Refuse(head, 503, "SlowDown", "Please reduce your request rate.");
  }
  const bool conditional = request.method == "PUT" && (request.headers.Has("If-None-Match") ||
                                                       request.headers.Has("If-Match"));
  if (conditional && plan_.Happens("s3 409")) {
    co_return Refuse(head, 409, "ConditionalRequestConflict",
                     "A conflicting conditional operation was in progress.");
  }
  const bool marks = request.method == "DELETE" && request.query().empty();
  const bool loses = marks && plan_.Happens("s3 lost delete");
  const bool breaks = loses || plan_.Happens("s3 500");
  const bool acts_first = loses || (breaks && plan_.Random(2) == 0);
  ProxyReply reply;
  if (!breaks || acts_first) reply = co_await next(std::move(request));
  if (breaks) {
    co_return Refuse(head, 500, "InternalError", "We encountered an internal error.");
  }
  co_return reply;
}

}  // namespace ddbvault
