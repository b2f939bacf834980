// The door, and walking. See lint.h.
#include "parser/lint/lint.h"

#include "parser/check/expressions.h"
#include "parser/lint/linter.h"

namespace flyball {

namespace lint {

void walk(const ast::Expr& e, const std::function<void(const ast::Expr&)>& f) { check::visit(e, f); }

void walk_conditions(const ast::RuleDecl& rule, const std::function<void(const ast::Expr&)>& f) {
  for (const ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
    if (block == nullptr) continue;
    for (const ast::Line& line : block->lines) {
      if (line.kind != ast::LineKind::kPattern) {
        walk(line.expr, f);
        continue;
      }
      if (line.pattern.where) walk(*line.pattern.where, f);
      if (line.pattern.satisfies) walk(*line.pattern.satisfies, f);
    }
  }
}

}  // namespace lint

void lint_package(const ast::RuleSet& rules, const SymbolIndex& index, const SourceFiles& sources, const Interner& interner,
                  Diagnostics& out) {
  lint::Linter l{rules, index, sources, interner, {}};
  lint::lint_care(l);
  lint::lint_opposites(l);
  lint::lint_numbers(l);
  lint::lint_cost(l);
  lint::lint_style(l);
  lint::apply_allowances(l);
  for (Diagnostic& d : l.found) out.add(std::move(d));
}

}  // namespace flyball
