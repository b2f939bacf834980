// ast::Expr → Code: names and operators. See expr_walk.h.
#include "engine/compile/expr_walk.h"
#include "engine/expr/collect.h"
#include "engine/expr/compare_bits.h"
#include "engine/expr/eval.h"
#include "engine/expr/operators.h"
#include "model/check.h"

namespace flyball::engine {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

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

std::optional<Arithmetic> arithmetic_op(Op op) {
  switch (op) {
    case Op::kAdd: return Arithmetic::kAdd;
    case Op::kSubtract: return Arithmetic::kSubtract;
    case Op::kMultiply: return Arithmetic::kMultiply;
    case Op::kDivide: return Arithmetic::kDivide;
    case Op::kRemainder: return Arithmetic::kRemainder;
    default: return std::nullopt;
  }
}
bool orders_by_bits(Kind k) { return orders_as_integer(k) || k == Kind::kBool; }

}  // namespace

bool equal_if_same(Kind k) {
  switch (k) {
    case Kind::kTimestamp:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kIp:
    case Kind::kCidr:
    case Kind::kType: return true;
    default: return orders_by_bits(k);
  }
}

Operand ExprCompiler::compile(const Expr& e) {
  const bool inlined = &e == context_.clock || (context_.inlined != nullptr && context_.inlined->contains(e.clock));
  if (e.clock != ast::kNoClock && !inlined) return {Space::kAggregate, 0, e.clock};
  switch (e.kind) {
    case ExprKind::kLiteral: return constant(e.literal);
    case ExprKind::kName: return compile_ref(e);
    case ExprKind::kSelect: return e.ref.kind != RefKind::kNone ? compile_ref(e) : compile_select(e);
    case ExprKind::kIndex: return compile_index(e);
    case ExprKind::kCall: return compile_call(e);
    case ExprKind::kUnary: return compile_unary(e);
    case ExprKind::kBinary: return compile_binary(e);
    case ExprKind::kAnd:
    case ExprKind::kOr: return compile_logic(e);
    case ExprKind::kTernary: return compile_ternary(e);
    case ExprKind::kList: return compile_sequence(e, Opcode::kList);
    case ExprKind::kMap: return compile_sequence(e, Opcode::kMap);
    case ExprKind::kFString: return compile_sequence(e, Opcode::kConcat);
    case ExprKind::kRange: return compile_range(e);
    case ExprKind::kComprehension: return compile_comprehension(e);
    case ExprKind::kHas: return compile_has(e);
    case ExprKind::kStale: return compile_stale(e);
    case ExprKind::kNow: {
      const std::uint32_t t = new_temp();
      code_.uses_now_ = true;
      emit({.op = Opcode::kNow, .dst = t});
      return temp(t);
    }
    case ExprKind::kAggregate:
      if (e.aggregate == nullptr) return error("aggregate without a meaning here");
      return {Space::kAggregate, 0, e.aggregate->binding};
    case ExprKind::kRecord: return error("a record is no value here");
    case ExprKind::kHole: return error("expression did not parse");
  }
  return error("expression has no meaning");
}

void ExprCompiler::compile_into(const Expr& e, std::uint32_t t) {
  const Operand o = compile(e);
  if (o != temp(t)) emit({.op = Opcode::kMove, .dst = t, .a = o});
  next_temp_ = t + 1;
}

