// Package-wide lets: each is checked once, where it is declared, and its checked value put in place of every use. So a
// name in it means what it means in its own file, whatever is called the same where it is used.
//
// A use numbers two things anew: variables of macros (by how many surround the use) and bindings of aggregates.
// Limits: kMaxInlinedNodes for one use, kMaxLetDepth for lets that use lets; recursion is refused. See expressions.h.
#include <fmt/format.h>

#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::RefKind;

namespace {

// Changes macro variables from `from` on by `by`; macros inside e begin at `from`.
void shift_locals(Expr& e, std::uint32_t from, std::uint32_t by);

void on_aggregate_parts(Expr& e, const std::function<void(Expr&)>& f) {
  if (e.kind != ExprKind::kAggregate || !e.aggregate) return;
  auto copy = std::make_shared<ast::Aggregate>(*e.aggregate);
  for (ast::OptionalExpr* part : {&copy->k, &copy->value, &copy->where}) {
    if (part->has_value()) f(**part);
  }
  e.aggregate = std::move(copy);
}

void shift_locals(Expr& e, std::uint32_t from, std::uint32_t by) {
  if (by == 0) return;
  if (e.ref.kind == RefKind::kLocal && e.ref.index >= from) e.ref.index += by;
  for (Expr& a : e.args) shift_locals(a, from, by);
  on_aggregate_parts(e, [&](Expr& part) { shift_locals(part, from, by); });
}

// What one use of a let puts where.
struct Use {
  const std::vector<Expr>& arguments;
  std::uint32_t parameters;       // of the let: its locals 0 … parameters-1
  std::uint32_t depth;            // macro variables around the use
  std::uint32_t first_aggregate;  // new number of the let's first aggregate
};

// `inner` counts the macro variables of the let's own macros around e.
void substitute(Expr& e, const Use& use, std::uint32_t inner) {
  if (e.ref.kind == RefKind::kLocal) {
    if (e.ref.index < use.parameters) {
      Expr argument = use.arguments[e.ref.index];
      shift_locals(argument, use.depth, inner);
      e = std::move(argument);
      return;
    }
    e.ref.index = e.ref.index - use.parameters + use.depth;
  }
  if (e.ref.kind == RefKind::kField && e.ref.binding >= kLetBindingBase)
    e.ref.binding = e.ref.binding - kLetBindingBase + use.first_aggregate;
  const bool macro = e.kind == ExprKind::kComprehension;
  for (std::size_t i = 0; i < e.args.size(); ++i) {
    const std::uint32_t own = macro && i > 0 ? static_cast<std::uint32_t>(e.names.size()) : 0;
    substitute(e.args[i], use, inner + own);
  }
  if (e.kind == ExprKind::kAggregate && e.aggregate) {
    auto copy = std::make_shared<ast::Aggregate>(*e.aggregate);
    if (copy->binding >= kLetBindingBase) copy->binding = copy->binding - kLetBindingBase + use.first_aggregate;
    for (ast::OptionalExpr* part : {&copy->k, &copy->value, &copy->where}) {
      if (part->has_value()) substitute(**part, use, inner);
    }
    e.aggregate = std::move(copy);
  }
}

}  // namespace

