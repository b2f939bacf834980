// See statistics.h.
#include "tests/reference/naive/statistics.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "model/check.h"

namespace flyball::reference {
namespace {

using Rational = boost::multiprecision::cpp_rational;
using Whole = boost::multiprecision::cpp_int;

Rational number(const Value& v) {
  if (v.is(Kind::kDouble)) return Rational(v.as_double());
  if (v.is(Kind::kUint)) return Rational(v.as_uint());
  if (v.is(Kind::kTimestamp)) return Rational(v.bits) * 1'000'000'000 + v.aux;
  return Rational(v.bits);
}

// -1, 0, +1: the answer looked for is below, at or above x.
template <typename F>
double nearest_double(double guess, F where) {
  while (where(Rational(guess)) < 0) guess = std::nextafter(guess, -INFINITY);
  while (where(Rational(std::nextafter(guess, INFINITY))) >= 0) guess = std::nextafter(guess, INFINITY);
  const double above = std::nextafter(guess, INFINITY);
  const int side = where((Rational(guess) + Rational(above)) / 2);
  if (side != 0) return side < 0 ? guess : above;
  int exponent = 0;
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(guess, &exponent), 53));
  return mantissa % 2 == 0 ? guess : above;
}

template <typename F>
Value nearest_whole(Kind kind, double guess, F where) {
  Whole n(guess);
  while (where(Rational(n)) < 0) --n;
  while (where(Rational(n + 1)) >= 0) ++n;
  const int side = where(Rational(n) + Rational(1, 2));
  if (side > 0 || (side == 0 && n % 2 != 0)) ++n;
  if (n > std::numeric_limits<std::int64_t>::max() || n < std::numeric_limits<std::int64_t>::min()) return Value::unknown();
  Value v = Value::integer(static_cast<std::int64_t>(n));
  v.kind = kind;
  return v;
}

Value rounded(const Rational& x, Kind kind) {
  const auto where = [&](const Rational& y) { return x.compare(y); };
  const double guess = x.convert_to<double>();
  return kind == Kind::kDouble ? Value::real(nearest_double(guess, where) + 0.0) : nearest_whole(kind, std::floor(guess), where);
}

Value rounded_root(const Rational& x, Kind kind) {
  const auto where = [&](const Rational& y) { return y < 0 ? 1 : x.compare(Rational(y * y)); };
  const double guess = std::sqrt(x.convert_to<double>());
  return kind == Kind::kDouble ? Value::real(nearest_double(guess, where) + 0.0) : nearest_whole(kind, std::floor(guess), where);
}

bool is_finite(const Value& v) { return !v.is(Kind::kDouble) || std::isfinite(v.as_double()); }

bool less(const Value& a, const Value& b) { return number(a) < number(b); }

bool equal(const Value& a, const Value& b, const Interner& in) {
  if (a.is(Kind::kDouble) && b.is(Kind::kDouble)) return a.as_double() == b.as_double();
  return compare_total(a, b, in) == 0;
}

Value spread(const std::vector<TakenSample>& taken, Kind kind, std::size_t fewer) {
  const std::size_t n = taken.size();
  Rational mean = 0;
  for (const TakenSample& t : taken) mean += number(t.value);
  mean /= n;
  Rational squares = 0;
  for (const TakenSample& t : taken) squares += (number(t.value) - mean) * (number(t.value) - mean);
  return rounded_root(Rational(squares / std::max<std::size_t>(n - fewer, 1)), kind);
}

Value by_rank(std::vector<TakenSample> taken, int p, Mutation mutation) {
  std::sort(taken.begin(), taken.end(), [](const TakenSample& a, const TakenSample& b) { return less(a.value, b.value); });
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (mutation == Mutation::kRankRoundedDown && (i + 2) * 100 > taken.size() * static_cast<std::size_t>(p)) return taken[i].value;
    if ((i + 1) * 100 >= taken.size() * static_cast<std::size_t>(p)) return taken[i].value;
  }
  return taken.back().value;
}

