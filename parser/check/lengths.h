// How long a time is that a declaration gives. Pure; internal to parser/check.
#pragma once

#include "parser/ast/ast.h"

namespace flyball::check {

// Of a constant that has been checked; 0: it is none, which has been said, or it is left out.
inline DurationNs length(const ast::OptionalExpr& e) {
  return e && e->kind == ast::ExprKind::kLiteral && e->literal.is(Kind::kDuration) ? e->literal.as_int() : 0;
}

}  // namespace flyball::check
