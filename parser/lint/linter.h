// What the groups of lints share. Internal to parser/lint.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "parser/lint/lint.h"

namespace flyball::lint {

struct Linter {
  const ast::RuleSet& rules;
  const SymbolIndex& index;
  const SourceFiles& sources;
  const Interner& interner;
  std::vector<Diagnostic> found;

  void say(const char* code, ast::Span at, std::string message, std::string help) {
    found.push_back(Diagnostic{code, Severity::kWarning, at, std::move(message), std::move(help), {}});
  }
  const FactType* type(FactTypeId id) const { return id < rules.schema.types.size() ? &rules.schema.types[id] : nullptr; }
};

// Every node of an expression, those inside aggregates too.
void walk(const ast::Expr& e, const std::function<void(const ast::Expr&)>& f);
// Every expression of a rule's `when` and `until` that is a condition or a value.
void walk_conditions(const ast::RuleDecl& rule, const std::function<void(const ast::Expr&)>& f);

// The groups.
void lint_care(Linter& l);       // care.cc: tests, descriptions, owners, answers
void lint_opposites(Linter& l);  // opposites.cc: what is done and never undone, and rules that undo each other
void lint_numbers(Linter& l);    // numbers.cc: thresholds, windows, times
void lint_cost(Linter& l);       // cost.cc
void lint_style(Linter& l);      // style.cc: names, what nobody uses, what could be said more plainly
// allow.cc: takes what comments allow out of `found`, and says what is wrong with such comments.
void apply_allowances(Linter& l);

}  // namespace flyball::lint
