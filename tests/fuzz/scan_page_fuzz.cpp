// Answers to Scan.  Of one that is taken, every item lies in the body and is whole JSON, and the
// same items in another answer are the same page.
#include "aws/dynamodb_client.h"
#include "item/canonical.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ScanPage page;
  if (!Takes([&] { page = ParseScanPage(std::make_unique<std::string>(Text(data, size))); })) {
    return 0;
  }
  std::string again = "{\"Count\":" + std::to_string(page.items.size());
  if (!page.last_evaluated_key.empty()) again += ",\"LastEvaluatedKey\":" + page.last_evaluated_key;
  again += ",\"Items\":[";
  for (const std::string_view item : page.items) {
    Require(item.data() >= page.body->data() &&
                item.data() + item.size() <= page.body->data() + page.body->size(),
            "an item lies in the body of its page");
    MustTake([&] { CheckWholeJson(item); }, "an item is whole JSON");
    if (again.back() != '[') again += ',';
    again += item;
  }
  again += "]}";
  ScanPage second;
  MustTake([&] { second = ParseScanPage(std::make_unique<std::string>(again)); },
           "the same items in an answer of their own are taken");
  Require(second.items == page.items && second.last_evaluated_key == page.last_evaluated_key,
          "an answer of the same items is the same page");
  return 0;
}
