// Lowering of expressions. Door: lower.h. What each kind of Expr holds: parser/ast/expr.h.
#include <algorithm>
#include <array>
#include <utility>

#include "model/suggest.h"
#include "parser/ast/words.h"
#include "parser/diagnostics/codes.h"
#include "parser/grammar/scan.h"
#include "parser/grammar/slips.h"
#include "parser/lower/lower.h"

namespace flyball::lower {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using cst::Kind;
using cst::Node;

void Lowering::report(const char* code, ast::Span at, std::string message, std::string help, std::optional<Fix> fix) {
  b_.report_intact(Diagnostic{code, Severity::kError, at, std::move(message), std::move(help), std::move(fix)});
}

ast::Name Lowering::name(const Node& n) const {
  std::string_view t = text(n);
  if (n.kind == Kind::kQuotedName) t = t.substr(1, t.size() - 2);
  return {std::string(t), span(n)};
}

Expr Lowering::make(ExprKind kind, const Node& n) const {
  Expr e;
  e.kind = kind;
  e.span = span(n);
  e.name_span = e.span;
  return e;
}

Expr Lowering::hole(const Node& n) const { return make(ExprKind::kHole, n); }

bool Lowering::grown(const Expr& e) {
  if (++height_ <= kMaxExprHeight) return true;
  report(codes::kTooLong, e.name_span, "this expression has too many operators in a row", "give parts of it a name with `let`");
  return false;
}

Expr Lowering::expr(const Node& n) {
  height_ = 1;
  switch (n.kind) {
    case Kind::kTernary: return ternary(n);
    case Kind::kOr: return flat(n, ExprKind::kOr);
    case Kind::kAnd: return flat(n, ExprKind::kAnd);
    case Kind::kNot: return not_prefix(n);
    case Kind::kCompare:
    case Kind::kCoalesce:
    case Kind::kAdd:
    case Kind::kMultiply: return chain(n);
    case Kind::kRange: return range(n);
    case Kind::kUnary: return unary(n);
    case Kind::kPostfix: return postfix(n);
    case Kind::kParen: return n.count == 0 ? hole(n) : expr(children(n)[0]);
    case Kind::kCall: return call(n);
    case Kind::kList: return list(n);
    case Kind::kMap: return map(n);
    case Kind::kRecord: return record_expr(n);
    case Kind::kFString: return f_string(n);
    case Kind::kAggregate: return aggregate(n);
    case Kind::kOptionalPart: {
      Expr e = make(ExprKind::kUnary, n);
      e.op = Op::kOptional;
      if (n.count > 0) e.args.push_back(expr(children(n)[0]));
      ++height_;
      return e;
    }
    case Kind::kName: {
      Expr e = make(ExprKind::kName, n);
      e.name = text(n);
      if (e.name == "now") e.kind = ExprKind::kNow;
      return e;
    }
    case Kind::kNothing: return hole(n);  // a slip, said already
    default: return literal(n, false);
  }
}

Expr Lowering::binary(Expr left, const Node& op_node, Expr right) {
  static constexpr std::array<std::pair<std::string_view, Op>, 14> kOps{{{"+", Op::kAdd},
                                                                         {"-", Op::kSubtract},
                                                                         {"*", Op::kMultiply},
                                                                         {"/", Op::kDivide},
                                                                         {"%", Op::kRemainder},
                                                                         {"==", Op::kEqual},
                                                                         {"!=", Op::kNotEqual},
                                                                         {"<", Op::kLess},
                                                                         {"<=", Op::kLessEqual},
                                                                         {">", Op::kGreater},
                                                                         {">=", Op::kGreaterEqual},
                                                                         {"in", Op::kIn},
                                                                         {"like", Op::kLike},
                                                                         {"??", Op::kCoalesce}}};
  std::string_view t = text(op_node);
  bool negated = t.starts_with("not");
  if (t.starts_with('!') && t.size() > 2 && cst::is_word_start(t[1])) negated = true;
  if (t == "nin" || t.starts_with("NOT")) negated = true;
  if (negated) {
    const std::string_view ours = t.ends_with("in") || t.ends_with("IN") ? "not in" : "not like";
    if (!t.starts_with("not ") && !t.starts_with("not\t") && !t.starts_with("not\n"))
      report(codes::kForeignOperator, span(op_node), "`" + std::string(t) + "` is no operator", "", Fix{span(op_node), std::string(ours)});
    t = ours.substr(4);
  }
  if (t == "IN" || t == "LIKE") {
    const std::string_view ours = t == "IN" ? "in" : "like";
    report(codes::kForeignOperator, span(op_node), "`" + std::string(t) + "` is no operator", "", Fix{span(op_node), std::string(ours)});
    t = ours;
  }
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kForeign{
      {{"=", "=="}, {"===", "=="}, {"=>", ">="}, {"=<", "<="}, {"!==", "!="}, {"<>", "!="}, {"=!", "!="}, {"is", "=="}, {"is not", "!="}}};
  std::string written = cst::is_word_start(t[0]) ? lower_case(t) : std::string(t);
  if (written.starts_with("is") && written.ends_with("not")) written = "is not";
  for (const auto& [theirs, ours] : kForeign) {
    if (written != theirs) continue;
    Fix fix{span(op_node), std::string(ours)};
    // `IS NULL` is one mistake.
    if (const std::string_view value = right.kind == ExprKind::kName ? cst::value_meant(right.name) : std::string_view{}; value == "null") {
      fix = Fix{{b_.file(), op_node.begin, right.span.end}, std::string(ours) + " null"};
      right.kind = ExprKind::kLiteral;
      right.literal = Value::null();
    }
    report(codes::kForeignOperator, span(op_node), "`" + std::string(t) + "` does not compare",
           t == "=" || written == "is" ? "equality is written `==`" : "", std::move(fix));
    t = ours;
    break;
  }
  if (t == "**") {
    report(codes::kForeignOperator, span(op_node), "`**` is no operator", "there is no power: `x * x`");
    return hole(op_node);
  }
  const bool matches = t.find('~') != std::string_view::npos;
  if (matches || (cst::is_word_start(t[0]) && t != "in" && t != "like")) {
    // x contains y, as if the function were an operator; x =~ y, which is a function.
    const std::string call = std::string(t == "!~" ? "!" : "") +
                             std::string(b_.text().substr(left.span.begin, left.span.end - left.span.begin)) + "." +
                             std::string(matches ? std::string_view("matches") : t) + "(" +
                             std::string(b_.text().substr(right.span.begin, right.span.end - right.span.begin)) + ")";
    const ast::Span all{b_.file(), left.span.begin, right.span.end};
    report(codes::kForeignOperator, span(op_node),
           matches ? "`" + std::string(t) + "` is no operator" : "`" + std::string(t) + "` is a function, called with a point",
           matches ? "regular expressions are matched by a function; `*` and `?` of file names by `like \"et-*\"`" : "", Fix{all, call});
    return hole(op_node);
  }
  Expr e;
  e.kind = ExprKind::kBinary;
  for (const auto& [word, op] : kOps) {
    if (word == t) e.op = op;
  }
  e.span = {b_.file(), left.span.begin, right.span.end};
  e.name_span = span(op_node);
  e.args.reserve(2);
  e.args.push_back(std::move(left));
  e.args.push_back(std::move(right));
  if (!negated) return e;
  Expr n;
  n.kind = ExprKind::kUnary;
  n.op = Op::kNot;
  n.span = e.span;
  n.name_span = e.name_span;
  n.args.push_back(std::move(e));
  return n;
}

// a op b op c …, from the left.
Expr Lowering::chain(const Node& n) {
  const auto parts = children(n);
  if (parts.empty()) return hole(n);
  Expr left = expr(parts[0]);
  int height = height_;
  for (std::size_t i = 1; i + 1 < parts.size(); i += 2) {
    Expr right = expr(parts[i + 1]);
    left = binary(std::move(left), parts[i], std::move(right));
    // The places of parentheses belong to the operator that has them as its operand.
    left.span.begin = n.begin;
    left.span.end = parts[i + 1].end;
    height_ = std::max(height, height_);
    if (!grown(left)) return hole(n);
    height = height_;
  }
  return left;
}

// `and`, `or` and `not` as other languages write them were taken as read.
void Lowering::logic_word(const Node& op, std::string_view ours) {
  const std::string_view t = text(op);
  if (t == ours || t == "&&" || t == "||") return;
  report(codes::kForeignOperator, span(op), "`" + std::string(t) + "` is no operator", "", Fix{span(op), std::string(ours)});
}

Expr Lowering::flat(const Node& n, ExprKind kind) {
  Expr e = make(kind, n);
  const auto parts = children(n);
  int height = 0;
  e.args.reserve(parts.size() / 2 + 1);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i % 2 == 0) {
      e.args.push_back(expr(parts[i]));
      height = std::max(height, height_);
    } else {
      logic_word(parts[i], kind == ExprKind::kAnd ? "and" : "or");
    }
  }
  if (parts.size() > 1) e.name_span = span(parts[1]);
  height_ = height;
  if (!grown(e)) return hole(n);
  return e;
}

