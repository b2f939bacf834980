// IntervalIndex: from a place on a line to the intervals that it lies in:
//
//   a   ├────────────┤
//   b         ├────────────┤            the ends cut the line into segments, on each of which the answer is one
//   line ──┼──┼──────┼─────┼──────→
//
// A segment tree (Bentley 1977, as in de Berg et al., Computational Geometry, 10.3): each interval stands at the O(log n) nodes
// that make it up, and a place lies in what stands on the way from its segment to the root. Each node knows the nearest one
// above it that has any, so the way has no empty steps. The segment is found by a table of equal steps over the line, then by
// halves. find: O(log n + hits), O(1 + hits) where the ends lie evenly; memory O(n log n).
// Immutable after seal(). Thread-safe after it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace flyball::engine {

class IntervalIndex {
 public:
  // [low, high], both inside; low <= high.
  void add(std::int64_t low, std::int64_t high, std::uint32_t number) { intervals_.push_back({low, high, number}); }
  void seal();

  // Calls `hit` with the number of each interval that has the place in it.
  template <typename Hit>
  void find(std::int64_t place, const Hit& hit) const {
    if (bounds_.empty()) return;
    for (std::uint32_t at = first_[segment(place)]; at != kNoList; at = lists_[at].above) {
      const List& list = lists_[at];
      for (std::uint32_t i = list.begin; i < list.end; ++i) hit(numbers_[i]);
    }
  }

 private:
  static constexpr std::uint32_t kNoList = 0xFFFF'FFFF;
  struct Interval {
    std::int64_t low = 0, high = 0;
    std::uint32_t number = 0;
  };
  struct List {  // of a node that has any
    std::uint32_t begin = 0, end = 0;
    std::uint32_t above = kNoList;
  };

  // How many bounds are at or below the place.
  std::size_t segment(std::int64_t place) const {
    if (place < bounds_.front()) return 0;
    if (place >= bounds_.back()) return bounds_.size();
    const std::uint64_t step = (static_cast<std::uint64_t>(place) - static_cast<std::uint64_t>(bounds_.front())) >> shift_;
    const auto begin = bounds_.begin() + steps_[step], end = bounds_.begin() + steps_[step + 1];
    return static_cast<std::size_t>(std::upper_bound(begin, end, place) - bounds_.begin());
  }

  std::vector<Interval> intervals_;   // until seal()
  std::vector<std::int64_t> bounds_;  // segment s lies in [bounds_[s - 1], bounds_[s])
  std::vector<std::uint32_t> steps_;  // by step: the bounds below its begin
  unsigned shift_ = 0;                // a step is 2^shift_ places long
  std::vector<std::uint32_t> first_;  // by segment: the list nearest to it
  std::vector<List> lists_;
  std::vector<std::uint32_t> numbers_;
};

}  // namespace flyball::engine
