// first, last: the value at one end of the order (stamp, key; of events without a key: stamp, arrival).
// ewma: a walk in the order of arrival; what leaves at its beginning changes every later step, so it is taken anew.
#include <cmath>
#include <limits>
#include <map>

#include "engine/network/series.h"

namespace flyball::engine {

namespace {

class End final : public Statistic {
 public:
  End(bool newest, bool keyed) : newest_(newest), keyed_(keyed) {}

  void add(const Observation& o) override { samples_.emplace(place_of(o), Sample{o.value, o.fact}); }
  void remove(const Observation& o) override { samples_.erase(place_of(o)); }

  Value value(const Observed& observed) const override {
    auto at = newest_ ? std::prev(samples_.end()) : samples_.begin();
    if (!keyed_) return at->second.value;
    // Several keys may share the stamp.
    const Timestamp stamp = at->first.first;
    const Sample* best = &at->second;
    const auto consider = [&](const Sample& s) {
      const int order = observed.store.compare_keys(s.fact, best->fact, observed.in);
      if (newest_ ? order > 0 : order < 0) best = &s;
    };
    if (newest_) {
      while (at != samples_.begin() && std::prev(at)->first.first == stamp) consider((--at)->second);
    } else {
      for (++at; at != samples_.end() && at->first.first == stamp; ++at) consider(at->second);
    }
    return best->value;
  }

 private:
  struct Sample {
    Value value;
    FactId fact = 0;
  };
  bool newest_, keyed_;
  std::map<SamplePlace, Sample> samples_;
};

class Smoothed final : public Statistic {
 public:
  Smoothed(double weight, Kind result) : weight_(weight), result_(result) {}

  void add(const Observation& o) override { samples_.emplace(o.arrival, o.value); }
  void remove(const Observation& o) override { samples_.erase(o.arrival); }

  Value value(const Observed&) const override {
    auto at = samples_.begin();
    double mean = number(at->second);
    // One rounding for the product and the sum, on every machine.
    while (++at != samples_.end()) mean = std::fma(weight_, number(at->second) - mean, mean);
    if (result_ == Kind::kDouble) return finite(mean);
    // 2^63 is a double; the greatest int64 is not.
    const double whole = std::nearbyint(mean);
    if (!(whole >= -0x1p63 && whole < 0x1p63)) return Value::unknown();
    return of_whole(result_, static_cast<Int128>(whole));
  }

 private:
  static double number(const Value& v) {
    if (v.is(Kind::kDouble)) return v.as_double();
    return v.is(Kind::kUint) ? static_cast<double>(v.as_uint()) : static_cast<double>(v.bits);
  }
  double weight_;
  Kind result_;
  std::map<std::uint64_t, Value> samples_;  // by arrival
};

}  // namespace

std::unique_ptr<Statistic> make_end(const AggregateNode& plan) {
  return std::make_unique<End>(plan.fn == AggregateFn::kLast, !plan.one_series);
}

std::unique_ptr<Statistic> make_smoothed(const AggregateNode& plan) {
  return std::make_unique<Smoothed>(plan.number.is(Kind::kDouble) ? plan.number.as_double() : kDefaultWeight, plan.result_kind);
}

}  // namespace flyball::engine
