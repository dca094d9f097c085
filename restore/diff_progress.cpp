#include "restore/diff_progress.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

std::string LineOf(const DiffProgress::Subject& subject) {
  const Json line = {{"first", subject.first},
                     {"second", subject.second},
                     {"segments", subject.segments},
                     {"repair", subject.repair}};
  return line.dump() + "\n";
}

std::string LineOf(std::uint32_t segment, const SegmentCounts& counts) {
  const Json line = {{"segment", segment},
                     {"items", counts.items},
                     {"same", counts.update.same},
                     {"added", counts.update.added},
                     {"overwritten", counts.update.overwritten},
                     {"deleted", counts.update.removed}};
  return line.dump() + "\n";
}

}  // namespace

DiffProgress::DiffProgress(WorkerPool& workers, std::string path, const Subject& subject)
    : file_(workers, std::move(path), AppendedFile::Open::kOldOrNew) {
  const std::string text = file_.Read();
  // A line without its end was cut short, and what it would have said is done again.
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  std::string_view lines = std::string_view(text).substr(0, whole);
  const std::string head = LineOf(subject);
  if (!lines.starts_with(head) && !head.starts_with(text)) {
    throw Error(Reaction::kConflict, file_.path() + " is of another comparison")
        .Hint(
            "Give a file to each comparison: other tables, another number of segments, or with "
            "--repair, is another one.");
  }
  if (whole != text.size()) file_.CutTo(whole);
  begun_ = !lines.empty();
  head_ = head;
  lines.remove_prefix(begun_ ? head.size() : 0);
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    ReadLine(lines.substr(0, end));
    lines.remove_prefix(end + 1);
  }
}

void DiffProgress::ReadLine(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    SegmentCounts counts;
    counts.items = json.at("items");
    counts.update.same = json.at("same");
    counts.update.added = json.at("added");
    counts.update.overwritten = json.at("overwritten");
    counts.update.removed = json.at("deleted");
    done_[json.at("segment").get<std::uint32_t>()] = counts;
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, file_.path() + " has a line that is none of a comparison")
        .Hint("Remove the file, and compare from the start.");
  }
}

Task<void> DiffProgress::Add(std::uint32_t segment, SegmentCounts counts) {
  std::string text = begun_ ? "" : head_;
  begun_ = true;
  text += LineOf(segment, counts);
  done_[segment] = std::move(counts);
  co_await file_.Append(std::move(text));
}

}  // namespace ddbvault
