// A number as an int64 whose order is the one in which expressions compare values of its kind. Pure functions.
#pragma once

#include <bit>
#include <cstdint>

#include "engine/expr/compare_bits.h"
#include "model/value.h"

namespace flyball::engine {

// Kinds whose values have a place each, but for not-a-number.
inline bool has_own_place(Kind kind) { return orders_as_integer(kind) || kind == Kind::kUint || kind == Kind::kDouble; }
// And those of which neighbours (timestamps within 64 ns) may share one.
inline bool has_place(Kind kind) { return has_own_place(kind) || kind == Kind::kTimestamp; }
// Nothing is greater or less than it, and nothing equals it.
inline bool is_nan(const Value& v) { return v.is(Kind::kDouble) && v.as_double() != v.as_double(); }

// `v` of a kind that has_place(), and no NaN.
inline std::int64_t order_place(const Value& v) {
  switch (v.kind) {
    case Kind::kDouble:
      if (v.as_double() == 0.0) return 0;               // -0.0 too
      return v.bits < 0 ? v.bits ^ INT64_MAX : v.bits;  // the greater the magnitude, the less
    case Kind::kUint: return std::bit_cast<std::int64_t>(v.as_uint() ^ (std::uint64_t{1} << 63));
    case Kind::kTimestamp: return v.bits * (1 << 24) + (v.aux >> 6U);  // years 1 to 9999 are 39 bits of seconds
    default: return v.bits;
  }
}

}  // namespace flyball::engine
