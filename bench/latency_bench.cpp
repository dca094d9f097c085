// With a server that takes its time, are all the requests that may be in flight in flight?
#include "bench/bare_loop.h"
#include "bench/product.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

constexpr std::string_view kUnit = "x";  // of in-flight / latency

constexpr const char* kCommands[] = {"follow", "backfill", "snapshot"};

struct Case {
  int milliseconds;
  int in_flight;
  bool has_budget = true;
};

class Latency {
 public:
  Latency() : product_(server_) {}

  void Measure(const Case& each, double seconds, int rounds) {
    const double ideal = each.in_flight * 1000.0 / each.milliseconds;
    const std::string how = ", " + std::to_string(each.in_flight) + " in flight, " +
                            std::to_string(each.milliseconds) + " ms";
    std::map<std::string, std::vector<double>> reached;
    std::vector<double> bare;
    for (int round = 0; round < rounds; ++round) {
      bare.push_back(Bare(each, ideal) / ideal);
      for (const char* command : kCommands) {
        reached[command].push_back(Rate(command, each, ideal * seconds) / ideal);
      }
    }
    // On a busy machine the bare loop, too, gets its answers later.
    const std::string note = "the bare loop: " + Rounded(Median(bare), 2);
    for (const char* command : kCommands) {
      const std::string question = "latency: " + std::string(command) + how;
      if (each.has_budget) {
        AtLeast(question, Median(reached[command]), kUnit, 0.9, note);
      } else {
        Reported(question, Median(reached[command]), kUnit, note);
      }
    }
  }

 private:
  // Requests to items' objects per second, over the middle four fifths: without the connecting and
  // the last ones.
  double Rate(const std::string& command, const Case& each, double items) {
    CannedLoad load;
    load.items = static_cast<std::uint64_t>(items);
    load.changes = load.items;
    load.shards = 4;
    product_.Load(load);
    server_.SetLatency(std::chrono::milliseconds(each.milliseconds));
    if (command == "follow") product_.RunFollow(each.in_flight, load.changes);
    if (command == "backfill") product_.Run(product_.Backfill(each.in_flight));
    if (command == "snapshot") product_.Run(product_.Snapshot(each.in_flight));
    server_.SetLatency({});
    const std::vector<Instant> times = server_.item_requests();
    const std::size_t first = times.size() / 10;
    const std::size_t last = times.size() - 1 - first;
    const std::chrono::duration<double> span = times.at(last) - times.at(first);
    return static_cast<double>(last - first) / span.count();
  }

  // What this machine and the server can do at all.
  double Bare(const Case& each, double ideal) {
    const auto in_flight = static_cast<std::size_t>(each.in_flight);
    BareLoop loop({.endpoint = server_.url(), .in_flight = in_flight});
    loop.Send(in_flight);
    server_.SetLatency(std::chrono::milliseconds(each.milliseconds));
    const auto count = static_cast<std::uint64_t>(ideal);
    const BareCost cost = loop.Send(count);
    server_.SetLatency({});
    return static_cast<double>(count) / cost.wall_seconds;
  }

  CannedServer server_;
  Product product_;
};

void Bench(const BenchSettings& settings) {
  Latency latency;
  if (settings.short_form) return latency.Measure({20, 256}, 0.5, 1);
  latency.Measure({20, 256}, 4.0, 3);
  latency.Measure({100, 1000}, 4.0, 3);
  // What the work itself takes is not little beside so short a latency.
  latency.Measure({1, 8, false}, 2.0, 3);
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
