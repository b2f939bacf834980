// Decisions: cases and the default; tables are in tables.cc. See passes.h.
#include <fmt/format.h>

#include <algorithm>

#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

namespace {

Scope decision_scope(const Package& p, std::size_t file, const DecisionType& type) {
  Scope scope;
  scope.file = &p.scopes[file];
  scope.input = &type.input;
  scope.now = NowUse::kAnywhere;
  return scope;
}

void check_case(Package& p, std::size_t file, const DecisionType& type, ast::Case& c) {
  std::vector<FactTypeId> patterns;
  std::vector<FactTypeId> aggregated;
  Scope scope = decision_scope(p, file, type);
  scope.aggregates = true;
  scope.aggregated = &aggregated;
  for (const ast::Line& line : c.when.lines) scope.first_aggregate += line.kind == ast::LineKind::kPattern ? 1 : 0;
  LineContext context{patterns, c.let_count};
  context.in_decision = true;
  check_lines(p, scope, context, c.when);
  for (const ast::Line& line : c.when.lines) {
    if (line.kind != ast::LineKind::kPattern || line.pattern.quantifier != ast::Quantifier::kOne || line.pattern.local) continue;
    if (std::find(c.identity.begin(), c.identity.end(), line.pattern.binding) == c.identity.end())
      c.identity.push_back(line.pattern.binding);
  }
  check_record(p, scope, c.output, type.output, type.output.size(), "the answer", Completeness::kComplete);
  patterns.resize(scope.first_aggregate, kNoId);
  c.binding_types = std::move(patterns);
  c.binding_types.insert(c.binding_types.end(), aggregated.begin(), aggregated.end());
  c.binding_count = static_cast<std::uint32_t>(c.binding_types.size());
}

}  // namespace

void check_decision(Package& p, std::size_t file, ast::DecisionDecl& decision) {
  const DecisionType& type = p.schema.decisions[decision.id];
  for (std::size_t i = 0; i < decision.cases.size(); ++i) {
    ast::Case& c = decision.cases[i];
    for (std::size_t j = 0; j < i; ++j) {
      if (decision.cases[j].name.text != c.name.text || c.name.text.empty()) continue;
      p.report.error("E0601", c.name.span, fmt::format("`{}` has two cases `{}`", type.local, c.name.text),
                     "answers name their case, so each has its own name");
      break;
    }
    if (c.name.text == "default") {
      p.report.error("E0601", c.name.span, "a case cannot be called `default`", "answers say `default` where no case holds");
    }
    check_case(p, file, type, c);
  }
  if (decision.fallback) {
    Scope scope = decision_scope(p, file, type);
    check_record(p, scope, *decision.fallback, type.output, type.output.size(), "the answer", Completeness::kComplete);
  }
  if (decision.table) {
    check_table(p, file, decision);
  } else if (!decision.fallback && !decision.cases.empty()) {
    p.report.error("E0602", decision.name.span, fmt::format("`{}` has no answer where none of its cases holds", type.local),
                   "add `default return { … }`");
  }
}

}  // namespace flyball::check