Expr Lowering::not_prefix(const Node& n) {
  const auto parts = children(n);
  if (parts.empty()) return hole(n);
  Expr e = expr(parts.back());
  for (std::size_t i = parts.size() - 1; i-- > 0;) {
    Expr outer = make(ExprKind::kUnary, n);
    outer.op = Op::kNot;
    outer.span.begin = parts[i].begin;
    outer.name_span = span(parts[i]);
    logic_word(parts[i], "not");
    outer.args.push_back(std::move(e));
    e = std::move(outer);
    if (!grown(e)) return hole(n);
  }
  return e;
}

Expr Lowering::unary(const Node& n) {
  const auto parts = children(n);
  if (parts.empty()) return hole(n);
  const Node& operand = parts.back();
  std::size_t prefixes = parts.size() - 1;
  Expr e;
  // The sign belongs to the number, else the smallest int could not be written.
  const bool number = operand.kind == Kind::kInt || operand.kind == Kind::kHexInt || operand.kind == Kind::kDouble;
  if (number && prefixes > 0 && text(parts[prefixes - 1]) == "-") {
    --prefixes;
    e = literal(operand, true);
    e.span.begin = parts[prefixes].begin;
    e.name_span = e.span;
  } else {
    e = expr(operand);
  }
  for (std::size_t i = prefixes; i-- > 0;) {
    Expr outer = make(ExprKind::kUnary, n);
    outer.op = text(parts[i]) == "-" ? Op::kNegate : Op::kNot;
    outer.span.begin = parts[i].begin;
    outer.name_span = span(parts[i]);
    outer.args.push_back(std::move(e));
    e = std::move(outer);
    if (!grown(e)) return hole(n);
  }
  return e;
}

