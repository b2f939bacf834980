// Tables for tests: rules as text, checked; rows judged one by one, by nothing but their cells.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/compile/decision_compiler.h"
#include "engine/decide/decider.h"
#include "engine/expr/eval.h"
#include "model/text.h"
#include "parser/parser.h"

namespace flyball::tests {

struct CheckedTable {
  explicit CheckedTable(const std::string& text) {
    const auto file = sources.add("test.fly", text);
    std::vector<ast::File> files;
    files.push_back(parse_file(sources, *file, in, diagnostics));
    rules = check_package(std::move(files), sources, in, diagnostics);
    for (const Param& p : rules.schema.params) params.push_back(p.default_value);
    context = {&rules.schema, &params, &in};
    for (const Diagnostic& d : diagnostics.all()) said += d.code + ": " + d.message + "; " + d.help + "\n";
    if (rules.decisions.empty() || !rules.decisions[0].table) return;
    for (const ast::TableRow& row : rules.decisions[0].table->rows) {
      rows.emplace_back();
      for (const ast::Cell& cell : row.inputs) {
        if (cell.test) rows.back().cells.push_back(engine::compile_expr(*cell.test, context));
      }
      for (const ast::Expr& e : row.outputs) rows.back().outputs.push_back(engine::compile_expr(e, context));
    }
  }
  engine::Truth judge(std::size_t row, const std::vector<Value>& input) {
    frame.input = input.data();
    frame.interner = &in;
    engine::Truth t = engine::Truth::kTrue;
    for (const engine::Code& c : rows[row].cells) t = engine::truth_and(t, engine::test(c, frame));
    return t;
  }
  // Rows, by index, that a diagnostic of this code stands at.
  std::vector<std::size_t> reported(const std::string& code) {
    std::vector<std::size_t> out;
    const auto& all = rules.decisions[0].table->rows;
    for (const Diagnostic& d : diagnostics.all()) {
      for (std::size_t r = 0; d.code == code && r < all.size(); ++r) {
        if (all[r].span.begin == d.span.begin) out.push_back(r);
      }
    }
    return out;
  }
  const Diagnostic* find(const std::string& code) {
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.code == code) return &d;
    }
    return nullptr;
  }

  struct Row {
    std::vector<engine::Code> cells, outputs;
  };
  Interner in;
  SourceFiles sources;
  Diagnostics diagnostics;
  ast::RuleSet rules;
  std::vector<Value> params;
  engine::ExprContext context;
  engine::Frame frame;
  std::vector<Row> rows;
  std::string said;
};

}  // namespace flyball::tests
