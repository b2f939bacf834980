// Exact accumulators and unit arithmetic against plain big arithmetic: a bit array, and long division bit by bit.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "engine/expr/exact.h"
#include "engine/expr/exact_sum.h"

using namespace flyball;
using namespace flyball::engine;

namespace {

// The naive sum: a two's complement number of 2,300 bits, one bool per bit, bit 0 counting 2^-1074.
class BitSum {
 public:
  static constexpr int kBits = 2300;
  BitSum() : bits_(kBits, false) {}
  void add(double d) {
    int e = 0;
    const double f = std::frexp(std::fabs(d), &e);
    auto m = static_cast<std::uint64_t>(std::ldexp(f, 53));
    int place = e - 53 + 1074;
    for (; place < 0; ++place) m >>= 1;  // subnormal: the low bits are zero
    std::vector<bool> other(kBits, false);
    for (int i = 0; i < 53; ++i) {
      if (m >> i & 1) other[static_cast<std::size_t>(place + i)] = true;
    }
    if (std::signbit(d)) negate(other);
    bool carry = false;
    for (std::size_t i = 0; i < kBits; ++i) {
      const int sum = (bits_[i] ? 1 : 0) + (other[i] ? 1 : 0) + (carry ? 1 : 0);
      bits_[i] = sum & 1;
      carry = sum > 1;
    }
  }
  double value() const { return divided(1); }
  double divided(std::uint64_t n) const {
    std::vector<bool> m = bits_;
    const bool negative = m.back();
    if (negative) negate(m);
    // Schoolbook division, one bit at a time, 128 fraction bits.
    std::vector<bool> q(kBits + 128, false);
    Uint128 rest = 0;
    for (int i = kBits + 127; i >= 0; --i) {
      rest = rest << 1 | (i >= 128 && m[static_cast<std::size_t>(i - 128)] ? 1U : 0U);
      if (rest >= n) {
        rest -= n;
        q[static_cast<std::size_t>(i)] = true;
      }
    }
    int top = kBits + 127;
    while (top >= 0 && !q[static_cast<std::size_t>(top)]) --top;
    if (top < 0) return 0.0;
    const int low = std::max(top - 52, 128);
    std::uint64_t mantissa = 0;
    for (int i = top; i >= low; --i) mantissa = mantissa << 1 | (q[static_cast<std::size_t>(i)] ? 1U : 0U);
    const bool half = low > 0 && q[static_cast<std::size_t>(low - 1)];
    bool sticky = rest != 0;
    for (int i = low - 2; i >= 0; --i) sticky = sticky || q[static_cast<std::size_t>(i)];
    if (half && (sticky || (mantissa & 1))) ++mantissa;
    const double d = std::ldexp(static_cast<double>(mantissa), low - 128 - 1074);
    return negative ? -d : d;
  }

 private:
  static void negate(std::vector<bool>& v) {
    bool carry = true;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const bool flipped = !v[i];
      v[i] = flipped != carry;
      carry = flipped && carry;
    }
  }
  std::vector<bool> bits_;
};

bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

}  // namespace

TEST_CASE("sums of doubles are exact and rounded once, in any order") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 400; ++round) {
    std::vector<double> values;
    const int spread = round % 4;
    const int n = 1 + static_cast<int>(random() % 30);
    for (int i = 0; i < n; ++i) {
      double d = 0;
      if (spread == 0) d = static_cast<double>(static_cast<std::int64_t>(random() % 2000) - 1000) / 10;
      if (spread == 1) d = std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 120) - 60) * (random() % 2 ? 1 : -1);
      if (spread == 2) d = std::bit_cast<double>((random() & 0x800FFFFFFFFFFFFFULL) | (random() % 2046) << 52);
      if (spread == 3) d = std::bit_cast<double>(random() & 0x803FFFFFFFFFFFFFULL);  // subnormals and just above
      values.push_back(d);
    }
    BitSum naive;
    for (const double d : values) naive.add(d);
    ExactSum sum;
    for (const double d : values) sum.add(d);
    INFO("round " << round);
    REQUIRE(same(sum.value(), naive.value()));
    REQUIRE(same(sum.mean(), naive.divided(static_cast<std::uint64_t>(n))));
    // Another order, with strangers that come and go.
    ExactSum other;
    std::shuffle(values.begin(), values.end(), random);
    for (const double d : values) {
      other.add(1e300);
      other.add(d);
      other.remove(1e300);
    }
    REQUIRE(same(other.value(), sum.value()));
    for (const double d : values) other.remove(d);
    REQUIRE(same(other.value(), 0.0));
    REQUIRE(other.count() == 0);
  }
}