// The flat list c a d b e means c ? a : (d ? b : e).
Expr Lowering::ternary(const Node& n) {
  const auto parts = children(n);
  if (parts.size() < 3 || parts.size() % 2 == 0) return hole(n);
  Expr e = expr(parts.back());
  int height = height_;
  for (std::size_t i = parts.size() - 1; i >= 2; i -= 2) {
    Expr outer = make(ExprKind::kTernary, n);
    outer.span.begin = parts[i - 2].begin;
    outer.name_span = outer.span;
    Expr condition = expr(parts[i - 2]);
    height = std::max(height, height_);
    Expr then = expr(parts[i - 1]);
    height_ = std::max(height, height_);
    outer.args.reserve(3);
    outer.args.push_back(std::move(condition));
    outer.args.push_back(std::move(then));
    outer.args.push_back(std::move(e));
    e = std::move(outer);
    if (!grown(e)) return hole(n);
    height = height_;
  }
  return e;
}

Expr Lowering::range(const Node& n) {
  const auto parts = children(n);
  if (parts.size() < 3) return hole(n);
  Expr e = make(ExprKind::kRange, n);
  e.half_open = text(parts[1]) == "..<";
  e.name_span = span(parts[1]);
  e.args.push_back(expr(parts[0]));
  const int height = height_;
  e.args.push_back(expr(parts[2]));
  height_ = std::max(height, height_);
  if (parts.size() > 3)
    report(codes::kUnexpected, span(parts[3]), "a range has two ends, here is a third",
           "put one of the ranges in parentheses or in a list");
  if (!grown(e)) return hole(n);
  return e;
}

