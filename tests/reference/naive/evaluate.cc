// The tree walk. One case per kind of node.
#include "model/check.h"
#include "model/text.h"
#include "tests/reference/naive/calendar.h"
#include "tests/reference/naive/scope.h"

namespace flyball::reference {
namespace {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

bool is_comparison(Op op) {
  return op == Op::kEqual || op == Op::kNotEqual || op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater ||
         op == Op::kGreaterEqual;
}

// A comparison with a count: the same for every number of the interval, or unknown.
Value compare_intervals(Op op, const Expr& a, const Expr& b, Scope& scope) {
  auto numbers = [&](const Expr& e) {
    std::vector<Value> out;
    if (const std::optional<CountInterval> i = count_interval(e, scope)) {
      if (scope.state.is(Mutation::kCountIsNeverInterval) && i->low != i->high) return out;
      for (std::int64_t n = i->low; n <= i->high; ++n) out.push_back(Value::integer(n));
    } else {
      const Value v = evaluate(e, scope);
      if (!v.is_error()) out.push_back(v);
    }
    return out;
  };
  const std::vector<Value> left = numbers(a);
  const std::vector<Value> right = numbers(b);
  std::optional<Value> answer;
  for (const Value& x : left) {
    for (const Value& y : right) {
      const Value v = compare(op, x, y, *scope.state.in);
      if (v.is_error() || (answer && *answer != v)) return Value::unknown();
      answer = v;
    }
  }
  return answer.value_or(Value::unknown());
}

Value evaluate_reference(const Expr& e, Scope& scope) {
  switch (e.ref.kind) {
    case RefKind::kField: return field_of(scope.state, scope.bound[e.ref.binding], e.ref.field);
    case RefKind::kLet: return evaluate(*(*scope.lets)[e.ref.index], scope);
    case RefKind::kParam: return scope.state.params[e.ref.index];
    case RefKind::kInput: return (*scope.input)[e.ref.index];
    case RefKind::kLocal: return scope.locals[e.ref.index];
    default: FB_CHECK(false);
  }
}

Value evaluate_binary(const Expr& e, Scope& scope) {
  const Expr& left = e.args[0];
  const Expr& right = e.args[1];
  if (e.op == Op::kCoalesce) {
    const Value a = evaluate(left, scope);
    return a.is_null() ? evaluate(right, scope) : a;
  }
  if (left.ref.kind == RefKind::kFact && right.ref.kind == RefKind::kFact && is_comparison(e.op)) {
    const Bound& a = scope.bound[left.ref.binding];
    const Bound& b = scope.bound[right.ref.binding];
    const bool same = a.type == b.type && compare_keys(*a.key, *b.key, *scope.state.in) == 0;
    return Value::boolean(same == (e.op == Op::kEqual));
  }
  if (e.op == Op::kIn && right.kind == ExprKind::kRange && count_interval(left, scope)) {
    const Truth above = truth_of(compare_intervals(Op::kGreaterEqual, left, right.args[0], scope));
    const Truth below = truth_of(compare_intervals(right.half_open ? Op::kLess : Op::kLessEqual, left, right.args[1], scope));
    const Truth inside = truth_and(above, below);
    return inside == Truth::kUnknown ? Value::unknown() : Value::boolean(inside == Truth::kTrue);
  }
  if (is_comparison(e.op) && (count_interval(left, scope) || count_interval(right, scope)))
    return compare_intervals(e.op, left, right, scope);
  if (right.ref.kind == RefKind::kCalendar) {
    const Value at = evaluate(left, scope);
    if (!at.is(Kind::kTimestamp)) return Value::unknown();
    return Value::boolean(is_open(scope.state.schema->calendars[right.ref.index], at.bits));
  }
  const Value a = evaluate(left, scope);
  if (e.op == Op::kIn && right.kind == ExprKind::kRange && !a.is(Kind::kTimeOfDay)) {  // the `and` of two comparisons
    const auto compared = [&](Op op, const Expr& end) {
      const Value b = evaluate(end, scope);
      return a.is_error() || b.is_error() ? Truth::kUnknown : truth_of(compare(op, a, b, *scope.state.in));
    };
    const Truth inside =
        truth_and(compared(Op::kGreaterEqual, right.args[0]), compared(right.half_open ? Op::kLess : Op::kLessEqual, right.args[1]));
    return inside == Truth::kUnknown ? Value::unknown() : Value::boolean(inside == Truth::kTrue);
  }
  const Value b = evaluate(right, scope);
  if (a.is_error() || b.is_error()) return Value::unknown();
  if (is_comparison(e.op)) return compare(e.op, a, b, *scope.state.in);
  if (e.op == Op::kIn) return in_collection(a, b, *scope.state.in);
  if (e.op == Op::kLike) return like(a, b, *scope.state.in);
  return arithmetic(e.op, a, b, *scope.state.in);
}

Value evaluate_logic(const Expr& e, Scope& scope) {
  Truth t = e.kind == ExprKind::kAnd ? Truth::kTrue : Truth::kFalse;
  for (const Expr& a : e.args) t = e.kind == ExprKind::kAnd ? truth_and(t, truth(a, scope)) : truth_or(t, truth(a, scope));
  return t == Truth::kUnknown ? Value::unknown() : Value::boolean(t == Truth::kTrue);
}

Value evaluate_items(const Expr& e, Scope& scope) {
  std::vector<Value> items;
  for (const Expr& a : e.args) {
    items.push_back(evaluate(a, scope));
    if (items.back().is_error()) return Value::unknown();
  }
  if (e.kind == ExprKind::kList) return scope.state.in->list(items);
  if (e.kind == ExprKind::kRange) return scope.state.in->range(items[0], items[1], e.half_open);
  std::string text;  // an f-string
  for (const Value& v : items) text += to_text(v, *scope.state.in);
  return scope.state.in->string(text);
}

// xs[i], and a member of a map.
Value evaluate_part(const Expr& e, Scope& scope) {
  const Value whole = evaluate(e.args[0], scope);
  const Interner& in = *scope.state.in;
  if (e.kind == ExprKind::kIndex) {
    const Value i = evaluate(e.args[1], scope);
    if (!whole.is(Kind::kList) || !i.is(Kind::kInt) || i.as_int() < 0) return Value::unknown();
    const auto items = in.items(whole);
    return static_cast<std::size_t>(i.as_int()) < items.size() ? items[static_cast<std::size_t>(i.as_int())] : Value::unknown();
  }
  if (!whole.is(Kind::kMap)) return Value::unknown();
  for (const MapEntry& entry : in.entries(whole)) {
    if (in.text(entry.key) == e.name) return entry.value;
  }
  return Value::unknown();
}

// exists and all over a list, absorbing unknowns as `or` and `and` do.
Value evaluate_quantified(const Expr& e, Scope& scope) {
  FB_CHECK(e.names.size() == 1 && (e.name == "exists" || e.name == "all"));
  const Value list = evaluate(e.args[0], scope);
  if (!list.is(Kind::kList)) return Value::unknown();
  Truth t = e.name == "all" ? Truth::kTrue : Truth::kFalse;
  const std::vector<Value> items(scope.state.in->items(list).begin(), scope.state.in->items(list).end());
  for (const Value& item : items) {
    scope.locals.push_back(item);
    const Truth one = truth(e.args[1], scope);
    scope.locals.pop_back();
    t = e.name == "all" ? truth_and(t, one) : truth_or(t, one);
  }
  return t == Truth::kUnknown ? Value::unknown() : Value::boolean(t == Truth::kTrue);
}

}  // namespace

Bound bind_fact(const State& state, FactTypeId type, const Key& key, const Fact& fact) {
  return {type, &key, &fact.values, fact.suspended || state.is_stale(fact), fact.suspended, fact.stamp};
}

Value field_of(const State& state, const Bound& fact, std::uint32_t field) {
  if (fact.hidden && !state.type(fact.type).is_key_field(field)) return Value::unknown();
  return (*fact.values)[field];
}

Value evaluate(const Expr& e, Scope& scope) {
  if (e.ref.kind != RefKind::kNone && e.kind != ExprKind::kHas && e.kind != ExprKind::kStale) return evaluate_reference(e, scope);
  switch (e.kind) {
    case ExprKind::kLiteral: return e.literal;
    case ExprKind::kUnary: {
      const Value a = evaluate(e.args[0], scope);
      if (e.op == Op::kNot) return a.is(Kind::kBool) ? Value::boolean(!a.as_bool()) : Value::unknown();
      if (a.is_error() || a.is_null()) return Value::unknown();
      if (a.is(Kind::kDouble)) return Value::real(-a.as_double());
      Value zero = a;
      zero.bits = 0;
      return arithmetic(Op::kSubtract, zero, a, *scope.state.in);
    }
    case ExprKind::kBinary: return evaluate_binary(e, scope);
    case ExprKind::kAnd:
    case ExprKind::kOr: return evaluate_logic(e, scope);
    case ExprKind::kTernary: {
      const Truth c = truth(e.args[0], scope);
      return c == Truth::kUnknown ? Value::unknown() : evaluate(e.args[c == Truth::kTrue ? 1 : 2], scope);
    }
    case ExprKind::kList:
    case ExprKind::kRange:
    case ExprKind::kFString: return evaluate_items(e, scope);
    case ExprKind::kComprehension: return evaluate_quantified(e, scope);
    case ExprKind::kHas: {
      const Value v = evaluate(e.args[0], scope);
      return v.is_error() ? Value::unknown() : Value::boolean(!v.is_null());
    }
    case ExprKind::kNow: return to_value(scope.state.now);
    case ExprKind::kStale: return Value::boolean(scope.bound[e.args[0].ref.binding].hidden);
    case ExprKind::kSelect:
    case ExprKind::kIndex: return evaluate_part(e, scope);
    case ExprKind::kCall: {
      if (e.args.size() == 2) return ask(e.fn, evaluate(e.args[0], scope), evaluate(e.args[1], scope), *scope.state.in);
      FB_CHECK((e.fn == Fn::kSize || e.fn == Fn::kTimestamp) && e.args.size() == 1);
      const Value list = evaluate(e.args[0], scope);
      if (e.fn == Fn::kTimestamp) return list.is(Kind::kInt) ? Value::timestamp(list.as_int(), 0) : Value::unknown();
      return list.is(Kind::kList) ? Value::integer(static_cast<std::int64_t>(scope.state.in->items(list).size())) : Value::unknown();
    }
    case ExprKind::kAggregate: return aggregate_value(*e.aggregate, e.type, scope);
    default: FB_CHECK(false);
  }
}

Truth truth(const Expr& e, Scope& scope) {
  const Truth t = truth_of(evaluate(e, scope));
  return scope.state.is(Mutation::kUnknownIsFalse) && t == Truth::kUnknown ? Truth::kFalse : t;
}

std::optional<CountInterval> count_interval(const Expr& e, Scope& scope) {
  if (e.kind == ExprKind::kAggregate && e.aggregate->fn == ast::AggregateFn::kCount) return aggregate_count(*e.aggregate, scope);
  if (e.ref.kind == RefKind::kLet) return count_interval(*(*scope.lets)[e.ref.index], scope);
  return std::nullopt;
}

Value fitted(const Value& v, const Type& type, const State& state) {
  if (v.is_null() && state.is(Mutation::kNullFitsAll)) return v;
  if (type.is(TypeTag::kDouble) && v.is(Kind::kInt)) return Value::real(static_cast<double>(v.as_int()));
  if (type.is(TypeTag::kDouble) && v.is(Kind::kDouble) && v.as_double() == 0) return Value::real(0);
  return value_matches(v, type, *state.in) ? v : Value::unknown();
}

}  // namespace flyball::reference
