// stddev: exact sums of the values and of their squares; the root of n Σx² − (Σx)², over n, is rounded once.
#include <cmath>

#include "engine/expr/exact_ratio.h"
#include "engine/network/statistic.h"

namespace flyball::engine {

namespace {

class Spread final : public Statistic {
 public:
  explicit Spread(Kind result) : result_(result) {}

  void add(const Observation& o) override { count(o.value, 1); }
  void remove(const Observation& o) override { count(o.value, -1); }

  Value value(const Observed&) const override {
    if (not_finite_ > 0) return Value::unknown();
    Binary n{BigInt(n_), 0};
    Binary variance = n * squares_;
    variance -= sum_ * sum_;
    const BigInt squared = BigInt(n_) * n_;
    if (result_ == Kind::kDouble) return finite(nearest_double_root(variance, squared));
    const std::optional<std::int64_t> root = nearest_int_root(variance, squared);
    return root ? of_whole(result_, *root) : Value::unknown();
  }

 private:
  void count(const Value& v, int sign) {
    n_ += sign;
    if (v.is(Kind::kDouble) && !std::isfinite(v.as_double())) {
      not_finite_ += sign;
      return;
    }
    const Binary x = v.is(Kind::kDouble) ? binary(v.as_double()) : Binary{big(whole_number(v)), 0};
    const Binary square = x * x;
    if (sign > 0) {
      sum_ += x;
      squares_ += square;
    } else {
      sum_ -= x;
      squares_ -= square;
    }
  }

  Kind result_;
  std::int64_t n_ = 0, not_finite_ = 0;
  Binary sum_, squares_;
};

}  // namespace

std::unique_ptr<Statistic> make_spread(const AggregateNode& plan) { return std::make_unique<Spread>(plan.result_kind); }

}  // namespace flyball::engine
