// Thresholds: the alphas of one type whose tests compare one field with a constant, on one side (`field > c` and
// `field >= c`, or `field < c` and `field <= c`), in the order in which a rising (falling) value opens them:
//
//   constants     10    25    25=   40   …            gates 0 1 2 3 …
//   value 30      open  open  open  shut …            position 3: so many gates are open
//
// A fact whose value moves crosses the gates between its two positions and no others: O(log n + crossings).
// A value of another kind than the constants (null, unknown) has no position: any gate may have to be looked at.
// Immutable after seal(), thread-safe after it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/expr/compare_bits.h"
#include "engine/network/slab.h"
#include "model/value.h"

namespace flyball::engine {

class Thresholds {
 public:
  // `above`: open where the field is greater than the constant, else less. The constants are of `kind`, which is_ordered().
  Thresholds(std::uint32_t field, bool above, Kind kind) : field_(field), above_(above), kind_(kind) {}

  // Kinds whose order is that of one number, as expressions compare them.
  static bool is_ordered(Kind kind) { return orders_as_integer(kind) || kind == Kind::kUint || kind == Kind::kDouble; }
  // Nothing is greater or less than not-a-number: a test with it is no gate.
  static bool is_gate(const Value& constant) {
    return is_ordered(constant.kind) && !(constant.is(Kind::kDouble) && constant.as_double() != constant.as_double());
  }

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
    if (v.kind != kind_) return std::nullopt;
    if (v.is(Kind::kDouble) && v.as_double() != v.as_double()) return 0;
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
  // Numbers as int64 in the order of the gates.
  std::int64_t place_of(const Value& v) const {
    std::int64_t place = v.bits;
    if (v.is(Kind::kDouble)) {
      if (v.as_double() == 0.0) place = 0;  // -0.0 too
      if (place < 0) place ^= INT64_MAX;    // the greater the magnitude, the less
    } else if (v.is(Kind::kUint)) {
      place = std::bit_cast<std::int64_t>(std::bit_cast<std::uint64_t>(place) ^ (std::uint64_t{1} << 63));
    }
    return above_ ? place : ~place;
  }

  std::uint32_t field_;
  bool above_;
  Kind kind_;
  std::vector<Gate> gates_;
};

}  // namespace flyball::engine
