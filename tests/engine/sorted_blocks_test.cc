// SortedBlocks against a sorted vector, through growth, equal values and shrinking.
#include "engine/network/sorted_blocks.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "tests/engine/dice.h"

namespace flyball::engine {
namespace {

TEST_CASE("the k-th of many is that of the sorted list", "[blocks]") {
  SortedBlocks<int, std::less<>> blocks;
  std::vector<int> plain;
  Dice dice(7);
  const auto same = [&] {
    REQUIRE(blocks.size() == plain.size());
    for (std::size_t k = 0; k < plain.size(); k += 1 + plain.size() / 37) REQUIRE(blocks.at(k) == plain[k]);
    if (!plain.empty()) REQUIRE(blocks.at(plain.size() - 1) == plain.back());
  };
  for (int round = 0; round < 6; ++round) {
    const bool growing = round % 2 == 0;
    for (int i = 0; i < 4000; ++i) {
      if (!plain.empty() && dice.below(10) < (growing ? 2U : 9U)) {
        const std::size_t at = dice.below(plain.size());
        blocks.erase(plain[at]);
        plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(at));
      } else {
        const int v = static_cast<int>(dice.below(round < 3 ? 50 : 100'000));
        blocks.insert(v);
        plain.insert(std::upper_bound(plain.begin(), plain.end(), v), v);
      }
      if (i % 97 == 0) same();
    }
    same();
  }
}

}  // namespace
}  // namespace flyball::engine
