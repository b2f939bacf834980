// Cycles of three patterns: pairs that nothing closes are not kept, and whoever asks is told the same as if they were.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "engine/insight.h"
#include "tests/engine/session_harness.h"

namespace flyball::engine {
namespace {

// `plus`: what is added to a join, so that it is none and all pairs are tried. `variant`: which of the rules are there, and in which order.
std::string rules(const std::string& plus, std::uint32_t variant = 7) {
  const std::string types = R"(
module t
fact Link key (id) ttl 20s { id: int  from: int  to: int  up: bool }
fact Road key (from, to, nr) { from: int  to: int  nr: int }
fact Triangle key (x, y, z) { x: int  y: int  z: int }
fact Loop key (x, y, z) { x: int  y: int  z: int }
fact Detour key (x, a, b) { x: int  a: int  b: int }
fact Newest key (x) { x: int }
)";
  const std::string triangle = R"(
rule triangle {
  when {
    x: Link
    y: Link where from == x.to
    z: Link where from == y.to and to == x.from)" +
                               plus + R"(
  }
  then { derive Triangle { x: x.id, y: y.id, z: z.id } }
}
)";
  const std::string loop = R"(
rule loop {
  when {
    x: Link where up
    y: Link where from == x.to and up and id != x.id
    z: Link where from == y.to and to == x.from)" +
                           plus + R"( and id > x.id
    no Road where from == x.from and to == x.to
  }
  then { derive Loop { x: x.id, y: y.id, z: z.id } }
}
)";
  const std::string detour = R"(
rule detour {
  when {
    l: Link where not up
    a: Road where from == l.from
    b: Road where from == a.to and to == l.to)" +
                             plus + R"(
  }
  then { derive Detour { x: l.id, a: a.nr, b: b.nr } }
}
)";
  const std::string newest = R"(
rule newest {
  when {
    l: Link
    no Link where from == l.from and id > l.id)" +
                             plus + R"(
  }
  then { derive Newest { x: l.id } }
}
)";
  std::string out = types;
  if ((variant & 8) != 0) out += newest;
  if ((variant & 1) != 0) out += triangle;
  if ((variant & 2) != 0) out += loop;
  if ((variant & 4) != 0) out += detour;
  return out;
}

TEST_CASE("cycles are found, whatever comes, goes, changes or becomes unknown", "[closing]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    testing::World quick(rules("")), slow(rules(" + 0"));
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    const std::uint32_t nodes = 2 + seed % 5;
    for (std::uint32_t i = 0; i < 160; ++i) {
      const bool link = below(3) != 0;
      const bool retract = below(4) == 0;
      std::string fields;
      if (link) {
        fields = fmt::format("id: {}", below(14));
        if (!retract) fields += fmt::format(", from: {}, to: {}, up: {}", below(nodes), below(nodes), below(3) != 0);
      } else {
        fields = fmt::format("from: {}, to: {}, nr: {}", below(nodes), below(nodes), below(2));
      }
      const std::string time = fmt::format("{}s", i + 1 + (below(30) == 0 ? 30 : 0));
      INFO("seed " << seed << " step " << i << (retract ? " retract " : " put ") << fields);
      for (testing::World* world : {&quick, &slow}) {
        REQUIRE((retract ? world->retract(time, link ? "Link" : "Road", fields) : world->put(time, link ? "Link" : "Road", fields)));
        world->tick(time);
      }
      REQUIRE(quick.heard() == slow.heard());
    }
  }
}

TEST_CASE("cycles go on under other rules", "[closing]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    testing::World quick(rules("")), slow(rules(" + 0"));
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    for (std::uint32_t i = 0; i < 120; ++i) {
      const bool link = below(3) != 0;
      const bool retract = below(4) == 0;
      std::string fields = link ? fmt::format("id: {}", below(12)) : fmt::format("from: {}, to: {}, nr: 0", below(4), below(4));
      if (link && !retract) fields += fmt::format(", from: {}, to: {}, up: {}", below(4), below(4), below(3) != 0);
      const std::string time = fmt::format("{}s", i + 1);
      const std::uint32_t variant = below(8) == 0 ? below(16) : 16;
      INFO("seed " << seed << " step " << i << (retract ? " retract " : " put ") << fields << " variant " << variant);
      for (testing::World* world : {&quick, &slow}) {
        REQUIRE((retract ? world->retract(time, link ? "Link" : "Road", fields) : world->put(time, link ? "Link" : "Road", fields)));
        world->tick(time);
        if (variant < 16) {
          world->reload(rules(world == &quick ? "" : " + 0", variant));
          world->tick(time);
        }
      }
      std::vector<std::string> a = quick.heard(), b = slow.heard();
      std::sort(a.begin(), a.end());  // in which order a reload tells what it derives anew may be another
      std::sort(b.begin(), b.end());
      REQUIRE(a == b);
    }
  }
}

