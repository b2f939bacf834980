// What conditions.cc tells about types and constants, beside the simple tests of expr_compiler.h.
#pragma once

#include <optional>

#include "engine/compile/expr_compiler.h"
#include "model/type.h"

namespace flyball::engine {

// The constant that an expression is, if it is one and no error.
std::optional<Value> constant_of(const ast::Expr& expr, const ExprContext& context);

// Types for which equal content is the same Value, so that a hash index answers `==`. Doubles are not: 0.0 and -0.0.
bool is_hashable(const Type& type);

}  // namespace flyball::engine
