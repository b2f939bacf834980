// Lookups in the index of names. See symbols.h.
#include "parser/symbols.h"

#include <algorithm>
#include <tuple>

namespace flyball {
namespace {

auto order(const SymbolUse& u) { return std::tuple(u.at.file, u.at.begin, u.at.end, u.declaration.file, u.declaration.begin); }

}  // namespace

void SymbolIndex::finish() {
  std::stable_sort(uses_.begin(), uses_.end(), [](const SymbolUse& a, const SymbolUse& b) { return order(a) < order(b); });
  uses_.erase(std::unique(uses_.begin(), uses_.end(), [](const SymbolUse& a, const SymbolUse& b) { return order(a) == order(b); }),
              uses_.end());
}

std::vector<const SymbolUse*> SymbolIndex::at(std::uint32_t file, std::uint32_t offset) const {
  // Names do not overlap: only the last that begins at or before the place, and its equals, can have it.
  auto end = std::upper_bound(uses_.begin(), uses_.end(), std::pair(file, offset),
                              [](const auto& place, const SymbolUse& u) { return place < std::pair(u.at.file, u.at.begin); });
  std::vector<const SymbolUse*> found;
  if (end == uses_.begin()) return found;
  const ast::Span at = std::prev(end)->at;
  if (at.file != file || at.end < offset) return found;
  for (auto it = end; it != uses_.begin() && std::prev(it)->at.begin == at.begin && std::prev(it)->at.file == file; --it)
    found.push_back(&*std::prev(it));
  std::reverse(found.begin(), found.end());
  return found;
}

std::vector<const SymbolUse*> SymbolIndex::of(ast::Span declaration) const {
  std::vector<const SymbolUse*> found;
  for (const SymbolUse& u : uses_) {
    if (u.declaration.file == declaration.file && u.declaration.begin == declaration.begin) found.push_back(&u);
  }
  return found;
}

}  // namespace flyball
