// See exact_sum.h.
#include "engine/expr/exact_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "engine/expr/exact.h"

namespace flyball::engine {

namespace {

constexpr int kMinExponent = -1074;  // of the lowest bit a double has
constexpr std::uint32_t kNormaliseAfter = 1U << 29;

// digits × 2^(32 × low - 1074), with `sticky` for bits below, as the nearest double.
double rounded(const std::vector<std::uint32_t>& digits, int low, bool sticky, bool negative) {
  int top = static_cast<int>(digits.size()) - 1;
  while (top >= 0 && digits[static_cast<std::size_t>(top)] == 0) --top;
  if (top < 0) return 0.0;
  const int top_bits = 32 - std::countl_zero(digits[static_cast<std::size_t>(top)]);
  const int bits = top * 32 + top_bits;                      // significant bits, counted from digit 0
  const int lowest_kept = std::max(bits - 53, -(32 * low));  // a double has no bit below 2^-1074
  const auto bit = [&](int i) { return i >= 0 && i < (top + 1) * 32 && (digits[static_cast<std::size_t>(i / 32)] >> (i % 32) & 1U) != 0; };
  std::uint64_t mantissa = 0;
  for (int i = bits - 1; i >= lowest_kept; --i) mantissa = mantissa << 1 | (bit(i) ? 1U : 0U);
  const bool half = bit(lowest_kept - 1);
  bool rest = sticky;
  for (int i = lowest_kept - 2; i >= 0 && !rest; --i) rest = bit(i);
  if (half && (rest || (mantissa & 1) != 0)) ++mantissa;
  const double d = std::ldexp(static_cast<double>(mantissa), lowest_kept + 32 * low + kMinExponent);
  return negative ? -d : d;
}

}  // namespace

void ExactSum::clear() { *this = ExactSum(); }

// Makes room for digits low … high.
void ExactSum::reserve(int low, int high) {
  if (digits_.empty()) low_ = low;
  if (low < low_) {
    digits_.insert(digits_.begin(), static_cast<std::size_t>(low_ - low), 0);
    low_ = low;
  }
  const auto needed = static_cast<std::size_t>(high - low_) + 1;
  if (digits_.size() < needed) digits_.resize(needed, 0);
}

void ExactSum::accumulate(double d, int sign) {
  count_ += sign;
  if (!std::isfinite(d)) {
    (std::isnan(d) ? nans_ : d > 0 ? plus_infinities_ : minus_infinities_) += sign;
    return;
  }
  const auto raw = std::bit_cast<std::uint64_t>(d);
  std::uint64_t mantissa = raw & ((std::uint64_t{1} << 52) - 1);
  int exponent = static_cast<int>(raw >> 52 & 0x7FF);
  if (exponent == 0) {
    exponent = 1;
  } else {
    mantissa |= std::uint64_t{1} << 52;
  }
  if (mantissa == 0) return;
  const int place = exponent - 1;  // of the mantissa's lowest bit above 2^-1074
  const int digit = place / 32, shift = place % 32;
  reserve(digit, digit + 2);
  const bool negative = std::signbit(d) != (sign < 0);
  const Uint128 shifted = static_cast<Uint128>(mantissa) << shift;  // up to 85 bits
  std::int64_t* at = digits_.data() + (digit - low_);
  for (int i = 0; i < 3; ++i) {
    const auto part = static_cast<std::int64_t>(static_cast<std::uint64_t>(shifted >> (32 * i)) & 0xFFFF'FFFFU);
    at[i] += negative ? -part : part;
  }
  if (++pending_ >= kNormaliseAfter) normalise();
}

// Carries go up; every digit but the highest lies in 0 … 2^32 - 1 afterwards.
void ExactSum::normalise() {
  pending_ = 0;
  std::int64_t carry = 0;
  for (std::size_t i = 0; i < digits_.size(); ++i) {
    const std::int64_t v = digits_[i] + carry;
    if (i + 1 == digits_.size() && v >> 31 != 0 && v >> 31 != -1) digits_.push_back(0);
    if (i + 1 == digits_.size()) {
      digits_[i] = v;
      carry = 0;
    } else {
      digits_[i] = v & 0xFFFF'FFFF;
      carry = v >> 32;
    }
  }
}

ExactSum::Magnitude ExactSum::magnitude() const {
  Magnitude m;
  m.low = low_;
  const auto carried = [&](bool negate) {
    m.digits.clear();
    std::int64_t carry = 0;
    for (const std::int64_t digit : digits_) {
      const std::int64_t v = (negate ? -digit : digit) + carry;
      m.digits.push_back(static_cast<std::uint32_t>(v & 0xFFFF'FFFF));
      carry = v >> 32;
    }
    for (int i = 0; i < 2; ++i) {
      m.digits.push_back(static_cast<std::uint32_t>(carry & 0xFFFF'FFFF));
      carry >>= 32;
    }
    return carry;  // 0, or -1 below zero
  };
  if (carried(false) < 0) {
    m.negative = true;
    carried(true);
  }
  return m;
}

std::optional<double> ExactSum::special() const {
  if (nans_ > 0 || (plus_infinities_ > 0 && minus_infinities_ > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (plus_infinities_ > 0) return std::numeric_limits<double>::infinity();
  if (minus_infinities_ > 0) return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

double ExactSum::value() const {
  if (const auto s = special()) return *s;
  const Magnitude m = magnitude();
  return rounded(m.digits, m.low, false, m.negative);
}

double ExactSum::mean() const {
  if (const auto s = special()) return *s;
  Magnitude m = magnitude();
  // Four digits below make room for the quotient's 53 bits whatever the count.
  constexpr int kExtra = 4;
  m.digits.insert(m.digits.begin(), kExtra, 0);
  const auto divisor = static_cast<std::uint64_t>(count_);
  Uint128 rest = 0;
  for (std::size_t i = m.digits.size(); i-- > 0;) {
    const Uint128 v = rest << 32 | m.digits[i];
    m.digits[i] = static_cast<std::uint32_t>(v / divisor);
    rest = v % divisor;
  }
  return rounded(m.digits, m.low - kExtra, rest != 0, m.negative);
}

std::optional<std::int64_t> IntegerSum::value() const {
  if (sum_ > std::numeric_limits<std::int64_t>::max() || sum_ < std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return static_cast<std::int64_t>(sum_);
}

std::int64_t IntegerSum::mean_half_even() const { return *divide_half_even(sum_, count_); }
double IntegerSum::mean_double() const { return divide_to_double(sum_, count_); }

std::optional<std::uint64_t> UnsignedSum::value() const {
  if (sum_ < 0 || sum_ > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return static_cast<std::uint64_t>(sum_);
}

double UnsignedSum::mean_double() const { return divide_to_double(sum_, count_); }

}  // namespace flyball::engine
