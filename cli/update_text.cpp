#include "cli/update_text.h"

#include <filesystem>
#include <string_view>

#include "base/next_command.h"
#include "cli/shell_word.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

std::string_view ChangeText(ItemChange change) {
  switch (change) {
    case ItemChange::kAdded:
      return "added";
    case ItemChange::kOverwritten:
      return "overwritten";
    case ItemChange::kRemoved:
      return "deleted";
  }
  return "";
}

std::string NameOf(const UpdateCounts::Sample& sample, bool show_keys) {
  if (show_keys) return sample.key;
  return ItemKey::FromKeys(sample.key).Name(KeyHash::kSha256);
}

}  // namespace

std::string SamplesText(const UpdateCounts& update, bool show_keys) {
  std::string text;
  for (const UpdateCounts::Sample& sample : update.samples) {
    text +=
        "    " + std::string(ChangeText(sample.change)) + "  " + NameOf(sample, show_keys) + "\n";
  }
  return text;
}

nlohmann::ordered_json SamplesJson(const UpdateCounts& update, bool show_keys) {
  auto samples = nlohmann::ordered_json::array();
  for (const UpdateCounts::Sample& sample : update.samples) {
    samples.push_back({{"change", ChangeText(sample.change)}, {"item", NameOf(sample, show_keys)}});
  }
  return samples;
}

std::string PreviousText(const std::string& table, const std::string& file) {
  return "  what was there is in " + file + "; to undo this: " +
         NextCommand("restore " + table + " " +
                     ShellWord(std::filesystem::absolute(file).string()) + " --into-existing") +
         "\n";
}

}  // namespace ddbvault
