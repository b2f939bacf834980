// Constraints: whether conditions that must all hold can hold together, as far as comparisons of fields with constants
// tell. Sound: what it calls impossible is; it misses what params, functions or other fields decide.
#pragma once

#include <optional>
#include <vector>

#include "model/interner.h"
#include "parser/ast/expr.h"

namespace flyball::check {

class Constraints {
 public:
  explicit Constraints(Interner& interner) : interner_(interner) {}
  // Adds a condition; the part of it that cannot hold beside the others, or nullptr.
  const ast::Expr* add(const ast::Expr& condition);

 private:
  struct Bounds {
    std::uint32_t binding = 0;
    std::uint32_t field = 0;
    std::optional<Value> lower, upper;
    bool lower_open = false;
    bool upper_open = false;
  };
  bool bound(const ast::Expr& field, ast::Op op, const Value& constant);
  bool possible(const Bounds& b) const;

  Interner& interner_;
  std::vector<Bounds> bounds_;
};

}  // namespace flyball::check
