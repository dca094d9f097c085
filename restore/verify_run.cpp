#include "restore/verify_run.h"

#include <utility>

#include "base/digest.h"
#include "restore/verify_judge.h"

namespace ddbvault {

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
