// Where a snapshot's items go: gathered into blocks, compressed on the workers, written in order of
// arrival.
//
//   BlockOutput     gathers lines into blocks of about 1 MB and holds back who is too fast
//     PartsOutput   many files of bounded size, each one Put      (--format export)
//     LinesOutput   one file, written as a stream                 (--format lines)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/task.h"
#include "item/item_key.h"
#include "snapshot/item_output.h"

namespace ddbvault {

class BlockOutput : public ItemOutput {
 public:
  Task<void> Add(std::string item_json, ItemKey key) override;
  // Everything is written; nothing of it counts as a snapshot yet.  Once, when no Add() runs.
  Task<void> Finish();
  // Takes back what was written, as well as that goes: never throws.  When nothing else runs.
  virtual Task<void> Discard() = 0;

  std::uint64_t items() const { return items_; }
  virtual std::uint64_t bytes() const = 0;  // written, compressed

 protected:
  // `before` and `after` stand around each item: "{\"Item\":" and "}\n".
  BlockOutput(Executor executor, std::string_view before, std::string_view after,
              std::size_t blocks_at_once)
      : before_(before), after_(after), blocks_at_once_(blocks_at_once), room_(executor) {}

 private:
  // Up to `blocks_at_once` may run.
  virtual Task<void> WriteBlock(std::string block, std::uint64_t items) = 0;
  virtual Task<void> FinishFiles() = 0;
  Task<void> WriteOut();

  std::string_view before_;
  std::string_view after_;
  std::size_t blocks_at_once_;
  std::string block_;
  std::uint64_t items_in_block_ = 0;
  std::uint64_t items_ = 0;
  std::size_t blocks_on_their_way_ = 0;
  Event room_;
};

}  // namespace ddbvault