Value smoothed(std::vector<TakenSample> taken, double weight, Kind kind, Mutation mutation) {
  if (mutation != Mutation::kSmoothedByStamp) {
    std::sort(taken.begin(), taken.end(), [](const TakenSample& a, const TakenSample& b) { return a.arrival < b.arrival; });
  }
  const auto real = [](const Value& v) {
    if (v.is(Kind::kDouble)) return v.as_double();
    return v.is(Kind::kUint) ? static_cast<double>(v.as_uint()) : static_cast<double>(v.bits);
  };
  // From the newest on, until what came before weighs less than 2^-64.
  std::size_t begin = taken.size();
  for (double left = 1; begin > 0 && left >= 0x1p-64 && taken.size() - begin < 1'048'576; left *= 1 - weight) --begin;
  if (taken.size() - begin == 1'048'576) begin = 0;
  double mean = real(taken[begin].value);
  for (std::size_t i = begin + 1; i < taken.size(); ++i) {
    const double step = real(taken[i].value) - mean;
    mean = std::fma(weight, step, mean);
  }
  if (!std::isfinite(mean)) return Value::unknown();
  return kind == Kind::kDouble ? Value::real(mean) : rounded(Rational(mean), kind);
}

Rational seconds(Timestamp a, Timestamp b) { return (Rational(b.ns) - Rational(a.ns)) / 1'000'000'000; }

// Of one series, in order.
std::optional<Rational> increase_per_second(const std::vector<TakenSample>& s, bool resets) {
  const Rational span = seconds(s.front().stamp, s.back().stamp);
  if (span == 0) return std::nullopt;
  Rational sum = 0;
  for (std::size_t i = 1; i < s.size(); ++i)
    sum += resets && less(s[i].value, s[i - 1].value) ? number(s[i].value) : Rational(number(s[i].value) - number(s[i - 1].value));
  return Rational(sum / span);
}

std::optional<Rational> slope(const std::vector<TakenSample>& s) {
  Rational mean_t = 0, mean_x = 0;
  for (const TakenSample& t : s) {
    mean_t += seconds(s.front().stamp, t.stamp);
    mean_x += number(t.value);
  }
  mean_t /= s.size();
  mean_x /= s.size();
  Rational both = 0, squares = 0;
  for (const TakenSample& t : s) {
    const Rational d = seconds(s.front().stamp, t.stamp) - mean_t;
    both += d * (number(t.value) - mean_x);
    squares += d * d;
  }
  if (squares == 0) return std::nullopt;
  return Rational(both / squares);
}

Value growth(AggregateFn fn, const std::vector<std::vector<TakenSample>>& all, Kind from, Kind kind, bool resets) {
  Rational sum = 0;
  bool any = false, unknown = false;
  for (const std::vector<TakenSample>& s : all) {
    if (std::any_of(s.begin(), s.end(), [](const TakenSample& t) { return !is_finite(t.value); })) {
      unknown = true;
      continue;
    }
    if (s.size() < 2) continue;
    if (fn == AggregateFn::kDelta) {
      sum += number(s.back().value) - number(s.front().value);
      any = true;
      continue;
    }
    std::optional<Rational> r = fn == AggregateFn::kRate ? increase_per_second(s, resets) : slope(s);
    if (!r) continue;
    any = true;
    if (from == Kind::kSize) *r *= 8;
    if (from == Kind::kDuration || from == Kind::kTimestamp) *r /= 1'000'000'000;
    const Value v = rounded(*r, kind);
    if (v.is_error()) {
      unknown = true;
    } else {
      sum += number(v);
    }
  }
  if (unknown) return Value::unknown();
  return any ? rounded(sum, kind) : Value::null();
}

}  // namespace

