// The words of aggregates, by number. All other words of the language are in keywords.h. Plain data.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "model/aggregates.h"

namespace flyball::ast {

// By AggregateFn.
inline constexpr auto kAggregateWords = [] {
  std::array<std::string_view, kAggregates.size()> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kAggregates[i].word;
  return words;
}();

template <std::size_t N>
constexpr bool is_among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace flyball::ast
