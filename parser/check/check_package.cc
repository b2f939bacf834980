// The checker's two doors (parser/parser.h) and the order of its passes. See passes.h for what each does.
#include <algorithm>

#include "parser/check/expressions.h"
#include "parser/check/passes.h"
#include "parser/parser.h"

namespace flyball {

namespace {

// Canonical order: by module, then path, so that the order of paths on a command line does not matter.
void sort_files(std::vector<ast::File>& files, const SourceFiles& sources) {
  std::stable_sort(files.begin(), files.end(), [&](const ast::File& a, const ast::File& b) {
    const std::string_view am = a.module ? std::string_view(a.module->text) : "main";
    const std::string_view bm = b.module ? std::string_view(b.module->text) : "main";
    return am != bm ? am < bm : sources.path(a.source) < sources.path(b.source);
  });
}

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

ast::RuleSet check_package(std::vector<ast::File> files, const SourceFiles& sources, Interner& interner, Diagnostics& out,
                           SymbolIndex* index) {
  check::Package p(&sources, interner, out);
  check::Uses uses;
  if (index != nullptr) p.uses = &uses;
  p.files = std::move(files);
  sort_files(p.files, sources);

  check::declare_names(p);  // modules, imports, every name
  check::build_schema(p);   // types, params, inputs and outputs
  check::check_lets(p);     // package-wide lets, before they are used
  check::find_derived(p);   // which facts rules derive: it decides who may put them
  check::set_strategies(p);
  std::vector<const ast::DecisionDecl*> decisions;
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    for (ast::RuleDecl& rule : p.files[i].rules) check::check_rule(p, i, rule);
    for (ast::DecisionDecl& decision : p.files[i].decisions) {
      check::check_decision(p, i, decision);
      decisions.push_back(&decision);
    }
  }
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    for (ast::TestDecl& test : p.files[i].tests) check::check_test(p, i, test, decisions);
  }
  check::check_cycles(p);   // needs every rule's reads
  if (!out.has_errors()) {  // what is wrong comes before what is doubtful
    check::warn(p);
    check::warn_forgotten(p);
    check::warn_oscillations(p);
    check::warn_unused(p);
  }

  if (index != nullptr) *index = uses.finish(p);
  ast::RuleSet set;
  for (ast::File& file : p.files) {
    append(set.calendars, file.calendars);
    append(set.rules, file.rules);
    append(set.decisions, file.decisions);
    append(set.tests, file.tests);
  }
  set.schema = std::move(p.schema);
  set.schema.index();
  return set;
}

void check_expression(ast::Expr& expr, const std::vector<Variable>& variables, bool rules, Interner& interner, Diagnostics& out,
                      const SourceFiles* sources, const std::vector<FunctionDeclaration>* functions) {
  check::Package p(sources, interner, out);
  check::FileScope file;
  check::Scope scope;
  scope.file = &file;
  scope.variables = &variables;
  scope.functions = functions;
  check::ExprChecker(p, scope, rules).check(expr);
}

}  // namespace flyball
