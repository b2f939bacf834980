// Expressions by themselves, without a Program: what `eval` and a test's own times and values need.
//
// Door: evaluate_expression, constant_of. Not here: conditions of rules, which the network compiles. Pure but for the
// interner, whose rules of threads hold.
#pragma once

#include <span>
#include <vector>

#include "model/interner.h"
#include "model/schema.h"
#include "model/value.h"
#include "parser/ast/expr.h"

namespace flyball::engine {

// The value of a checked expression; `variables` by the index that its check gave them (an error value: not bound). An error
// value when it errs, its text saying why. O(size of the expression) and what its functions cost.
Value evaluate_expression(const ast::Expr& expr, std::span<const Value> variables, Interner& interner);

// The value of a checked expression that reads params at most (by Schema::params index); unknown if it reads more or errs.
Value constant_of(const ast::Expr& expr, const Schema& schema, const std::vector<Value>& params, Interner& interner);

}  // namespace flyball::engine
