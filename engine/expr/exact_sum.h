// Exact accumulators for sum and avg: adding and removing in any order gives the same result, rounded once at the end.
//
// ExactSum holds a sum of doubles as a fixed-point number wide enough for all of them: digits of 32 bits with signed
// carries left standing (Kulisch's long accumulator), kept only where digits are not zero, so a sum of numbers of
// like size takes a few words. IntegerSum holds what is int64 already.
//
// Complexity: add and remove O(1) amortised; value and mean O(digits). Not thread-safe.
// Limit: 2^63 - 1 additions and removals in all.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/int128.h"

namespace flyball::engine {

class ExactSum {
 public:
  void add(double d) { accumulate(d, 1); }
  // Of a number added before; the result is as if it never had been.
  void remove(double d) { accumulate(d, -1); }
  void clear();

  std::int64_t count() const { return count_; }
  // The nearest double to the exact sum, ties to even; infinite beyond the range. NaN where IEEE addition gives NaN.
  // An exact zero is +0.0.
  double value() const;
  // The nearest double to the exact sum divided by count(); count() > 0.
  double mean() const;

 private:
  void accumulate(double d, int sign);
  void reserve(int low, int high);
  void normalise();
  // Magnitude as 32-bit digits without carries, lowest first, and where its lowest digit stands.
  struct Magnitude {
    std::vector<std::uint32_t> digits;
    int low = 0;
    bool negative = false;
  };
  Magnitude magnitude() const;
  std::optional<double> special() const;

  std::vector<std::int64_t> digits_;  // digit i counts 2^(32 × (low_ + i) - 1074)
  int low_ = 0;
  std::int64_t count_ = 0;
  std::uint32_t pending_ = 0;  // additions since the last normalise(): a digit holds 2^30 of them
  std::int64_t plus_infinities_ = 0, minus_infinities_ = 0, nans_ = 0;
};

class IntegerSum {
 public:
  void add(std::int64_t v) {
    sum_ += v;
    ++count_;
  }
  void remove(std::int64_t v) {
    sum_ -= v;
    --count_;
  }
  std::int64_t count() const { return count_; }
  std::optional<std::int64_t> value() const;  // nullopt: out of int64
  std::int64_t mean_half_even() const;        // count() > 0; always in range
  double mean_double() const;                 // count() > 0; rounded once

 private:
  Int128 sum_ = 0;
  std::int64_t count_ = 0;
};

// The same for uint64.
class UnsignedSum {
 public:
  void add(std::uint64_t v) {
    sum_ += v;
    ++count_;
  }
  void remove(std::uint64_t v) {
    sum_ -= v;
    --count_;
  }
  std::int64_t count() const { return count_; }
  std::optional<std::uint64_t> value() const;
  double mean_double() const;

 private:
  Int128 sum_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace flyball::engine