Operand ExprCompiler::compile_ref(const Expr& e) {
  switch (e.ref.kind) {
    case RefKind::kField: FB_CHECK(e.ref.binding <= 0xFFFF); return {Space::kRow, static_cast<std::uint16_t>(e.ref.binding), e.ref.field};
    case RefKind::kLet: return {Space::kLet, 0, e.ref.index};
    case RefKind::kInput: return {Space::kInput, 0, e.ref.index};
    case RefKind::kVariable: return {Space::kVariable, 0, e.ref.index};
    case RefKind::kParam:
      if (context_.params == nullptr || e.ref.index >= context_.params->size()) return error("param without a value");
      return constant((*context_.params)[e.ref.index]);
    case RefKind::kLocal: return e.ref.index < locals_.size() ? temp(locals_[e.ref.index]) : error("variable outside its macro");
    case RefKind::kType: return constant(e.literal.is(Kind::kType) ? e.literal : in_.type_name(e.name));
    case RefKind::kFact: {
      // The whole fact as a value: a map of its fields.
      const FactType* type = fact_type(e);
      if (type == nullptr) return error("fact without a type");
      std::vector<Value> names;
      names.reserve(type->fields.size());
      for (const Field& f : type->fields) names.push_back(in_.string(f.name));
      const std::uint32_t t = new_temp();
      emit({.op = Opcode::kFactMap,
            .n = static_cast<std::uint32_t>(names.size()),
            .dst = t,
            .a = {Space::kRow, static_cast<std::uint16_t>(e.ref.binding), 0},
            .b = constant(in_.list(names))});
      return temp(t);
    }
    case RefKind::kCalendar:
    case RefKind::kNone: break;
  }
  return error("unknown name");
}

const FactType* ExprCompiler::fact_type(const Expr& e) const {
  if (context_.schema == nullptr || e.type.tag != TypeTag::kFact || e.type.fact_type >= context_.schema->types.size()) return nullptr;
  return &context_.schema->types[e.type.fact_type];
}

Operand ExprCompiler::compile_unary(const Expr& e) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  if (e.op == Op::kOptional) return a;  // of a list or map, which looks at it itself
  if (e.op == Op::kNegate) {
    if (is_constant(a)) {
      return constant(negate(value(a), in_));
    }
    const std::uint32_t t = result_temp(mark);
    emit({.op = Opcode::kNegate, .kind = kind_of(e.args[0].type), .dst = t, .a = a});
    return temp(t);
  }
  if (is_constant(a) && value(a).is(Kind::kBool)) return constant(Value::boolean(!value(a).as_bool()));
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kNot, .dst = t, .a = a});
  return temp(t);
}

Operand ExprCompiler::compile_binary(const Expr& e) {
  if (const auto op = comparison(e.op)) return compile_comparison(e, *op);
  if (const auto op = arithmetic_op(e.op)) return compile_arithmetic(e, *op);
  switch (e.op) {
    case Op::kIn: return compile_in(e);
    case Op::kLike: return compile_like(e);
    case Op::kCoalesce: return compile_coalesce(e);
    default: return error("operator has no meaning");
  }
}

Operand ExprCompiler::compile_comparison(const Expr& e, Compare op) {
  const Expr &l = e.args[0], &r = e.args[1];
  if (l.ref.kind == RefKind::kFact && r.ref.kind == RefKind::kFact) return compile_same_fact(e, op);
  const Mark mark = next_temp_;
  const Operand a = compile(l);
  const Operand b = compile(r);
  if (is_constant(a) && is_constant(b)) return constant(compare(op, value(a), value(b), in_));
  // A literal's own kind is surer than the type the checker gave it.
  const auto kind = [&](const Operand& o, const Expr& x) { return is_constant(o) ? value(o).kind : kind_of(x.type); };
  const Kind ka = kind(a, l), kb = kind(b, r);
  const bool equality = op == Compare::kEqual || op == Compare::kNotEqual;
  Instruction i{.op = Opcode::kCompare, .sub = static_cast<std::uint8_t>(op), .kind = ka, .a = a, .b = b};
  if (ka == kb) {
    if (orders_by_bits(ka)) {
      i.op = Opcode::kCompareBits;
    } else if (ka == Kind::kDouble) {
      i.op = Opcode::kCompareDouble;
    } else if (equality && equal_if_same(ka)) {
      i.op = Opcode::kCompareSame;
    }
  }
  i.dst = result_temp(mark);
  return temp(emit(i).dst);
}

