#include "restore/previous_file.h"

#include <chrono>
#include <utility>

namespace ddbvault {

PreviousFile::PreviousFile(WorkerPool& workers, Clock& clock, std::string path)
    : clock_(clock), file_(workers, std::move(path), AppendedFile::Open::kNew) {}

Task<void> PreviousFile::Keep(std::vector<Entry> entries) {
  if (entries.empty()) co_return;
  const auto micros = std::chrono::microseconds(clock_.Now().time_since_epoch()).count();
  std::string lines;
  for (const Entry& entry : entries) {
    lines += "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"" + std::to_string(micros) +
             "\"}},\"Keys\":" + entry.key;
    if (!entry.item.empty()) lines += ",\"NewImage\":" + entry.item;
    lines += "}\n";
  }
  co_await file_.Append(std::move(lines));
  kept_ += entries.size();
}

}  // namespace ddbvault
