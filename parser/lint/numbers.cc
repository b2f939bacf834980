// Numbers and times: limits that stand in several rules, repeats inside a cooldown, one sample that decides. See linter.h.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "model/text.h"
#include "parser/lint/linter.h"

namespace flyball::lint {
namespace {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

bool is_quantity(const Value& v) {
  switch (v.kind) {
    case Kind::kPercent:
    case Kind::kDuration:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps:
    case Kind::kDouble: return true;
    // Small counts are no settings.
    case Kind::kInt: return v.as_int() >= 10;
    default: return false;
  }
}

void repeated(Linter& l) {
  // (type, field, text of the limit) → where, one per rule.
  std::map<std::tuple<FactTypeId, std::uint32_t, std::string>, std::vector<std::pair<std::size_t, const Expr*>>> limits;
  for (std::size_t i = 0; i < l.rules.rules.size(); ++i) {
    const ast::RuleDecl& r = l.rules.rules[i];
    walk_conditions(r, [&](const Expr& x) {
      if (x.kind != ExprKind::kBinary || x.args.size() != 2) return;
      if (x.op != Op::kLess && x.op != Op::kLessEqual && x.op != Op::kGreater && x.op != Op::kGreaterEqual) return;
      for (const auto& [field, limit] : {std::pair(&x.args[0], &x.args[1]), std::pair(&x.args[1], &x.args[0])}) {
        if (field->ref.kind != ast::RefKind::kField || field->ref.binding >= r.binding_types.size()) continue;
        if (limit->kind != ExprKind::kLiteral || !is_quantity(limit->literal)) continue;
        auto& places = limits[{r.binding_types[field->ref.binding], field->ref.field, to_source(limit->literal, l.interner)}];
        if (places.empty() || places.back().first != i) places.emplace_back(i, limit);
      }
    });
  }
  for (const auto& [what, places] : limits) {
    if (places.size() < 2) continue;
    const auto& [type, field, text] = what;
    if (l.type(type) == nullptr) continue;
    l.say("L0108", places[1].second->span,
          fmt::format("`{}` limits `{}.{}` in {} rules, first in `{}`", text, l.type(type)->local, l.type(type)->fields[field].name,
                      places.size(), l.rules.rules[places[0].first].name.text),
          "declare a `param` and name it in all of them: then one place changes it, and operators can");
  }
}

DurationNs duration(const ast::OptionalExpr& e) {
  return e && e->kind == ExprKind::kLiteral && e->literal.is(Kind::kDuration) ? e->literal.as_int() : 0;
}

void times(Linter& l) {
  for (const ast::RuleDecl& r : l.rules.rules) {
    if (const DurationNs every = duration(r.repeat), cooldown = duration(r.cooldown); every > 0 && cooldown > every) {
      l.say("L0109", r.repeat->span, "a `repeat` does not wait for the `cooldown`, which is longer",
            "`cooldown` is about new episodes: make the `repeat` longer, or leave the `cooldown` out");
    }
    walk_conditions(r, [&](const Expr& x) {
      if (x.kind != ExprKind::kAggregate || !x.aggregate) return;
      const ast::Aggregate& a = *x.aggregate;
      const bool average = a.fn == ast::AggregateFn::kAvg || (a.fn >= ast::AggregateFn::kStddev && a.fn <= ast::AggregateFn::kP99);
      if (average && a.over && !a.at_least)
        l.say("L0110", x.span, "one sample is enough for this to be known, and it decides alone",
              "add `at least N samples` inside the parentheses");
    });
  }
}

}  // namespace

void lint_numbers(Linter& l) {
  repeated(l);
  times(l);
}

}  // namespace flyball::lint
