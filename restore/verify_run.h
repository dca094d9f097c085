// What the parts of one Verify() share.
#pragma once

#include <string>
#include <string_view>

#include "base/task.h"
#include "item/item_key.h"
#include "restore/verify.h"
#include "restore/verify_object.h"

namespace ddbvault {

class VerifyJudge;

struct VerifyRun {
  VerifyRun(VerifySubject the_subject, VerifyOptions the_options, const Executor& executor)
      : subject(the_subject),
        options(std::move(the_options)),
        in_flight(executor, options.in_flight),
        // A quarter; Scan pages, names, and what is kept of suspects have one each.
        bytes(executor, options.memory / 4) {}

  VerifySubject subject;
  VerifyOptions options;
  Stop halt;            // the subject's stop, or a failed part
  Semaphore in_flight;  // items being looked at
  Semaphore bytes;      // of objects being read
  VerifyReport report;
};

// ReadAtRest() of the item's object or, where there is none, of the one that another tool may have
// of it (Layout::ItemObjectInOtherOrder): `object` is its name then.
Task<ObjectAtRest> ReadItemAtRest(const VerifySubject& subject, const ItemKey& key,
                                  std::string& object, std::string_view expected);

// The first look at one item: `item` as the table has it (empty: it does not have it).  Counts it
// equal, or hands it to the judge.  `object` was looked at, `key` is the item's key bytes.
void TakeFirstLook(VerifyRun& run, VerifyJudge& judge, std::string object, std::string key,
                   std::string_view item, const ObjectAtRest& at_rest);

}  // namespace ddbvault
