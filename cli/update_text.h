// What restore and diff say of the items that they changed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "restore/table_updater.h"

namespace ddbvault {

// A line for each sample.  Named by the item's key, which is item data, or by the hash of it, which
// its object is named by.
std::string SamplesText(const UpdateCounts& update, bool show_keys);
// [{"change": "added" | "overwritten" | "deleted", "item": name}]
nlohmann::ordered_json SamplesJson(const UpdateCounts& update, bool show_keys);

// How to take back what was done to `table` (as typed); `file`: of --keep-previous.
std::string PreviousText(const std::string& table, const std::string& file);

}  // namespace ddbvault
