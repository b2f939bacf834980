// ast::Expr → Code, in one walk. Each subexpression yields an Operand: a place that exists already (a field, a
// constant, a let …) or a temp. Temps are a stack: an operation's result takes the place of its operands.
//
// Constants fold as they meet: an operation whose operands are all constants is done here, its error included.
// INVARIANT: no instruction jumps backwards; a Mode is given only to an instruction that no jump leads past.
#include "engine/compile/expr_compiler.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/expr/collect.h"
#include "engine/expr/eval.h"
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "engine/expr/pattern.h"
#include "model/check.h"

namespace flyball::engine {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

class ExprCompiler {
 public:
  explicit ExprCompiler(const ExprContext& context) : context_(context), in_(*context.interner) {
    code_.instructions_.clear();
    code_.constants_.clear();
  }

  Code finish(const Expr& expr) {
    const Operand result = compile(expr);
    emit_return(result);
    describe();
    return std::move(code_);
  }

 private:
  // A call sizes its temps by its own; the result of whatever was compiled since `mark` goes to the temp `mark`.
  using Mark = std::uint32_t;

  static Operand temp(std::uint32_t i) { return {Space::kTemp, 0, i}; }
  static bool is_constant(const Operand& o) { return o.space == Space::kConstant; }
  const Value& value(const Operand& o) const { return code_.constants_[o.index]; }

  Operand constant(const Value& v) {
    // Few of them: a linear search keeps equal ones together.
    const std::size_t searched = std::min<std::size_t>(code_.constants_.size(), 64);
    for (std::size_t i = 0; i < searched; ++i) {
      if (code_.constants_[i] == v) return {Space::kConstant, 0, static_cast<std::uint32_t>(i)};
    }
    code_.constants_.push_back(v);
    return {Space::kConstant, 0, static_cast<std::uint32_t>(code_.constants_.size() - 1)};
  }
  Operand error(std::string_view message) { return constant(in_.error(message)); }

  std::uint32_t new_temp() {
    const std::uint32_t t = next_temp_++;
    code_.temp_count_ = std::max(code_.temp_count_, next_temp_);
    return t;
  }
  // Gives up the temps above `mark` and takes that one.
  std::uint32_t result_temp(Mark mark) {
    next_temp_ = mark;
    return new_temp();
  }

  Instruction& emit(Instruction i) {
    code_.instructions_.push_back(i);
    return code_.instructions_.back();
  }
  void emit_return(const Operand& o) { emit({.op = Opcode::kReturn, .a = o}); }
  std::uint32_t here() const { return static_cast<std::uint32_t>(code_.instructions_.size()); }
  std::uint32_t emit_jump() {
    emit({.op = Opcode::kJump});
    return here() - 1;
  }
  void land(std::uint32_t jump) {
    code_.instructions_[jump].target = here();
    barrier_ = here();
  }

  Operand compile(const Expr& e);
  void compile_into(const Expr& e, std::uint32_t t);
  Operand compile_ref(const Expr& e);
  Operand compile_unary(const Expr& e);
  Operand compile_binary(const Expr& e);
  Operand compile_comparison(const Expr& e, Compare op);
  Operand compile_same_fact(const Expr& e, Compare op);
  Operand compile_arithmetic(const Expr& e, Arithmetic op);
  Operand compile_in(const Expr& e);
  std::optional<Operand> compile_in_set(const Operand& left, const Expr& list, Mark mark);
  Operand compile_like(const Expr& e);
  Operand compile_logic(const Expr& e);
  Operand compile_ternary(const Expr& e);
  Operand compile_coalesce(const Expr& e);
  Operand compile_select(const Expr& e);
  Operand compile_index(const Expr& e);
  Operand compile_has(const Expr& e);
  Operand compile_stale(const Expr& e);
  Operand compile_call(const Expr& e);
  Operand compile_sequence(const Expr& e, Opcode op);
  Operand compile_range(const Expr& e);
  Operand compile_comprehension(const Expr& e);

  Operand pattern_test(Opcode op, Pattern pattern, const Operand& text, Mark mark);
  const FactType* fact_type(const Expr& e) const;
  std::uint32_t body(const Expr& e);
  void describe();
  bool only_comparisons() const;

  const ExprContext& context_;
  Interner& in_;
  Code code_;
  std::uint32_t next_temp_ = 0;
  std::uint32_t barrier_ = 0;          // a jump lands here: what stands before it must keep its destination
  std::vector<std::uint32_t> locals_;  // temps of the variables in scope, by index
};

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

bool orders_by_bits(Kind k) {
  switch (k) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kDuration:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps:
    case Kind::kTimeOfDay: return true;
    default: return false;
  }
}

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

