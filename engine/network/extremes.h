// Extremes: the least (or greatest) of the values in a window, which mostly come and leave in the order of their stamps.
//
// Of what came earlier and is not better than something later, nothing needs to be known while that later one is in:
//
//   samples   5  9  3  7  4        least first:  [3 hides 5, 9]  [4 hides 7]
//
// Each kept one counts those that it hides. A kept one that leaves before those it hides brings back what is not known:
// then, and when one comes late between hidden ones, the answer is `false`, and the owner begins anew in another way.
// Complexity: O(1) amortised in order, O(log kept + kept behind) else. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/network/series.h"
#include "model/value.h"

namespace flyball::engine {

template <typename Less>
class Extremes {
 public:
  explicit Extremes(bool greatest) : greatest_(greatest) {}

  const Value& best() const { return kept_[first_].value; }

  bool add(SamplePlace place, const Value& v) {
    if (first_ == kept_.size() || kept_.back().place < place) {
      std::uint64_t hidden = 0;
      for (; kept_.size() != first_ && !better(kept_.back().value, v); kept_.pop_back()) hidden += kept_.back().hidden + 1;
      kept_.push_back({place, v, hidden});
      return true;
    }
    const auto after = cover(place);
    if (!better(v, after->value)) {
      ++after->hidden;
      return true;
    }
    if (after->hidden != 0) return false;  // some of them may be its own to hide, or not
    auto from = after;
    std::uint64_t hidden = 0;
    for (; from != begin() && !better(std::prev(from)->value, v); --from) hidden += std::prev(from)->hidden + 1;
    kept_.insert(kept_.erase(from, after), {place, v, hidden});
    return true;
  }

  bool remove(SamplePlace place) {
    const auto at = cover(place);
    if (at->place != place) {
      --at->hidden;
      return true;
    }
    if (at->hidden != 0) return false;
    if (at != begin()) {
      kept_.erase(at);
      return true;
    }
    ++first_;
    if (first_ >= kSlack && first_ >= kept_.size() / 2) {
      kept_.erase(kept_.begin(), begin());
      first_ = 0;
    }
    return true;
  }

 private:
  static constexpr std::size_t kSlack = 16;  // fewer gone ones are not worth the moving
  struct Kept {
    SamplePlace place;
    Value value;
    std::uint64_t hidden = 0;  // earlier ones that are not better, since the one kept before
  };
  bool better(const Value& a, const Value& b) const { return greatest_ ? Less{}(b, a) : Less{}(a, b); }
  auto begin() { return kept_.begin() + static_cast<std::ptrdiff_t>(first_); }
  // The first kept one that is not before `place`.
  auto cover(SamplePlace place) {
    if (begin()->place >= place) return begin();
    return std::lower_bound(begin(), kept_.end(), place, [](const Kept& k, SamplePlace p) { return k.place < p; });
  }

  bool greatest_;
  std::vector<Kept> kept_;  // in order, each better than all behind it
  std::size_t first_ = 0;   // those before it are gone
};

}  // namespace flyball::engine
