// A drawing for Waltz: r + 1 pairs of stairs that face each other, 72 lines a pair, and 4 lines from each pair to the next.
//
// A block of stairs is a profile of 4 steps, seen from the front and the upper right: of its 19 corners 9 have an edge that goes to the
// back. Its other 10 corners make a foot that narrows in steps; four of them, all looking outwards, are where the lines to the next pair
// end (tees). So a pair has 56 junctions: 24 L, 18 arrows, 14 forks.
#include "benchmarks/classical/stairs.h"

namespace flyball::bench::classical {
namespace {

constexpr std::int64_t kPair = 220;      // from the left end of a pair to its right end
constexpr std::int64_t kDistance = 240;  // from pair to pair

constexpr Point kFoot[] = {{50, 0}, {50, 5}, {35, 5}, {35, 12}, {22, 12}, {22, 22}, {12, 22}, {12, 35}, {5, 35}, {5, 50}};
constexpr Point kTied[] = {{35, 5}, {22, 12}, {12, 22}, {5, 35}};

// Where a block stands: the second of a pair is the first seen in a mirror.
struct Place {
  std::int64_t x;
  bool mirrored;
  std::int64_t operator()(Point p) const { return (mirrored ? x - p.x : x + p.x) * 1000 + p.y; }
};

void block(std::vector<Datum>& out, const Place& place) {
  const std::vector<Point> front = stairs();
  Point before = front.front();
  for (std::size_t i = 0; i < front.size(); ++i) {
    line(out, place(front[i]), place(behind(front[i])));
    if (i > 0) {
      line(out, place(before), place(front[i]));
      line(out, place(behind(before)), place(behind(front[i])));
    }
    before = front[i];
  }
  for (const Point p : kFoot) {
    line(out, place(before), place(p));
    before = p;
  }
  line(out, place(before), place(front.front()));
}

}  // namespace

Program waltz(std::uint32_t regions) {
  Program out{"waltz", "depth", regions, std::uint64_t{276} * regions + 264, {}};
  for (std::int64_t r = 0; r <= regions; ++r) {
    const Place left{r * kDistance, false};
    const Place right{r * kDistance + kPair, true};
    block(out.data, left);
    block(out.data, right);
    if (r == regions) break;
    const Place next{(r + 1) * kDistance, false};
    for (const Point p : kTied) line(out.data, right(p), next(p));
  }
  out.data.push_back({"Stage", {{"state", std::string("begin")}}});
  return out;
}

}  // namespace flyball::bench::classical
