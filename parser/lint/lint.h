// Lint: what is right, compiles, and could still be better: nobody tests it, nobody owns it, it costs more than it must, it reads
// badly. `check` warns of what is probably not meant; nothing is said by both. Each lint has a page in docs/reference/diagnostics.md.
//
// Door: lint_package, over a package that checked without errors. A comment `# lint: allow L0104 because …` right above a declaration
// takes that lint from it; one without a reason, or one that takes nothing, is itself said. Not thread-safe.
#pragma once

#include "model/interner.h"
#include "parser/ast/ast.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"
#include "parser/symbols.h"

namespace flyball {

// `index` is the one check_package filled with the same rules.
void lint_package(const ast::RuleSet& rules, const SymbolIndex& index, const SourceFiles& sources, const Interner& interner,
                  Diagnostics& out);

}  // namespace flyball
