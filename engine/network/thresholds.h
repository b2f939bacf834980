// Thresholds: the alphas of one type whose tests compare one field with a constant, on one side (`field > c` and
// `field >= c`, or `field < c` and `field <= c`), in the order in which a rising (falling) value opens them:
//
//   constants     10    25    25=   40   …            gates 0 1 2 3 …
//   value 30      open  open  open  shut …            position 3: so many gates are open
//
// A fact whose value moves crosses the gates between its two positions and no others: O(log n + crossings).
// A value of another kind than the constants (unknown, null) has no position: any gate may have to be looked at; where all
// alphas ask first whether it is null, null opens none.
// Immutable after seal(), thread-safe after it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/expr/order_place.h"
#include "engine/network/slab.h"
#include "model/value.h"

namespace flyball::engine {

class Thresholds {
 public:
  // `above`: open where the field is greater than the constant, else less. The constants are of `kind`, which has_own_place().
  // `null_fails`: every one of the alphas certainly fails where the field is null.
  Thresholds(std::uint32_t field, bool above, Kind kind, bool null_fails = false)
      : field_(field), above_(above), null_fails_(null_fails), kind_(kind) {}

  static bool is_gate(const Value& constant) { return has_own_place(constant.kind) && !is_nan(constant); }

  void add(const Value& constant, bool inclusive, std::uint32_t alpha) { gates_.push_back({place_of(constant), !inclusive, alpha}); }
  void seal() {
    std::sort(gates_.begin(), gates_.end(), [](const Gate& a, const Gate& b) {
      if (a.place != b.place) return a.place < b.place;
      return a.strict != b.strict ? b.strict : a.alpha < b.alpha;
    });
  }

  std::uint32_t field() const { return field_; }
  bool above() const { return above_; }
  Kind kind() const { return kind_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(gates_.size()); }
  std::uint32_t alpha(std::uint32_t gate) const { return gates_[gate].alpha; }

  // How many gates `v` opens. `near`: a position not far away, if one is known; the search begins there.
  std::optional<std::uint32_t> position(const Value& v, std::uint32_t near) const {
    if (v.kind != kind_) return v.is_null() && null_fails_ ? std::optional<std::uint32_t>(0) : std::nullopt;
    if (is_nan(v)) return 0;
    const std::int64_t at = place_of(v);
    // Away from `near` in steps that double, then by halves.
    std::uint32_t low = 0, high = size();
    near = std::min(near, high);
    std::uint32_t step = 1;
    if (near == 0 || opens(near - 1, at)) {
      for (low = near; low < high; step *= 2) {
        const std::uint32_t next = step < high - low ? low + step : high;
        if (!opens(next - 1, at)) {
          high = next - 1;
          break;
        }
        low = next;
      }
    } else {
      for (high = near - 1; high > 0; step *= 2) {
        const std::uint32_t next = step < high ? high - step : 0;
        if (opens(next, at)) {
          low = next + 1;
          break;
        }
        high = next;
      }
    }
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (opens(middle, at)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

 private:
  struct Gate {
    std::int64_t place = 0;
    bool strict = false;
    std::uint32_t alpha = 0;
  };
  bool opens(std::uint32_t gate, std::int64_t at) const {
    const Gate& g = gates_[gate];
    return g.place < at || (g.place == at && !g.strict);
  }
  // In the order of the gates.
  std::int64_t place_of(const Value& v) const { return above_ ? order_place(v) : ~order_place(v); }

  std::uint32_t field_;
  bool above_;
  bool null_fails_;
  Kind kind_;
  std::vector<Gate> gates_;
};

}  // namespace flyball::engine