void Lowering::arguments(const Node& n, std::vector<Expr>& out) {
  int height = height_;
  out.reserve(out.size() + n.count);
  for (const Node& c : children(n)) {
    out.push_back(expr(c));
    height = std::max(height, height_);
  }
  height_ = height;
}

Expr Lowering::call(const Node& n) {
  const auto parts = children(n);
  if (parts.size() < 2) return parts.empty() ? hole(n) : expr(parts[0]);
  Expr e = make(ExprKind::kCall, n);
  e.name = text(parts[0]);
  e.name_span = span(parts[0]);
  arguments(parts[1], e.args);
  if (e.name == "has") {
    if (e.args.size() != 1 || e.args[0].kind != ExprKind::kSelect) {
      report(codes::kBadMacro, span(parts[1]), "`has` takes one field, as in `has(x.field)`");
      return hole(n);
    }
    e.kind = ExprKind::kHas;
  } else if (e.name == "stale" && e.args.size() == 1) {
    e.kind = ExprKind::kStale;
  }
  if (!grown(e)) return hole(n);
  return e;
}

Expr Lowering::postfix(const Node& n) {
  const auto parts = children(n);
  if (parts.empty()) return hole(n);
  Expr e = expr(parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Node& p = parts[i];
    const auto inner = children(p);
    if (inner.empty()) return hole(n);
    const int height = height_;
    Expr outer;
    if (p.kind == Kind::kIndex || p.kind == Kind::kOptionalIndex) {
      outer = make(ExprKind::kIndex, n);
      outer.op = p.kind == Kind::kOptionalIndex ? Op::kOptional : Op::kNone;
      outer.name_span = span(p);
      outer.args.push_back(std::move(e));
      outer.args.push_back(expr(inner[0]));
      height_ = std::max(height, height_);
    } else if (inner.size() > 1) {
      outer = macro_or_method(std::move(e), p);
    } else {
      outer = make(ExprKind::kSelect, n);
      outer.op = p.kind == Kind::kOptionalMember ? Op::kOptional : Op::kNone;
      outer.name = name(inner[0]).text;
      outer.name_span = span(inner[0]);
      outer.args.push_back(std::move(e));
    }
    outer.span = {b_.file(), n.begin, p.end};
    e = std::move(outer);
    if (!grown(e)) return hole(n);
  }
  return e;
}

namespace {

// The macro of this name with this many arguments; null: it is no macro then.
const MacroInfo* find_macro(std::string_view name, std::size_t arguments) {
  for (const MacroInfo& m : macros()) {
    if (m.variables > 0 && m.name == name && arguments >= m.variables + std::size_t{m.least} &&
        arguments <= m.variables + std::size_t{m.most})
      return &m;
  }
  return nullptr;
}

}  // namespace

Expr Lowering::macro_or_method(Expr target, const Node& member) {
  const auto inner = children(member);
  std::vector<Expr> args;
  arguments(inner[1], args);
  Expr e = make(ExprKind::kCall, member);
  e.name = text(inner[0]);
  e.name_span = span(inner[0]);
  // `cel.bind(…)` has a name before the point, the others what they go over.
  const MacroInfo* macro = target.kind == ExprKind::kName ? find_macro(target.name + "." + e.name, args.size()) : nullptr;
  const bool has_target = macro == nullptr;
  if (has_target) macro = find_macro(e.name, args.size());
  e.args.reserve(args.size() + 1);
  if (has_target) e.args.push_back(std::move(target));
  if (macro == nullptr) {
    e.method = true;
    std::move(args.begin(), args.end(), std::back_inserter(e.args));
    return e;
  }
  e.kind = ExprKind::kComprehension;
  for (std::size_t i = 0; i < macro->variables; ++i) {
    if (args[i].kind != ExprKind::kName || args[i].name.starts_with('.')) {
      report(codes::kBadMacro, args[i].span, "the variable of `" + std::string(macro->name) + "` is a name",
             has_target ? "as in `xs." + e.name + "(x, …)`" : "as in `" + std::string(macro->form) + "`");
      e.names.emplace_back("_");
    } else {
      e.names.push_back(args[i].name);
    }
  }
  e.name = macro->canonical;
  std::move(args.begin() + macro->variables, args.end(), std::back_inserter(e.args));
  return e;
}

