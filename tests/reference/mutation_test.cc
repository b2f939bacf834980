// The comparison can fail: each deliberate mistake in the naive matcher is noticed by random cases.
#include <catch2/catch.hpp>

#include "tests/reference/harness.h"

namespace flyball::reference {

TEST_CASE("random cases notice every deliberate mistake") {
  constexpr std::uint64_t kSeeds = 20'000;  // at most; most mistakes need a few dozen
  const std::uint64_t seeds = seeds_or(kSeeds);
  std::vector<Mutation> left;
  for (int m = 1; m < static_cast<int>(Mutation::kCount); ++m) left.push_back(static_cast<Mutation>(m));
  for (std::uint64_t seed = 1; seed <= seeds && !left.empty(); ++seed) {
    const SeedCase c = make_case(seed);
    if (!c.package) continue;
    std::erase_if(left, [&](Mutation m) {
      const std::unique_ptr<Player> right = make_naive(*c.package);
      const std::unique_ptr<Player> wrong = make_naive(*c.package, m);
      return compare_players(*right, *wrong, c.steps, *c.package).difference.has_value();
    });
  }
  if (seeds < kSeeds) return;  // too few to meet every mistake
  for (Mutation m : left) {
    INFO("mutation " << static_cast<int>(m) << " was not noticed");
    CHECK(false);
  }
}

}  // namespace flyball::reference
