// The block that the drawings of Waltz and WaltzDB are made of: stairs of four steps, seen from the front and the upper right.
// Not their feet, which differ. Pure functions; any thread.
#pragma once

#include "benchmarks/classical/data.h"

namespace flyball::bench::classical {

struct Point {
  std::int64_t x, y;
};

constexpr std::int64_t kSteps = 4;
constexpr std::int64_t kStep = 20;
constexpr std::int64_t kDepth = 7;

inline Point behind(Point front) { return {front.x + kDepth, front.y + kDepth}; }

// The front's corners that have an edge to the back, from the upper left to the lower right.
inline std::vector<Point> stairs() {
  std::vector<Point> out;
  for (std::int64_t s = 0; s < kSteps; ++s) {
    out.push_back({s * kStep, (kSteps - s) * kStep});
    out.push_back({(s + 1) * kStep, (kSteps - s) * kStep});
  }
  out.push_back({kSteps * kStep, 0});
  return out;
}

inline void line(std::vector<Datum>& out, std::int64_t a, std::int64_t b) { out.push_back({"Line", {{"p1", a}, {"p2", b}}}); }

}  // namespace flyball::bench::classical
