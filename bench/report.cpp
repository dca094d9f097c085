#include "bench/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <iostream>

namespace ddbvault {
namespace {

void Print(std::string_view question, double value, std::string_view unit,
           std::string_view comparison, const std::string& budget, std::string_view note) {
  std::cout << question << '\t' << Rounded(value, 4) << '\t' << unit << '\t' << comparison << '\t'
            << budget << '\t' << note << std::endl;
}

}  // namespace

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

std::string Rounded(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

void AtMost(std::string_view question, double value, std::string_view unit, double budget,
            std::string_view note) {
  Print(question, value, unit, "<=", Rounded(budget, 4), note);
}

void AtLeast(std::string_view question, double value, std::string_view unit, double budget,
             std::string_view note) {
  Print(question, value, unit, ">=", Rounded(budget, 4), note);
}

void Reported(std::string_view question, double value, std::string_view unit,
              std::string_view note) {
  Print(question, value, unit, "-", "-", note);
}

int RunBench(int argc, char** argv, const std::function<void(const BenchSettings&)>& bench) {
  BenchSettings settings;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--short") {
      std::cerr << argv[0] << ": '" << argv[i] << "' is not --short\n";
      return 2;
    }
    settings.short_form = true;
  }
  try {
    bench(settings);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return 1;
  }
}

}  // namespace ddbvault
