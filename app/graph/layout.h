// Layout: a layered drawing of a Graph, left to right: ranks by the longest path, order within a rank by barycentres, long
// arrows bent through the ranks between. Not optimal, but quick, the same for the same graph, and without overlaps.
#pragma once

#include <cstdint>
#include <vector>

#include "app/graph/graph.h"

namespace flyball::app {

struct Box {
  int x = 0, y = 0, width = 0, height = 0;
};
struct Point {
  int x = 0, y = 0;
};

struct Layout {
  std::vector<Box> boxes;                // by node
  std::vector<std::vector<Point>> ways;  // by edge: from the border of one box to that of another
  std::vector<std::string> labels;       // by node: as they fit
  int width = 0, height = 0;
};

inline constexpr int kLetterWidth = 8;  // of the drawing's fixed-width letters, with room to spare
inline constexpr std::size_t kMaxLabel = 44;

Layout lay_out(const Graph& graph);

}  // namespace flyball::app
