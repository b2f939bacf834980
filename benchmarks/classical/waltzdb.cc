// A drawing for WaltzDB: r + 1 times three blocks of stairs, and what a junction may look like.
//
// A block stands behind the one of the region before it, which hides one corner of its foot: an L less, two tees and two lines more. The
// feet of the three have 5, 5 and 4 corners. So a region has 92 lines and 68 junctions: 20 L, 27 arrows and 21 forks, with 306 legal
// labellings.
#include "benchmarks/classical/stairs.h"

namespace flyball::bench::classical {
namespace {

constexpr std::int64_t kNextBlock = 400;  // to the right
constexpr std::int64_t kNextRegion = 30;  // to the right and up

constexpr Point kHidden = {9, 29};      // of a foot, by the block before it
constexpr Point kCoverAbove = {9, 37};  // where that block's edges cross, and the corner between them
constexpr Point kCoverRight = {17, 29};
constexpr Point kCover = {17, 37};

const std::vector<Point> kFeet[] = {{{60, 0}, {50, 10}, {50, 29}, kHidden, {9, 60}},
                                    {{60, 0}, {50, 10}, {50, 29}, kHidden, {9, 60}},
                                    {{50, 0}, {50, 29}, kHidden, {9, 60}}};

struct Place {
  std::int64_t x, y;
  std::int64_t operator()(Point p) const { return (x + p.x) * 10000 + y + p.y; }
};

bool same(Point a, Point b) { return a.x == b.x && a.y == b.y; }

// An edge of the back, which hides a corner of the next block if there is one.
void back_edge(std::vector<Datum>& out, const Place& place, Point a, Point b, bool hides) {
  const Point cover = {kCover.x + kNextRegion, kCover.y + kNextRegion};
  const Point above = {kCoverAbove.x + kNextRegion, kCoverAbove.y + kNextRegion};
  const Point right = {kCoverRight.x + kNextRegion, kCoverRight.y + kNextRegion};
  if (hides && (same(a, cover) || same(b, cover))) {
    const Point middle = same(b, cover) ? above : right;
    line(out, place(a), place(middle));
    line(out, place(middle), place(b));
  } else {
    line(out, place(a), place(b));
  }
}

void block(std::vector<Datum>& out, const Place& place, const std::vector<Point>& foot, bool hides, bool hidden) {
  const std::vector<Point> front = stairs();
  Point before = front.front();
  for (std::size_t i = 0; i < front.size(); ++i) {
    line(out, place(front[i]), place(behind(front[i])));
    if (i > 0) {
      line(out, place(before), place(front[i]));
      back_edge(out, place, behind(before), behind(front[i]), hides);
    }
    before = front[i];
  }
  for (const Point p : foot) {
    if (hidden && same(p, kHidden)) {
      line(out, place(before), place(kCoverRight));
      before = kCoverAbove;
    } else {
      line(out, place(before), place(p));
      before = p;
    }
  }
  line(out, place(before), place(front.front()));
}

void legal(std::vector<Datum>& out, const char* kind, std::int64_t nr, const char* l1, const char* l2, const char* l3) {
  const bool outline = nr == 1 && std::string(l1) == "in";
  out.push_back({"Legal",
                 {{"kind", std::string(kind)},
                  {"nr", nr},
                  {"l1", std::string(l1)},
                  {"l2", std::string(l2)},
                  {"l3", std::string(l3)},
                  {"outline", outline}}});
}

// The trihedral junctions of Huffman and Clowes.
void database(std::vector<Datum>& out) {
  legal(out, "L", 1, "in", "out", "none");
  legal(out, "L", 2, "out", "in", "none");
  legal(out, "L", 3, "+", "out", "none");
  legal(out, "L", 4, "in", "+", "none");
  legal(out, "L", 5, "-", "in", "none");
  legal(out, "L", 6, "out", "-", "none");
  legal(out, "arrow", 1, "in", "+", "out");
  legal(out, "arrow", 2, "+", "-", "+");
  legal(out, "arrow", 3, "-", "+", "-");
  legal(out, "fork", 1, "+", "+", "+");
  legal(out, "fork", 2, "-", "-", "-");
  legal(out, "fork", 3, "-", "out", "in");
  legal(out, "fork", 4, "in", "-", "out");
  legal(out, "fork", 5, "out", "in", "-");
  legal(out, "tee", 1, "out", "in", "+");
  legal(out, "tee", 2, "out", "in", "-");
  legal(out, "tee", 3, "out", "in", "in");
  legal(out, "tee", 4, "out", "in", "out");
}

}  // namespace

Program waltzdb(std::uint32_t regions) {
  Program out{"waltzdb", "lex", regions, std::uint64_t{891} * regions + 872, {}};
  database(out.data);
  for (std::int64_t r = 0; r <= regions; ++r) {
    std::int64_t nth = 0;
    for (const std::vector<Point>& foot : kFeet) {
      const Place place{nth * kNextBlock + r * kNextRegion, r * kNextRegion};
      block(out.data, place, foot, r < regions, r > 0);
      ++nth;
    }
  }
  out.data.push_back({"Stage", {{"state", std::string("begin")}}});
  return out;
}

}  // namespace flyball::bench::classical