// The index by which a stale fact is found may be the first, whose entries are the items themselves.
TEST_CASE("a ring beside a rule that joins by the field that is unknown", "[closing]") {
  testing::World world(R"(
module t
fact A key (k) ttl 4s { k: int  j: int }
fact L key (k, j) { k: int  j: int  p: int }
fact X key (k) { k: int }
fact Y key (k) { k: int }
rule r0 {
  when {
    a: L
    some A where j == a.j
  }
  then { derive X { k: a.k } }
}
rule r1 {
  when {
    a: L
    b: A where k == a.j
    c: L where k == b.j and j == a.k
    check c.p > a.p
  }
  then { derive Y { k: a.k } }
}
)");
  REQUIRE(world.put("1s", "A", "k: 1, j: 1"));
  REQUIRE(world.put("22s", "A", "k: 2, j: 2"));
  REQUIRE(world.put("25s", "L", "k: 0, j: 2, p: 2"));
  world.tick("26s");
  CHECK(world.facts("X").size() == 1);
  CHECK(world.facts("Y").empty());
  REQUIRE(world.put("26s", "L", "k: 2, j: 0, p: 3"));
  REQUIRE(world.put("26s", "A", "k: 2, j: 2"));
  world.tick("26s");
  CHECK(world.facts("Y").size() == 1);
}

// The running rule's index by `to` is the same as the one by which the ring finds its first: they must not become one.
TEST_CASE("a ring above a rule that reads the same facts", "[closing]") {
  const std::string types = R"(
module t
fact Node key (id) { id: int }
fact Link key (from, to) { from: int  to: int }
fact Road key (from, to) { from: int  to: int }
fact Lonely key (id) { id: int }
fact Detour key (from, to) { from: int  to: int }
)";
  const std::string lonely = R"(
rule lonely {
  when {
    n: Node
    no Link where to == n.id
  }
  then { derive Lonely { id: n.id } }
}
)";
  const std::string detour = R"(
rule detour {
  when {
    l: Link
    a: Road where from == l.from
    b: Road where from == a.to and to == l.to
  }
  then { derive Detour { from: l.from, to: l.to } }
}
)";
  for (const bool with_facts : {false, true}) {
    testing::World world(types + lonely);
    const auto put = [&] {
      REQUIRE(world.put("1s", "Node", "id: 5"));
      REQUIRE(world.put("1s", "Link", "from: 1, to: 5"));
      REQUIRE(world.put("1s", "Road", "from: 1, to: 3"));
      REQUIRE(world.put("1s", "Road", "from: 3, to: 5"));
    };
    if (with_facts) put();
    world.tick("1s");
    world.reload(types + detour + lonely);
    if (!with_facts) put();
    world.tick("2s");
    CHECK(world.facts("Detour").size() == 1);
    CHECK(world.facts("Lonely").empty());
    REQUIRE(world.retract("3s", "Link", "from: 1, to: 5"));
    world.tick("3s");
    CHECK(world.facts("Detour").empty());
    CHECK(world.facts("Lonely").size() == 1);
    world.reload(types + lonely + detour);
    REQUIRE(world.put("4s", "Link", "from: 1, to: 5"));
    world.tick("4s");
    CHECK(world.facts("Detour").size() == 1);
    CHECK(world.facts("Lonely").empty());
  }
}

