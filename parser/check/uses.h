// Uses: where the checker meets names, written down for the SymbolIndex. Each pass says what it has resolved; a package that is only
// compiled has no Uses, and nothing is written. Internal to parser/check.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parser/ast/ast.h"
#include "parser/check/names.h"
#include "parser/symbols.h"

namespace flyball::check {

struct Package;

class Uses {
 public:
  // A type, param, let, function, rule or decision; `at` may have a module in front.
  void symbol(SymbolKind kind, ast::Span at, const Symbol& symbol) { symbols_.push_back({kind, at, symbol.span}); }
  // Field `index` of `fields`, which is a vector of the schema.
  void field(ast::Span at, const std::vector<Field>& fields, std::size_t index) { fields_.push_back({at, &fields, index}); }
  // A name bound by a line of a rule or case.
  void bound(Meaning meaning, ast::Span at, ast::Span declaration, FactTypeId type, const std::string& name, std::string detail = {}) {
    index_.add({at, declaration, {}, meaning, type, name, std::move(detail), {}});
  }
  // Once everything is checked: declarations are added, and what was met is put beside them.
  SymbolIndex finish(const Package& p);

 private:
  struct SymbolMet {
    SymbolKind kind;
    ast::Span at, declaration;
  };
  struct FieldMet {
    ast::Span at;
    const std::vector<Field>* fields;
    std::size_t index;
  };
  std::vector<SymbolMet> symbols_;
  std::vector<FieldMet> fields_;
  SymbolIndex index_;
};

}  // namespace flyball::check