bool gives_truth(Opcode op) {
  switch (op) {
    case Opcode::kCompareBits:
    case Opcode::kCompareDouble:
    case Opcode::kCompareSame:
    case Opcode::kCompare:
    case Opcode::kNot:
    case Opcode::kTruth:
    case Opcode::kHas:
    case Opcode::kIsPresent:
    case Opcode::kStale:
    case Opcode::kStaleFact:
    case Opcode::kSameFact:
    case Opcode::kIn:
    case Opcode::kInRange:
    case Opcode::kInSet:
    case Opcode::kLike:
    case Opcode::kMatches:
    case Opcode::kLikeDynamic: return true;
    default: return false;
  }
}

// Whether it certainly compiles to a constant: asked before a list is compiled, so that no part is compiled twice.
bool constant_tree(const Expr& e) {
  switch (e.kind) {
    case ExprKind::kLiteral: return true;
    case ExprKind::kName:
    case ExprKind::kSelect: return e.ref.kind == RefKind::kParam;
    case ExprKind::kList:
    case ExprKind::kMap:
    case ExprKind::kRange: return std::all_of(e.args.begin(), e.args.end(), constant_tree);
    case ExprKind::kUnary: return (e.op == Op::kNegate || e.op == Op::kOptional) && constant_tree(e.args[0]);
    default: return false;
  }
}

bool marked_optional(const Expr& e) { return e.kind == ExprKind::kUnary && e.op == Op::kOptional; }

}  // namespace

Operand ExprCompiler::compile(const Expr& e) {
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
      for (const Field& f : type->fields) names.push_back(in_.string(f.name));
      const std::uint32_t t = new_temp();
      emit({.op = Opcode::kFactMap,
            .n = static_cast<std::uint32_t>(names.size()),
            .dst = t,
            .a = {Space::kRow, static_cast<std::uint16_t>(e.ref.binding), 0},
            .b = constant(in_.list(names))});
      return temp(t);
    }
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
    emit({.op = Opcode::kNegate, .dst = t, .a = a});
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
  const bool ints = kind_of(e.args[0].type) == Kind::kInt && kind_of(e.args[1].type) == Kind::kInt;
  Instruction i{.op = Opcode::kArithmetic, .sub = static_cast<std::uint8_t>(op), .a = a, .b = b};
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

Operand ExprCompiler::pattern_test(Opcode op, Pattern pattern, const Operand& text, Mark mark) {
  code_.patterns_.push_back(std::make_unique<Pattern>(std::move(pattern)));
  const std::uint32_t t = result_temp(mark);
  emit({.op = op, .dst = t, .a = text, .c = static_cast<std::uint32_t>(code_.patterns_.size() - 1)});
  return temp(t);
}

Operand ExprCompiler::compile_like(const Expr& e) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  const Operand b = compile(e.args[1]);
  if (is_constant(b) && value(b).is(Kind::kString)) return pattern_test(Opcode::kLike, Pattern::glob(in_.text(value(b))), a, mark);
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kLikeDynamic, .dst = t, .a = a, .b = b});
  return temp(t);
}

// Each part's last instruction settles the whole where it can; what cannot is followed by a kTruth that does.
Operand ExprCompiler::compile_logic(const Expr& e) {
  const bool conjunction = e.kind == ExprKind::kAnd;
  const std::uint32_t result = new_temp();
  std::vector<std::uint32_t> jumps;
  for (const Expr& part : e.args) {
    const std::uint32_t mark = next_temp_;
    const Operand o = compile(part);
    const bool first = jumps.empty();
    const Mode mode = conjunction ? (first ? Mode::kAndFirst : Mode::kAndNext) : (first ? Mode::kOrFirst : Mode::kOrNext);
    Instruction* last = code_.instructions_.empty() ? nullptr : &code_.instructions_.back();
    const bool own = o.space == Space::kTemp && last != nullptr && last->dst == o.index && gives_truth(last->op) &&
                     last->mode == Mode::kPlain && barrier_ != here() && o.index >= mark;
    if (own) {
      last->dst = result;
      last->mode = mode;
    } else {
      emit({.op = Opcode::kTruth, .mode = mode, .dst = result, .a = o});
    }
    jumps.push_back(here() - 1);
    next_temp_ = mark;
  }
  for (const std::uint32_t j : jumps) land(j);
  return temp(result);
}

