// Turns the bytes of a data file into items: decompressed, cut into lines, each one checked whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "item/item_key.h"
#include "item/key_schema.h"
#include "snapshot/compression.h"
#include "snapshot/lines.h"

namespace ddbvault {

struct SnapshotItem {
  std::string json;  // DynamoDB JSON of the item, as in the file; empty: it was deleted
  ItemKey key;
  bool change = false;  // of a line that tells of a change: the file need not have all items
};

// From any thread, one call at a time.
class ItemDecoder {
 public:
  ItemDecoder(Compression compression, const KeySchema& schema)
      : decompressor_(MakeDecompressor(compression)), schema_(schema) {}

  // Takes bytes from the front of `input` until about 1 MB has been decompressed, and appends the
  // items of the lines that are whole.  Call again while it returns true.  Throws Error{kCorrupt}.
  bool Step(std::string_view& input, std::vector<SnapshotItem>& items);
  // All input has been given: the last line, if it does not end with a newline.
  void Finish(std::vector<SnapshotItem>& items);

  std::uint64_t items() const { return items_; }

 private:
  void AddLine(std::string_view line, std::vector<SnapshotItem>& items);

  std::unique_ptr<Decompressor> decompressor_;
  LineSplitter lines_;
  KeySchema schema_;
  std::uint64_t items_ = 0;
};

}  // namespace ddbvault
