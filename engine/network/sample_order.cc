// first, last: the value at one end of the order (stamp, key; of events without a key: stamp, arrival).
// ewma: a walk in the order of arrival; what leaves at its beginning changes every later step, so it is taken anew, but only from where
// what comes before weighs nothing any more.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "engine/network/series.h"
#include "model/check.h"

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
  Smoothed(double weight, std::size_t reach, Kind result) : weight_(weight), reach_(reach), result_(result) {}

  void add(const Observation& o) override {
    const auto at = place_of(o);
    if (at != samples_.end() && at->arrival == o.arrival) {  // put back
      at->value = number(o.value);
      --holes_;
    } else {
      samples_.insert(at, {o.arrival, number(o.value)});
    }
  }

  // Those within leave a hole: moving the rest up for each would cost the square of what leaves at once.
  void remove(const Observation& o) override {
    const auto at = place_of(o);
    FB_CHECK(at != samples_.end() && at->arrival == o.arrival);
    at->value = kHole;
    ++holes_;
    for (; samples_.size() > gone_ && is_hole(samples_.back()); --holes_) samples_.pop_back();
    for (; samples_.size() > gone_ && is_hole(*first()); --holes_) ++gone_;
    if (gone_ > samples_.size() / 2) {
      samples_.erase(samples_.begin(), first());
      gone_ = 0;
    }
    if (holes_ > (samples_.size() - gone_) / 2) {
      samples_.erase(std::remove_if(first(), samples_.end(), is_hole), samples_.end());
      holes_ = 0;
    }
  }

  Value value(const Observed&) const override {
    const std::span<const Sample> samples = std::span(samples_).subspan(gone_);  // neither end is a hole
    std::size_t at = samples.size();
    for (std::size_t taken = 0; taken < reach_ && at > 0;) taken += is_hole(samples[--at]) ? 0 : 1;
    double mean = samples[at].value;
    while (++at < samples.size()) {
      // One rounding for the product and the sum, on every machine.
      if (!is_hole(samples[at])) mean = std::fma(weight_, samples[at].value - mean, mean);
    }
    if (result_ == Kind::kDouble) return finite(mean);
    // 2^63 is a double; the greatest int64 is not.
    const double whole = std::nearbyint(mean);
    if (!(whole >= -0x1p63 && whole < 0x1p63)) return Value::unknown();
    return of_whole(result_, static_cast<Int128>(whole));
  }

 private:
  struct Sample {
    std::uint64_t arrival = 0;
    double value = 0;  // NaN, which no field can be: it left
  };
  static constexpr double kHole = std::numeric_limits<double>::quiet_NaN();
  static bool is_hole(const Sample& s) { return std::isnan(s.value); }
  std::vector<Sample>::iterator first() { return samples_.begin() + static_cast<std::ptrdiff_t>(gone_); }
  // Mostly the end, or the beginning.
  std::vector<Sample>::iterator place_of(const Observation& o) {
    if (samples_.size() == gone_ || samples_.back().arrival < o.arrival) return samples_.end();
    if (first()->arrival == o.arrival) return first();
    return std::lower_bound(first(), samples_.end(), o.arrival, [](const Sample& s, std::uint64_t a) { return s.arrival < a; });
  }
  static double number(const Value& v) {
    if (v.is(Kind::kDouble)) return v.as_double();
    return v.is(Kind::kUint) ? static_cast<double>(v.as_uint()) : static_cast<double>(v.bits);
  }
  double weight_;
  std::size_t reach_;  // samples that count, from the newest on
  Kind result_;
  std::vector<Sample> samples_;  // by arrival
  std::size_t gone_ = 0;         // of them, that left at the beginning
  std::size_t holes_ = 0;        // of the others
};

}  // namespace

std::unique_ptr<Statistic> make_end(const AggregateNode& plan) {
  return std::make_unique<End>(plan.fn == AggregateFn::kLast, !plan.one_series);
}

std::unique_ptr<Statistic> make_smoothed(const AggregateNode& plan) {
  return std::make_unique<Smoothed>(plan.weight, plan.reach, plan.result_kind);
}

}  // namespace flyball::engine
