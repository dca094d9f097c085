#include "snapshot/block_output.h"

#include <utility>

#include "snapshot/lines.h"

namespace ddbvault {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

}  // namespace

Task<void> BlockOutput::Add(std::string item_json, ItemKey) {
  while (blocks_on_their_way_ >= blocks_at_once_) co_await room_.Wait();
  std::string buffer;
  block_.append(before_).append(OneLine(item_json, buffer)).append(after_);
  ++items_;
  ++items_in_block_;
  if (block_.size() >= kBlockBytes) co_await WriteOut();
}

Task<void> BlockOutput::WriteOut() {
  struct OnItsWay {
    explicit OnItsWay(BlockOutput& to) : output(to) { ++output.blocks_on_their_way_; }
    ~OnItsWay() {
      --output.blocks_on_their_way_;
      output.room_.Pulse();
    }
    BlockOutput& output;
  } on_its_way(*this);
  std::string block = std::exchange(block_, {});
  const std::uint64_t items = std::exchange(items_in_block_, 0);
  co_await WriteBlock(std::move(block), items);
}

Task<void> BlockOutput::Finish() {
  if (!block_.empty()) co_await WriteOut();
  co_await FinishFiles();
}

}  // namespace ddbvault
