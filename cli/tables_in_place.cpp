#include "cli/tables_in_place.h"

#include <string_view>
#include <utility>

namespace ddbvault {
namespace {

constexpr std::string_view kControl = "_/";  // layout.h

}  // namespace

Task<std::vector<std::string>> TablesIn(ObjectStore& incremental) {
  std::vector<std::string> tables;
  const std::string prefix(kControl);
  std::string next;
  std::string start_after;
  for (;;) {
    const ObjectPage page = co_await incremental.List(prefix, next, start_after);
    std::string last;
    for (const ObjectInfo& object : page.objects) {
      const std::string_view rest = std::string_view(object.key).substr(prefix.size());
      const std::size_t slash = rest.find('/');
      if (slash == std::string_view::npos) continue;
      last = rest.substr(0, slash);
      if (tables.empty() || tables.back() != last) tables.push_back(last);
    }
    if (page.next.empty()) co_return tables;
    next = page.next;
    if (last.empty()) continue;
    // A table may have many control objects (parked changes): the next page begins behind them all.
    // '0' is the character after '/'.
    next.clear();
    start_after = prefix + last + "0";
  }
}

}  // namespace ddbvault
