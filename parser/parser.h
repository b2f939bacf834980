// The front end's doors: text → ast::File, files → checked ast::RuleSet, one expression → checked Expr.
// Nothing here reads the file system or the environment; app/ does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/interner.h"
#include "model/schema.h"
#include "parser/ast/ast.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"
#include "parser/symbols.h"

namespace flyball {

inline constexpr int kMaxNesting = 64;  // of expressions and types; deeper is a diagnostic

// Parses one file. Always gives a tree; where text did not parse it has holes and `out` has the diagnostics.
ast::File parse_file(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out);

// Parses text as one expression (for `eval`).
ast::Expr parse_expression(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out);

// Resolves, types and completes all files of a package. The result may be used only if !out.has_errors(). `index`, if given, gets what
// every name means, as far as it could be told.
ast::RuleSet check_package(std::vector<ast::File> files, const SourceFiles& sources, Interner& interner, Diagnostics& out,
                           SymbolIndex* index = nullptr);

// Checks one expression over named variables (RefKind::kVariable, in this order). `rules` selects the rule dialect
// (int literals serve as doubles, dyn only where declared); without it CEL's own typing applies.
struct Variable {
  std::string name;
  Type type;
};
void check_expression(ast::Expr& expr, const std::vector<Variable>& variables, bool rules, Interner& interner, Diagnostics& out,
                      const SourceFiles* sources = nullptr);  // for the words that messages quote

}  // namespace flyball