TEST_CASE("a hub costs its cycles, and not its pairs", "[closing]") {
  testing::World world(R"(
module t
fact Link key (from, to) { from: int  to: int }
fact Triangle key (a, b, c) { a: int  b: int  c: int }
rule triangle {
  when {
    x: Link
    y: Link where from == x.to and from > x.from
    z: Link where from == y.to and to == x.from and from > x.from
  }
  then { derive Triangle { a: x.from, b: y.from, c: z.from } }
}
)");
  constexpr int kLinks = 300;  // into the hub, out of it, and back: 90,000 pairs meet there
  for (int i = 0; i < kLinks; ++i) {
    REQUIRE(world.put("1s", "Link", fmt::format("from: {}, to: 1000", i)));
    REQUIRE(world.put("1s", "Link", fmt::format("from: 1000, to: {}", 2000 + i)));
    REQUIRE(world.put("1s", "Link", fmt::format("from: {}, to: {}", 2000 + i, i)));
  }
  world.tick("1s");
  CHECK(world.facts("Triangle").size() == kLinks);
  const Insight insight = world.session->insight();
  std::uint64_t made = 0, pairs = 0;
  for (const StageView& stage : insight.stages) {
    made += stage.made;
    pairs += stage.pairs;
  }
  CHECK(made < 3000);
  CHECK(pairs < 5000);
  REQUIRE(world.retract("2s", "Link", "from: 1000, to: 2007"));
  world.tick("2s");
  CHECK(world.facts("Triangle").size() == kLinks - 1);
}

// A stale third may close anything, and while there is one all pairs are kept; no longer.
TEST_CASE("a third that is stale for a while costs the pairs for that while", "[closing]") {
  testing::World world(R"(
module t
fact In key (from) { from: int  hub: int }
fact Out key (to) { to: int  hub: int }
fact Back key (nr) ttl 10s { nr: int  from: int  to: int }
fact Triangle key (from, to, nr) { from: int  to: int  nr: int }
rule triangle {
  when {
    x: In
    y: Out same hub as x
    z: Back where from == y.to and to == x.from
  }
  then { derive Triangle { from: x.from, to: y.to, nr: z.nr } }
}
)");
  constexpr int kLinks = 60;
  for (int i = 0; i < kLinks; ++i) {
    REQUIRE(world.put("1s", "In", fmt::format("from: {}, hub: 1", i)));
    REQUIRE(world.put("1s", "Out", fmt::format("to: {}, hub: 1", i)));
  }
  REQUIRE(world.put("1s", "Back", "nr: 1, from: 3, to: 4"));
  REQUIRE(world.put("1s", "Back", "nr: 2, from: 5, to: 6"));
  world.tick("2s");
  CHECK(world.facts("Triangle").size() == 2);
  const auto tokens = [&] { return world.session->counters().tokens; };
  const std::uint64_t few = tokens();
  CHECK(few < 3 * kLinks);
  for (int round = 1; round <= 3; ++round) {
    const auto at = [&](int second) { return fmt::format("{}s", round * 100 + second); };
    world.tick(at(0));  // both are stale
    CHECK(tokens() > kLinks * kLinks);
    REQUIRE(world.put(at(1), "Back", "nr: 1, from: 3, to: 7"));
    world.tick(at(1));
    CHECK(tokens() > kLinks * kLinks);
    if (round == 2) {
      REQUIRE(world.retract(at(2), "Back", "nr: 2"));
    } else {
      REQUIRE(world.put(at(2), "Back", "nr: 2, from: 5, to: 6"));
    }
    world.tick(at(2));
    CHECK(world.facts("Triangle").size() == (round == 2 ? 1 : 2));
    CHECK(tokens() <= few);
    REQUIRE(world.put(at(3), "Back", "nr: 3, from: 8, to: 9"));
    REQUIRE(world.put(at(3), "In", "from: 500, hub: 1"));
    REQUIRE(world.put(at(3), "Back", "nr: 1, from: 3, to: 500"));
    world.tick(at(3));
    CHECK(world.facts("Triangle").size() == (round == 2 ? 2 : 3));
    REQUIRE(world.retract(at(4), "In", "from: 500"));
    REQUIRE(world.retract(at(4), "Back", "nr: 3"));
    REQUIRE(world.put(at(4), "Back", "nr: 1, from: 3, to: 4"));
    REQUIRE(world.put(at(4), "Back", "nr: 2, from: 5, to: 6"));
    world.tick(at(4));
    CHECK(world.facts("Triangle").size() == 2);
    CHECK(tokens() == few);
  }
}

}  // namespace
}  // namespace flyball::engine
