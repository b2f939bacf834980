// Which declaration a name means: modules, imports and the names declared in them. It knows names and ids, no types.
//
// A name is looked up in its own module first, then in the modules its file imports, then in those imported under
// another name. A qualified name says its module (`net.types.LinkStats`, no import needed) or the alias of an import.
// Two declarations of one kind and one name in one module are a mistake that declare() reports to its caller.
// Complexity: O(1) per lookup plus the number of modules that share the local name. Not thread-safe while declaring.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parser/ast/ast.h"

namespace flyball::check {

// A `value` is a param, a constant `let` or a calendar: all stand in expressions, so they share their names.
enum class SymbolKind : std::uint8_t { kType, kValue, kFunction, kRule, kDecision };
inline constexpr std::size_t kSymbolKinds = 5;

// What a file can see.
struct FileScope {
  std::string module;
  std::vector<std::string> imports;                          // modules imported under their own name
  std::vector<std::pair<std::string, std::string>> renamed;  // alias, module
  std::vector<std::string> missing;                          // imported, but no file declares them; and their aliases
  std::uint32_t source = 0;                                  // index into SourceFiles
  std::uint32_t import_at = 0;                               // where a missing import could be inserted
};

struct Symbol {
  std::string module;
  std::uint32_t id = 0;
  ast::Span span;
};

struct Found {
  const Symbol* symbol = nullptr;      // set: this is it
  std::vector<std::string> ambiguous;  // set: qualified names that it could be
  std::string not_imported;            // set: the module that has it but is not imported
  std::vector<std::string> elsewhere;  // set: qualified names of modules that are not imported, when several have it
  bool none() const { return symbol == nullptr && ambiguous.empty(); }
};

class Names {
 public:
  void add_module(const std::string& module) { modules_.emplace(module, true); }
  bool has_module(const std::string& module) const { return modules_.contains(module); }
  std::vector<std::string> module_names() const;

  // nullptr if new; else the one declared before.
  const Symbol* declare(SymbolKind kind, const std::string& module, const std::string& local, std::uint32_t id, ast::Span span);

  Found find(SymbolKind kind, std::string_view name, const FileScope& from) const;

  // Every name of a kind that the file could write, for suggestions; sorted. Only called for a message.
  std::vector<std::string> visible(SymbolKind kind, const FileScope& from) const;
  // The same as qualified names, of the module or alias `qualifier`.
  std::vector<std::string> visible_in(SymbolKind kind, std::string_view qualifier, const FileScope& from) const;

 private:
  using Table = std::unordered_map<std::string, std::vector<Symbol>>;  // by local name
  const Table& table(SymbolKind kind) const { return tables_[static_cast<std::size_t>(kind)]; }
  Table tables_[kSymbolKinds];
  std::unordered_map<std::string, bool> modules_;
};

}  // namespace flyball::check
