#include "snapshot/object_walk.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ddbvault {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

constexpr std::size_t kMostListings = 8;

using Visit = std::function<Task<void>(ListedObject)>;

// Names that begin with no hex digit are foreign: there are few, or none.
struct ForeignRange {
  std::string_view after;   // the range begins behind "<table>/" + after
  std::string_view before;  // and ends before "<table>/" + before; empty: at the end
};
constexpr ForeignRange kForeignRanges[] = {{"", "0"}, {":", "a"}, {"g", ""}};

class Walk {
 public:
  Walk(ObjectStore& store, std::string prefix, const WalkOptions& options, Stop& stop, Visit visit)
      : store_(store),
        prefix_(std::move(prefix)),
        versions_(options.versions),
        around_(options.around),
        names_(options.names),
        stop_(stop),
        visit_(std::move(visit)) {}

  std::size_t ranges() const {
    return names_.empty() ? kHexDigits.size() + std::size(kForeignRanges) : names_.size();
  }

  Task<void> ListRange(std::size_t i) {
    if (!names_.empty()) {
      co_await ListVersions(names_[i]);
      co_return;
    }
    if (i >= kHexDigits.size()) {
      co_await ListForeign(kForeignRanges[i - kHexDigits.size()]);
    } else if (versions_) {
      co_await ListVersions(prefix_ + kHexDigits[i]);
    } else {
      co_await ListCurrent(prefix_ + kHexDigits[i]);
    }
  }

 private:
  Task<void> Give(ObjectInfo object) {
    ListedObject listed;
    listed.key = object.key;
    listed.versions.push_back(std::move(object));
    listed.more = store_.traits().versioned;
    co_await visit_(std::move(listed));
  }

  Task<void> ListForeign(ForeignRange range) {
    const std::string begin = prefix_ + std::string(range.after);
    const std::string end = prefix_ + std::string(range.before);
    std::string next;
    std::string start_after = range.after.empty() ? std::string() : begin;
    for (;;) {
      stop_.ThrowIfRequested();
      ObjectPage page = co_await store_.List(prefix_, next, start_after);
      start_after.clear();
      for (ObjectInfo& object : page.objects) {
        if (!range.before.empty() && object.key >= end) co_return;
        co_await Give(std::move(object));
      }
      next = page.next;
      if (next.empty()) co_return;
    }
  }

  Task<void> ListCurrent(std::string prefix) {
    std::string next;
    do {
      stop_.ThrowIfRequested();
      ObjectPage page = co_await store_.List(prefix, next);
      for (ObjectInfo& object : page.objects) co_await Give(std::move(object));
      next = page.next;
    } while (!next.empty());
  }

  Task<void> ListVersions(std::string prefix) {
    ListedObject current;
    std::string next;
    do {
      stop_.ThrowIfRequested();
      ObjectPage page = co_await store_.ListVersions(prefix, next);
      for (ObjectInfo& object : page.objects) {
        if (object.key != current.key) {
          if (!current.versions.empty()) {
            ListedObject whole = std::exchange(current, {});
            co_await visit_(std::move(whole));
          }
          current.key = object.key;
        }
        Keep(current, std::move(object));
      }
      next = page.next;
    } while (!next.empty());
    if (!current.versions.empty()) co_await visit_(std::move(current));
  }

  // Of the later ones the last that come are next to the moment.
  void Keep(ListedObject& listed, ObjectInfo version) const {
    const bool none_older = listed.versions.size() == listed.later;
    if (none_older && version.last_modified > around_) {
      if (listed.later == kMaxListedVersions) {
        listed.versions.erase(listed.versions.begin());
        listed.newer = true;
      } else {
        ++listed.later;
      }
    } else if (listed.versions.size() - listed.later == kMaxListedVersions) {
      listed.more = true;
      return;
    }
    listed.versions.push_back(std::move(version));
  }

  ObjectStore& store_;
  std::string prefix_;
  bool versions_;
  Time around_;
  const std::vector<std::string>& names_;
  Stop& stop_;
  Visit visit_;
};

}  // namespace

Task<void> WalkObjects(ObjectStore& store, const Layout& layout, WalkOptions options, Stop& stop,
                       std::function<Task<void>(ListedObject)> visit) {
  Walk walk(store, layout.ItemPrefix(), options, stop, std::move(visit));
  const std::size_t ranges = walk.ranges();
  std::size_t next = 0;
  const std::function<Task<void>(std::size_t)> worker = [&](std::size_t) -> Task<void> {
    while (next < ranges && !stop.requested()) {
      const std::size_t range = next++;
      co_await walk.ListRange(range);
    }
  };
  co_await RunWorkers(std::clamp<std::size_t>(options.listings, 1, kMostListings), worker, &stop);
  stop.ThrowIfRequested();
}

}  // namespace ddbvault
