// One walk with a stack of its own; a component is complete when its walk comes back to the node it began at.
#include "model/components.h"

#include <algorithm>

namespace flyball {

Components strong_components(const std::vector<std::vector<std::uint32_t>>& next) {
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  const std::size_t nodes = next.size();
  struct Frame {
    std::uint32_t node;
    std::size_t child;
  };
  std::vector<std::uint32_t> index(nodes, kNone), low(nodes, 0);
  Components out;
  std::vector<std::uint32_t>& component = out.of;
  component.assign(nodes, kNone);
  std::vector<std::uint32_t> stack;
  std::vector<Frame> frames;
  std::uint32_t counter = 0;
  for (std::uint32_t root = 0; root < nodes; ++root) {
    if (index[root] != kNone) continue;
    frames.push_back({root, 0});
    while (!frames.empty()) {
      const std::uint32_t v = frames.back().node;
      if (frames.back().child == 0 && index[v] == kNone) {
        index[v] = low[v] = counter++;
        stack.push_back(v);
      }
      if (frames.back().child < next[v].size()) {
        const std::uint32_t w = next[v][frames.back().child++];
        if (index[w] == kNone) {
          frames.push_back({w, 0});
        } else if (component[w] == kNone) {
          low[v] = std::min(low[v], index[w]);
        }
        continue;
      }
      if (low[v] == index[v]) {
        while (true) {
          const std::uint32_t w = stack.back();
          stack.pop_back();
          component[w] = out.count;
          if (w == v) break;
        }
        ++out.count;
      }
      frames.pop_back();
      if (!frames.empty()) low[frames.back().node] = std::min(low[frames.back().node], low[v]);
    }
  }
  return out;
}

}  // namespace flyball
