// The grammar's doors: text in a Builder → concrete syntax trees. No X3 here. Mistakes go to the Builder's Diagnostics;
// a tree always comes back, with `broken` nodes where text did not parse.
#pragma once

#include "parser/grammar/builder.h"

namespace flyball::cst {

// The whole text as one expression: root kExpressionInput with one child, if it parsed.
Tree parse_expression_text(Builder& b);

// The whole text as one cell of a table's inputs: root kExpressionInput with one kCell, if it parsed.
Tree parse_cell_text(Builder& b);

// The declaration at `first`, whose word stands there or is meant (`as`): moves `first` behind it, or behind what
// recovery skipped. The root is of the declaration's kind, kNothing if this version has none.
Tree parse_declaration(const char*& first, std::string_view as, Builder& b);

}  // namespace flyball::cst
