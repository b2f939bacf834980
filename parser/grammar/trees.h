// The concrete syntax trees of a file's declarations, as they are read; for what needs places more than meaning (the
// formatter). Everyone else: parser.h.
#pragma once

#include <functional>

#include "parser/ast/ast.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/grammar/cst.h"
#include "parser/source.h"

namespace flyball {

class Interner;

// parse_file, showing each tree before it is forgotten.
ast::File parse_file_trees(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out,
                           const std::function<void(const cst::Tree&)>& each);

}  // namespace flyball
