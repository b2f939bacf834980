// The grammar's doors: text in a Builder → concrete syntax trees. No X3 here. Mistakes go to the Builder's Diagnostics;
// a tree always comes back, with `broken` nodes where text did not parse.
#pragma once

#include "parser/grammar/builder.h"

namespace flyball::cst {

// The whole text as one expression: root kExpressionInput with one child, if it parsed.
Tree parse_expression_text(Builder& b);

// The declaration at `first`, which at_declaration(first): moves `first` behind it, or behind what recovery skipped.
Tree parse_declaration(const char*& first, Builder& b);

}  // namespace flyball::cst
