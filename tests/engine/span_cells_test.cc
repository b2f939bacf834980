// SpanCells against looking at all: whatever has a position in common is asked for, on both sides, whatever the widths, and little else is.
#include "engine/network/span_cells.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "engine/network/span_index.h"
#include "tests/engine/dice.h"

namespace flyball::engine {
namespace {

Uint128 random_position(Dice& dice, unsigned bits) {
  Uint128 at = 0;
  for (int i = 0; i < 8; ++i) at = at << 16 | dice.below(1U << 16);
  if (bits < 128) at &= (Uint128{1} << bits) - 1;
  // Half of them near others.
  return dice.below(2) == 0 ? at : at >> (bits / 2) << (bits / 2);
}

Span random_span(Dice& dice, unsigned bits) {
  const Uint128 low = random_position(dice, bits);
  const auto width = static_cast<unsigned>(dice.below(bits + 1));
  const Uint128 length = random_position(dice, width);
  return {low, low + length < low ? ~Uint128{0} : low + length};
}

bool have_common(const Span& a, const Span& b) { return a.low <= b.high && b.low <= a.high; }

}  // namespace

TEST_CASE("cells lead to every span that a point lies in", "[spans]") {
  Dice dice(11);
  for (const unsigned bits : {8U, 32U, 63U, 64U, 65U, 127U, 128U}) {
    SpanCells cells(true);
    std::multimap<std::uint64_t, Span> standing;
    std::vector<Span> all;
    for (int i = 0; i < 400; ++i) {
      const Span s = random_span(dice, bits);
      standing.emplace(cells.place(s), s);
      all.push_back(s);
    }
    for (int i = 0; i < 2'000; ++i) {
      const Uint128 at = i % 3 == 0   ? all[dice.below(all.size())].low
                         : i % 3 == 1 ? all[dice.below(all.size())].high
                                      : random_position(dice, bits);
      const Span point{at, at};
      std::set<std::uint64_t> asked;
      REQUIRE(cells.each(point, [&](std::uint64_t cell) { asked.insert(cell); }));
      std::size_t expected = 0, found = 0;
      for (const Span& s : all) expected += have_common(s, point) ? 1 : 0;
      for (const std::uint64_t cell : asked) {
        const auto [from, to] = standing.equal_range(cell);
        for (auto it = from; it != to; ++it) found += have_common(it->second, point) ? 1 : 0;
      }
      REQUIRE(found == expected);
    }
    cells.clear();
    CHECK(cells.each({}, [](std::uint64_t) { FAIL("nothing stands"); }));
  }
}

TEST_CASE("spans that few are looked at beside stand together until many are", "[spans]") {
  SpanCells cells(true, false);
  const auto places = [&](Uint128 at) {
    std::set<std::uint64_t> out;
    REQUIRE(cells.each({at, at}, [&](std::uint64_t cell) { out.insert(cell); }));
    return out;
  };
  const std::uint64_t one = cells.place({10, 12}), other = cells.place({1'000, 1'100});
  CHECK(one == other);
  CHECK(places(5) == std::set{one});
  for (int i = 0; i < 10'000; ++i) REQUIRE_FALSE(cells.note({5, 5}, 4, 0, 1'000));
  // One in two hundred looks at many.
  for (int i = 0; i < 10'000; ++i) REQUIRE_FALSE(cells.note({5, 5}, i % 200 == 0 ? 500 : 1, 0, 1'000));
  int asked = 0;
  while (!cells.note({5, 5}, 500, 1, 1'000)) ++asked;
  CHECK(asked >= 4);
  CHECK(asked < 20);
  CHECK(cells.place({10, 12}) != cells.place({1'000, 1'100}));
  CHECK(places(11).contains(cells.place({10, 12})));
  CHECK_FALSE(places(500).contains(cells.place({10, 12})));
}

TEST_CASE("cells lead to every point that lies in a span, as wide as spans that ask", "[spans]") {
  Dice dice(12);
  for (const unsigned bits : {16U, 64U, 128U}) {
    SpanCells cells(false);
    std::vector<Uint128> points;
    std::multimap<std::uint64_t, Uint128> standing;
    const auto place_all = [&] {
      standing.clear();
      for (const Uint128 at : points) standing.emplace(cells.place({at, at}), at);
    };
    for (int i = 0; i < 2'000; ++i) points.push_back(random_position(dice, bits));
    place_all();
    // All of about one width, then of another: they stand in other cells soon, and seldom.
    std::size_t placed = 0, looked_last = 0;
    for (const unsigned width : {bits / 2, bits / 4}) {
      for (int i = 0; i < 300; ++i) {
        Span asked{points[dice.below(points.size())], 0};
        asked.high = asked.low + ((Uint128{1} << width) - 1) < asked.low ? ~Uint128{0} : asked.low + ((Uint128{1} << width) - 1);
        std::size_t looked = 0, found = 0, expected = 0;
        for (const Uint128 at : points) expected += have_common(asked, {at, at}) ? 1 : 0;
        std::set<std::uint64_t> places;
        if (cells.each(asked, [&](std::uint64_t cell) { places.insert(cell); })) {
          for (const std::uint64_t cell : places) {
            const auto [from, to] = standing.equal_range(cell);
            for (auto it = from; it != to; ++it) ++looked, found += have_common(asked, {it->second, it->second}) ? 1 : 0;
          }
        } else {
          looked = points.size();
          found = expected;
        }
        REQUIRE(found == expected);
        looked_last = looked - found;
        if (cells.note(asked, looked, found, points.size())) {
          ++placed;
          place_all();
        }
      }
      CHECK(looked_last < points.size() / 4);
    }
    CHECK(placed >= 1);
    CHECK(placed <= 4);
    CHECK(cells.each({5, 4}, [](std::uint64_t) { FAIL("it has nothing in it"); }));
  }
}

TEST_CASE("an index of spans, or of points, finds what lies near among what is equal, while they come, move and go", "[spans]") {
  for (const bool of_spans : {true, false}) {
    for (const bool at_once : {true, false}) {
      Dice dice(13);
      SpanIndex index(of_spans, at_once);
      struct Standing {
        std::uint32_t hash = 0;
        std::optional<Span> span;
      };
      std::map<std::uint32_t, Standing> all;
      std::size_t found = 0, looked = 0;
      for (int step = 0; step < 20'000; ++step) {
        const auto id = static_cast<std::uint32_t>(dice.below(300)), hash = static_cast<std::uint32_t>(dice.below(3));
        const Uint128 at = random_position(dice, 16);
        const Span here = of_spans ? Span{at, at + dice.below(40)} : Span{at, at};
        const auto what = dice.below(10);
        if (what < 4) {
          all[id] = {hash, dice.below(20) == 0 ? std::nullopt : std::optional(here)};
          index.insert(id, hash, all[id].span);
        } else if (what == 4) {
          all.erase(id);
          index.erase(id);
        } else {
          const Span asked = of_spans ? Span{at, at} : Span{at, at + dice.below(40)};
          const std::optional<Span> lies = dice.below(50) == 0 ? std::nullopt : std::optional(asked);
          std::vector<std::uint32_t> out;
          index.find(hash, lies, out);
          std::set<std::uint32_t> near(out.begin(), out.end());
          REQUIRE(near.size() == out.size());
          std::size_t matched = 0;
          for (const auto& [other, standing] : all) {
            if (standing.hash != hash) continue;
            const bool may = !standing.span || !lies || have_common(*standing.span, *lies);
            matched += may && standing.span && lies ? 1 : 0;
            if (may) REQUIRE(near.contains(other));
          }
          if (!lies) continue;
          index.note(lies, out.size(), matched);
          if (step > 10'000) looked += out.size(), found += matched + 20;  // of those that may be anywhere there are some
        }
      }
      CHECK(looked < 2 * found);
      REQUIRE(index.bytes() > 0);
      index.clear();
      std::vector<std::uint32_t> out;
      index.find(0, std::nullopt, out);
      CHECK(out.empty());
    }
  }
}

}  // namespace flyball::engine
