// Comparing two numbers as a Compare says, without a branch to mispredict. Pure functions.
#pragma once

#include <cstdint>

#include "model/value.h"

namespace flyball::engine {

// The outcomes (equal, greater, less, unordered) that satisfy each comparison, as bits, in the order of Compare.
inline constexpr std::uint8_t kComparisonOutcomes[] = {0b0001, 0b1110, 0b0100, 0b0101, 0b0010, 0b0011};

inline bool compares(std::uint8_t op, std::int64_t a, std::int64_t b) {
  const unsigned outcome = (a > b ? 1U : 0U) | (a < b ? 2U : 0U);
  return (kComparisonOutcomes[op] >> outcome & 1U) != 0;
}
inline bool compares(std::uint8_t op, double a, double b) {
  const unsigned outcome = a == b ? 0U : a > b ? 1U : a < b ? 2U : 3U;
  return (kComparisonOutcomes[op] >> outcome & 1U) != 0;
}

// Kinds whose order is that of the signed integer they hold.
inline bool orders_as_integer(Kind kind) {
  switch (kind) {
    case Kind::kInt:
    case Kind::kDuration:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps:
    case Kind::kTimeOfDay: return true;
    default: return false;
  }
}

}  // namespace flyball::engine
