// With a server that takes its time, are all the requests that may be in flight in flight?
#include "bench/bare_loop.h"
#include "bench/product.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

constexpr std::string_view kUnit = "x";  // of in-flight / latency

struct Case {
  int milliseconds;
  int in_flight;
  bool has_budget = true;
};

class Latency {
 public:
  Latency() : product_(server_) { product_.Prepare(); }

  void Measure(const Case& each, double seconds) {
    const double ideal = each.in_flight * 1000.0 / each.milliseconds;
    const auto items = static_cast<std::uint64_t>(ideal * seconds);
    CannedLoad load;
    load.items = items;
    load.changes = items;
    load.shards = 4;
    const std::string how = ", " + std::to_string(each.in_flight) + " in flight, " +
                            std::to_string(each.milliseconds) + " ms";
    for (const std::string command : {"follow", "backfill", "snapshot"}) {
      product_.Rewind();
      server_.Load(load);
      server_.SetLatency(std::chrono::milliseconds(each.milliseconds));
      const Usage usage = product_.Run(Arguments(command, each.in_flight));
      const double rate = Rate();
      server_.SetLatency({});
      const std::string note = Rounded(rate, 0) + "/s; " +
                               Rounded(usage.cpu_seconds / usage.wall_seconds, 2) + " of a core";
      if (each.has_budget) {
        AtLeast("latency: " + command + how, rate / ideal, kUnit, 0.9, note);
      } else {
        Reported("latency: " + command + how, rate / ideal, kUnit, note);
      }
    }
    Bare(each, ideal, how);
  }

 private:
  std::vector<std::string> Arguments(const std::string& command, int in_flight) {
    std::vector<std::string> arguments;
    if (command == "follow") arguments = product_.Follow(in_flight);
    if (command == "backfill") arguments = product_.Backfill(in_flight);
    if (command == "snapshot") arguments = product_.Snapshot(in_flight);
    return arguments;
  }

  // Requests to items' objects per second, over the middle four fifths: without the connecting and
  // the last ones.
  double Rate() {
    const std::vector<Instant> times = server_.item_requests();
    const std::size_t first = times.size() / 10;
    const std::size_t last = times.size() - 1 - first;
    const std::chrono::duration<double> span = times.at(last) - times.at(first);
    return static_cast<double>(last - first) / span.count();
  }

  // What this machine and the server can do at all.
  void Bare(const Case& each, double ideal, const std::string& how) {
    const auto in_flight = static_cast<std::size_t>(each.in_flight);
    BareLoop loop({.endpoint = server_.url(), .in_flight = in_flight});
    loop.Send(in_flight);
    server_.SetLatency(std::chrono::milliseconds(each.milliseconds));
    const auto count = static_cast<std::uint64_t>(ideal);
    const BareCost cost = loop.Send(count);
    server_.SetLatency({});
    Reported("latency: the bare loop" + how, static_cast<double>(count) / cost.wall_seconds / ideal,
             kUnit);
  }

  CannedServer server_;
  Product product_;
};

void Bench(const BenchSettings& settings) {
  Latency latency;
  latency.Measure({20, 256}, settings.short_form ? 1.0 : 5.0);
  if (settings.short_form) return;
  latency.Measure({100, 1000}, 5.0);
  // What the work itself takes is not little beside so short a latency.
  latency.Measure({1, 8, false}, 3.0);
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
