// Series: the values of one key in the order of their stamps (of events without a key, all of a group: by stamp, then
// arrival), for aggregates about what came after what. Not thread-safe. Complexity: O(log samples).
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "engine/network/statistic.h"

namespace flyball::engine {

using SamplePlace = std::pair<Timestamp, std::uint64_t>;
using Series = std::map<SamplePlace, Value>;

inline SamplePlace place_of(const Observation& o) { return {o.stamp, o.arrival}; }

// Calls pair(before, after, +1 or -1) for the neighbours that begin or cease to be ones when `o` comes.
template <typename F>
void insert_with_neighbours(Series& series, const Observation& o, F pair) {
  const auto at = series.emplace(place_of(o), o.value).first;
  const auto after = std::next(at);
  const bool first = at == series.begin(), last = after == series.end();
  if (!first && !last) pair(std::prev(at)->second, after->second, -1);
  if (!first) pair(std::prev(at)->second, o.value, 1);
  if (!last) pair(o.value, after->second, 1);
}

// The same when it goes.
template <typename F>
void erase_with_neighbours(Series& series, const Observation& o, F pair) {
  const auto at = series.find(place_of(o));
  const auto after = std::next(at);
  const bool first = at == series.begin(), last = after == series.end();
  if (!first) pair(std::prev(at)->second, o.value, -1);
  if (!last) pair(o.value, after->second, -1);
  if (!first && !last) pair(std::prev(at)->second, after->second, 1);
  series.erase(at);
}

}  // namespace flyball::engine
