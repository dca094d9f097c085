// state.json, the files of backfills, owner.json and lease.json.
#include "incremental/lease.h"
#include "incremental/owner.h"
#include "incremental/state.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

template <typename Document, typename Read>
std::optional<Document> CheckDocument(std::string_view text, Read read) {
  std::optional<Document> document;
  if (!Takes([&] { document = read(text); })) return std::nullopt;
  const std::string written = ToJson(*document);
  std::optional<Document> again;
  MustTake([&] { again = read(written); }, "what we write can be read");
  Require(ToJson(*again) == written, "a document is the same when it is read again");
  return document;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  BackupState state;
  state.follower = CheckDocument<FollowerState>(text, FollowerStateFromJson);
  const auto segment = CheckDocument<BackfillSegment>(text, BackfillSegmentFromJson);
  if (segment) {
    Require(segment->segment < segment->segments, "a segment is one of the segments");
    state.backfill.push_back(*segment);
  }
  CheckDocument<WholeBackfill>(text, WholeBackfillFromJson);
  CheckDocument<LeaseRecord>(text, LeaseRecordFromJson);
  state.covered_from();
  state.open_gaps();
  Takes([&] { OwnerFromJson(text); });
  return 0;
}