Operand ExprCompiler::compile_ternary(const Expr& e) {
  const std::uint32_t result = new_temp();
  const Operand condition = compile(e.args[0]);
  const std::uint32_t branch = here();
  emit({.op = Opcode::kBranch, .dst = result, .a = condition});
  next_temp_ = result + 1;
  const Operand yes = compile(e.args[1]);
  emit({.op = Opcode::kMove, .dst = result, .a = yes});
  const std::uint32_t skip = emit_jump();
  land(branch);
  next_temp_ = result + 1;
  const Operand no = compile(e.args[2]);
  emit({.op = Opcode::kMove, .dst = result, .a = no});
  land(skip);
  code_.instructions_[branch].c = here();
  next_temp_ = result + 1;
  return temp(result);
}

Operand ExprCompiler::compile_coalesce(const Expr& e) {
  const std::uint32_t result = new_temp();
  const Operand a = compile(e.args[0]);
  const std::uint32_t skip = here();
  emit({.op = Opcode::kCoalesce, .dst = result, .a = a});
  next_temp_ = result + 1;
  const Operand b = compile(e.args[1]);
  emit({.op = Opcode::kMove, .dst = result, .a = b});
  land(skip);
  next_temp_ = result + 1;
  return temp(result);
}

Operand ExprCompiler::compile_select(const Expr& e) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  const Operand member = constant(in_.string(e.name));
  const bool optional = e.op == Op::kOptional;
  const std::uint32_t t = result_temp(mark);
  emit({.op = optional ? Opcode::kSelectOptional : Opcode::kSelect, .dst = t, .a = a, .b = member});
  return temp(t);
}

Operand ExprCompiler::compile_index(const Expr& e) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  const Operand b = compile(e.args[1]);
  const bool optional = e.op == Op::kOptional;
  if (is_constant(a) && is_constant(b)) return constant(index(value(a), value(b), optional, in_));
  const std::uint32_t t = result_temp(mark);
  emit({.op = optional ? Opcode::kIndexOptional : Opcode::kIndex, .dst = t, .a = a, .b = b});
  return temp(t);
}

Operand ExprCompiler::compile_has(const Expr& e) {
  const Expr& select = e.args[0];
  const Mark mark = next_temp_;
  if (select.ref.kind != RefKind::kNone || select.kind != ExprKind::kSelect) {
    const Operand a = compile(select);
    const std::uint32_t t = result_temp(mark);
    emit({.op = Opcode::kIsPresent, .dst = t, .a = a});
    return temp(t);
  }
  const Operand a = compile(select.args[0]);
  const Operand member = constant(in_.string(select.name));
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kHas, .dst = t, .a = a, .b = member});
  return temp(t);
}

Operand ExprCompiler::compile_stale(const Expr& e) {
  const Expr& about = e.args[0];
  const Mark mark = next_temp_;
  if (about.ref.kind == RefKind::kFact) {
    const FactType* type = fact_type(about);
    const std::uint32_t t = new_temp();
    emit({.op = Opcode::kStaleFact,
          .n = type == nullptr ? 0U : static_cast<std::uint32_t>(type->fields.size()),
          .dst = t,
          .a = {Space::kRow, static_cast<std::uint16_t>(about.ref.binding), 0}});
    return temp(t);
  }
  const Operand a = compile(about);
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kStale, .dst = t, .a = a});
  return temp(t);
}

Operand ExprCompiler::compile_call(const Expr& e) {
  const Mark mark = next_temp_;
  const auto n = static_cast<std::uint32_t>(e.args.size());
  if (e.fn == Fn::kNone) return error("unbound function");
  Operand first, second;
  if (n > 2) {
    first = temp(mark);
    for (std::uint32_t k = 0; k < n; ++k) new_temp();
    for (std::uint32_t k = 0; k < n; ++k) {
      next_temp_ = mark + n;
      const Operand o = compile(e.args[k]);
      emit({.op = Opcode::kMove, .dst = mark + k, .a = o});
    }
  } else {
    if (n > 0) first = compile(e.args[0]);
    if (n > 1) second = compile(e.args[1]);
    const bool folds = (n < 1 || is_constant(first)) && (n < 2 || is_constant(second));
    if (folds) {
      std::array<Value, 2> args;
      if (n > 0) args[0] = value(first);
      if (n > 1) args[1] = value(second);
      return constant(call(e.fn, {args.data(), n}, in_));
    }
    if (e.fn == Fn::kDyn && n == 1) return first;
    if (e.fn == Fn::kMatches && n == 2 && is_constant(second) && value(second).is(Kind::kString)) {
      return pattern_test(Opcode::kMatches, Pattern::regex(in_.text(value(second))), first, mark);
    }
  }
  const std::uint32_t t = result_temp(mark);
  code_.temp_count_ = std::max(code_.temp_count_, mark + n);
  emit({.op = Opcode::kCall, .fn = e.fn, .n = n, .dst = t, .a = first, .b = second});
  return temp(t);
}