Operand ExprCompiler::compile_same_fact(const Expr& e, Compare op) {
  const Expr &l = e.args[0], &r = e.args[1];
  if (op != Compare::kEqual && op != Compare::kNotEqual) return error("facts have no order");
  if (l.type.fact_type != r.type.fact_type) return constant(Value::boolean(op == Compare::kNotEqual));
  const FactType* type = fact_type(l);
  Instruction i{.op = Opcode::kSameFact,
                .sub = static_cast<std::uint8_t>(op),
                .a = {Space::kRow, static_cast<std::uint16_t>(l.ref.binding), 0},
                .b = {Space::kRow, static_cast<std::uint16_t>(r.ref.binding), 0},
                .c = kNoHandle};
  if (type != nullptr && !type->key.empty()) {
    std::vector<Value> fields;
    fields.reserve(type->key.size());
    for (const std::uint32_t f : type->key) fields.push_back(Value::integer(f));
    i.c = constant(in_.list(fields)).index;
  } else if (type != nullptr && type->has_key) {
    return constant(Value::boolean(op == Compare::kEqual));  // a singleton
  }
  i.dst = new_temp();
  return temp(emit(i).dst);
}

Operand ExprCompiler::compile_arithmetic(const Expr& e, Arithmetic op) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  const Operand b = compile(e.args[1]);
  if (is_constant(a) && is_constant(b)) return constant(arithmetic(op, value(a), value(b), in_));
  const Kind kind = kind_of(e.args[0].type) == kind_of(e.args[1].type) ? kind_of(e.args[0].type) : Kind::kNull;
  const bool ints = kind == Kind::kInt;
  Instruction i{.op = Opcode::kArithmetic, .sub = static_cast<std::uint8_t>(op), .kind = kind, .a = a, .b = b};
  if (ints && op == Arithmetic::kAdd) i.op = Opcode::kAddInt;
  if (ints && op == Arithmetic::kSubtract) i.op = Opcode::kSubtractInt;
  if (ints && op == Arithmetic::kMultiply) i.op = Opcode::kMultiplyInt;
  i.dst = result_temp(mark);
  return temp(emit(i).dst);
}

Operand ExprCompiler::compile_in(const Expr& e) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  const Expr& r = e.args[1];
  if (r.ref.kind == RefKind::kCalendar) {
    if (context_.calendars == nullptr || r.ref.index >= context_.calendars->size()) return error("calendar without a meaning here");
    std::vector<const CalendarClock*>& calendars = code_.add_more().calendars;
    calendars.push_back((*context_.calendars)[r.ref.index].get());
    const std::uint32_t t = result_temp(mark);
    emit({.op = Opcode::kInCalendar, .dst = t, .a = a, .c = static_cast<std::uint32_t>(calendars.size() - 1)});
    return temp(t);
  }
  if (r.kind == ExprKind::kRange) {
    // The bounds stand side by side, in constants or in temps.
    const std::uint32_t low = next_temp_;
    new_temp();
    new_temp();
    const std::size_t code_before = code_.instructions_.size();
    const Operand lower = compile(r.args[0]);
    const Operand upper = compile(r.args[1]);
    Operand bounds = temp(low);
    if (is_constant(lower) && is_constant(upper) && code_.instructions_.size() == code_before) {
      const Value x = value(lower), y = value(upper);
      bounds = {Space::kConstant, 0, static_cast<std::uint32_t>(code_.constants_.size())};
      code_.constants_.push_back(x);
      code_.constants_.push_back(y);
    } else {
      emit({.op = Opcode::kMove, .dst = low, .a = lower});
      emit({.op = Opcode::kMove, .dst = low + 1, .a = upper});
    }
    const std::uint32_t t = result_temp(mark);
    emit({.op = Opcode::kInRange, .sub = static_cast<std::uint8_t>(r.half_open), .dst = t, .a = a, .b = bounds});
    return temp(t);
  }
  if (r.kind == ExprKind::kList) {
    if (const auto set = compile_in_set(a, r, mark)) return *set;
  }
  const Operand b = compile(r);
  if (is_constant(a) && is_constant(b)) return constant(is_in(value(a), value(b), in_));
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kIn, .dst = t, .a = a, .b = b});
  return temp(t);
}