bool prepare_let(Package& p, std::uint32_t index) {
  LetInfo& let = p.lets[index];
  if (let.state == LetInfo::State::kGood) return true;
  if (let.state == LetInfo::State::kBad) return false;
  if (let.state == LetInfo::State::kChecking) {
    p.report.error("E0410", let.decl->name.span, fmt::format("`{}` uses itself", let.decl->name.text), "a `let` is not recursive");
    let.state = LetInfo::State::kBad;
    return false;
  }
  if (p.let_depth >= kMaxLetDepth) {
    p.report.error("E0411", let.decl->name.span, fmt::format("lets use each other more than {} deep", kMaxLetDepth));
    let.state = LetInfo::State::kBad;
    return false;
  }
  let.state = LetInfo::State::kChecking;
  const std::size_t errors = p.diagnostics.error_count();
  Scope scope;
  scope.file = let.file;
  scope.aggregates = true;
  std::vector<FactTypeId> aggregated;
  scope.aggregated = &aggregated;
  scope.first_aggregate = kLetBindingBase;
  for (std::size_t i = 0; i < let.decl->parameters.size(); ++i) {
    const ast::FieldDecl& f = let.decl->parameters[i];
    let.parameters.push_back(resolve_type(p, f.type));
    scope.locals.push_back(Local{f.name.text, static_cast<std::uint32_t>(i), let.parameters.back()});
  }
  ++p.let_depth;
  ExprChecker checker(p, scope);
  checker.check(let.decl->value);
  --p.let_depth;
  // Vectors of `p.lets` do not grow while lets are checked, so `let` still stands.
  let.nodes = count_nodes(let.decl->value);
  let.aggregated = std::move(aggregated);
  visit(let.decl->value, [&](const Expr& x) {
    if (x.kind == ExprKind::kAggregate && x.aggregate && may_be_null(x.aggregate->fn)) let.maybe_null = true;
  });
  const bool good =
      let.state == LetInfo::State::kChecking && !let.decl->value.type.is(TypeTag::kError) && p.diagnostics.error_count() == errors;
  let.state = good ? LetInfo::State::kGood : LetInfo::State::kBad;
  return good;
}

void ExprChecker::use_let(Expr& e, std::uint32_t index, std::vector<Expr> arguments) {
  e.type = Type::of(TypeTag::kError);
  if (!prepare_let(p_, index)) return;
  const LetInfo& let = p_.lets[index];
  if (let.decl->is_function && arguments.size() != let.parameters.size()) {
    std::string form = let.decl->name.text + "(";
    for (std::size_t i = 0; i < let.parameters.size(); ++i) {
      form += (i > 0 ? ", " : "") + let.decl->parameters[i].name.text + ": " + to_string(let.parameters[i]);
    }
    p_.report.error("E0209", e.span,
                    fmt::format("`{}` takes {} arguments, not {}", let.decl->name.text, let.parameters.size(), arguments.size()),
                    fmt::format("it is `{})`", form));
    return;
  }
  std::size_t nodes = let.nodes;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!value_for(arguments[i], let.parameters[i], fmt::format("`{}` of `{}`", let.decl->parameters[i].name.text, let.decl->name.text)))
      return;
    if (arguments[i].type.is(TypeTag::kError)) return;
    nodes += count_nodes(arguments[i]) * let.nodes;
  }
  // An upper bound is enough to refuse what explodes; what is near it is counted exactly below.
  const std::string once = fmt::format("E0411 {} {}", index, e.span.file);
  if (nodes > kMaxInlinedNodes * 64) {
    if (p_.report.first(once))
      p_.report.error("E0411", e.span, fmt::format("`{}` becomes more than {} nodes here", let.decl->name.text, kMaxInlinedNodes));
    return;
  }
  std::uint32_t first_aggregate = 0;
  if (!let.aggregated.empty()) {
    if (!scope_.aggregates || scope_.aggregated == nullptr) {
      p_.report.error("E0218", e.span, fmt::format("`{}` counts facts, which cannot be read here", let.decl->name.text));
      return;
    }
    first_aggregate = scope_.first_aggregate + static_cast<std::uint32_t>(scope_.aggregated->size());
    scope_.aggregated->insert(scope_.aggregated->end(), let.aggregated.begin(), let.aggregated.end());
  }
  Expr value = let.decl->value;
  const Use use{arguments, static_cast<std::uint32_t>(let.parameters.size()), static_cast<std::uint32_t>(scope_.locals.size()),
                first_aggregate};
  substitute(value, use, 0);
  if (count_nodes(value) > kMaxInlinedNodes) {
    if (p_.report.first(once))
      p_.report.error("E0411", e.span, fmt::format("`{}` becomes more than {} nodes here", let.decl->name.text, kMaxInlinedNodes));
    return;
  }
  // Messages about the use point at the use.
  const ast::Span span = e.span;
  e = std::move(value);
  e.span = span;
  // What a parameter stands for is known only now.
  if (!arguments.empty()) read_texts(e);
}

}  // namespace flyball::check
