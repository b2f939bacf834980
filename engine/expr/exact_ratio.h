// Ratios and square roots of integers of any size, rounded once; and sums of doubles and their squares that nothing
// rounds. For statistics whose intermediate results outgrow 128 bits. Pure; not thread-safe.
//
// Complexity: additions O(digits); ratios and roots O(digits²), with a few digits for values of like size.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <optional>

#include "model/int128.h"

namespace flyball::engine {

using BigInt = boost::multiprecision::cpp_int;

BigInt big(Int128 n);

// n × 2^exponent, exactly.
struct Binary {
  BigInt n;
  int exponent = 0;

  Binary& operator+=(const Binary& other);
  Binary& operator-=(const Binary& other);
  friend Binary operator*(const Binary& a, const Binary& b) { return {a.n * b.n, a.exponent + b.exponent}; }
};
// Of a finite double.
Binary binary(double d);

// Of n / d: the nearest double, ties to even (infinite beyond the range). d > 0.
double nearest_double(const Binary& n, const BigInt& d);
// The nearest integer, ties to even; nullopt: out of int64.
std::optional<std::int64_t> nearest_int(const Binary& n, const BigInt& d);

// The same of the square root of n / d. n >= 0, d > 0.
double nearest_double_root(const Binary& n, const BigInt& d);
std::optional<std::int64_t> nearest_int_root(const Binary& n, const BigInt& d);

}  // namespace flyball::engine
