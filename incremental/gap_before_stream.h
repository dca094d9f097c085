// What may have been missed before a stream that is about to be followed.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "incremental/state.h"
#include "stream/shard_consumer.h"

namespace ddbvault {

struct StreamBegin {
  const FollowerState& state;  // as the follower before has left it
  std::string label;           // of the stream
  bool recreated = false;      // the table was deleted and created again since
  bool state_lost = false;     // there was a state.json, and is none now
  Time now{};                  // AWS's clock
};

// Without a reason there is no gap; `from` is then, and before a first follow, since when what the
// stream has is needed.  Of a first follow it ends there; one that ends so early before a whole
// backfill began is closed by it.
Task<FoundGap> GapBeforeStream(ObjectStore& store, const Layout& layout, StreamBegin begin);

}  // namespace ddbvault
