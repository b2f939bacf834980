// Words of messages that name several things: "`a`, `b` or `c`", "did you mean …?". What is near enough to be meant is
// nearest() of schema.h; whether it is near enough to be put in unasked, opposed() says. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flyball {

// "`a`", "`a` or `b`", "`a`, `b` or `c`"; `last` is the word before the last one.
std::string listed(const std::vector<std::string>& names, std::string_view last = "or");
// "did you mean `util` or `until`?"; empty for no candidates.
std::string did_you_mean(const std::vector<std::string>& candidates);
// With its article: "an int", "a uint".
std::string with_article(std::string_view noun);

std::string lower_case(std::string_view text);
// Insertions, deletions, replacements and swaps of neighbours that make one of the other; beyond `limit` it is limit + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// What parts two names is what turns one into its opposite, or into another of its kind: `unhealthy` and `healthy`,
// `in_service` and `out_service`, `linkUp` and `linkDown`, `p95` and `p99`, with a slip of the keys beside it or without. Near as they
// are, one is hardly a misspelling of the other: a suggestion, never an edit.
bool opposed(std::string_view a, std::string_view b);

}  // namespace flyball
