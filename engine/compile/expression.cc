// Expressions by themselves: compiled, evaluated once, forgotten.
#include "engine/expression.h"

#include "engine/compile/expr_compiler.h"
#include "engine/expr/eval.h"

namespace flyball::engine {

Value evaluate_expression(const ast::Expr& expr, std::span<const Value> variables, Interner& interner) {
  const ExprContext context{.interner = &interner};
  const Code code = compile_expr(expr, context);
  Frame frame;
  frame.variables = variables.data();
  frame.interner = &interner;
  return evaluate(code, frame);
}

Value constant_of(const ast::Expr& expr, const Schema& schema, const std::vector<Value>& params, Interner& interner) {
  return constant_value(expr, {.schema = &schema, .params = &params, .interner = &interner});
}

}  // namespace flyball::engine
