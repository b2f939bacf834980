// Strongly connected components of a graph: what reaches each other in a circle is one. Tarjan's, without recursion: chains may be long.
// Pure. Complexity: O(nodes + edges).
#pragma once

#include <cstdint>
#include <vector>

namespace flyball {

struct Components {
  std::vector<std::uint32_t> of;  // by node; a component's number is greater than those of all that it reaches
  std::uint32_t count = 0;
};

// `next`: by node, where its edges lead.
Components strong_components(const std::vector<std::vector<std::uint32_t>>& next);

}  // namespace flyball
