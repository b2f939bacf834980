// See text_index.h.
#include "engine/network/text_index.h"

#include <algorithm>

namespace flyball::engine {

void TextIndex::add(const std::string& end, std::uint32_t number) {
  const auto at = std::lower_bound(lengths_.begin(), lengths_.end(), end.size());
  if (at == lengths_.end() || *at != end.size()) lengths_.insert(at, end.size());
  std::uint64_t hash = kSeed;
  for (std::size_t i = 0; i < end.size(); ++i) hash = with(hash, heads_ ? end[i] : end[end.size() - 1 - i]);
  ends_.add({end, finished(hash)}, number);
}

}  // namespace flyball::engine
