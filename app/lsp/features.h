// What an editor asks of a place or a file, answered from an Analysis, as the protocol's JSON. Pure functions of their arguments.
// A place is a byte of a file of the analysis. null is the protocol's word for nothing.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/lsp/workspace.h"

namespace flyball::app::lsp {

struct Spot {
  const Analysis& analysis;
  std::uint32_t file;
  std::uint32_t offset;
};

nlohmann::json diagnostics_of(const Analysis& analysis, std::uint32_t file);
// Fixes of the diagnostics that touch [begin, end).
nlohmann::json code_actions(const Analysis& analysis, std::uint32_t file, std::uint32_t begin, std::uint32_t end);
nlohmann::json hover(const Spot& spot);
nlohmann::json definition(const Spot& spot);
nlohmann::json references(const Spot& spot, bool with_declaration);
nlohmann::json highlights(const Spot& spot);
// The range that `rename` would change, or null where there is no name to change.
nlohmann::json prepare_rename(const Spot& spot);
// A WorkspaceEdit; Error: the new name is no name, is taken by another kind of word, or the place belongs to several declarations.
Result<nlohmann::json> rename(const Spot& spot, const std::string& new_name);
nlohmann::json document_symbols(const Analysis& analysis, std::uint32_t file);
nlohmann::json workspace_symbols(const Analysis& analysis, const std::string& query);
// Types of `let`s of rules, at the end of their names.
nlohmann::json inlay_hints(const Analysis& analysis, std::uint32_t file, std::uint32_t begin, std::uint32_t end);
// "run test" above each test.
nlohmann::json code_lenses(const Analysis& analysis, std::uint32_t file);
// The legend's words, and the relative quintuples of a file.
nlohmann::json semantic_legend();
nlohmann::json semantic_tokens(const Analysis& analysis, std::uint32_t file);

// Markdown of what is known of a name, for hover and completion.
std::string described(const Analysis& analysis, const SymbolUse& declaration);

}  // namespace flyball::app::lsp