// A list of constants of one kind whose equality is identity becomes a sorted run of constants.
std::optional<Operand> ExprCompiler::compile_in_set(const Operand& left, const Expr& list, Mark mark) {
  if (is_constant(left) || list.args.empty()) return std::nullopt;
  std::vector<Value> set;
  for (const Expr& item : list.args) {
    if (item.kind != ExprKind::kLiteral || item.literal.kind != list.args[0].literal.kind) return std::nullopt;
    set.push_back(item.literal);
  }
  const Kind kind = set[0].kind;
  if (!equal_if_same(kind) || kind == Kind::kCidr) return std::nullopt;
  std::sort(set.begin(), set.end(), [](const Value& x, const Value& y) { return x.bits != y.bits ? x.bits < y.bits : x.aux < y.aux; });
  const Operand first{Space::kConstant, 0, static_cast<std::uint32_t>(code_.constants_.size())};
  code_.constants_.insert(code_.constants_.end(), set.begin(), set.end());
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kInSet, .kind = kind, .n = static_cast<std::uint32_t>(set.size()), .dst = t, .a = left, .b = first});
  return temp(t);
}

Operand ExprCompiler::pattern_test(Opcode op, TextPattern pattern, const Operand& text, Mark mark) {
  code_.add_more().patterns.push_back(std::make_unique<TextPattern>(std::move(pattern)));
  const std::uint32_t t = result_temp(mark);
  emit({.op = op, .dst = t, .a = text, .c = static_cast<std::uint32_t>(code_.more_->patterns.size() - 1)});
  return temp(t);
}

Operand ExprCompiler::compile_like(const Expr& e) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  const Operand b = compile(e.args[1]);
  if (is_constant(b) && value(b).is(Kind::kString)) return pattern_test(Opcode::kLike, TextPattern::glob(in_.text(value(b))), a, mark);
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kLikeDynamic, .dst = t, .a = a, .b = b});
  return temp(t);
}

// Each part's last instruction settles the whole where it can; what cannot is followed by a kTruth that does.
Code compile_expr(const Expr& expr, const ExprContext& context) {
  FB_CHECK(context.interner != nullptr);
  return ExprCompiler(context).finish(expr);
}

Value constant_value(const Expr& expr, const ExprContext& context) {
  const Code code = compile_expr(expr, context);
  if (const Value* v = code.constant()) return *v;
  if (!code.reads().empty() || !code.lets().empty() || !code.inputs().empty() || !code.aggregates().empty() || code.uses_now())
    return Value::unknown();
  for (const Instruction& i : code.instructions()) {
    if (i.a.space == Space::kVariable || i.b.space == Space::kVariable) return Value::unknown();
  }
  Frame frame;
  frame.interner = context.interner;
  return evaluate(code, frame);
}

FieldFit field_fit(const Expr& expr, const Type& want) {
  FieldFit fit;
  fit.nullable = want.nullable || want.is(TypeTag::kDyn) || want.is(TypeTag::kNull);
  fit.is_double = want.is(TypeTag::kDouble);
  // What holds others may hold a null or a dyn that its type does not tell; another field's values are of its type.
  const bool is_open = expr.type.is(TypeTag::kDyn) || expr.type.is(TypeTag::kError);
  const bool holds = !want.args.empty() && expr.ref.kind != RefKind::kField;
  if (!want.is(TypeTag::kDyn) && (is_open || holds)) fit.whole = std::make_unique<const Type>(want);
  return fit;
}

}  // namespace flyball::engine