// Lists, maps and f-strings: their parts stand in a row of temps, unless all are constants.
Operand ExprCompiler::compile_sequence(const Expr& e, Opcode op) {
  const Mark mark = next_temp_;
  const auto n = static_cast<std::uint32_t>(e.args.size());
  const bool is_map = op == Opcode::kMap;
  std::vector<Value> flags;
  bool any_flag = false;
  if (op != Opcode::kConcat) {
    for (std::uint32_t k = 0; k < n; k += is_map ? 2 : 1) {
      const bool f = marked_optional(e.args[k]) || (is_map && k + 1 < n && marked_optional(e.args[k + 1]));
      flags.push_back(Value::boolean(f));
      any_flag = any_flag || f;
    }
  }
  if (!any_flag) flags.clear();
  if (std::all_of(e.args.begin(), e.args.end(), constant_tree)) {
    std::vector<Value> values;
    for (const Expr& part : e.args) values.push_back(value(compile(part)));
    return constant(op == Opcode::kList ? make_list(values, flags, in_) : is_map ? make_map(values, flags, in_) : concatenate(values, in_));
  }
  for (std::uint32_t k = 0; k < n; ++k) new_temp();
  for (std::uint32_t k = 0; k < n; ++k) {
    next_temp_ = mark + n;
    const Operand o = compile(e.args[k]);
    emit({.op = Opcode::kMove, .dst = mark + k, .a = o});
  }
  Operand about;
  about.index = kNoHandle;
  if (any_flag) about = constant(in_.list(flags));
  const std::uint32_t t = result_temp(mark);
  emit({.op = op, .n = n, .dst = t, .a = temp(mark), .b = about});
  return temp(t);
}

Operand ExprCompiler::compile_range(const Expr& e) {
  const Mark mark = next_temp_;
  const Operand a = compile(e.args[0]);
  const Operand b = compile(e.args[1]);
  if (is_constant(a) && is_constant(b)) return constant(make_range(value(a), value(b), e.half_open, in_));
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kRange, .sub = static_cast<std::uint8_t>(e.half_open), .dst = t, .a = a, .b = b});
  return temp(t);
}

// The start of the code of a macro's part.
std::uint32_t ExprCompiler::body(const Expr& e) {
  const std::uint32_t start = here();
  barrier_ = start;
  const Mark mark = next_temp_;
  emit_return(compile(e));
  next_temp_ = mark;
  return start;
}

Operand ExprCompiler::compile_comprehension(const Expr& e) {
  struct Named {
    std::string_view name;
    Macro macro;
  };
  static constexpr std::array<Named, 12> kMacros{{{"all", Macro::kAll},
                                                  {"exists", Macro::kExists},
                                                  {"exists_one", Macro::kExistsOne},
                                                  {"existsOne", Macro::kExistsOne},
                                                  {"map", Macro::kMap},
                                                  {"transformList", Macro::kMap},
                                                  {"filter", Macro::kFilter},
                                                  {"transformMap", Macro::kTransformMap},
                                                  {"transformMapEntry", Macro::kTransformMapEntry},
                                                  {"optMap", Macro::kOptMap},
                                                  {"optFlatMap", Macro::kOptFlatMap},
                                                  {"bind", Macro::kOptMap}}};
  const auto it = std::find_if(kMacros.begin(), kMacros.end(), [&](const Named& m) { return m.name == e.name; });
  const bool bind = e.name == "bind" || e.name == "cel.bind";
  if ((it == kMacros.end() && !bind) || e.names.empty() || e.names.size() > 2 || e.args.size() < 2) return error("unknown macro");
  const Mark mark = next_temp_;
  const std::size_t scope = locals_.size();

  if (bind) {
    const std::uint32_t result = new_temp();
    const std::uint32_t variable = new_temp();
    compile_into(e.args[0], variable);
    locals_.push_back(variable);
    const Operand o = compile(e.args[1]);
    locals_.resize(scope);
    emit({.op = Opcode::kMove, .dst = result, .a = o});
    next_temp_ = result + 1;
    return temp(result);
  }

  const std::uint32_t over = new_temp();
  compile_into(e.args[0], over);
  Loop loop;
  loop.two_variables = e.names.size() == 2;
  loop.first_variable = new_temp();
  locals_.push_back(loop.first_variable);
  if (loop.two_variables) {
    loop.second_variable = new_temp();
    locals_.push_back(loop.second_variable);
  }
  loop.predicate = loop.transform = kNoHandle;
  const std::uint32_t skip = emit_jump();
  switch (it->macro) {
    case Macro::kAll:
    case Macro::kExists:
    case Macro::kExistsOne:
    case Macro::kFilter: loop.predicate = body(e.args[1]); break;
    default:
      if (e.args.size() > 2) loop.predicate = body(e.args[1]);
      loop.transform = body(e.args.back());
  }
  land(skip);
  locals_.resize(scope);
  code_.loops_.push_back(loop);
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kComprehend,
        .sub = static_cast<std::uint8_t>(it->macro),
        .dst = t,
        .a = temp(over),
        .c = static_cast<std::uint32_t>(code_.loops_.size() - 1)});
  return temp(t);
}