Expr Lowering::list(const Node& n) {
  Expr e = make(ExprKind::kList, n);
  height_ = 0;
  arguments(n, e.args);
  if (!grown(e)) return hole(n);
  return e;
}

Expr Lowering::map(const Node& n) {
  Expr e = make(ExprKind::kMap, n);
  int height = 0;
  for (const Node& entry : children(n)) {
    const auto parts = children(entry);
    if (parts.size() < 2) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      e.args.push_back(expr(parts[i]));
      height = std::max(height, height_);
    }
  }
  height_ = height;
  if (!grown(e)) return hole(n);
  return e;
}

Expr Lowering::record_expr(const Node& n) {
  Expr e = make(ExprKind::kRecord, n);
  int height = 0;
  for (const Node& c : children(n)) {
    if (c.kind == Kind::kTypePath) {
      e.name = text(c);
      e.name_span = span(c);
    } else if (const auto parts = children(c); parts.size() == 2) {
      e.names.emplace_back(text(parts[0]));
      e.args.push_back(expr(parts[1]));
      height = std::max(height, height_);
    }
  }
  height_ = height;
  if (!grown(e)) return hole(n);
  return e;
}

Expr Lowering::f_string(const Node& n) {
  Expr e = make(ExprKind::kFString, n);
  int height = 0;
  for (const Node& c : children(n)) {
    if (c.kind == Kind::kFText) {
      Expr piece = make(ExprKind::kLiteral, c);
      piece.literal = in_.string(unescape(text(c), c.begin, false, true));
      e.args.push_back(std::move(piece));
      height = std::max(height, 1);
    } else {
      e.args.push_back(expr(c));
      height = std::max(height, height_);
    }
  }
  height_ = height;
  if (!grown(e)) return hole(n);
  return e;
}

Expr Lowering::aggregate(const Node& n) {
  Expr e = make(ExprKind::kAggregate, n);
  auto a = std::make_shared<ast::Aggregate>();
  a->span = span(n);
  int height = 0;
  const auto once = [&](ast::OptionalExpr& slot, const Node& part, std::size_t index) {
    const auto parts = children(part);
    if (slot) {
      report(codes::kTwice, span(part),
             "`" + std::string(cst::word_at(b_.text().data() + part.begin, b_.end())) + "` stands twice in this aggregate");
      return;
    }
    if (index >= parts.size()) return;
    slot = expr(parts[index]);
    height = std::max(height, height_);
  };
  for (const Node& c : children(n)) {
    switch (c.kind) {
      case Kind::kName: {
        e.name = text(c);
        e.name_span = span(c);
        const auto at = std::find(ast::kAggregateWords.begin(), ast::kAggregateWords.end(), e.name) - ast::kAggregateWords.begin();
        a->fn = static_cast<ast::AggregateFn>(at);
        break;
      }
      case Kind::kTypePath: a->type_name = name(c); break;
      case Kind::kAggregateK: once(a->k, c, 0); break;
      case Kind::kAggregateField: {
        // After a point every word is a name, also `now`.
        if (c.count == 0) break;
        a->value = make(ExprKind::kName, children(c)[0]);
        a->value->name = text(children(c)[0]);
        break;
      }
      case Kind::kAggregateBy: once(a->value, c, 0); break;
      case Kind::kWhere: once(a->where, c, 0); break;
      case Kind::kAggregateOver: once(a->over, c, 0); break;
      case Kind::kAggregateOverLast: once(a->over_last, c, 0); break;
      case Kind::kAggregateAtLeast: once(a->at_least, c, 0); break;
      default: break;
    }
  }
  if (cst::type_path_end(a->type_name.text.data(), a->type_name.text.data() + a->type_name.text.size()) == a->type_name.text.data()) {
    report(codes::kLetterCase, a->type_name.span, "`" + a->type_name.text + "` is no fact type",
           "it reads all facts of a type, whose name starts with a capital letter");
    if (a->type_name.text.find('.') != std::string::npos) a->type_name.text.clear();  // said; no type is looked for
  }
  if (a->over && a->over_last) report(codes::kTwice, a->over_last->span, "`over` stands twice in this aggregate");
  e.aggregate = std::move(a);
  height_ = height;
  if (!grown(e)) return hole(n);
  return e;
}

}  // namespace flyball::lower
