// Three-valued truth, semantics.md §1: ordered so that `and` is the least and `or` the greatest of the parts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/value.h"

namespace flyball::reference {

enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };

inline Truth truth_and(Truth a, Truth b) { return std::min(a, b); }
inline Truth truth_or(Truth a, Truth b) { return std::max(a, b); }
inline Truth truth_not(Truth a) { return static_cast<Truth>(2 - static_cast<int>(a)); }
inline Truth truth_of(const Value& v) {
  if (v.is_true()) return Truth::kTrue;
  return v.is_false() ? Truth::kFalse : Truth::kUnknown;
}

}  // namespace flyball::reference
