// evaluate_text: the four stages of one expression.
#include "app/eval/eval.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/expression.h"
#include "parser/parser.h"

namespace flyball::app {
namespace {

// What a name of the environment may be written as inside `container`: a.b.y in container a.b is also y, and b.y. A name of
// an inner container hides outer ones; `.y` is always the outermost. Of functions all overloads of the innermost name count.
template <typename Named>
std::vector<Named> visible(const std::vector<Named>& named, const std::string& container) {
  std::vector<Named> all;
  const auto add = [&](const Named& n, std::string name) {
    all.push_back(n);
    all.back().name = std::move(name);
  };
  std::vector<std::string> hidden;
  const auto is_hidden = [&](const std::string& name) { return std::find(hidden.begin(), hidden.end(), name) != hidden.end(); };
  for (std::string prefix = container; !prefix.empty();) {
    std::vector<std::string> here;
    for (const Named& n : named) {
      if (!n.name.starts_with(prefix + ".")) continue;
      std::string name = n.name.substr(prefix.size() + 1);
      if (is_hidden(name)) continue;
      here.push_back(name);
      add(n, std::move(name));
    }
    hidden.insert(hidden.end(), here.begin(), here.end());
    const std::size_t dot = prefix.rfind('.');
    prefix.resize(dot == std::string::npos ? 0 : dot);
  }
  for (const Named& n : named) {
    if (!is_hidden(n.name)) add(n, n.name);
    add(n, "." + n.name);
  }
  return all;
}

}  // namespace

Result<Evaluated> evaluate_text(std::string_view text, const std::vector<Binding>& bindings, const EvalOptions& options,
                                SourceFiles& sources, Interner& interner, Diagnostics& diagnostics) {
  const Result<std::uint32_t> file = sources.add("<expression>", std::string(text));
  if (!file) return std::unexpected(file.error());
  ast::Expr expr = parse_expression(sources, *file, interner, diagnostics);
  if (diagnostics.has_errors()) return fail(diagnostics.all().front().message, diagnostics.all().front().help);

  std::vector<Variable> variables;
  std::vector<Value> values;
  for (Binding& b : visible(bindings, options.container)) {
    variables.push_back({std::move(b.name), options.disable_check ? Type::of(TypeTag::kDyn) : std::move(b.type)});
    values.push_back(b.value);
  }
  Diagnostics checked;
  const std::vector<FunctionDeclaration> functions = visible(options.functions, options.container);
  check_expression(expr, variables, false, interner, checked, &sources, &functions);
  if (checked.has_errors() && !options.disable_check) {
    for (const Diagnostic& d : checked.all()) diagnostics.add(d);
    return fail(checked.all().front().message, checked.all().front().help);
  }
  Evaluated result{Value::null(), expr.type};
  if (options.check_only) return result;

  result.value = engine::evaluate_expression(expr, values, interner);
  return result;
}

}  // namespace flyball::app
