// Does an item cost the same among 200 thousand as among 10 thousand?
//
// In instructions, where valgrind is installed: they do not depend on what else the machine does.
// In the short form, and without valgrind, in CPU time, which does.
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "bench/product.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

struct Sizes {
  std::uint64_t start;  // what it costs up to here is the start's
  std::uint64_t few;
  std::uint64_t many;
};

class Linear {
 public:
  Linear(const BenchSettings& settings, bool valgrind)
      : product_(server_),
        valgrind_(valgrind),
        sizes_(settings.short_form ? Sizes{500, 2500, 8000} : Sizes{1000, 10000, 200000}) {}

  void Measure(const std::string& command) {
    const double start = Cost(command, sizes_.start);
    const double few = PerItem(command, sizes_.few, start);
    const double many = PerItem(command, sizes_.many, start);
    const std::string unit = valgrind_ ? " thousand instructions" : " us of CPU";
    const std::string question = "linear: " + command + ", an item of " +
                                 std::to_string(sizes_.many) + " / of " +
                                 std::to_string(sizes_.few);
    const std::string note =
        Rounded(many, 1) + unit + ", " + Rounded(few, 1) + (valgrind_ ? "" : " (rough)");
    if (valgrind_) {
      AtMost(question, many / few, "x", 1.1, note);
    } else {
      Reported(question, many / few, "x", note);
    }
  }

 private:
  double PerItem(const std::string& command, std::uint64_t items, double start) {
    return (Cost(command, items) - start) / static_cast<double>(items - sizes_.start);
  }

  // In thousands of instructions or microseconds.
  double Cost(const std::string& command, std::uint64_t items) {
    CannedLoad load;
    load.items = items;
    load.changes = items;
    product_.Load(load);
    std::vector<std::string> arguments;
    if (command == "follow") return Of(product_.RunFollow(kInFlight, items, {}, Wrapper()));
    if (command == "backfill") arguments = product_.Backfill(kInFlight);
    if (command == "snapshot") arguments = product_.Snapshot(kInFlight);
    if (command == "restore") {
      const auto directory = product_.directory() / "restored";
      std::filesystem::remove_all(directory);
      product_.Run(product_.SnapshotTo(directory));
      arguments = product_.Restore(directory);
    }
    return Of(product_.RunUnder(Wrapper(), arguments));
  }

  std::vector<std::string> Wrapper() const {
    if (!valgrind_) return {};
    return {"valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"};
  }

  double Of(const Usage& usage) const {
    return valgrind_ ? Instructions(usage) : usage.cpu_seconds * 1e6;
  }

  // "==1234== I   refs:      1,234,567,890"
  static double Instructions(const Usage& usage) {
    const std::size_t at = usage.output.rfind("refs:");
    if (at == std::string::npos) throw std::runtime_error("valgrind says:\n" + usage.output);
    std::string digits;
    for (const char c : usage.output.substr(at, usage.output.find('\n', at) - at)) {
      if (c >= '0' && c <= '9') digits.push_back(c);
    }
    return std::strtod(digits.c_str(), nullptr) / 1000;
  }

  CannedServer server_;
  Product product_;
  bool valgrind_;
  Sizes sizes_;
};

void Bench(const BenchSettings& settings) {
  const bool installed = std::system("valgrind --version >/dev/null 2>&1") == 0;
  const bool valgrind = installed && !settings.short_form;
  if (!installed) std::cerr << "bench-linear: no valgrind: instructions are not counted\n";
  Linear linear(settings, valgrind);
  for (const char* command : {"follow", "backfill", "snapshot", "restore"}) linear.Measure(command);
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
