// What a cut shows of each object of a backup.
#pragma once

#include <map>
#include <set>
#include <string>

#include "snapshot/look_at.h"
#include "snapshot/object_walk.h"

namespace ddbvault {

struct Shown {
  std::map<std::string, std::string> items;  // by object
  std::set<std::string> fuzzy;               // objects of which it is not certain
};

inline Task<Shown> ShownAt(ObjectStore& store, const Layout& layout, const Cut& cut) {
  Shown shown;
  WalkOptions walk;
  walk.around = cut.moment;
  const std::function<Task<void>(ListedObject)> visit = [&](ListedObject object) -> Task<void> {
    const std::string name = object.key;
    const ItemState state = co_await LookAt(store, cut, std::move(object));
    if (!state.fuzzy_reason.empty()) shown.fuzzy.insert(name);
    if (state.kind == ItemState::Kind::kItem) shown.items[name] = state.body;
  };
  Stop stop;
  co_await WalkObjects(store, layout, walk, stop, visit);
  co_return shown;
}

}  // namespace ddbvault
