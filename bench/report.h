// What a bench says: lines of the table, which bench/run prints, one a question.
//
//   question <TAB> value <TAB> unit <TAB> comparison <TAB> budget <TAB> note
//
// comparison is "<=" or ">=", or "-" for a value that is only reported (budget "-").
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/settings.h"

namespace ddbvault {

double Median(std::vector<double> values);
std::string Rounded(double value, int digits);

void AtMost(std::string_view question, double value, std::string_view unit, double budget,
            std::string_view note = "");
void AtLeast(std::string_view question, double value, std::string_view unit, double budget,
             std::string_view note = "");
void Reported(std::string_view question, double value, std::string_view unit,
              std::string_view note = "");

// main() of every bench: reads the command line, and says what went wrong.
int RunBench(int argc, char** argv, const std::function<void(const BenchSettings&)>& bench);

}  // namespace ddbvault
