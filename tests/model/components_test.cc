// Strongly connected components.
#include "model/components.h"

#include <catch2/catch.hpp>

using namespace flyball;

TEST_CASE("what reaches each other in a circle is one component, and comes after what it reaches") {
  //  0 ⇄ 1 → 2 → 3 → 2,  4 → 4,  5 → 0
  const Components c = strong_components({{1}, {0, 2}, {3}, {2}, {4}, {0}});
  CHECK(c.count == 4);
  CHECK(c.of[0] == c.of[1]);
  CHECK(c.of[2] == c.of[3]);
  CHECK(c.of[0] > c.of[2]);
  CHECK(c.of[5] > c.of[0]);
  CHECK(strong_components({}).count == 0);
}

TEST_CASE("a chain of a hundred thousand needs no recursion") {
  std::vector<std::vector<std::uint32_t>> next(100'000);
  for (std::uint32_t i = 0; i + 1 < next.size(); ++i) next[i].push_back(i + 1);
  CHECK(strong_components(next).count == 100'000);
  next.back().push_back(0);
  CHECK(strong_components(next).count == 1);
}
