// An expression as one line of canonical text: two conditions with equal text test the same thing, so the compiler
// shares what belongs to them; dumps show it. Lets are written out, params as their values. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/interner.h"
#include "model/schema.h"
#include "parser/ast/expr.h"

namespace flyball::engine {

struct TextContext {
  const Schema* schema = nullptr;
  const std::vector<Value>* params = nullptr;
  const Interner* interner = nullptr;
  const std::vector<const ast::Expr*>* lets = nullptr;  // by let index
  std::uint32_t own = 0xFFFF'FFFF;                      // this binding's fields are written as bare names
  const std::vector<FactTypeId>* binding_types = nullptr;
};

std::string expr_text(const ast::Expr& expr, const TextContext& context);

}  // namespace flyball::engine
