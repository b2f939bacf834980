// Conjuncts and simple tests of checked expressions. See expr_compiler.h.
#include "engine/compile/conditions.h"

namespace flyball::engine {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

void collect(const Expr& e, std::vector<const Expr*>& out) {
  if (e.kind != ExprKind::kAnd) {
    out.push_back(&e);
    return;
  }
  for (const Expr& part : e.args) collect(part, out);
}

std::optional<Compare> comparison(Op op) {
  switch (op) {
    case Op::kEqual: return Compare::kEqual;
    case Op::kNotEqual: return Compare::kNotEqual;
    case Op::kLess: return Compare::kLess;
    case Op::kLessEqual: return Compare::kLessEqual;
    case Op::kGreater: return Compare::kGreater;
    case Op::kGreaterEqual: return Compare::kGreaterEqual;
    default: return std::nullopt;
  }
}

Compare turned(Compare op) {
  switch (op) {
    case Compare::kLess: return Compare::kGreater;
    case Compare::kLessEqual: return Compare::kGreaterEqual;
    case Compare::kGreater: return Compare::kLess;
    case Compare::kGreaterEqual: return Compare::kLessEqual;
    default: return op;
  }
}

}  // namespace

std::optional<Value> constant_of(const Expr& e, const ExprContext& context) {
  switch (e.kind) {
    case ExprKind::kLiteral: return e.literal.is_error() ? std::nullopt : std::optional<Value>(e.literal);
    case ExprKind::kName:
    case ExprKind::kSelect:
      if (e.ref.kind != RefKind::kParam) return std::nullopt;
      break;
    case ExprKind::kUnary:
    case ExprKind::kBinary:
    case ExprKind::kCall:
    case ExprKind::kList:
    case ExprKind::kRange: break;
    default: return std::nullopt;
  }
  const Code code = compile_expr(e, context);
  const Value* v = code.constant();
  return v == nullptr || v->is_error() ? std::nullopt : std::optional<Value>(*v);
}

bool is_hashable(const Type& type) {
  switch (type.tag) {
    case TypeTag::kBool:
    case TypeTag::kInt:
    case TypeTag::kUint:
    case TypeTag::kString:
    case TypeTag::kBytes:
    case TypeTag::kDuration:
    case TypeTag::kTimestamp:
    case TypeTag::kPercent:
    case TypeTag::kSize:
    case TypeTag::kBitrate:
    case TypeTag::kPps:
    case TypeTag::kTimeOfDay:
    case TypeTag::kIp:
    case TypeTag::kCidr:
    case TypeTag::kEnum: return true;
    default: return false;
  }
}

std::vector<const Expr*> conjuncts(const Expr& expr) {
  std::vector<const Expr*> out;
  collect(expr, out);
  return out;
}

std::optional<SimpleTest> simple_test(const Expr& expr, const ExprContext& context) {
  if (expr.kind != ExprKind::kBinary) return std::nullopt;
  const Expr *l = &expr.args[0], *r = &expr.args[1];
  SimpleTest t;
  if (expr.op == Op::kIn) {
    if (l->ref.kind != RefKind::kField && l->ref.kind != RefKind::kInput) return std::nullopt;
    const auto list = constant_of(*r, context);
    if (!list || !list->is(Kind::kList)) return std::nullopt;
    for (const Value& v : context.interner->items(*list)) {
      if (v.is(Kind::kCidr) || v.is(Kind::kRange)) return std::nullopt;  // holds more than itself
      t.constants.push_back(v);
    }
    const bool field = l->ref.kind == RefKind::kField;
    t.form = field ? SimpleTest::Form::kFieldIn : SimpleTest::Form::kInputIn;
    t.binding = l->ref.binding;
    t.field = field ? l->ref.field : l->ref.index;
    t.field_type = l->type;
    return t;
  }
  const auto op = comparison(expr.op);
  if (!op) return std::nullopt;
  t.op = *op;
  // The field, or else the input, stands on the left.
  const auto rank = [](const Expr* e) { return e->ref.kind == RefKind::kField ? 2 : e->ref.kind == RefKind::kInput ? 1 : 0; };
  if (rank(r) > rank(l)) {
    std::swap(l, r);
    t.op = turned(t.op);
  }
  if (rank(l) == 0) return std::nullopt;
  t.binding = l->ref.binding;
  t.field = rank(l) == 2 ? l->ref.field : l->ref.index;
  t.field_type = l->type;
  if (rank(r) == 2) {
    t.form = SimpleTest::Form::kFieldField;
    t.other_binding = r->ref.binding;
    t.other_field = r->ref.field;
    return t;
  }
  if (rank(r) == 1) {
    if (rank(l) != 2) return std::nullopt;  // between two inputs
    t.form = SimpleTest::Form::kFieldInput;
    t.other_field = r->ref.index;
    return t;
  }
  const auto constant = constant_of(*r, context);
  if (!constant) return std::nullopt;
  t.form = rank(l) == 2 ? SimpleTest::Form::kFieldConstant : SimpleTest::Form::kInputConstant;
  t.constant = *constant;
  return t;
}

}  // namespace flyball::engine
