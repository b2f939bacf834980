// Constraints over fields. See contradictions.h.
#include "parser/check/contradictions.h"

#include <algorithm>
#include <tuple>

#include "model/compare.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

// The truth of a comparison of two constants of one kind.
std::optional<bool> decided(Op op, const Value& a, const Value& b, const Interner& in) {
  if (a.kind != b.kind || a.is_null()) return std::nullopt;
  const int c = compare_total(a, b, in);
  switch (op) {
    case Op::kEqual: return c == 0;
    case Op::kNotEqual: return c != 0;
    case Op::kLess: return c < 0;
    case Op::kLessEqual: return c <= 0;
    case Op::kGreater: return c > 0;
    case Op::kGreaterEqual: return c >= 0;
    default: return std::nullopt;
  }
}

Op denied(Op op) {
  switch (op) {
    case Op::kEqual: return Op::kNotEqual;
    case Op::kNotEqual: return Op::kEqual;
    case Op::kLess: return Op::kGreaterEqual;
    case Op::kLessEqual: return Op::kGreater;
    case Op::kGreater: return Op::kLessEqual;
    case Op::kGreaterEqual: return Op::kLess;
    default: return Op::kNone;
  }
}

bool is_field(const Expr& e) { return e.ref.kind == RefKind::kField && e.kind != ExprKind::kStale; }
bool is_count(const Expr& e) { return e.kind == ExprKind::kAggregate && e.aggregate && e.aggregate->fn == ast::AggregateFn::kCount; }

// Whether `count op n` has no solution: there are never fewer than none.
bool below_none(Op op, const Value& n) {
  if (!n.is(Kind::kInt)) return false;
  return op == Op::kLess ? n.as_int() <= 0 : (op == Op::kLessEqual || op == Op::kEqual) && n.as_int() < 0;
}

}  // namespace

void Constraints::use_lets(const ast::Block& block) {
  for (const ast::Line& line : block.lines) {
    if (line.kind != ast::LineKind::kLet || !line.branches.empty()) continue;
    if (lets_.size() <= line.let_index) lets_.resize(line.let_index + std::size_t{1}, nullptr);
    lets_[line.let_index] = &line.expr;
  }
}

// A `let` reads only those before it, so this ends.
const Expr& Constraints::meant(const Expr& e) const {
  const Expr* at = &e;
  while (at->ref.kind == RefKind::kLet && at->ref.index < lets_.size() && lets_[at->ref.index] != nullptr) at = lets_[at->ref.index];
  return *at;
}

const Expr* Constraints::add(const Expr& e, bool truth) {
  if (const Expr& value = meant(e); &value != &e) return add(value, truth) != nullptr ? &e : nullptr;
  switch (e.kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr:
      if ((e.kind == ExprKind::kAnd) != truth) return one_of(e, truth);
      for (const Expr& a : e.args) {
        if (const Expr* at = add(a, truth)) return at;
      }
      return nullptr;
    case ExprKind::kLiteral: return e.literal.is(Kind::kBool) && e.literal.as_bool() != truth ? &e : nullptr;
    case ExprKind::kUnary: return e.op == Op::kNot && add(e.args[0], !truth) != nullptr ? &e : nullptr;
    case ExprKind::kStale: return truth && !stale(e) ? &e : nullptr;
    case ExprKind::kBinary: return e.args.size() == 2 ? compare(e, truth) : nullptr;
    default: break;
  }
  // A bare `ok`.
  if (!is_field(e) || !e.type.is(TypeTag::kBool) || e.type.nullable) return nullptr;
  return known(e) && bound(e, Op::kEqual, Value::boolean(truth)) ? nullptr : &e;
}

const Expr* Constraints::one_of(const Expr& e, bool truth) const {
  return std::all_of(e.args.begin(), e.args.end(), [&](const Expr& a) { return Constraints(*this).add(a, truth) != nullptr; }) ? &e
                                                                                                                               : nullptr;
}

