// The second look: which suspects are findings?
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/task.h"
#include "restore/verify_run.h"
#include "stream/stream_tail.h"

namespace ddbvault {

// What is kept of an item or object that looked wrong.
struct Suspect {
  std::string object;
  std::string own;  // not empty: the object is another tool's (ObjectAtRest::own)
  std::string key;  // key bytes; empty: a damaged object, whose item is not known
  std::optional<Sha256Bytes>
      item;               // of the canonical item, when first seen; nullopt: not in the table
  std::string version;    // of the object then; empty: there was none
  std::size_t bytes = 0;  // of item and object, about
};

// For the event loop's thread; any number of tasks may use one judge.
class VerifyJudge {
 public:
  VerifyJudge(VerifyRun& run, const Executor& executor) : run_(run), judging_(executor, 1) {}

  // Takes the suspect; the first look at it has just been taken.
  void Add(Suspect suspect);
  // Judges when there are enough suspects.  The caller must hold no permits of the run.
  Task<void> JudgeWhenFull();
  // Judges all that are left.
  Task<void> Finish();

 private:
  // The last change in the stream's tail, of one suspect.
  struct TailChange {
    std::string stream_label;
    std::string sequence_number;
  };
  using Tail = std::unordered_map<std::string_view, TailChange>;  // by the item's own object

  bool Full() const;
  Task<void> JudgeAll();
  Task<void> ReadTail(Tail& tail);
  Task<void> ReadOneTail(Tail& tail, std::string stream_arn, TailPositions positions);
  Task<void> Look(const Suspect& suspect, const TailChange& change);
  Task<void> LookAtUnknown(const Suspect& suspect);
  void Decide(const Suspect& suspect, const TailChange& change, const ObjectAtRest& at_rest,
              const std::optional<std::string>& item);
  void Find(FindingKind kind, const Suspect& suspect, std::string detail);

  VerifyRun& run_;
  Semaphore judging_;
  std::vector<Suspect> suspects_;
  std::size_t bytes_ = 0;  // that the suspects take
  Time last_look_{};
};

// The form in which items are compared.
std::string ComparableForm(std::string_view item);

}  // namespace ddbvault
