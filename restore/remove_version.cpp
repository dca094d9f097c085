#include "restore/remove_version.h"

#include <string>
#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

// Of stores without versions (object_store.h).
constexpr const char* kOnlyVersion = "null";

}  // namespace

Task<bool> RemoveUnlessRefused(ObjectStore& store, ObjectInfo version) {
  std::string id = std::move(version.version_id);
  if (id.empty()) id = kOnlyVersion;
  try {
    co_await store.RemoveVersion(std::move(version.key), std::move(id));
    co_return true;
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kPermission) throw;
  }
  co_return false;
}

}  // namespace ddbvault
