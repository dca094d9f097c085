#include "aws/event_loop.h"

#include <asio/signal_set.hpp>
#include <csignal>

namespace ddbvault {

struct EventLoop::State {
  explicit State(HttpOptions options)
      : context(std::make_unique<asio::io_context>()), curl(*context, std::move(options)) {}
  ~State() {
    signals.reset();
    curl.Detach();
    context.reset();  // destroys the tasks that wait, and they take their requests out of libcurl
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::unique_ptr<asio::io_context> context;
  CurlTransport curl;
  std::optional<asio::signal_set> signals;
  std::function<void(int)> on_signal;
  void AwaitSignal() {
    signals->async_wait([this](asio::error_code error, int number) {
      if (error) return;
      AwaitSignal();
      on_signal(number);
    });
  }
};

EventLoop::EventLoop(HttpOptions options) : state_(std::make_unique<State>(std::move(options))) {}
EventLoop::~EventLoop() = default;

Executor EventLoop::executor() { return state_->context->get_executor(); }
asio::io_context& EventLoop::context() { return *state_->context; }
std::size_t EventLoop::in_flight() const { return state_->curl.in_flight(); }

void EventLoop::OnSignals(std::function<void(int)> handler) {
  state_->on_signal = std::move(handler);
  if (state_->signals) return;
  state_->signals.emplace(*state_->context, SIGINT, SIGTERM);
  state_->AwaitSignal();
}

void EventLoop::RunUntil(const bool& done) {
  while (!done) {
    state_->context->restart();
    state_->context->run();
  }
}

Task<HttpResponse> EventLoop::Send(const HttpRequest& request) {
  return state_->curl.Send(request);
}

}  // namespace ddbvault
