// See exact.h.
#include "engine/expr/exact.h"

#include <bit>
#include <cmath>
#include <limits>

namespace flyball::engine {

namespace {

Uint128 magnitude(Int128 v) { return v < 0 ? 0 - static_cast<Uint128>(v) : static_cast<Uint128>(v); }

std::optional<std::int64_t> with_sign(bool negative, Uint128 m) {
  constexpr Uint128 kLimit = static_cast<Uint128>(1) << 63;
  if (m > kLimit || (m == kLimit && !negative)) return std::nullopt;
  const auto u = static_cast<std::uint64_t>(m);
  return static_cast<std::int64_t>(negative ? 0 - u : u);
}

Uint128 rounded(Uint128 quotient, Uint128 remainder, Uint128 divisor) {
  const Uint128 rest = divisor - remainder;
  return quotient + (remainder > rest || (remainder == rest && (quotient & 1) != 0) ? 1U : 0U);
}

int bit_length(Uint128 v) {
  const auto high = static_cast<std::uint64_t>(v >> 64);
  return high != 0 ? 128 - std::countl_zero(high) : 64 - std::countl_zero(static_cast<std::uint64_t>(v));
}

// |d| = mantissa × 2^exponent with a mantissa below 2^53.
struct Split {
  std::uint64_t mantissa;
  int exponent;
};
Split split(double d) {
  int e = 0;
  const double f = std::frexp(std::fabs(d), &e);
  return {static_cast<std::uint64_t>(std::ldexp(f, 53)), e - 53};
}

}  // namespace

std::optional<std::int64_t> divide_half_even(Int128 n, Int128 d) {
  const Uint128 un = magnitude(n), ud = magnitude(d);
  return with_sign((n < 0) != (d < 0), rounded(un / ud, un % ud, ud));
}

double divide_to_double(Int128 n, Int128 d) {
  if (n == 0) return 0.0;
  const bool negative = (n < 0) != (d < 0);
  Uint128 un = magnitude(n), ud = magnitude(d);
  // Both fit a double's mantissa: the hardware's division is the correctly rounded one.
  if (bit_length(un) <= 53 && bit_length(ud) <= 53) {
    const double q = static_cast<double>(static_cast<std::uint64_t>(un)) / static_cast<double>(static_cast<std::uint64_t>(ud));
    return negative ? -q : q;
  }
  // Long division, a bit at a time, to 55 significant bits and whether anything is left.
  Uint128 whole = un / ud;
  Uint128 rest = un % ud;
  int exponent = 0;
  while (bit_length(whole) < 55) {
    rest <<= 1;
    whole <<= 1;
    if (rest >= ud) {
      rest -= ud;
      whole |= 1;
    }
    --exponent;
  }
  const int extra = bit_length(whole) - 53;
  const Uint128 unit = static_cast<Uint128>(1) << extra;
  const Uint128 low = whole & (unit - 1);
  Uint128 kept = whole >> extra;
  const Uint128 half = unit >> 1;
  if (low > half || (low == half && (rest != 0 || (kept & 1) != 0))) ++kept;
  const double q = std::ldexp(static_cast<double>(static_cast<std::uint64_t>(kept)), exponent + extra);
  return negative ? -q : q;
}

std::optional<std::int64_t> multiply_by_double(std::int64_t u, double d) {
  if (!std::isfinite(d)) return std::nullopt;
  if (u == 0 || d == 0) return 0;
  const Split s = split(d);
  const bool negative = (u < 0) != (d < 0);
  const Uint128 product = magnitude(u) * s.mantissa;  // below 2^117
  if (s.exponent >= 0) {
    if (bit_length(product) + s.exponent > 64) return std::nullopt;
    return with_sign(negative, product << s.exponent);
  }
  const int shift = -s.exponent;
  if (shift > 120) return 0;
  const Uint128 unit = static_cast<Uint128>(1) << shift;
  return with_sign(negative, rounded(product >> shift, product & (unit - 1), unit));
}

std::optional<std::int64_t> divide_by_double(std::int64_t u, double d) {
  if (std::isnan(d) || d == 0) return std::nullopt;
  if (u == 0 || std::isinf(d)) return 0;
  const Split s = split(d);  // mantissa at least 2^52
  const bool negative = (u < 0) != (d < 0);
  Uint128 n = magnitude(u), m = s.mantissa;
  if (s.exponent > 12) return 0;  // below 2^63 / 2^(52 + 13), less than a half
  if (s.exponent > 0) {
    m <<= s.exponent;
  } else {
    if (bit_length(n) - s.exponent - 53 > 64) return std::nullopt;
    n <<= -s.exponent;
  }
  return with_sign(negative, rounded(n / m, n % m, m));
}

}  // namespace flyball::engine
