// The drawing of `flyball graph`: boxes that never overlap, arrows from box to box, the same bytes every time, text that is escaped.
#include "app/graph/graph.h"

#include <catch2/catch.hpp>
#include <random>

#include "app/graph/layout.h"

namespace flyball::app {
namespace {

Graph some_graph(unsigned seed, std::uint32_t nodes, std::uint32_t edges) {
  std::mt19937 random(seed);
  Graph g;
  for (std::uint32_t i = 0; i < nodes; ++i) g.nodes.push_back({NodeShape::kFact, std::string(1 + random() % 60, 'w'), ""});
  for (std::uint32_t i = 0; i < edges; ++i) {
    g.edges.push_back({static_cast<std::uint32_t>(random() % nodes), static_cast<std::uint32_t>(random() % nodes), "", false});
  }
  return g;
}

bool overlap(const Box& a, const Box& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST_CASE("graph: no two boxes overlap, each holds its text, and all is inside the drawing, cycles or not") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    INFO(seed);
    const std::uint32_t n = 1 + seed % 23;
    const Graph g = some_graph(seed, n, seed % 3 == 0 ? n / 2 : 2 * n);
    const Layout l = lay_out(g);
    REQUIRE(l.boxes.size() == g.nodes.size());
    REQUIRE(l.ways.size() == g.edges.size());
    for (std::size_t i = 0; i < l.boxes.size(); ++i) {
      const Box& b = l.boxes[i];
      CHECK(b.x >= 0);
      CHECK(b.y >= 0);
      CHECK(b.x + b.width <= l.width);
      CHECK(b.y + b.height <= l.height);
      CHECK(l.labels[i].size() <= kMaxLabel + 2);  // … has three bytes
      CHECK(b.width >= static_cast<int>(std::min(l.labels[i].size(), kMaxLabel)) * kLetterWidth);
      for (std::size_t k = 0; k < i; ++k) CHECK_FALSE(overlap(b, l.boxes[k]));
    }
    for (std::size_t e = 0; e < g.edges.size(); ++e) {
      const Box& from = l.boxes[g.edges[e].from];
      const Box& to = l.boxes[g.edges[e].to];
      const auto on = [](const Box& b, const Point& p) {
        return (p.x == b.x || p.x == b.x + b.width) && p.y >= b.y && p.y <= b.y + b.height;
      };
      CHECK(on(from, l.ways[e].front()));
      CHECK(on(to, l.ways[e].back()));
      // Bends go round the boxes of their rank.
      for (std::size_t k = 1; k + 1 < l.ways[e].size() && g.edges[e].from != g.edges[e].to; ++k) {
        for (const Box& b : l.boxes) {
          const Point& p = l.ways[e][k];
          CHECK_FALSE((p.x > b.x && p.x < b.x + b.width && p.y > b.y && p.y < b.y + b.height));
        }
      }
    }
    CHECK(to_svg(g) == to_svg(g));
  }
}

TEST_CASE("graph: a chain goes from left to right, and a long arrow passes the ranks between") {
  Graph g;
  for (const char* name : {"a", "b", "c"}) g.nodes.push_back({NodeShape::kRule, name, name});
  g.edges = {{0, 1, "", false}, {1, 2, "", false}, {0, 2, "", true}};
  const Layout l = lay_out(g);
  CHECK(l.boxes[0].x < l.boxes[1].x);
  CHECK(l.boxes[1].x < l.boxes[2].x);
  CHECK(l.ways[2].size() == 4);
}

TEST_CASE("graph: what authors write is escaped") {
  Graph g;
  g.nodes.push_back({NodeShape::kFact, "a<b>&\"c\"", "says \"x\\y\"\n& more\x01"});
  const std::string svg = to_svg(g);
  CHECK(svg.find("a&lt;b&gt;&amp;&quot;c&quot;") != std::string::npos);
  CHECK(svg.find('\x01') == std::string::npos);
  CHECK(count(svg, "<title>") == 1);
  CHECK(to_dot(g).find(R"(label="a<b>&\"c\"", shape=ellipse, tooltip="says \"x\\y\"\n& more)") != std::string::npos);
  CHECK(to_svg(Graph{}).find("</svg>") != std::string::npos);
}

}  // namespace
}  // namespace flyball::app
