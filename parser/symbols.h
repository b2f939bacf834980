// SymbolIndex: what every name in the files of a package means, and where it was declared. Made by the checker while it resolves names
// (check_package), so it is never of another opinion; for editors: definition, references, rename, hover.
//
// A declaration is known by the place of its name. A name that is declared several times over, such as a field after `same` (one of
// either type), has several entries at one place. Built-in names (functions, an action's `state`) have none.
// Plain values; complexity: O(log uses) per lookup by place, O(uses) by declaration. Thread-safe once built.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/schema.h"
#include "parser/ast/expr.h"

namespace flyball {

enum class Meaning : std::uint8_t {
  kType,   // `type` is its id
  kField,  // of a fact, event or action
  kParam,
  kCalendar,
  kConstant,  // a package-wide `let`
  kFunction,  // a package-wide `let` with parameters
  kRule,
  kDecision,
  kCase,
  kInput,    // a field of a decision's input …
  kOutput,   // … or output, or of an action's result
  kBinding,  // a fact bound by `n: Type`; `type` is its type
  kLet,      // `let x = e` of a rule
};

struct SymbolUse {
  ast::Span at;           // the name alone, without a module before it
  ast::Span declaration;  // the name where it is declared; the same place for the declaration itself
  ast::Span whole;        // the declaration as a whole; empty if it is no more than a line's name
  Meaning meaning = Meaning::kType;
  std::uint32_t type = kNoId;  // kType, kBinding, kField: the fact type
  std::string name;
  std::string detail;  // a field's or a `let`'s type, as an author writes it
  std::string doc;

  bool is_declaration() const { return at.file == declaration.file && at.begin == declaration.begin && at.end == declaration.end; }
};

class SymbolIndex {
 public:
  // Everything, sorted by file and place; no entry twice.
  const std::vector<SymbolUse>& all() const { return uses_; }
  // What stands at a byte of a file (an end touches, too): empty, one, or several for a name of several declarations.
  std::vector<const SymbolUse*> at(std::uint32_t file, std::uint32_t offset) const;
  // Every use of a declaration, itself included.
  std::vector<const SymbolUse*> of(ast::Span declaration) const;

  void add(SymbolUse use) { uses_.push_back(std::move(use)); }
  void finish();  // sorts; call once after the last add

 private:
  std::vector<SymbolUse> uses_;
};

}  // namespace flyball
