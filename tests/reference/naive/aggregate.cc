// Aggregates, semantics.md §4: scan everything, keep what counts, then add it up.
#include "model/check.h"
#include "tests/reference/naive/scope.h"

namespace flyball::reference {
namespace {

using ast::AggregateFn;

// What an aggregate takes: values of what its `where` lets through, and how much of it is unknown.
struct Taken {
  std::vector<Value> values;       // not null
  std::int64_t matching = 0;       // `where` true
  std::int64_t unknown = 0;        // `where` unknown
  std::int64_t unknown_value = 0;  // `where` true, value unknown
  bool newest_is_stale = false;    // of samples
};

void take(const ast::Aggregate& a, const Bound& item, Scope& scope, Taken& out) {
  scope.bound[a.binding] = item;
  Truth t = a.where ? truth(*a.where, scope) : Truth::kTrue;
  if (item.suspended) t = truth_and(t, Truth::kUnknown);
  if (t == Truth::kUnknown) ++out.unknown;
  if (t != Truth::kTrue) return;
  ++out.matching;
  if (a.fn == AggregateFn::kCount || !a.value) return;
  const Value v = evaluate(*a.value, scope);
  if (v.is_error()) {
    ++out.unknown_value;
  } else if (!v.is_null()) {
    out.values.push_back(v);
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
    take(a, {a.fact_type, &s.key, &s.values, false, false}, scope, out);
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
  for (const auto& [key, fact] : scope.state.facts[a.fact_type]) take(a, bind_fact(scope.state, a.fact_type, key, fact), scope, out);
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

// Exact for the doubles that are generated (multiples of 1/8 of moderate size), so rounded once at most.
Value sum_of(const std::vector<Value>& values, Kind kind) {
  if (kind == Kind::kDouble) {
    double sum = 0;
    for (const Value& v : values) sum += v.as_double();
    return Value::real(sum);
  }
  Wide sum = 0;
  for (const Value& v : values) sum += v.bits;
  return of_kind(kind, sum);
}

Value mean_of(const std::vector<Value>& values, Kind kind) {
  const auto n = static_cast<std::int64_t>(values.size());
  if (kind == Kind::kDouble) return Value::real(sum_of(values, kind).as_double() / static_cast<double>(n));
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
  if (a.fn == AggregateFn::kSum) return sum_of(t.values, kind);
  if (t.values.empty()) return Value::null();
  if (a.fn == AggregateFn::kAvg) return mean_of(t.values, kind);
  Value best = t.values.front();
  for (const Value& v : t.values) {
    const Value smaller = compare(a.fn == AggregateFn::kMin ? ast::Op::kLess : ast::Op::kGreater, v, best, *scope.state.in);
    if (smaller.is_true()) best = v;
  }
  return best;
}

}  // namespace flyball::reference
