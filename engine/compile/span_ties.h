// Which conditions on a fact tie it to what is known before by where something lies: `h.addr in prefix`, `low <= h.at and h.at < high`,
// `at in w.from..w.to`. For rules and for decisions. Pure functions.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/compile/span_fields.h"
#include "parser/ast/expr.h"

namespace flyball::engine {

struct SpanTie {
  SpanFields own;
  // What is known: the ends of a span; of a point, and of a prefix, `low` alone.
  const ast::Expr* low = nullptr;
  const ast::Expr* high = nullptr;
};

// The first prefix, else the first pair of comparisons. `is_own`: a field of the fact; `is_left`: something that is known before it.
std::optional<SpanTie> find_span_tie(const std::vector<const ast::Expr*>& parts, const std::function<bool(const ast::Expr&)>& is_own,
                                     const std::function<bool(const ast::Expr&)>& is_left);

}  // namespace flyball::engine
