// Productions: which modules have a strategy, and what their rules cannot have: whatever knows of times or of an end. See passes.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "parser/ast/rule_form.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

using ast::Strategy;

namespace {

constexpr std::array<Strategy, 4> kStrategies{Strategy::kDepth, Strategy::kBreadth, Strategy::kLex, Strategy::kMea};

// A module has one strategy, whichever of its files says it.
struct Said {
  Strategy strategy = Strategy::kEpisodes;
  const ast::Name* name = nullptr;
};

void refuse(Package& p, const ast::RuleDecl& rule, ast::Span at, const char* what) {
  p.report.error(
      "E0517", at, fmt::format("`{}` is a production, and {}", rule.name.text, what),
      "its module has a `strategy`: what depends on time belongs into a module without one, and may `derive` what this one reads");
}

void refuse_lines(Package& p, const ast::RuleDecl& rule) {
  for (const ast::Line& line : rule.when.lines) {
    if (line.hold) refuse(p, rule, line.hold->span, "knows no `for`");
    if (line.kind != ast::LineKind::kPattern) continue;
    if (line.pattern.hold) refuse(p, rule, line.pattern.hold->span, "knows no `for`");
    if (line.pattern.within) refuse(p, rule, line.pattern.within->span, "knows no `within`");
  }
}

void refuse_expressions(Package& p, const ast::RuleDecl& rule) {
  const auto look = [&](auto& self, const ast::Expr& e) -> void {
    if (e.kind == ast::ExprKind::kNow) refuse(p, rule, e.span, "its conditions do not change with time");
    if (e.aggregate) {
      if (e.aggregate->over) refuse(p, rule, e.aggregate->over->span, "knows no windows of time");
      if (e.aggregate->where) self(self, *e.aggregate->where);
      if (e.aggregate->value) self(self, *e.aggregate->value);
    }
    for (const ast::Expr& a : e.args) self(self, a);
  };
  for (const ast::Line& line : rule.when.lines) {
    if (line.kind != ast::LineKind::kPattern) look(look, line.expr);
    if (line.pattern.where) look(look, *line.pattern.where);
    if (line.pattern.satisfies) look(look, *line.pattern.satisfies);
  }
}

}  // namespace

void set_strategies(Package& p) {
  std::map<std::string, Said> by_module;
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    const std::optional<ast::Name>& word = p.files[i].strategy;
    if (!word || word->text.empty()) continue;
    const auto known =
        std::find_if(kStrategies.begin(), kStrategies.end(), [&](Strategy s) { return word->text == ast::strategy_word(s); });
    if (known == kStrategies.end()) {
      std::vector<std::string> words;
      for (const Strategy s : kStrategies) words.emplace_back(ast::strategy_word(s));
      p.report.misspelt("E0206", word->span, fmt::format("there is no strategy `{}`", word->text), word->text, words, "strategies are");
      continue;
    }
    Said& said = by_module[p.scopes[i].module];
    if (said.name != nullptr && said.strategy != *known) {
      p.report.error("E0401", word->span, fmt::format("the module `{}` has the strategy `{}` already", p.scopes[i].module, said.name->text),
                     fmt::format("it is said at {}: one file of a module is enough", p.report.place(said.name->span)));
      continue;
    }
    said = {*known, &*word};
  }
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    const auto at = by_module.find(p.scopes[i].module);
    if (at == by_module.end()) continue;
    for (ast::RuleDecl& rule : p.files[i].rules) rule.strategy = at->second.strategy;
  }
}

void check_production(Package& p, const ast::RuleDecl& rule) {
  const std::array<std::pair<const ast::OptionalExpr*, const char*>, 4> options{
      {{&rule.cooldown, "has no cooldown: it fires once for each choice of facts as they are"},
       {&rule.keep, "has no episode to keep"},
       {&rule.repeat, "does not repeat: it fires once for each choice of facts as they are"},
       {&rule.late_skip, "has no deadlines"}}};
  for (const auto& [option, what] : options) {
    if (*option) refuse(p, rule, (*option)->span, what);
  }
  if (rule.approve) refuse(p, rule, rule.approve->span, "waits for nobody");
  for (const ast::During& during : rule.during) refuse(p, rule, during.calendar.span, "knows no calendars");
  if (rule.until) refuse(p, rule, rule.until->span, "has no episode that could end");
  if (!rule.on_clear.empty()) refuse(p, rule, rule.on_clear.front().span, "has no episode that could end");
  refuse_lines(p, rule);
  refuse_expressions(p, rule);
  for (const ast::Effect& effect : rule.then) {
    if (effect.kind != ast::EffectKind::kDerive) continue;
    p.report.error("E0504", effect.span, "a production that derives does nothing else",
                   "what is derived holds while its conditions do, without being fired: give it a rule of its own");
  }
}

}  // namespace flyball::check
