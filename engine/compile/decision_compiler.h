// From checked decisions to DecisionPlans. Tables are in table_compiler.cc.
#pragma once

#include <memory>
#include <vector>

#include "engine/compile/expr_compiler.h"
#include "engine/decide/decision_plan.h"
#include "model/result.h"
#include "parser/ast/ast.h"

namespace flyball::engine {

// `aggregates`: by decision, then case: what its aggregates are called in the session (may be empty: none has any).
// Errors: what the language has but this engine does not run yet.
Result<std::unique_ptr<DecisionPlans>> compile_decisions(const ast::RuleSet& rules, const ExprContext& context,
                                                         const std::vector<std::vector<AggregateUses>>& aggregates);

// Part of it: one table over the inputs of `type`.
TablePlan compile_table(const ast::Table& table, const DecisionType& type, const ExprContext& context);

}  // namespace flyball::engine