Value greatest(std::size_t k, const FactType& type, std::vector<TakenSample> taken, Interner& in) {
  std::sort(taken.begin(), taken.end(), [&](const TakenSample& a, const TakenSample& b) {
    if (less(a.value, b.value) || less(b.value, a.value)) return less(b.value, a.value);
    if (const int order = compare_keys(*a.key, *b.key, in); order != 0) return order < 0;
    return a.stamp != b.stamp ? a.stamp < b.stamp : a.arrival < b.arrival;
  });
  std::vector<Value> out;
  for (std::size_t i = 0; i < std::min(k, taken.size()); ++i) {
    if (taken[i].hidden && type.key.size() < type.fields.size()) return Value::unknown();
    std::vector<MapEntry> fact;
    for (std::size_t f = 0; f < type.fields.size(); ++f) fact.push_back({in.string(type.fields[f].name), (*taken[i].fields)[f]});
    out.push_back(in.map(fact));
  }
  return in.list(out);
}

Value statistic(AggregateFn fn, const Type& value_type, double weight, bool keyed, std::vector<TakenSample> taken, const Interner& in,
                Mutation mutation) {
  if (taken.empty()) return fn == AggregateFn::kDistinct || fn == AggregateFn::kChanges ? Value::integer(0) : Value::null();
  const Kind from = kind_of(value_type);
  const std::optional<Type> type = aggregate_type(fn, value_type);
  FB_CHECK(type.has_value());
  const Kind kind = kind_of(*type);
  std::sort(taken.begin(), taken.end(), [&](const TakenSample& a, const TakenSample& b) {
    if (mutation == Mutation::kEndsByArrival) return a.arrival < b.arrival;
    if (a.stamp != b.stamp) return a.stamp < b.stamp;
    const int order = keyed ? compare_keys(*a.key, *b.key, in) : 0;
    return order != 0 ? order < 0 : a.arrival < b.arrival;
  });
  if (mutation == Mutation::kChangesAcrossKeys) keyed = false;
  std::vector<std::vector<TakenSample>> series;
  for (const TakenSample& t : taken) {
    const auto mine =
        std::find_if(series.begin(), series.end(), [&](const auto& s) { return !keyed || compare_keys(*s[0].key, *t.key, in) == 0; });
    if (mine == series.end()) {
      series.push_back({t});
    } else {
      mine->push_back(t);
    }
  }
  switch (fn) {
    case AggregateFn::kStddev:
      if (!std::all_of(taken.begin(), taken.end(), [](const TakenSample& t) { return is_finite(t.value); })) return Value::unknown();
      return spread(taken, kind, mutation == Mutation::kSpreadOfSample ? 1 : 0);
    case AggregateFn::kP50: return by_rank(taken, 50, mutation);
    case AggregateFn::kP90: return by_rank(taken, 90, mutation);
    case AggregateFn::kP95: return by_rank(taken, 95, mutation);
    case AggregateFn::kP99: return by_rank(taken, 99, mutation);
    case AggregateFn::kFirst: return taken.front().value;
    case AggregateFn::kLast: return taken.back().value;
    case AggregateFn::kEwma: return smoothed(taken, weight, kind, mutation);
    case AggregateFn::kDelta:
    case AggregateFn::kRate:
    case AggregateFn::kDeriv: return growth(fn, series, from, kind, mutation != Mutation::kRateWithoutResets);
    case AggregateFn::kDistinct: {
      std::int64_t n = 0;
      for (std::size_t i = 0; i < taken.size(); ++i) {
        const auto same = [&](const TakenSample& t) { return equal(t.value, taken[i].value, in); };
        if (std::none_of(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(i), same)) ++n;
      }
      return Value::integer(n);
    }
    case AggregateFn::kChanges: {
      std::int64_t n = 0;
      for (const std::vector<TakenSample>& s : series) {
        for (std::size_t i = 1; i < s.size(); ++i) n += equal(s[i - 1].value, s[i].value, in) ? 0 : 1;
      }
      return Value::integer(n);
    }
    default: break;
  }
  FB_CHECK(false);
  return Value::unknown();
}

}  // namespace flyball::reference
