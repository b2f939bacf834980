// Ratios and roots that are rounded once, at the places where rounding twice or in doubles goes wrong.
#include "engine/expr/exact_ratio.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

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

TEST_CASE("sums of doubles of any size lose nothing", "[exact]") {
  Binary sum;
  for (const double d : {1e300, 1.0, 1e-300, -1e300}) sum += binary(d);
  CHECK(nearest_double(sum, BigInt(1)) == 1.0);
  sum -= binary(1.0);
  CHECK(nearest_double(sum, BigInt(1)) == 1e-300);
}

}  // namespace
}  // namespace flyball::engine
