#include "snapshot/item_decoder.h"

#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kStepBytes = std::size_t{1} << 20;

}  // namespace

void ItemDecoder::AddLine(std::string_view line, std::vector<SnapshotItem>& items) {
  const std::string where = "line " + std::to_string(lines_.line_number());
  if (line.find_first_not_of(" \t") == std::string_view::npos) {
    throw Error(Reaction::kCorrupt, where + " is empty: an item is missing there")
        .Hint(
            "dynamodb-replicator's snapshots have such lines for items that it stored without "
            "their content; take them out of the file to restore the rest.");
  }
  LineItem told;
  try {
    told = ItemOfLine(line);
  } catch (Error& error) {
    error.Within(where);
    throw;
  }
  try {
    ItemKey key = ItemKey::FromItem(told.item.empty() ? told.keys : told.item, schema_);
    items.push_back({std::move(told.item), std::move(key), !told.keys.empty()});
    ++items_;
  } catch (const Error& error) {
    throw Error(Reaction::kCorrupt,
                where + " has " + error.message() + "; the table's key is " + Describe(schema_));
  }
}

bool ItemDecoder::Step(std::string_view& input, std::vector<SnapshotItem>& items) {
  decompressor_->Add(input, lines_.buffer(), kStepBytes);
  lines_.TakeLines(false, [&](std::string_view line) { AddLine(line, items); });
  return !input.empty() || decompressor_->pending();
}

void ItemDecoder::Finish(std::vector<SnapshotItem>& items) {
  decompressor_->Finish();
  lines_.TakeLines(true, [&](std::string_view line) { AddLine(line, items); });
}

}  // namespace ddbvault
