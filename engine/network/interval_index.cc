// Cutting the line, and hanging the intervals into the tree over its segments.
#include "engine/network/interval_index.h"

#include <bit>
#include <limits>

namespace flyball::engine {

void IntervalIndex::seal() {
  for (const Interval& i : intervals_) {
    bounds_.push_back(i.low);
    if (i.high != std::numeric_limits<std::int64_t>::max()) bounds_.push_back(i.high + 1);
  }
  std::sort(bounds_.begin(), bounds_.end());
  bounds_.erase(std::unique(bounds_.begin(), bounds_.end()), bounds_.end());
  if (bounds_.empty()) return;

  // About as many steps as bounds.
  const auto from_first = [&](std::int64_t bound) {
    return static_cast<std::uint64_t>(bound) - static_cast<std::uint64_t>(bounds_.front());
  };
  const std::uint64_t span = from_first(bounds_.back());
  while (span >> shift_ >= bounds_.size() * 2) ++shift_;
  steps_.assign(static_cast<std::size_t>(span >> shift_) + 2, 0);
  for (const std::int64_t bound : bounds_) ++steps_[static_cast<std::size_t>(from_first(bound) >> shift_) + 1];
  for (std::size_t i = 1; i < steps_.size(); ++i) steps_[i] += steps_[i - 1];

  // Leaf s of the tree is node count + s, the root node 1, above node i is node i / 2.
  const std::size_t count = bounds_.size() + 1;
  std::vector<std::vector<std::uint32_t>> nodes(2 * count);
  for (const Interval& i : intervals_) {
    std::size_t low = segment(i.low) + count;
    std::size_t end = segment(i.high) + 1 + count;
    for (; low < end; low /= 2, end /= 2) {
      if (low % 2 != 0) nodes[low++].push_back(i.number);
      if (end % 2 != 0) nodes[--end].push_back(i.number);
    }
  }
  std::vector<std::uint32_t> nearest(2 * count, kNoList);  // at the node or above it
  for (std::size_t node = 1; node < nodes.size(); ++node) {
    const std::uint32_t above = node > 1 ? nearest[node / 2] : kNoList;
    nearest[node] = above;
    if (nodes[node].empty()) continue;
    nearest[node] = static_cast<std::uint32_t>(lists_.size());
    const auto begin = static_cast<std::uint32_t>(numbers_.size());
    numbers_.insert(numbers_.end(), nodes[node].begin(), nodes[node].end());
    lists_.push_back({begin, static_cast<std::uint32_t>(numbers_.size()), above});
  }
  first_.assign(nearest.begin() + static_cast<std::ptrdiff_t>(count), nearest.end());
  intervals_.clear();
  intervals_.shrink_to_fit();
}

}  // namespace flyball::engine
