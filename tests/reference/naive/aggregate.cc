// Aggregates, semantics.md §4: scan everything, keep what counts, then add it up.
#include <algorithm>
#include <cmath>

#include "model/check.h"
#include "tests/reference/naive/scope.h"
#include "tests/reference/naive/statistics.h"

namespace flyball::reference {
namespace {

using ast::AggregateFn;

// What an aggregate takes: values of what its `where` lets through, and how much of it is unknown.
struct Taken {
  std::vector<Value> values;       // not null
  std::vector<TakenSample> each;   // of the same, where they come from
  std::int64_t matching = 0;       // `where` true
  std::int64_t unknown = 0;        // `where` unknown
  std::int64_t unknown_value = 0;  // `where` true, value unknown
  bool newest_is_stale = false;    // of samples
};

void take(const ast::Aggregate& a, const Bound& item, Timestamp stamp, std::size_t arrival, Scope& scope, Taken& out) {
  scope.bound[a.binding] = item;
  Truth t = a.where ? truth(*a.where, scope) : Truth::kTrue;
  if (item.suspended) t = truth_and(t, Truth::kUnknown);
  if (t == Truth::kUnknown) ++out.unknown;
  if (t != Truth::kTrue) return;
  ++out.matching;
  if (a.fn == AggregateFn::kCount || !a.value) return;
  const Value v = evaluate(*a.value, scope);
  const bool adds = a.fn == AggregateFn::kSum || a.fn == AggregateFn::kAvg;
  if (v.is_error() || (!adds && v.is(Kind::kDouble) && std::isnan(v.as_double()))) {
    ++out.unknown_value;
  } else if (!v.is_null()) {
    out.values.push_back(v);
    out.each.push_back({v, item.key, item.values, item.hidden, stamp, arrival});
  }
}

// The last N samples of each key, by (stamp, arrival).
bool is_among_last(const std::vector<Sample>& all, const Sample& s, std::int64_t n, const Interner& in) {
  std::int64_t newer = 0;
  for (const Sample& o : all) {
    if (compare_keys(o.key, s.key, in) == 0 && (o.stamp > s.stamp || (o.stamp == s.stamp && &o > &s))) ++newer;
  }
  return newer < n;
}

Taken take_samples(const ast::Aggregate& a, Scope& scope) {
  Taken out;
  const State& state = scope.state;
  const std::vector<Sample>& all = state.samples[a.fact_type];
  std::optional<Timestamp> newest;
  for (const Sample& s : all) {
    if (a.over) {
      const Timestamp left = state.now - constant_duration(*a.over);
      const bool inside = state.is(Mutation::kWindowClosedLeft) ? s.stamp >= left : s.stamp > left;
      if (!inside || s.stamp > state.now) continue;
    } else if (!is_among_last(all, s, a.over_last->literal.as_int(), *state.in)) {
      continue;
    }
    const std::int64_t before = out.matching + out.unknown;
    take(a, {a.fact_type, &s.key, &s.values, false, false}, s.stamp, static_cast<std::size_t>(&s - all.data()), scope, out);
    if (out.matching + out.unknown == before) continue;
    const auto fact = state.facts[a.fact_type].find(s.key);
    const bool stale = fact != state.facts[a.fact_type].end() && state.is_stale(fact->second);
    if (!newest || s.stamp > *newest) {
      newest = s.stamp;
      out.newest_is_stale = stale;
    } else if (s.stamp == *newest) {
      out.newest_is_stale = out.newest_is_stale || stale;
    }
  }
  return out;
}

Taken take_all(const ast::Aggregate& a, Scope& scope) {
  if (scope.bound.size() <= a.binding) scope.bound.resize(a.binding + 1);
  if (a.over || a.over_last) return take_samples(a, scope);
  Taken out;
  for (const auto& [key, fact] : scope.state.facts[a.fact_type])
    take(a, bind_fact(scope.state, a.fact_type, key, fact), fact.stamp, 0, scope, out);
  return out;
}

// `at least M samples`: those taken, and for all but count those with a value.
bool too_few(const ast::Aggregate& a, const Taken& t) {
  if (!a.at_least) return false;
  const std::int64_t have = a.fn == AggregateFn::kCount ? t.matching : static_cast<std::int64_t>(t.values.size());
  return have < a.at_least->literal.as_int();
}

__extension__ using Wide = __int128;

Value of_kind(Kind k, Wide n) {
  if (n > INT64_MAX || n < INT64_MIN) return Value::unknown();
  Value v = Value::integer(static_cast<std::int64_t>(n));
  v.kind = k;
  return v;
}

// To the nearest, ties to the even one.
Wide divide_half_even(Wide sum, Wide n) {
  Wide q = sum / n;
  Wide r = sum % n;
  if (r < 0) {
    r += n;
    --q;
  }
  if (2 * r > n || (2 * r == n && q % 2 != 0)) ++q;
  return q;
}

// A sum of doubles, divided by n, rounded once: in units of 2^-1100, which every finite double is a multiple of.
// Schoolbook long arithmetic on bits; not fast, and not the engine's way.
class BigSum {
 public:
  void add(double v) {
    if (v == 0) return;
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(v), &exponent);                 // [0.5, 1) * 2^exponent
    const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));  // * 2^(exponent - 53)
    std::vector<bool>& bits = v > 0 ? plus_ : minus_;
    const std::size_t at = static_cast<std::size_t>(exponent - 53 + kShift);
    for (std::size_t i = 0; i < 53; ++i) {
      if ((mantissa >> i & 1U) != 0) add_bit(bits, at + i);
    }
  }
  double over(std::int64_t n) const {
    const bool negative = less(plus_, minus_);
    std::vector<bool> rest = negative ? minus_ : plus_;
    take(rest, negative ? plus_ : minus_);
    // Long division, bit by bit from the top, with 64 more bits below.
    std::vector<bool> quotient(rest.size() + kMore, false);
    std::uint64_t carried = 0;
    for (std::size_t i = quotient.size(); i-- > 0;) {
      carried = carried * 2 + (i >= kMore && rest[i - kMore] ? 1 : 0);
      if (carried < static_cast<std::uint64_t>(n)) continue;
      carried -= static_cast<std::uint64_t>(n);
      quotient[i] = true;
    }
    const double size = rounded(quotient, carried != 0);
    return negative ? -size : size;
  }

 private:
  static constexpr int kShift = 1100;
  static constexpr std::size_t kMore = 64;

  static void add_bit(std::vector<bool>& bits, std::size_t at) {
    for (;; ++at) {
      if (bits.size() <= at) bits.resize(at + 1, false);
      bits[at] = !bits[at];
      if (bits[at]) return;
    }
  }
  static bool bit(const std::vector<bool>& bits, std::size_t i) { return i < bits.size() && bits[i]; }
  static bool less(const std::vector<bool>& a, const std::vector<bool>& b) {
    for (std::size_t i = std::max(a.size(), b.size()); i-- > 0;) {
      if (bit(a, i) != bit(b, i)) return bit(b, i);
    }
    return false;
  }
  static void take(std::vector<bool>& from, const std::vector<bool>& what) {
    bool borrow = false;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const int d = static_cast<int>(from[i]) - static_cast<int>(bit(what, i)) - static_cast<int>(borrow);
      from[i] = (d & 1) != 0;
      borrow = d < 0;
    }
  }
  // To the nearest double, ties to even; `more`: something is left below the last bit. Normal numbers only.
  static double rounded(const std::vector<bool>& bits, bool more) {
    std::size_t top = bits.size();
    while (top > 0 && !bits[top - 1]) --top;
    if (top == 0) return 0;
    std::uint64_t mantissa = 0;
    const std::size_t low = top > 53 ? top - 53 : 0;
    for (std::size_t i = top; i-- > low;) mantissa = mantissa * 2 + (bits[i] ? 1 : 0);
    const bool half = low > 0 && bits[low - 1];
    bool below = more;
    for (std::size_t i = 0; i + 1 < low; ++i) below = below || bits[i];
    if (half && (below || (mantissa & 1U) != 0)) ++mantissa;
    return std::ldexp(static_cast<double>(mantissa), static_cast<int>(low) - kShift - static_cast<int>(kMore));
  }
  std::vector<bool> plus_, minus_;
};

