// Ratios and roots that are rounded once, at the places where rounding twice or in doubles goes wrong.
#include "engine/expr/exact_ratio.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

namespace flyball::engine {
namespace {

Binary whole(std::int64_t n) { return {BigInt(n), 0}; }

TEST_CASE("a ratio is the nearest double", "[exact]") {
  CHECK(nearest_double(whole(1), BigInt(3)) == 1.0 / 3.0);
  CHECK(nearest_double(whole(-1), BigInt(3)) == -1.0 / 3.0);
  CHECK(nearest_double(whole(0), BigInt(3)) == 0.0);
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;  // halfway between two doubles: to the even one
  CHECK(nearest_double(whole(odd), BigInt(1)) == 0x1p53);
  CHECK(nearest_double(whole(odd + 2), BigInt(1)) == 0x1p53 + 4);
  CHECK(nearest_double(Binary{BigInt(odd) * 1000 + 1, 0}, BigInt(1000)) == 0x1p53 + 2);
  CHECK(nearest_double(binary(std::numeric_limits<double>::denorm_min()), BigInt(2)) == 0.0);
  CHECK(nearest_double(Binary{binary(std::numeric_limits<double>::denorm_min()).n * 3, -1126}, BigInt(2)) ==
        2 * std::numeric_limits<double>::denorm_min());
  CHECK(std::isinf(nearest_double(binary(std::numeric_limits<double>::max()) * whole(2), BigInt(1))));
  for (const double d : {0.1, -2.5e-310, 1e300, 7.0}) CHECK(nearest_double(binary(d), BigInt(1)) == d);
}

TEST_CASE("a ratio is the nearest integer, ties to even", "[exact]") {
  CHECK(nearest_int(whole(5), BigInt(2)) == 2);
  CHECK(nearest_int(whole(7), BigInt(2)) == 4);
  CHECK(nearest_int(whole(-5), BigInt(2)) == -2);
  CHECK(nearest_int(whole(-7), BigInt(2)) == -4);
  CHECK(nearest_int(whole(501), BigInt(1000)) == 1);
  CHECK(nearest_int(whole(0), BigInt(7)) == 0);
  CHECK(nearest_int(binary(2.5), BigInt(1)) == 2);
  CHECK(nearest_int(binary(0.1), BigInt(1)) == 0);
  CHECK(nearest_int(whole(std::numeric_limits<std::int64_t>::min()), BigInt(1)) == std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(nearest_int(Binary{BigInt(1), 63}, BigInt(1)));
}

TEST_CASE("a root is rounded once", "[exact]") {
  CHECK(nearest_double_root(whole(2), BigInt(1)) == std::sqrt(2.0));
  CHECK(nearest_double_root(whole(9), BigInt(4)) == 1.5);
  CHECK(nearest_double_root(whole(0), BigInt(4)) == 0.0);
  CHECK(nearest_double_root(binary(0.01), BigInt(1)) == std::sqrt(0.01));
  CHECK(nearest_double_root(binary(1e-320) * binary(1e-320), BigInt(1)) == 1e-320);
  CHECK(nearest_double_root(binary(1e300) * binary(1e300), BigInt(1)) == 1e300);
  CHECK(nearest_int_root(whole(25), BigInt(4)) == 2);  // 2.5
  CHECK(nearest_int_root(whole(49), BigInt(4)) == 4);  // 3.5
  CHECK(nearest_int_root(whole(626), BigInt(100)) == 3);
  CHECK(nearest_int_root(whole(624), BigInt(100)) == 2);
  CHECK(nearest_int_root(Binary{BigInt(1), 124}, BigInt(1)) == std::int64_t{1} << 62);
}

// Half of what lies between two neighbouring doubles, exactly.
Binary between(double a, double b) {
  Binary sum = binary(a);
  sum += binary(b);
  return {sum.n, sum.exponent - 1};
}

bool is_at_most(Binary a, const Binary& b) {
  a -= b;
  return a.n <= 0;
}

TEST_CASE("ratios and roots of any size are the nearest, close to the middle between two as well", "[exact]") {
  std::mt19937_64 random(11);
  const auto any = [&](int bits) {
    BigInt n = random();
    while (static_cast<int>(msb(n + 1)) < bits) n = (n << 64) + random();
    return BigInt((n >> (static_cast<int>(msb(n + 1)) > bits ? msb(n + 1) - static_cast<unsigned>(bits) : 0U)) + 1);
  };
  for (int i = 0; i < 20'000; ++i) {
    const BigInt d = any(1 + static_cast<int>(random() % 130));
    Binary n{any(1 + static_cast<int>(random() % 200)), static_cast<int>(random() % 200) - 100};
    const bool root = i % 2 == 0;
    std::optional<double> even;  // of two that are equally near
    if (i % 4 < 2) {             // as near to a middle as can be
      const double near =
          std::ldexp(static_cast<double>(random() >> 11 | std::uint64_t{1} << 52 | 1), static_cast<int>(random() % 60) - 70);
      n = between(near, std::nextafter(near, INFINITY));
      if (root) n = n * n;
      n = n * Binary{d, 0};
      if (i % 8 >= 4) {
        n += Binary{BigInt(random() % 2 == 0 ? 1 : -1), n.exponent};
      } else {
        even = std::nextafter(near, INFINITY);
      }
    }
    const double got = root ? nearest_double_root(n, d) : nearest_double(n, d);
    Binary least = between(std::nextafter(got, -INFINITY), got), greatest = between(got, std::nextafter(got, INFINITY));
    if (root) least = least * least, greatest = greatest * greatest;
    INFO(i << " " << n.n << " * 2^" << n.exponent << " / " << d);
    if (even) REQUIRE(got == *even);
    if (!root) REQUIRE(nearest_double({-n.n, n.exponent}, d) == -got);
    REQUIRE((is_at_most(least * Binary{d, 0}, n) && is_at_most(n, greatest * Binary{d, 0})));
    const std::optional<std::int64_t> whole = root ? nearest_int_root(n, d) : nearest_int(n, d);
    if (!whole) {
      REQUIRE(got > 0x1p62);
      continue;
    }
    Binary below{BigInt(*whole) * 2 - 1, -1}, above{BigInt(*whole) * 2 + 1, -1};
    const bool is_zero = *whole == 0;
    if (root) below = below * below, above = above * above;
    REQUIRE(((is_zero || is_at_most(below * Binary{d, 0}, n)) && is_at_most(n, above * Binary{d, 0})));
  }
}

TEST_CASE("sums of doubles of any size lose nothing", "[exact]") {
  Binary sum;
  for (const double d : {1e300, 1.0, 1e-300, -1e300}) sum += binary(d);
  CHECK(nearest_double(sum, BigInt(1)) == 1.0);
  sum -= binary(1.0);
  CHECK(nearest_double(sum, BigInt(1)) == 1e-300);
}

}  // namespace
}  // namespace flyball::engine
