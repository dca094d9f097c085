// How fast is a page of GetRecords cut into changes?
#include <cstring>
#include <stdexcept>

#include "aws/streams_client.h"
#include "bench/canned/canned_dynamodb.h"
#include "bench/clocks.h"
#include "bench/report.h"

namespace ddbvault {
namespace {

constexpr std::size_t kSpareCapacity = 64;  // as a transport's body has it (aws/http.h)
constexpr int kPagesARound = 50;

struct Speed {
  double gigabytes_per_second;
  double of_a_copy;  // time of copying the page / time of cutting it
};

Speed Measure(const std::string& page, std::size_t records) {
  double cutting = 0;
  double copying = 0;
  for (int i = 0; i < kPagesARound; ++i) {
    auto body = std::make_unique<std::string>();
    body->reserve(page.size() + kSpareCapacity);
    const double start = ThreadCpuSeconds();
    body->assign(page);
    const double copied = ThreadCpuSeconds();
    const RecordsPage cut = ParseRecordsPage(std::move(body));
    cutting += ThreadCpuSeconds() - copied;
    copying += copied - start;
    if (cut.batch.changes().size() != records) throw std::runtime_error("records are missing");
  }
  return {static_cast<double>(page.size()) * kPagesARound / cutting * 1e-9, copying / cutting};
}

void Bench(const BenchSettings& settings) {
  constexpr std::uint64_t kRecords = 750;
  CannedLoad load;
  load.changes = kRecords;
  const std::string page = CannedDynamoDb(load).RecordsPage(0, 0, kRecords);
  std::vector<double> speeds;
  std::vector<double> copies;
  for (int round = 0; round < settings.rounds(); ++round) {
    const Speed speed = Measure(page, kRecords);
    speeds.push_back(speed.gigabytes_per_second);
    copies.push_back(speed.of_a_copy);
  }
  AtLeast("records: a page of GetRecords cut into changes", Median(speeds), "GB/s", 1.0,
          "page of " + std::to_string(page.size()) + " bytes; a copy of it takes " +
              Rounded(Median(copies) * 100, 0) + " % of that time");
}

}  // namespace
}  // namespace ddbvault

int main(int argc, char** argv) { return ddbvault::RunBench(argc, argv, ddbvault::Bench); }
