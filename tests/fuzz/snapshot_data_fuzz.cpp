// Data files of snapshots and files of lines: gzip, zstd or plain, given in pieces of any size.
//
// The first byte: its two lowest bits are how the rest is compressed (3: it is text, and compressed
// with gzip here, so that mutations get behind the checksums), the others the size of the pieces.
#include <algorithm>
#include <optional>

#include "item/canonical.h"
#include "snapshot/item_decoder.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

struct Decoded {
  std::vector<std::string> items;
  bool whole = false;
};

// `piece`: bytes at a time; 0: all at once.
Decoded Decode(Compression compression, std::string_view bytes, std::size_t piece) {
  Decoded decoded;
  std::vector<SnapshotItem> items;
  const KeySchema schema{{{"id", 'S'}}};
  decoded.whole = Takes([&] {
    ItemDecoder decoder(compression, schema);
    while (!bytes.empty()) {
      std::string_view input = bytes.substr(0, piece == 0 ? bytes.size() : piece);
      bytes.remove_prefix(input.size());
      while (decoder.Step(input, items)) {
      }
      Require(input.empty(), "all of a piece is taken");
    }
    decoder.Finish(items);
    Require(decoder.items() == items.size(), "the decoder counts its items");
  });
  for (SnapshotItem& item : items) {
    if (item.json.empty()) continue;  // a change that is a delete
    MustTake([&] { CheckWholeJson(item.json); }, "an item is whole JSON");
    Require(item.key == ItemKey::FromItem(item.json, schema), "an item has its key");
    decoded.items.push_back(std::move(item.json));
  }
  return decoded;
}

void CheckLine(std::string_view line) {
  std::string buffer;
  const std::string_view one = OneLine(line, buffer);
  Require(one.find('\n') == std::string_view::npos || !Takes([&] { CheckWholeJson(line); }),
          "whole JSON fits in one line");
  std::string canonical;
  if (Takes([&] { canonical = Canonical(line); })) {
    std::string of_one;
    MustTake([&] { of_one = Canonical(one); }, "an item in one line is an item");
    Require(of_one == canonical, "an item in one line is the same item");
  }
  Takes([&] {
    const LineItem told = ItemOfLine(line);
    const std::string& text = told.item.empty() ? told.keys : told.item;
    MustTake([&] { CheckWholeJson(text); }, "what a line tells is whole JSON");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Choice choice = Choose(data, size);
  CheckLine(choice.rest);
  DetectCompression(choice.rest);
  const unsigned form = choice.which & 3;
  const Compression compression = form == 1   ? Compression::kZstd
                                  : form == 2 ? Compression::kNone
                                              : Compression::kGzip;
  std::string bytes(choice.rest);
  if (form == 3) {
    bytes.clear();
    const auto compressor = MakeCompressor(compression);
    compressor->Add(choice.rest, bytes);
    compressor->Finish(bytes);
  }
  const Decoded all = Decode(compression, bytes, 0);
  const Decoded pieces = Decode(compression, bytes, choice.which >> 2);
  Require(all.whole == pieces.whole, "whether a file is whole does not depend on its pieces");
  if (all.whole) Require(all.items == pieces.items, "nor do its items");
  if (form == 3) {
    Require(all.whole == Decode(Compression::kNone, choice.rest, 0).whole,
            "what was compressed is what comes out");
  }
  return 0;
}
