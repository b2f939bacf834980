// Names: lookup of declared names through modules and imports. See names.h.
#include "parser/check/names.h"

#include <algorithm>

namespace flyball::check {

std::vector<std::string> Names::module_names() const {
  std::vector<std::string> out;
  out.reserve(modules_.size());
  for (const auto& [name, unused] : modules_) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

const Symbol* Names::declare(SymbolKind kind, const std::string& module, const std::string& local, std::uint32_t id, ast::Span span) {
  std::vector<Symbol>& same_name = tables_[static_cast<std::size_t>(kind)][local];
  for (const Symbol& s : same_name) {
    if (s.module == module) return &s;
  }
  same_name.push_back(Symbol{module, id, span});
  return nullptr;
}

Found Names::find(SymbolKind kind, std::string_view name, const FileScope& from) const {
  Found found;
  const std::size_t dot = name.rfind('.');
  const auto it = table(kind).find(std::string(dot == std::string_view::npos ? name : name.substr(dot + 1)));
  if (it == table(kind).end()) return found;
  const std::vector<Symbol>& all = it->second;

  const auto in_module = [&](std::string_view module) -> const Symbol* {
    for (const Symbol& s : all) {
      if (s.module == module) return &s;
    }
    return nullptr;
  };
  if (dot != std::string_view::npos) {
    const std::string_view qualifier = name.substr(0, dot);
    for (const auto& [alias, module] : from.renamed) {
      if (alias == qualifier) found.symbol = in_module(module);
    }
    if (found.symbol == nullptr) found.symbol = in_module(qualifier);
    return found;
  }

  found.symbol = in_module(from.module);
  if (found.symbol != nullptr) return found;
  std::vector<const Symbol*> candidates;
  for (const std::string& module : from.imports) {
    if (const Symbol* s = in_module(module)) candidates.push_back(s);
  }
  if (candidates.empty()) {
    for (const auto& [alias, module] : from.renamed) {
      if (const Symbol* s = in_module(module)) candidates.push_back(s);
    }
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  if (candidates.size() == 1) found.symbol = candidates.front();
  if (candidates.size() > 1) {
    for (const Symbol* s : candidates) found.ambiguous.push_back(s->module + "." + std::string(name));
    std::sort(found.ambiguous.begin(), found.ambiguous.end());
  }
  if (candidates.empty() && all.size() == 1) found.not_imported = all.front().module;
  if (candidates.empty() && all.size() > 1) {
    for (const Symbol& s : all) found.elsewhere.push_back(s.module + "." + std::string(name));
    std::sort(found.elsewhere.begin(), found.elsewhere.end());
  }
  return found;
}

std::vector<std::string> Names::visible_in(SymbolKind kind, std::string_view qualifier, const FileScope& from) const {
  std::string module(qualifier);
  for (const auto& [alias, renamed] : from.renamed) {
    if (alias == qualifier) module = renamed;
  }
  std::vector<std::string> out;
  for (const auto& [local, symbols] : table(kind)) {
    for (const Symbol& s : symbols) {
      if (s.module == module) out.push_back(std::string(qualifier) + "." + local);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> Names::visible(SymbolKind kind, const FileScope& from) const {
  std::vector<std::string> out;
  for (const auto& [local, symbols] : table(kind)) {
    for (const Symbol& s : symbols) {
      const bool plain = s.module == from.module || std::find(from.imports.begin(), from.imports.end(), s.module) != from.imports.end();
      if (plain) out.push_back(local);
      for (const auto& [alias, module] : from.renamed) {
        if (module == s.module) out.push_back(alias + "." + local);
      }
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace flyball::check
