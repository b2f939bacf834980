// What costs more than it must: products, joins without an index, long windows. See linter.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "parser/lint/linter.h"

namespace flyball::lint {
namespace {

using ast::Expr;
using ast::ExprKind;

constexpr DurationNs kLongWindow = DurationNs{24} * 3'600'000'000'000;

void conjuncts(const Expr& e, std::vector<const Expr*>& out) {
  if (e.kind != ExprKind::kAnd) {
    out.push_back(&e);
    return;
  }
  for (const Expr& a : e.args) conjuncts(a, out);
}

bool reads_other(const Expr& e, std::uint32_t own) {
  bool other = false;
  walk(e, [&](const Expr& x) {
    other = other || (x.ref.kind == ast::RefKind::kField && x.ref.binding != own) || x.ref.kind == ast::RefKind::kLet;
  });
  return other;
}

// An equality of an own field with something that is bound before: the join is by hash.
bool is_key(const Expr& e, std::uint32_t own) {
  if (e.kind != ExprKind::kBinary || e.op != ast::Op::kEqual || e.args.size() != 2) return false;
  const auto is_own = [&](const Expr& x) { return x.ref.kind == ast::RefKind::kField && x.ref.binding == own; };
  return (is_own(e.args[0]) && reads_other(e.args[1], own)) || (is_own(e.args[1]) && reads_other(e.args[0], own));
}

void pattern(Linter& l, const ast::Pattern& p) {
  const FactType* type = l.type(p.fact_type);
  if (type == nullptr) return;
  // A singleton makes no pairs.
  if (type->has_key && type->key.empty()) return;
  if (p.cross)
    l.say("L0111", p.type.span, fmt::format("every `{}` meets every match of the lines before", type->local),
          "if the two have a field in common, join them by it: `same FIELD as NAME`");
  if (!p.joins.empty() || !p.where) return;
  std::vector<const Expr*> parts;
  conjuncts(*p.where, parts);
  const bool joined = std::any_of(parts.begin(), parts.end(), [&](const Expr* e) { return is_key(*e, p.binding); });
  const auto other = std::find_if(parts.begin(), parts.end(), [&](const Expr* e) { return reads_other(*e, p.binding); });
  if (joined || other == parts.end() || p.cross) return;
  l.say("L0112", (*other)->span,
        fmt::format("every `{}` is compared with every match of the lines before: this joins by no equality", type->local),
        "an equality (`same FIELD as NAME`, or `field == name.field`) finds the few that matter by hash");
}

}  // namespace

void lint_cost(Linter& l) {
  for (const ast::RuleDecl& r : l.rules.rules) {
    for (const ast::Block* block : {&r.when, r.until ? &*r.until : nullptr}) {
      if (block == nullptr) continue;
      for (const ast::Line& line : block->lines) {
        if (line.kind == ast::LineKind::kPattern) pattern(l, line.pattern);
      }
    }
    walk_conditions(r, [&](const Expr& x) {
      if (x.kind != ExprKind::kAggregate || !x.aggregate || !x.aggregate->over) return;
      const Expr& over = *x.aggregate->over;
      if (over.kind != ExprKind::kLiteral || !over.literal.is(Kind::kDuration) || over.literal.as_int() < kLongWindow) return;
      l.say("L0113", over.span, fmt::format("every sample of {} is kept in memory", format_duration_human(over.literal.as_int())),
            "a window of minutes or hours is usual; let the source publish a daily figure as a fact");
    });
  }
}

}  // namespace flyball::lint
