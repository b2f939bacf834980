// dump: the AST as text, for tests and for people: one s-expression a declaration, the same text for the same tree.
// It shows what parsing found, not what checking added, and no places.
#pragma once

#include <string>

#include "model/interner.h"
#include "parser/ast/ast.h"

namespace flyball::ast {

std::string dump(const Expr& expr, const Interner& in);
std::string dump(const File& file, const Interner& in);

}  // namespace flyball::ast
