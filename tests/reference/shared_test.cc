// Joins that several rules begin with are made once. That must not show: not in what is done, derived or told, nor in why.
//
// REFERENCE_SEEDS says how many packages.
#include <catch2/catch.hpp>
#include <iostream>

#include "engine/compile/program_data.h"
#include "tests/reference/harness.h"
#include "tests/reference/reasons.h"

namespace flyball::reference {
namespace {

constexpr std::uint64_t kSeeds = 1'500;
constexpr std::uint64_t kFirst = 4'000'000'000;  // seeds of their own
constexpr int kMaxReports = 3;

engine::Program compiled(const Loaded& package, bool share) {
  engine::JoinOptions joins;
  joins.share = share;
  Result<engine::Program> program = engine::compile(package.rules, *package.interner, {}, engine::Trees::kKeep, nullptr, joins);
  REQUIRE(program.has_value());
  return std::move(*program);
}

bool shares(const engine::Program& program) { return program.data().rules.size() > program.data().rule_set.rules.size(); }

}  // namespace

TEST_CASE("rules that begin alike do what the naive matcher does") {
  std::uint64_t sharing = 0, packages = 0, steps = 0, firings = 0;
  int reports = 0;
  for (std::uint64_t seed = kFirst; seed < kFirst + seeds_or(kSeeds) && reports < kMaxReports; ++seed) {
    const SeedCase c = make_twin_case(seed);
    if (!c.package) continue;
    INFO("seed " << seed);
    const Result<std::unique_ptr<Player>> got = make_engine(*c.package);
    if (!got) continue;  // too large
    ++packages;
    sharing += shares(compiled(*c.package, true)) ? 1U : 0U;
    const std::unique_ptr<Player> expected = make_naive(*c.package);
    const Comparison r = compare_players(*expected, **got, c.steps, *c.package);
    steps += r.steps_compared;
    firings += r.firings;
    if (!r.difference) continue;
    ++reports;
    UNSCOPED_INFO(report(c, make_engine));
    CHECK(false);
  }
  std::cout << packages << " packages, " << sharing << " of them share joins, " << steps << " steps and " << firings << " firings compared"
            << std::endl;
  CHECK(sharing > packages / 8);
}

TEST_CASE("why and why-not say the same whether or not joins are shared") {
  std::uint64_t sharing = 0;
  for (std::uint64_t seed = kFirst; seed < kFirst + seeds_or(kSeeds) / 2; ++seed) {
    const SeedCase c = make_twin_case(seed);
    if (!c.package || !make_engine(*c.package)) continue;
    const engine::Program programs[2] = {compiled(*c.package, false), compiled(*c.package, true)};
    if (!shares(programs[1])) continue;
    ++sharing;
    if (const std::string difference = difference_of_reasons(c, programs[0], programs[1]); !difference.empty()) {
      UNSCOPED_INFO(difference);
      CHECK(false);
      return;
    }
  }
  CHECK(sharing > 0);
}

}  // namespace flyball::reference
