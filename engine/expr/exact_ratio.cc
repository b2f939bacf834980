// See exact_ratio.h.
#include "engine/expr/exact_ratio.h"

#include <bit>
#include <cmath>
#include <limits>

namespace flyball::engine {

namespace {

constexpr int kMinExponent = -1074;  // of the lowest bit a double has
constexpr int kMantissaBits = 53;
constexpr int kEnough = 70;  // bits of a quotient that is rounded to a double afterwards

int bit_length(const BigInt& n) { return n.is_zero() ? 0 : static_cast<int>(msb(n)) + 1; }

BigInt scaled(const BigInt& n, int shift) {
  BigInt out = n;
  out <<= static_cast<unsigned>(shift);
  return out;
}

// m × 2^exponent, and a little more if `sticky`, as the nearest double. m has more bits than a double.
double rounded(const BigInt& m, int exponent, bool sticky) {
  const int bits = bit_length(m);
  const int drop = std::max(bits - kMantissaBits, kMinExponent - exponent);
  if (drop > bits) return 0.0;
  auto mantissa = static_cast<std::uint64_t>(BigInt(m >> static_cast<unsigned>(drop)));
  const BigInt rest = m - scaled(BigInt(mantissa), drop);
  const BigInt half = scaled(BigInt(1), drop - 1);
  const int order = rest.compare(half);
  if (order > 0 || (order == 0 && (sticky || (mantissa & 1) != 0))) ++mantissa;
  return std::ldexp(static_cast<double>(mantissa), exponent + drop);
}

// n × 2^shift / d rounded down, for a shift of either sign.
struct Quotient {
  BigInt whole;
  bool exact = true;
};
Quotient divide(const BigInt& n, const BigInt& d, int shift) {
  BigInt rest;
  Quotient out;
  boost::multiprecision::divide_qr(shift > 0 ? scaled(n, shift) : n, shift < 0 ? scaled(d, -shift) : d, out.whole, rest);
  out.exact = rest.is_zero();
  return out;
}

// --- in the machine's own numbers, where their error decides nothing (Ziv, 1991): in 63 cases of 64 ---

// Asked of the machine that runs this: what imitates one (Valgrind) may have fewer bits than the compiler was told.
const bool has_long_double = [] {
  volatile long double one = 1;
  return one + 0x1p-63L != 1;
}();
constexpr long double kErrorMax = 0x1p-60L;  // relative: two numbers cut to 64 bits, their quotient and its root rounded to as many

// n is bits × 2^exponent or less than one of those bits more. n > 0.
struct Leading {
  std::uint64_t bits = 0;
  int exponent = 0;
};
Leading leading(const BigInt& n) {
  const int dropped = std::max(bit_length(n) - 64, 0);
  return {static_cast<std::uint64_t>(dropped == 0 ? n : BigInt(n >> static_cast<unsigned>(dropped))), dropped};
}
// About value × 2^exponent.
struct Estimate {
  long double value = 0;
  int exponent = 0;
};
Estimate estimate(const BigInt& n, int exponent, const BigInt& d) {
  const Leading a = leading(n), b = leading(d);
  return {static_cast<long double>(a.bits) / static_cast<long double>(b.bits), exponent + a.exponent - b.exponent};
}
Estimate root_of(Estimate e) {
  if (e.exponent % 2 != 0) e = {e.value * 2, e.exponent - 1};
  return {std::sqrt(e.value), e.exponent / 2};
}
// What all numbers are that the estimate may be of, by `round`; nothing: they are not all the same.
template <typename Round>
auto settled(Estimate e, Round round) -> std::optional<decltype(round(e.value))> {
  const auto least = round(std::ldexp(e.value * (1 - kErrorMax), e.exponent));
  const auto greatest = round(std::ldexp(e.value * (1 + kErrorMax), e.exponent));
  return least == greatest ? std::optional(least) : std::nullopt;
}
std::optional<double> settled_double(Estimate e) {
  return settled(e, [](long double v) { return static_cast<double>(v); });
}
std::optional<std::int64_t> settled_int(Estimate e) {
  const std::optional<long double> whole = settled(e, [](long double v) { return std::nearbyint(v); });
  return whole && *whole < 0x1p62L ? std::optional(static_cast<std::int64_t>(*whole)) : std::nullopt;
}

std::optional<std::int64_t> to_int(bool negative, BigInt floor, bool above_half, bool is_half) {
  if (above_half || (is_half && (floor & 1) != 0)) ++floor;
  if (negative) floor = -floor;
  if (floor > std::numeric_limits<std::int64_t>::max() || floor < std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return static_cast<std::int64_t>(floor);
}

}  // namespace

BigInt big(Int128 n) { return BigInt(n); }

Binary& Binary::operator+=(const Binary& other) {
  if (other.n.is_zero()) return *this;
  if (n.is_zero()) return *this = other;
  if (other.exponent < exponent) {
    n <<= static_cast<unsigned>(exponent - other.exponent);
    exponent = other.exponent;
    n += other.n;
  } else {
    n += scaled(other.n, other.exponent - exponent);
  }
  return *this;
}

Binary& Binary::operator-=(const Binary& other) { return *this += Binary{-other.n, other.exponent}; }

Binary binary(double d) {
  int exponent = 0;
  const double fraction = std::frexp(d, &exponent);
  return {BigInt(static_cast<std::int64_t>(std::ldexp(fraction, kMantissaBits))), exponent - kMantissaBits};
}

double nearest_double(const Binary& n, const BigInt& d) {
  if (n.n.is_zero()) return 0.0;
  const BigInt size = abs(n.n);
  if (has_long_double) {
    if (const std::optional<double> out = settled_double(estimate(size, n.exponent, d))) return n.n.sign() < 0 ? -*out : *out;
  }
  const int shift = kEnough + bit_length(d) - bit_length(size);
  const Quotient q = divide(size, d, shift);
  const double out = rounded(q.whole, n.exponent - shift, !q.exact);
  return n.n.sign() < 0 ? -out : out;
}

std::optional<std::int64_t> nearest_int(const Binary& n, const BigInt& d) {
  if (n.n.is_zero()) return 0;
  if (has_long_double) {
    if (const std::optional<std::int64_t> out = settled_int(estimate(abs(n.n), n.exponent, d))) return n.n.sign() < 0 ? -*out : *out;
  }
  const Quotient twice = divide(abs(n.n), d, n.exponent + 1);
  const bool odd = (twice.whole & 1) != 0;
  return to_int(n.n.sign() < 0, twice.whole >> 1, odd && !twice.exact, odd && twice.exact);
}

double nearest_double_root(const Binary& n, const BigInt& d) {
  if (n.n.is_zero()) return 0.0;
  if (has_long_double) {
    if (const std::optional<double> out = settled_double(root_of(estimate(n.n, n.exponent, d)))) return *out;
  }
  int shift = 2 * kEnough + bit_length(d) - bit_length(n.n);
  if ((n.exponent - shift) % 2 != 0) ++shift;
  const Quotient q = divide(n.n, d, shift);
  BigInt rest;
  const BigInt root = sqrt(q.whole, rest);
  return rounded(root, (n.exponent - shift) / 2, !q.exact || !rest.is_zero());
}

std::optional<std::int64_t> nearest_int_root(const Binary& n, const BigInt& d) {
  if (n.n.is_zero()) return 0;
  if (has_long_double) {
    if (const std::optional<std::int64_t> out = settled_int(root_of(estimate(n.n, n.exponent, d)))) return out;
  }
  const Quotient four = divide(n.n, d, n.exponent + 2);
  BigInt rest;
  const BigInt twice = sqrt(four.whole, rest);
  const bool exact = four.exact && rest.is_zero();
  const bool odd = (twice & 1) != 0;
  return to_int(false, twice >> 1, odd && !exact, odd && exact);
}

}  // namespace flyball::engine
