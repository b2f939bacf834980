// Decimal numbers followed by a unit, read exactly; shared by the text_*.cc files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flyball::internal {

// An unsigned decimal (digits [. digits] [e exponent]) at the front of a text.
struct DecimalPrefix {
  std::string_view digits;    // before the point
  std::string_view fraction;  // after it
  int exponent = 0;           // saturated at ±kMaxExponent
  std::size_t length = 0;     // of it all
};
inline constexpr int kMaxExponent = 100'000;

// nullopt if no digit stands there. `exponent` says whether `e5` belongs to the number.
std::optional<DecimalPrefix> read_decimal(std::string_view text, bool exponent);

// decimal × multiplier as a magnitude, rounded half away from zero; nullopt beyond 2^63. multiplier <= 2^60.
std::optional<std::uint64_t> scaled(const DecimalPrefix& decimal, std::uint64_t multiplier);

// ±magnitude if it is an int64.
std::optional<std::int64_t> with_sign(bool negative, std::uint64_t magnitude);

}  // namespace flyball::internal
