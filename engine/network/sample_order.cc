// first, last: the value at one end of the order (stamp, key; of events without a key: stamp, arrival).
// ewma: a walk in the order of arrival; what leaves at its beginning changes every later step, so it is taken anew, but only from where
// what comes before weighs nothing any more.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

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
  Smoothed(double weight, Kind result) : weight_(weight), result_(result) {
    double left = 1;  // of the weight, for what came before the last `reach_`
    for (; left >= kForgotten && reach_ < kReachMax; ++reach_) left *= 1 - weight;
    if (left >= kForgotten) reach_ = SIZE_MAX;
  }

  void add(const Observation& o) override { samples_.insert(place_of(o), {o.arrival, number(o.value)}); }
  void remove(const Observation& o) override {
    if (const auto at = place_of(o); at != first()) {
      samples_.erase(at);
    } else if (++gone_ > samples_.size() / 2) {
      samples_.erase(samples_.begin(), first());
      gone_ = 0;
    }
  }

  Value value(const Observed&) const override {
    auto at = first();
    if (samples_.size() - gone_ > reach_) at = samples_.end() - static_cast<std::ptrdiff_t>(reach_);
    double mean = at->value;
    // One rounding for the product and the sum, on every machine.
    while (++at != samples_.end()) mean = std::fma(weight_, at->value - mean, mean);
    if (result_ == Kind::kDouble) return finite(mean);
    // 2^63 is a double; the greatest int64 is not.
    const double whole = std::nearbyint(mean);
    if (!(whole >= -0x1p63 && whole < 0x1p63)) return Value::unknown();
    return of_whole(result_, static_cast<Int128>(whole));
  }

 private:
  struct Sample {
    std::uint64_t arrival = 0;
    double value = 0;
  };
  // Mostly the end, or the beginning.
  std::vector<Sample>::const_iterator place_of(const Observation& o) const {
    if (first() == samples_.end() || samples_.back().arrival < o.arrival) return samples_.end();
    return std::lower_bound(first(), samples_.end(), o.arrival, [](const Sample& s, std::uint64_t a) { return s.arrival < a; });
  }
  std::vector<Sample>::const_iterator first() const { return samples_.begin() + static_cast<std::ptrdiff_t>(gone_); }
  static double number(const Value& v) {
    if (v.is(Kind::kDouble)) return v.as_double();
    return v.is(Kind::kUint) ? static_cast<double>(v.as_uint()) : static_cast<double>(v.bits);
  }
  static constexpr double kForgotten = 0x1p-64;
  static constexpr std::size_t kReachMax = std::size_t{1} << 20;  // more are all
  double weight_;
  Kind result_;
  std::size_t reach_ = 0;        // samples that count, from the newest on
  std::vector<Sample> samples_;  // by arrival
  std::size_t gone_ = 0;         // of them, that left at the beginning
};

}  // namespace

std::unique_ptr<Statistic> make_end(const AggregateNode& plan) {
  return std::make_unique<End>(plan.fn == AggregateFn::kLast, !plan.one_series);
}

std::unique_ptr<Statistic> make_smoothed(const AggregateNode& plan) {
  return std::make_unique<Smoothed>(plan.number.is(Kind::kDouble) ? plan.number.as_double() : kDefaultWeight, plan.result_kind);
}

}  // namespace flyball::engine
