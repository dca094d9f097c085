// manifest-summary.json and manifest-files.json, ours and those of AWS's exports.
#include "snapshot/format.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

constexpr std::string_view kDirectory = "orders/20261120T120000Z/";

void CheckSummary(std::string_view text) {
  SnapshotSummary summary;
  if (!Takes([&] { summary = SummaryFromJson(text, kDirectory); })) return;
  Require(summary.files_key.starts_with(kDirectory) &&
              summary.files_key.find('/', kDirectory.size()) == std::string::npos,
          "the list of files is beside the summary");
  for (const KeyAttribute& attribute : summary.key_schema.attributes) {
    Require(attribute.type == 'S' || attribute.type == 'N' || attribute.type == 'B',
            "a key attribute is of type S, N or B");
  }
  summary.ours = true;
  const std::string written = ToJson(summary);
  SnapshotSummary again;
  MustTake([&] { again = SummaryFromJson(written, kDirectory); }, "what we write can be read");
  Require(ToJson(again) == written, "a summary is the same when it is read again");
}

void CheckFiles(std::string_view text) {
  std::vector<DataFile> files;
  if (!Takes([&] { files = FilesFromJson(text, kDirectory); })) return;
  for (const DataFile& file : files) {
    const std::string data = std::string(kDirectory) + "data/";
    Require(file.key.starts_with(data), "a data file is in the snapshot's own directory");
    const std::string name = file.key.substr(data.size());
    Require(!name.empty() && name.find('/') == std::string::npos && name != "." && name != "..",
            "it has a name there");
  }
  const std::string written = ToJson(files, "");
  std::vector<DataFile> again;
  MustTake([&] { again = FilesFromJson(written, kDirectory); }, "what we write can be read");
  Require(ToJson(again, "") == written, "a list of files is the same when it is read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  CheckSummary(text);
  CheckFiles(text);
  return 0;
}
