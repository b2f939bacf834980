// delta, rate, deriv: how each key's series grows; the group's value is the sum over its keys with two samples or more.
//
// delta is exact and rounded once. A key's rate and slope are exact and rounded once to the result's unit each, then
// summed exactly: their denominators differ from key to key. What a key adds is kept until its series changes, so a
// sample costs its own key's work only.
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "engine/expr/exact_ratio.h"
#include "engine/expr/exact_sum.h"
#include "engine/network/accumulator.h"
#include "engine/network/series.h"

namespace flyball::engine {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Binary number(const Value& v) { return v.is(Kind::kDouble) ? binary(v.as_double()) : Binary{big(whole_number(v)), 0}; }

bool is_finite(const Value& v) { return !v.is(Kind::kDouble) || std::isfinite(v.as_double()); }

// What one key's samples add to the group's value.
class KeySeries {
 public:
  virtual ~KeySeries() = default;
  virtual void add(const Observation& o) = 0;
  virtual void remove(const Observation& o) = 0;
  virtual bool empty() const { return samples_.empty(); }
  // Growth as a fraction; nullopt: none.
  struct Fraction {
    Binary n;
    BigInt d = 1;
  };
  virtual std::optional<Fraction> growth() const = 0;
  bool finite() const { return not_finite_ == 0; }

 protected:
  Series samples_;
  std::int64_t not_finite_ = 0;
};

class Delta final : public KeySeries {
 public:
  void add(const Observation& o) override {
    samples_.emplace(place_of(o), o.value);
    not_finite_ += is_finite(o.value) ? 0 : 1;
  }
  void remove(const Observation& o) override {
    samples_.erase(place_of(o));
    not_finite_ -= is_finite(o.value) ? 0 : 1;
  }
  std::optional<Fraction> growth() const override {
    if (samples_.size() < 2) return std::nullopt;
    Fraction f{number(samples_.rbegin()->second)};
    f.n -= number(samples_.begin()->second);
    return f;
  }
};

// What is not finite is counted only: it has no place among the steps.
class Increase final : public KeySeries {
 public:
  bool empty() const override { return samples_.empty() && not_finite_ == 0; }
  void add(const Observation& o) override {
    if (!is_finite(o.value)) {
      ++not_finite_;
      return;
    }
    insert_with_neighbours(samples_, o, [this](const Value& a, const Value& b, int sign) { count(a, b, sign); });
  }
  void remove(const Observation& o) override {
    if (!is_finite(o.value)) {
      --not_finite_;
      return;
    }
    erase_with_neighbours(samples_, o, [this](const Value& a, const Value& b, int sign) { count(a, b, sign); });
  }
  std::optional<Fraction> growth() const override {
    if (samples_.size() < 2) return std::nullopt;
    const std::int64_t span = samples_.rbegin()->first.first - samples_.begin()->first.first;
    if (span == 0) return std::nullopt;
    return Fraction{Binary{increase_.n * kSecond, increase_.exponent}, BigInt(span)};
  }

 private:
  // A counter that fell began again at 0.
  void count(const Value& before, const Value& after, int sign) {
    Binary step = number(after);
    if (!ScalarLess{}(after, before)) step -= number(before);
    if (sign > 0) {
      increase_ += step;
    } else {
      increase_ -= step;
    }
  }
  Binary increase_;
};

class Slope final : public KeySeries {
 public:
  void add(const Observation& o) override {
    samples_.emplace(place_of(o), o.value);
    count(o, 1);
  }
  void remove(const Observation& o) override {
    samples_.erase(place_of(o));
    count(o, -1);
  }
  // (n Σtx − Σt Σx) / (n Σt² − (Σt)²)
  std::optional<Fraction> growth() const override {
    const std::size_t n = samples_.size();
    if (n < 2) return std::nullopt;
    Fraction f;
    f.d = n * times_squared_ - times_ * times_;
    if (f.d.is_zero()) return std::nullopt;
    f.n = Binary{BigInt(n) * kSecond, 0} * products_;
    f.n -= Binary{times_ * kSecond, 0} * sum_;
    return f;
  }

