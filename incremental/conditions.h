// Does this store keep the conditions of a Put?  AWS does; Ceph 16 ignores them in versioned
// buckets.
#pragma once

#include <functional>
#include <string>

#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

enum class Conditions {
  kKept,     // of all four writes
  kIgnored,  // one was made although its condition did not hold
  kRefused,  // one was not made although its condition held
};

// Writes `key`, which nobody else uses, with `put`: if absent, twice, and if it matches, once with
// an ETag that it does not have and once with its own.  Ends at the first answer that is wrong. The
// caller removes what was written.
Task<Conditions> ProbeConditions(std::string key,
                                 const std::function<Task<PutResult>(PutRequest)>& put);

// ProbeConditions() of an object of its own name under _/<table>/, which is removed again.  True:
// they are kept.
Task<bool> HonoursConditions(ObjectStore& store, const Layout& layout);

}  // namespace ddbvault
