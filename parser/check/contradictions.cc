// Constraints over fields. See contradictions.h.
#include "parser/check/contradictions.h"

#include "model/compare.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

Op mirrored(Op op) {
  switch (op) {
    case Op::kLess: return Op::kGreater;
    case Op::kLessEqual: return Op::kGreaterEqual;
    case Op::kGreater: return Op::kLess;
    case Op::kGreaterEqual: return Op::kLessEqual;
    default: return op;
  }
}

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

}  // namespace

const Expr* Constraints::add(const Expr& e) {
  if (e.kind == ExprKind::kAnd) {
    for (const Expr& a : e.args) {
      if (const Expr* at = add(a)) return at;
    }
    return nullptr;
  }
  if (e.kind == ExprKind::kLiteral) return e.literal.is_false() ? &e : nullptr;
  if (e.kind != ExprKind::kBinary || e.args.size() != 2) return nullptr;
  if (e.op == Op::kIn && e.args[1].kind == ExprKind::kRange && e.args[0].ref.kind == RefKind::kField) {
    const std::optional<Value> low = fold(e.args[1].args[0], interner_);
    const std::optional<Value> high = fold(e.args[1].args[1], interner_);
    if (low && high &&
        !(bound(e.args[0], Op::kGreaterEqual, *low) && bound(e.args[0], e.args[1].half_open ? Op::kLess : Op::kLessEqual, *high)))
      return &e;
    return nullptr;
  }
  if (e.op == Op::kIn && e.args[1].kind == ExprKind::kList && e.args[1].args.empty()) return &e;
  const std::optional<Value> left = fold(e.args[0], interner_);
  const std::optional<Value> right = fold(e.args[1], interner_);
  if (left && right) return decided(e.op, *left, *right, interner_) == std::optional<bool>(false) ? &e : nullptr;
  if (right && e.args[0].ref.kind == RefKind::kField) return bound(e.args[0], e.op, *right) ? nullptr : &e;
  if (left && e.args[1].ref.kind == RefKind::kField) return bound(e.args[1], mirrored(e.op), *left) ? nullptr : &e;
  return nullptr;
}

bool Constraints::bound(const Expr& field, Op op, const Value& constant) {
  if (constant.is_null() || constant.is(Kind::kList) || constant.is(Kind::kMap) || constant.is(Kind::kRange) || constant.is(Kind::kCidr))
    return true;
  Bounds* b = nullptr;
  for (Bounds& known : bounds_) {
    if (known.binding == field.ref.binding && known.field == field.ref.field) b = &known;
  }
  if (b == nullptr) {
    bounds_.push_back(Bounds{field.ref.binding, field.ref.field, std::nullopt, std::nullopt, false, false});
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

bool Constraints::possible(const Bounds& b) const {
  if (!b.lower || !b.upper) return true;
  const int c = compare_total(*b.lower, *b.upper, interner_);
  if (c != 0) return c < 0;
  return !b.lower_open && !b.upper_open;
}

}  // namespace flyball::check