 private:
  void count(const Observation& o, int sign) {
    if (!is_finite(o.value)) {
      not_finite_ += sign;
      return;
    }
    const BigInt t(o.stamp.ns * sign);
    Binary x = number(o.value);
    times_ += t;
    times_squared_ += t * o.stamp.ns;
    products_ += Binary{x.n * t, x.exponent};
    x.n *= sign;
    sum_ += x;
  }
  BigInt times_, times_squared_;
  Binary sum_, products_;
};

class Growth final : public Statistic {
 public:
  explicit Growth(const AggregateNode& plan)
      : fn_(plan.fn), one_series_(plan.one_series), result_(plan.result_kind), from_(kind_of(plan.value_type)) {}

  void add(const Observation& o) override {
    const FactId key = one_series_ ? 0 : o.fact;
    Entry& entry = keys_[key];
    if (!entry.series) entry.series = make();
    entry.series->add(o);
    stale_.insert(key);
  }
  void remove(const Observation& o) override {
    const FactId key = one_series_ ? 0 : o.fact;
    const auto at = keys_.find(key);
    at->second.series->remove(o);
    stale_.insert(key);
  }

  Value value(const Observed&) const override {
    for (const FactId key : stale_) {
      const auto at = keys_.find(key);
      take(at->second, -1);
      measure(at->second);
      take(at->second, 1);
      if (at->second.series->empty()) keys_.erase(at);
    }
    stale_.clear();
    if (unknown_ > 0) return Value::unknown();
    if (known_ == 0) return Value::null();
    if (fn_ == AggregateFn::kDelta) return rounded(exact_, BigInt(1));
    return result_ == Kind::kDouble ? finite(doubles_.value()) : of_whole(result_, whole_);
  }

 private:
  struct Entry {
    std::unique_ptr<KeySeries> series;
    Value growth;  // as last summed up: null, unknown, or of the result's kind; of deltas `true`, and
    Binary exact;
  };

  std::unique_ptr<KeySeries> make() const {
    if (fn_ == AggregateFn::kDelta) return std::make_unique<Delta>();
    if (fn_ == AggregateFn::kRate) return std::make_unique<Increase>();
    return std::make_unique<Slope>();
  }

  Value rounded(const Binary& n, const BigInt& d) const {
    if (result_ == Kind::kDouble) return engine::finite(nearest_double(n, d));
    const std::optional<std::int64_t> whole = nearest_int(n, d);
    return whole ? of_whole(result_, *whole) : Value::unknown();
  }

  void measure(Entry& entry) const {
    entry.growth = Value::unknown();
    if (!entry.series->finite()) return;
    std::optional<KeySeries::Fraction> f = entry.series->growth();
    entry.growth = Value::null();
    if (!f) return;
    if (fn_ == AggregateFn::kDelta) {
      entry.growth = Value::boolean(true);
      entry.exact = std::move(f->n);
      return;
    }
    constexpr int kBitsPerByte = 8;
    if (from_ == Kind::kSize) f->n.n *= kBitsPerByte;
    if (from_ == Kind::kDuration || from_ == Kind::kTimestamp) f->d *= kSecond;
    entry.growth = rounded(f->n, f->d);
  }

  void take(const Entry& entry, int sign) const {
    if (entry.growth.is_null()) return;
    if (entry.growth.is_error()) {
      unknown_ += sign;
      return;
    }
    known_ += sign;
    if (fn_ == AggregateFn::kDelta) {
      if (sign > 0) {
        exact_ += entry.exact;
      } else {
        exact_ -= entry.exact;
      }
    } else if (result_ != Kind::kDouble) {
      whole_ += sign * static_cast<Int128>(entry.growth.bits);
    } else if (sign > 0) {
      doubles_.add(entry.growth.as_double());
    } else {
      doubles_.remove(entry.growth.as_double());
    }
  }

  AggregateFn fn_;
  bool one_series_;
  Kind result_, from_;
  // What value() brings up to date.
  mutable std::unordered_map<FactId, Entry> keys_;
  mutable std::unordered_set<FactId> stale_;
  mutable std::int64_t known_ = 0, unknown_ = 0;
  mutable Int128 whole_ = 0;
  mutable ExactSum doubles_;
  mutable Binary exact_;
};

}  // namespace

std::unique_ptr<Statistic> make_growth(const AggregateNode& plan) { return std::make_unique<Growth>(plan); }

}  // namespace flyball::engine
