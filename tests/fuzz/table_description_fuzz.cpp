// Answers to DescribeTable, which are also at rest as table.json.
#include "aws/dynamodb_client.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TableDescription table;
  if (!Takes([&] { table = ParseTableDescription(Text(data, size)); })) return 0;
  Require(!table.name.empty() && !table.status.empty(), "a table has a name and a status");
  Require(table.json == Text(data, size), "the description is kept as it came");
  Require(table.key_schema.attributes.size() <= 2, "a table's key has at most two attributes");
  for (const KeyAttribute& attribute : table.key_schema.attributes) {
    Require(attribute.type == 'S' || attribute.type == 'N' || attribute.type == 'B',
            "a key attribute is of type S, N or B");
  }
  return 0;
}
