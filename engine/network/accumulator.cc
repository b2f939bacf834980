// Adding to and taking from one group's running count, sum, mean, minimum and maximum; exact both ways.
#include "engine/network/accumulator.h"

#include "engine/expr/exact.h"
#include "model/compare.h"

namespace flyball::engine {

bool ScalarLess::operator()(const Value& a, const Value& b) const {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.is(Kind::kDouble)) {
    const double x = a.as_double();
    const double y = b.as_double();
    if (x < y || y < x) return x < y;
    return a.bits < b.bits;  // 0.0 and -0.0
  }
  if (a.is(Kind::kUint)) return a.as_uint() < b.as_uint();
  if (a.bits != b.bits) return a.bits < b.bits;
  return a.aux < b.aux;
}

// Handles are not in the order of their content, and what is not in a window leaves when it likes.
bool Accumulator::goes_in_order(const AggregateNode& plan, const Value& v) const {
  return !any_order_ && plan.over_ns && v.kind < Kind::kString;
}

bool Accumulator::add(const AggregateNode& plan, const Observation& o) {
  const Value& v = o.value;
  ++count_;
  switch (plan.fn) {
    case AggregateFn::kSum:
    case AggregateFn::kAvg:
      if (v.is(Kind::kDouble)) {
        make<ExactSum>().add(v.as_double());
      } else if (v.is(Kind::kUint)) {
        sum_ += static_cast<Int128>(v.as_uint());
      } else {
        sum_ += v.bits;
      }
      break;
    case AggregateFn::kMin:
    case AggregateFn::kMax:
      if (goes_in_order(plan, v)) {
        return make<InOrder>(plan.fn == AggregateFn::kMax).add(place_of(o), v);
      }
      add_ordered(v);
      break;
    case AggregateFn::kCount: break;
    default:
      if (get<Statistic>() == nullptr) more_ = make_statistic(plan);
      get<Statistic>()->add(o);
  }
  return true;
}

bool Accumulator::subtract(const AggregateNode& plan, const Observation& o) {
  const Value& v = o.value;
  --count_;
  switch (plan.fn) {
    case AggregateFn::kSum:
    case AggregateFn::kAvg:
      if (v.is(Kind::kDouble)) {
        get<ExactSum>()->remove(v.as_double());
      } else if (v.is(Kind::kUint)) {
        sum_ -= static_cast<Int128>(v.as_uint());
      } else {
        sum_ -= v.bits;
      }
      break;
    case AggregateFn::kMin:
    case AggregateFn::kMax: {
      if (goes_in_order(plan, v)) return get<InOrder>()->remove(place_of(o));
      Ordered& ordered = *get<Ordered>();
      const auto at = ordered.find(v);
      if (--at->second == 0) ordered.erase(at);
      break;
    }
    case AggregateFn::kCount: break;
    default: get<Statistic>()->remove(o);
  }
  return true;
}

Value Accumulator::result(const AggregateNode& plan, const Observed& observed) const {
  const AggregateFn fn = plan.fn;
  const Kind kind = kind_of(plan.value_type);
  if (fn == AggregateFn::kSum) {
    if (kind == Kind::kDouble) return finite(get<ExactSum>() != nullptr ? get<ExactSum>()->value() : 0.0);
    return of_whole(kind, sum_);
  }
  if (count_ == 0 && fn == AggregateFn::kTopk) return observed.in.list({});
  if (count_ == 0) return info_of(fn).zero_of_nothing ? Value::integer(0) : Value::null();
  if (const Statistic* const statistic = get<Statistic>()) return statistic->value(observed);
  if (fn == AggregateFn::kAvg) {
    if (kind == Kind::kDouble) return finite(get<ExactSum>()->mean());
    if (kind == Kind::kInt || kind == Kind::kUint) return Value::real(divide_to_double(sum_, count_));
    const std::optional<std::int64_t> mean = divide_half_even(sum_, count_);
    return mean ? of_whole(kind, *mean) : Value::unknown();
  }
  if (const InOrder* const extremes = get<InOrder>()) return extremes->best();
  const Ordered& ordered = *get<Ordered>();
  const bool smallest = fn == AggregateFn::kMin;
  if (kind < Kind::kString) return smallest ? ordered.begin()->first : ordered.rbegin()->first;
  // Handles are not in the order of their content.
  Value best = ordered.begin()->first;
  for (const auto& [v, times] : ordered) {
    const int order = compare_total(v, best, observed.in);
    if (smallest ? order < 0 : order > 0) best = v;
  }
  return best;
}

void Accumulator::mark(Interner& in) const {
  if (const Ordered* const ordered = get<Ordered>()) {
    for (const auto& [v, times] : *ordered) in.mark(v);
  }
}

}  // namespace flyball::engine
