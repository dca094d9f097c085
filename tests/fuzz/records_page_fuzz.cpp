// Answers to GetRecords.  A page that is refused yields nothing; of one that is taken, every view
// lies in its body, each good change is whole, and the page means the same when its records are
// written into an answer again.
#include "aws/streams_client.h"
#include "item/canonical.h"
#include "item/item_key.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

void CheckView(const std::string& body, std::string_view view) {
  if (view.empty()) return;
  Require(view.data() >= body.data() && view.data() + view.size() <= body.data() + body.size(),
          "a change's view lies in the body of its batch");
}

void CheckChange(const std::string& body, const ChangeView& change) {
  for (const std::string_view view :
       {change.raw, change.keys, change.new_image, change.sequence_number, change.principal_id}) {
    CheckView(body, view);
  }
  Require(!change.raw.empty(), "a change has its raw record");
  if (!change.defect.empty()) return;
  MustTake([&] { CheckWholeJson(change.raw); }, "the raw record is whole JSON");
  MustTake([&] { CheckWholeJson(change.keys); }, "Keys is whole JSON");
  if (!change.new_image.empty()) {
    MustTake([&] { CheckWholeJson(change.new_image); }, "NewImage is whole JSON");
  }
  Require(!change.sequence_number.empty() && change.sequence_number.size() <= 40,
          "a good change has a sequence number of at most 40 digits");
  Require(CompareSequenceNumbers(change.sequence_number, change.sequence_number) == 0,
          "a sequence number is equal to itself");
  Takes([&] { ItemKey::FromKeys(change.keys); });
}

void CheckSame(const ChangeView& a, const ChangeView& b) {
  Require(a.defect == b.defect && a.raw == b.raw && a.keys == b.keys &&
              a.new_image == b.new_image && a.sequence_number == b.sequence_number &&
              a.change_time == b.change_time && a.event_name == b.event_name &&
              a.principal_id == b.principal_id,
          "a record means the same in another answer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto body = std::make_unique<std::string>(Text(data, size));
  const std::string* const bytes = body.get();
  RecordsPage page;
  if (!Takes([&] { page = ParseRecordsPage(std::move(body)); })) return 0;
  Require(*bytes == Text(data, size), "the body is as it came");
  std::string again = "{\"Records\":[";
  for (const ChangeView& change : page.batch.changes()) {
    CheckChange(*bytes, change);
    if (again.back() != '[') again += ',';
    again += change.raw;
  }
  again += "]}";
  RecordsPage second;
  MustTake([&] { second = ParseRecordsPage(std::make_unique<std::string>(again)); },
           "the same records in an answer of their own are taken");
  Require(
      second.batch.changes().size() == page.batch.changes().size() && second.next_iterator.empty(),
      "an answer has as many changes as records");
  for (std::size_t i = 0; i < page.batch.changes().size(); ++i) {
    CheckSame(page.batch.changes()[i], second.batch.changes()[i]);
  }
  return 0;
}
