// `n: each Event.field`: an event has gone when its instant is over, so its values are those of the rule's windows of such events:
// the longest of them. Known when all of the rule has been read. See passes.h.
#include <fmt/format.h>

#include <algorithm>

#include "parser/check/expressions.h"
#include "parser/check/lengths.h"
#include "parser/check/passes.h"

namespace flyball::check {

namespace {

using ast::Expr;

DurationNs longest_window(const ast::RuleDecl& rule, FactTypeId event) {
  DurationNs longest = 0;
  const auto look = [&](const Expr& e) {
    visit(e, [&](const Expr& x) {
      if (x.aggregate && x.aggregate->fact_type == event) longest = std::max(longest, length(x.aggregate->over));
    });
  };
  const auto look_at = [&](const ast::OptionalExpr& e) {
    if (e) look(*e);
  };
  for (const ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
    if (block == nullptr) continue;
    for (const ast::Line& line : block->lines) {
      look(line.expr);
      look_at(line.pattern.where);
      look_at(line.pattern.satisfies);
      if (line.pattern.fact_type == event) longest = std::max(longest, length(line.pattern.within));
    }
  }
  look_at(rule.approve);
  for (const Expr& e : rule.cooldown_per) look(e);
  for (const std::vector<ast::Effect>* effects : {&rule.then, &rule.on_clear}) {
    for (const ast::Effect& effect : *effects) {
      for (const ast::RecordField& field : effect.record.fields) look(field.value);
      look_at(effect.text);
    }
  }
  return longest;
}

}  // namespace

void find_each_windows(Package& p, ast::RuleDecl& rule) {
  for (ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
    if (block == nullptr) continue;
    for (ast::Line& line : block->lines) {
      ast::Pattern& pattern = line.pattern;
      if (!pattern.each || pattern.each_field == kNoId || !p.schema.types[pattern.fact_type].is_event()) continue;
      pattern.each_window_ns = longest_window(rule, pattern.fact_type);
      if (pattern.each_window_ns != 0) continue;
      const std::string& type = p.schema.types[pattern.fact_type].local;
      p.report.error(
          "E0515", pattern.each->span,
          fmt::format("`{}` is an event, and no window of this rule says how long its `{}` counts", type, pattern.each->text),
          fmt::format(
              "ask about them in a window, as in `check count({} where {} == {} over 5m) > 3`; without one bind the events: `{}: {}`", type,
              pattern.each->text, pattern.name->text, pattern.name->text, type));
    }
  }
}

}  // namespace flyball::check