const Expr* Constraints::compare(const Expr& e, bool truth) {
  const Expr& l = meant(e.args[0]);
  const Expr& r = meant(e.args[1]);
  if (e.op != Op::kCoalesce) {
    for (const Expr* side : {&l, &r}) {
      const Expr& a = *side;
      if (is_field(a) && !a.type.nullable && !known(a)) return &e;
    }
  }
  if (e.op == Op::kIn) {
    if (r.kind == ExprKind::kList && !r.args.empty() && is_field(l)) {
      std::vector<Value> values;
      for (const Expr& a : r.args) {
        const std::optional<Value> v = fold(a, interner_);
        if (!v) return nullptr;
        values.push_back(*v);
      }
      return choose(l, values, truth) ? nullptr : &e;
    }
    if (!truth) return nullptr;
    if (r.kind == ExprKind::kRange && is_field(l)) {
      const std::optional<Value> low = fold(r.args[0], interner_);
      const std::optional<Value> high = fold(r.args[1], interner_);
      const bool none = low && high && !(bound(l, Op::kGreaterEqual, *low) && bound(l, r.half_open ? Op::kLess : Op::kLessEqual, *high));
      return none ? &e : nullptr;
    }
    return r.kind == ExprKind::kList && r.args.empty() ? &e : nullptr;
  }
  const Op op = truth ? e.op : denied(e.op);
  const std::optional<Value> left = fold(l, interner_);
  const std::optional<Value> right = fold(r, interner_);
  if (left && right) return decided(op, *left, *right, interner_) == std::optional<bool>(false) ? &e : nullptr;
  if (right && is_count(l)) return below_none(op, *right) ? &e : nullptr;
  if (left && is_count(r)) return below_none(mirrored(op), *left) ? &e : nullptr;
  for (const auto& [field, other, order, constant] : {std::tuple(&l, &r, op, &right), std::tuple(&r, &l, mirrored(op), &left)}) {
    if (!is_field(*field)) continue;
    if (*constant) {
      const bool counted = order == Op::kEqual || order == Op::kNotEqual;
      const bool possible = bound(*field, order, **constant) && (!counted || choose(*field, {**constant}, order == Op::kEqual));
      return possible ? nullptr : &e;
    }
    if (other->ref.kind == RefKind::kParam && other->ref.index < schema_.params.size())
      return relate(*field, order, other->ref.index) ? nullptr : &e;
  }
  return nullptr;
}

bool Constraints::implies(const Expr& condition, std::uint32_t own, std::uint32_t as) const {
  Constraints trial(*this);
  trial.own_ = own;
  trial.as_ = as;
  trial.trial_ = true;
  return trial.add(condition, false) != nullptr;
}

// A field that a condition needs: not of a stale fact, unless it is in the key.
bool Constraints::known(const Expr& field) {
  const std::uint32_t binding = binding_of(field);
  if (binding >= types_.size() || types_[binding] == kNoId || schema_.types[types_[binding]].is_key_field(field.ref.field)) return true;
  if (trial_) return true;
  known_.push_back(binding);
  return std::find(stale_.begin(), stale_.end(), binding) == stale_.end();
}

bool Constraints::stale(const Expr& e) {
  const Expr& of = e.args[0];
  if (of.ref.kind != RefKind::kField && of.ref.kind != RefKind::kFact) return true;
  const std::uint32_t binding = binding_of(of);
  if (!trial_) stale_.push_back(binding);
  return std::find(known_.begin(), known_.end(), binding) == known_.end();
}

