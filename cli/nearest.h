// "Did you mean ...?"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

// The candidate that `word` is most likely a misspelling of: fewest letters added, left out,
// changed or swapped with their neighbour, and at most one in three of them (but always one).
// nullopt: none is near.
std::optional<std::string> Nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// ", did you mean \"backfill\"?" or nothing.
std::string Suggestion(std::string_view word, const std::vector<std::string>& candidates,
                       std::string_view before = "");

}  // namespace ddbvault