TEST_CASE("sums that IEEE addition gets wrong, and the ends of the range") {
  ExactSum s;
  for (int i = 0; i < 10; ++i) s.add(0.1);
  CHECK(s.value() == 1.0);
  s.clear();
  s.add(1e100);
  s.add(1.0);
  s.add(-1e100);
  CHECK(s.value() == 1.0);
  s.clear();
  const double most = std::numeric_limits<double>::max();
  s.add(most);
  s.add(most);
  CHECK(std::isinf(s.value()));
  CHECK(s.mean() == most);
  s.add(-most);
  CHECK(s.value() == most);
  s.clear();
  s.add(-0.0);
  CHECK_FALSE(std::signbit(s.value()));
  s.add(5e-324);
  CHECK(s.value() == 5e-324);
  s.add(INFINITY);
  CHECK(std::isinf(s.value()));
  s.add(-INFINITY);
  CHECK(std::isnan(s.value()));
  s.remove(INFINITY);
  s.remove(-INFINITY);
  CHECK(s.value() == 5e-324);
}

TEST_CASE("integer sums: overflow is told, means round half to even") {
  IntegerSum s;
  s.add(INT64_MAX);
  s.add(1);
  CHECK_FALSE(s.value());
  s.remove(1);
  CHECK(s.value() == INT64_MAX);
  IntegerSum m;
  m.add(1);
  m.add(2);
  CHECK(m.mean_half_even() == 2);
  CHECK(m.mean_double() == 1.5);
  m.add(0);
  m.add(-1);
  m.add(0);
  m.remove(2);
  CHECK(m.mean_half_even() == 0);
  IntegerSum minus;
  minus.add(-1);
  minus.add(-2);
  CHECK(minus.mean_half_even() == -2);
  UnsignedSum u;
  u.add(UINT64_MAX);
  CHECK(u.value() == UINT64_MAX);
  u.add(UINT64_MAX);
  CHECK_FALSE(u.value());
  CHECK(u.mean_double() == 18446744073709551616.0);
}

TEST_CASE("unit arithmetic rounds once, half to even") {
  CHECK(divide_half_even(5, 2) == 2);
  CHECK(divide_half_even(7, 2) == 4);
  CHECK(divide_half_even(-5, 2) == -2);
  CHECK(divide_half_even(-7, 2) == -4);
  CHECK(divide_half_even(static_cast<Int128>(INT64_MIN) * 3, 3) == INT64_MIN);
  CHECK_FALSE(divide_half_even(INT64_MIN, -1));
  CHECK(multiply_by_double(10, 0.25) == 2);
  CHECK(multiply_by_double(14, 0.25) == 4);
  CHECK(multiply_by_double(INT64_MIN, 1.0) == INT64_MIN);
  CHECK_FALSE(multiply_by_double(INT64_MAX, 2.0));
  CHECK_FALSE(multiply_by_double(1, NAN));
  CHECK_FALSE(multiply_by_double(1, INFINITY));
  CHECK(multiply_by_double(INT64_MAX, 1e-300) == 0);
  CHECK(divide_by_double(10, 4.0) == 2);
  CHECK(divide_by_double(1, 0.5) == 2);
  CHECK_FALSE(divide_by_double(1, 0.0));
  CHECK_FALSE(divide_by_double(INT64_MAX, 0.5));
  CHECK(divide_by_double(INT64_MAX, 1e30) == 0);
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto u = static_cast<std::int64_t>(random()) >> (random() % 63);
    const double d = std::ldexp(static_cast<double>(1 + random() % 100'000), static_cast<int>(random() % 40) - 20);
    // d is n / 2^20 exactly, so both products can be had from integers.
    const auto n = static_cast<Int128>(std::ldexp(d, 20));
    const auto wide = static_cast<Int128>(u) * n;
    INFO(u << " and " << d);
    REQUIRE(multiply_by_double(u, d) == divide_half_even(wide, Int128{1} << 20));
    REQUIRE(divide_by_double(u, d) == divide_half_even(static_cast<Int128>(u) * (Int128{1} << 20), n));
    if (u != 0) {
      const auto v = static_cast<std::int64_t>(random()) >> (random() % 63);
      const double q = divide_to_double(v, u);
      const auto ratio = static_cast<long double>(v) / static_cast<long double>(u);
      REQUIRE(std::fabs(static_cast<long double>(q) - ratio) <= std::fabs(ratio) * 1.2e-16L);
    }
  }
}