bool Constraints::bound(const Expr& field, Op op, const Value& constant) {
  if (constant.is_null() || constant.is(Kind::kList) || constant.is(Kind::kMap) || constant.is(Kind::kRange) || constant.is(Kind::kCidr))
    return true;
  if (constant.is(Kind::kBool) && op == Op::kNotEqual && !field.type.nullable)
    return bound(field, Op::kEqual, Value::boolean(!constant.as_bool()));
  const std::uint32_t binding = binding_of(field);
  Bounds* b = nullptr;
  for (Bounds& known : bounds_) {
    if (known.binding == binding && known.field == field.ref.field) b = &known;
  }
  if (b == nullptr) {
    bounds_.push_back(Bounds{binding, field.ref.field, std::nullopt, std::nullopt, false, false});
    b = &bounds_.back();
  }
  const auto comparable = [&](const std::optional<Value>& v) { return !v || v->kind == constant.kind; };
  if (!comparable(b->lower) || !comparable(b->upper)) return true;
  const auto raise = [&](bool open) {
    const int c = b->lower ? compare_total(constant, *b->lower, interner_) : 1;
    if (c < 0 || (c == 0 && (b->lower_open || !open))) return;
    b->lower = constant;
    b->lower_open = open;
  };
  const auto reduce = [&](bool open) {
    const int c = b->upper ? compare_total(constant, *b->upper, interner_) : -1;
    if (c > 0 || (c == 0 && (b->upper_open || !open))) return;
    b->upper = constant;
    b->upper_open = open;
  };
  switch (op) {
    case Op::kEqual:
      raise(false);
      reduce(false);
      break;
    case Op::kGreater: raise(true); break;
    case Op::kGreaterEqual: raise(false); break;
    case Op::kLess: reduce(true); break;
    case Op::kLessEqual: reduce(false); break;
    default: return true;
  }
  return possible(*b);
}

bool Constraints::choose(const Expr& field, const std::vector<Value>& values, bool in) {
  if (values.empty() || values.front().is_null() || values.front().is_error()) return true;
  for (const Value& v : values) {
    if (v.kind != values.front().kind) return true;
  }
  const std::uint32_t binding = binding_of(field);
  auto known =
      std::find_if(choices_.begin(), choices_.end(), [&](const Choice& c) { return c.binding == binding && c.field == field.ref.field; });
  if (known == choices_.end()) {
    Choice all{binding, field.ref.field, {}};
    if (in) {
      all.values = values;
    } else {
      // Only a closed set can be used up; and null is none of its words.
      if (!field.type.is(TypeTag::kEnum) || field.type.nullable) return true;
      for (const std::string& word : field.type.members) all.values.push_back(interner_.string(word));
    }
    choices_.push_back(std::move(all));
    known = choices_.end() - 1;
  }
  if (!known->values.empty() && known->values.front().kind != values.front().kind) return true;
  std::erase_if(known->values, [&](const Value& v) {
    const bool listed = std::any_of(values.begin(), values.end(), [&](const Value& x) { return compare_total(x, v, interner_) == 0; });
    return listed != in;
  });
  return !known->values.empty();
}

// A param is somewhere in its range, and the same everywhere.
bool Constraints::relate(const Expr& field, Op op, std::uint32_t param) {
  unsigned ways = 0;
  switch (op) {
    case Op::kLess: ways = 1; break;
    case Op::kEqual: ways = 2; break;
    case Op::kLessEqual: ways = 3; break;
    case Op::kGreater: ways = 4; break;
    case Op::kNotEqual: ways = 5; break;
    case Op::kGreaterEqual: ways = 6; break;
    default: return true;
  }
  const std::uint32_t binding = binding_of(field);
  auto known = std::find_if(relations_.begin(), relations_.end(),
                            [&](const Relation& r) { return r.binding == binding && r.field == field.ref.field && r.param == param; });
  if (known == relations_.end()) known = relations_.insert(relations_.end(), Relation{binding, field.ref.field, param, 7});
  known->ways &= ways;
  if (known->ways == 0) return false;
  const Param& p = schema_.params[param];
  if (p.type.nullable) return true;
  bool possible = true;
  if ((ways & 1U) == 0 && p.minimum) possible = bound(field, op == Op::kGreater ? op : Op::kGreaterEqual, *p.minimum) && possible;
  if ((ways & 4U) == 0 && p.maximum) possible = bound(field, op == Op::kLess ? op : Op::kLessEqual, *p.maximum) && possible;
  return possible;
}

bool Constraints::possible(const Bounds& b) const {
  if (!b.lower || !b.upper) return true;
  const int c = compare_total(*b.lower, *b.upper, interner_);
  if (c != 0) return c < 0;
  return !b.lower_open && !b.upper_open;
}

}  // namespace flyball::check
