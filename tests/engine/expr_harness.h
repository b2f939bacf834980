// Text to value through the real parser and checker, for the tests of expressions.
#pragma once

#include <string>
#include <vector>

#include "engine/compile/expr_compiler.h"
#include "engine/expr/eval.h"
#include "model/interner.h"
#include "model/text.h"
#include "parser/parser.h"

namespace flyball::engine::testing {

struct Bound {
  std::string name;
  Type type;
  Value value;
};

struct Compiled {
  Code code;
  std::string trouble;  // of parser or checker; empty: none
};

inline Compiled compile_text(const std::string& text, Interner& in, const std::vector<Bound>& bound = {}, bool rules = false,
                             bool unchecked = false) {
  Compiled out;
  SourceFiles sources;
  Diagnostics diagnostics;
  const auto file = sources.add("expr", text);
  ast::Expr e = parse_expression(sources, *file, in, diagnostics);
  if (!diagnostics.has_errors()) {
    std::vector<Variable> variables;
    for (const Bound& b : bound) variables.push_back({b.name, b.type});
    Diagnostics ignored;
    check_expression(e, variables, rules, in, unchecked ? ignored : diagnostics, &sources);
  }
  if (diagnostics.has_errors()) {
    out.trouble = diagnostics.all().front().message;
    return out;
  }
  out.code = compile_expr(e, {nullptr, nullptr, &in});
  return out;
}

inline Value run_code(const Code& code, Interner& in, const std::vector<Bound>& bound = {}, Timestamp now = {}) {
  std::vector<Value> values;
  for (const Bound& b : bound) values.push_back(b.value);
  Frame frame;
  frame.variables = values.data();
  frame.interner = &in;
  frame.now = now;
  return evaluate(code, frame);
}

// As source; "error: …" for an unknown; "refused: …" if it does not compile.
inline std::string eval_text(const std::string& text, Interner& in, const std::vector<Bound>& bound = {}, bool rules = false) {
  const Compiled c = compile_text(text, in, bound, rules);
  if (!c.trouble.empty()) return "refused: " + c.trouble;
  const Value v = run_code(c.code, in, bound);
  return v.is_error() ? "error: " + std::string(in.text(v)) : to_source(v, in);
}

}  // namespace flyball::engine::testing