double sum_over(const std::vector<Value>& values, std::int64_t n) {
  BigSum sum;
  for (const Value& v : values) sum.add(v.as_double());
  return sum.over(n);
}

Value sum_of(const std::vector<Value>& values, Kind kind) {
  if (kind == Kind::kDouble) return Value::real(sum_over(values, 1));
  Wide sum = 0;
  for (const Value& v : values) sum += v.bits;
  return of_kind(kind, sum);
}

Value mean_of(const std::vector<Value>& values, Kind kind) {
  const auto n = static_cast<std::int64_t>(values.size());
  if (kind == Kind::kDouble) return Value::real(sum_over(values, n));
  Wide sum = 0;
  for (const Value& v : values) sum += v.bits;
  if (kind == Kind::kInt) return Value::real(static_cast<double>(sum) / static_cast<double>(n));
  return of_kind(kind, divide_half_even(sum, n));
}

}  // namespace

CountInterval aggregate_count(const ast::Aggregate& a, Scope& scope) {
  const Taken t = take_all(a, scope);
  if (too_few(a, t)) return {1, 0};
  return {t.matching, t.matching + t.unknown};
}

Value aggregate_value(const ast::Aggregate& a, const Type&, Scope& scope) {
  if (a.fn == AggregateFn::kCount) {
    const CountInterval c = aggregate_count(a, scope);
    return c.low == c.high ? Value::integer(c.low) : Value::unknown();
  }
  const Taken t = take_all(a, scope);
  if (t.unknown > 0 || t.unknown_value > 0 || t.newest_is_stale || too_few(a, t)) return Value::unknown();
  FB_CHECK(a.value.has_value());
  const Kind kind = kind_of(a.value->type);
  const auto finite = [](const Value& v) { return v.is(Kind::kDouble) && !std::isfinite(v.as_double()) ? Value::unknown() : v; };
  if (a.fn == AggregateFn::kSum) return finite(sum_of(t.values, kind));
  if (a.fn > AggregateFn::kMax) {
    const FactType& type = scope.state.type(a.fact_type);
    if (a.fn == AggregateFn::kTopk) return greatest(static_cast<std::size_t>(a.k->literal.as_int()), type, t.each, *scope.state.in);
    const double weight = a.k ? a.k->literal.as_double() : kDefaultWeight;
    return statistic(a.fn, a.value->type.without_null(), weight, !type.is_event() || type.has_key, t.each, *scope.state.in,
                     scope.state.mutation);
  }
  if (t.values.empty()) return Value::null();
  if (a.fn == AggregateFn::kAvg) return finite(mean_of(t.values, kind));
  Value best = t.values.front();
  for (const Value& v : t.values) {
    const Value smaller = compare(a.fn == AggregateFn::kMin ? ast::Op::kLess : ast::Op::kGreater, v, best, *scope.state.in);
    if (smaller.is_true()) best = v;
  }
  return best;
}

}  // namespace flyball::reference
