// See prefix_index.h.
#include "engine/network/prefix_index.h"

#include <algorithm>

namespace flyball::engine {

void PrefixIndex::add(const Cidr& prefix, std::uint32_t number) {
  std::vector<std::uint8_t>& lengths = lengths_[prefix.address.is_v4 ? 1 : 0];
  const auto at = std::lower_bound(lengths.begin(), lengths.end(), prefix.prefix_length);
  if (at == lengths.end() || *at != prefix.prefix_length) lengths.insert(at, prefix.prefix_length);
  prefixes_.add(key(halves(prefix.address), prefix.address.is_v4, prefix.prefix_length), number);
}

void PrefixIndex::seal() { prefixes_.seal(); }

}  // namespace flyball::engine