// What the finished instructions read.
void ExprCompiler::describe() {
  code_.is_comparisons_ = only_comparisons();
  const auto add_read = [&](std::uint32_t binding, std::uint64_t fields) {
    for (Read& r : code_.reads_) {
      if (r.binding == binding) {
        r.fields |= fields;
        return;
      }
    }
    code_.reads_.push_back({binding, fields});
  };
  const auto add = [](std::vector<std::uint32_t>& to, std::uint32_t i) {
    if (std::find(to.begin(), to.end(), i) == to.end()) to.push_back(i);
  };
  const auto low_bits = [](std::uint32_t n) { return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1; };
  for (const Instruction& i : code_.instructions_) {
    if (i.op == Opcode::kStaleFact || i.op == Opcode::kFactMap) {
      add_read(i.a.binding, low_bits(i.n));
      continue;
    }
    if (i.op == Opcode::kSameFact) {
      std::uint64_t fields = 0;
      if (i.c != kNoHandle) {
        for (const Value& f : in_.items(code_.constants_[i.c])) fields |= std::uint64_t{1} << f.as_int();
      }
      add_read(i.a.binding, fields);
      add_read(i.b.binding, fields);
      continue;
    }
    for (const Operand* o : {&i.a, &i.b}) {
      switch (o->space) {
        case Space::kRow:
          FB_CHECK(o->index < kMaxFields);
          add_read(o->binding, std::uint64_t{1} << o->index);
          break;
        case Space::kLet: add(code_.lets_, o->index); break;
        case Space::kInput: add(code_.inputs_, o->index); break;
        case Space::kAggregate: add(code_.aggregates_, o->index); break;
        default: break;
      }
    }
  }
  std::sort(code_.reads_.begin(), code_.reads_.end(), [](const Read& a, const Read& b) { return a.binding < b.binding; });
  std::sort(code_.lets_.begin(), code_.lets_.end());
  std::sort(code_.inputs_.begin(), code_.inputs_.end());
  std::sort(code_.aggregates_.begin(), code_.aggregates_.end());
}

// Whether the instructions are what eval.cc's shortest path can run.
bool ExprCompiler::only_comparisons() const {
  const auto& all = code_.instructions_;
  if (all.size() < 2) return false;
  const bool conjunction = all[0].mode == Mode::kAndFirst, disjunction = all[0].mode == Mode::kOrFirst;
  if (!conjunction && !disjunction && all.size() != 2) return false;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const Instruction& x = all[i];
    if (x.op != Opcode::kCompareBits && x.op != Opcode::kCompareSame && x.op != Opcode::kCompareDouble) return false;
    if (x.a.space != Space::kRow || x.b.space != Space::kConstant || code_.constants_[x.b.index].kind != x.kind) return false;
    if (i > 0 && x.mode != (conjunction ? Mode::kAndNext : Mode::kOrNext)) return false;
    if (x.mode != Mode::kPlain && x.target != all.size() - 1) return false;
  }
  return all.back().op == Opcode::kReturn && all.back().a == temp(all[0].dst);
}

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

}  // namespace flyball::engine
