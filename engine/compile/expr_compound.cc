// ast::Expr → Code: logic, members, calls, lists and macros. See expr_walk.h.
#include <array>

#include "engine/compile/expr_walk.h"
#include "engine/expr/collect.h"
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"

namespace flyball::engine {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

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
  const FactType* type = fact_type(about);
  // stale(hot.port) asks about the fact, whichever field is named.
  const std::vector<FactTypeId>* types = context_.binding_types;
  if (about.ref.kind == RefKind::kField && types != nullptr && about.ref.binding < types->size() && (*types)[about.ref.binding] != kNoId) {
    type = &context_.schema->types[(*types)[about.ref.binding]];
  }
  if (about.ref.kind == RefKind::kFact || type != nullptr) {
    const std::uint32_t t = new_temp();
    std::uint32_t slots = type == nullptr ? 0U : static_cast<std::uint32_t>(type->fields.size());
    if (type != nullptr && type->has_only_key_fields()) ++slots;  // FactStore keeps a slot for just this
    emit({.op = Opcode::kStaleFact,
          .n = slots,
          .dst = t,
          .a = {Space::kRow, static_cast<std::uint16_t>(about.ref.binding), 0},
          .c = type == nullptr || type->key.empty() ? 0U : type->key.front()});
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
      return pattern_test(Opcode::kMatches, TextPattern::regex(in_.text(value(second))), first, mark);
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
    values.reserve(e.args.size());
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
  static constexpr std::array<Named, 10> kMacros{{{"all", Macro::kAll},
                                                  {"exists", Macro::kExists},
                                                  {"exists_one", Macro::kExistsOne},
                                                  {"map", Macro::kMap},
                                                  {"transformList", Macro::kMap},
                                                  {"filter", Macro::kFilter},
                                                  {"transformMap", Macro::kTransformMap},
                                                  {"transformMapEntry", Macro::kTransformMapEntry},
                                                  {"optMap", Macro::kOptMap},
                                                  {"optFlatMap", Macro::kOptFlatMap}}};
  const auto it = std::find_if(kMacros.begin(), kMacros.end(), [&](const Named& m) { return m.name == e.name; });
  const bool bind = e.name == "cel.bind";
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
  code_.add_more().loops.push_back(loop);
  const std::uint32_t t = result_temp(mark);
  emit({.op = Opcode::kComprehend,
        .sub = static_cast<std::uint8_t>(it->macro),
        .dst = t,
        .a = temp(over),
        .c = static_cast<std::uint32_t>(code_.more_->loops.size() - 1)});
  return temp(t);
}

}  // namespace flyball::engine
