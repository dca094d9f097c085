#include "restore/verify_run.h"

#include <utility>

#include "base/digest.h"
#include "restore/verify_judge.h"

namespace ddbvault {

Task<ObjectAtRest> ReadItemAtRest(const VerifySubject& subject, const ItemKey& key,
                                  std::string& object, std::string_view expected) {
  const KeySchema& schema = subject.table.key_schema;
  ObjectAtRest own = co_await ReadAtRest(subject.store, subject.layout, schema, object, expected);
  const auto other = subject.layout.ItemObjectInOtherOrder(key);
  if (own.kind != ObjectAtRest::Kind::kAbsent || !other) co_return std::move(own);
  ObjectAtRest twin = co_await ReadAtRest(subject.store, subject.layout, schema, *other, expected);
  if (twin.kind == ObjectAtRest::Kind::kAbsent) co_return std::move(own);
  if (twin.as_expected) twin.own = object;
  object = *other;
  co_return std::move(twin);
}

void TakeFirstLook(VerifyRun& run, VerifyJudge& judge, std::string object, std::string key,
                   std::string_view item, const ObjectAtRest& at_rest) {
  if (at_rest.kind == ObjectAtRest::Kind::kItem && at_rest.as_expected) {
    ++run.report.equal;
    return;
  }
  Suspect suspect;
  if (!item.empty()) {
    const std::string comparable = ComparableForm(item);
    if (at_rest.kind == ObjectAtRest::Kind::kItem && at_rest.canonical == comparable) {
      ++run.report.equal;
      return;
    }
    suspect.item = Sha256(comparable);
  }
  suspect.object = std::move(object);
  suspect.own = at_rest.own;
  suspect.key = std::move(key);
  suspect.version = at_rest.version;
  suspect.bytes = item.size() + at_rest.size;
  judge.Add(std::move(suspect));
}

}  // namespace ddbvault
