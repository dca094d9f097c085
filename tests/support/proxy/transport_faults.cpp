#include "tests/support/proxy/transport_faults.h"

namespace ddbvault {

Task<ProxyReply> TransportFaults::Handle(ProxyRequest request, const ProxyNext& next) {
  const bool head = request.method == "HEAD";
  const bool spared = plan_.spares_last_tries() && request.IsLastTry();
  ProxyReply reply;
  if (!spared && Happens("cut before")) {
    reply.fate = ProxyReply::Fate::kCut;
    co_return reply;
  }
  const bool slow_write = request.method == "PUT" && Happens("slow write");
  const bool delayed = slow_write || Happens("delayed");
  const Duration delay(delayed ? plan_.Random(static_cast<std::uint32_t>(longest_delay_.count()))
                               : 0);
  // On the way there or on the way back: what the server does between is in another order then.
  const bool on_the_way_there = slow_write || plan_.Random(2) == 0;
  if (delayed && on_the_way_there) co_await clock_.Sleep(delay);
  reply = co_await next(std::move(request));
  if (delayed && !on_the_way_there) co_await clock_.Sleep(delay);
  if (spared || reply.fate != ProxyReply::Fate::kWhole) co_return reply;
  if (Happens("cut after")) {
    reply.fate = ProxyReply::Fate::kCut;
  } else if (!head && reply.response.body.size() > 1 && Happens("truncated")) {
    reply.fate = ProxyReply::Fate::kTruncated;
  }
  co_return reply;
}

}  // namespace ddbvault
