// The engine against the naive matcher: random packages, random inputs, compared after every step.
//
// `make test` runs the two halves as two ctests. By hand:
//   REFERENCE_SEEDS=100000-200000 test_reference "[random-long]"      other seeds
//   REFERENCE_SEEDS=4711-4711 REFERENCE_SHOW=1 …                     prints the case, too
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

struct Totals {
  std::uint64_t packages = 0, refused = 0, ran_away = 0, steps = 0, firings = 0;
};

// Runs seeds from `first` until `wanted` packages were compared, or through `last`.
Totals run(std::uint64_t first, std::uint64_t last, std::uint64_t wanted) {
  constexpr int kMaxReports = 3;
  Totals t;
  int reports = 0;
  for (std::uint64_t seed = first; seed <= last && t.packages < wanted && reports < kMaxReports; ++seed) {
    const SeedCase c = make_case(seed);
    if (!c.package) {
      ++t.refused;
      continue;
    }
    const std::unique_ptr<Player> expected = make_naive(*c.package);
    const Result<std::unique_ptr<Player>> got = make_engine(*c.package);
    if (!got) {
      ++reports;
      UNSCOPED_INFO("seed " << seed << ": the engine refuses what the checker took: " << got.error().message);
      CHECK(false);
      continue;
    }
    const Comparison r = compare_players(*expected, **got, c.steps, *c.package);
    ++t.packages;
    t.ran_away += r.ran_away ? 1 : 0;
    t.steps += r.steps_compared;
    t.firings += r.firings;
    if (r.difference) {
      ++reports;
      UNSCOPED_INFO(report(c, make_engine));
      CHECK(false);
    }
  }
  std::cout << t.packages << " packages, " << t.steps << " steps, " << t.firings << " firings compared; " << t.refused << " packages refused by the checker, "
            << t.ran_away << " cut short at the limit of firings\n";
  return t;
}

void run_share(std::uint64_t first) {
  constexpr std::uint64_t kPackages = 10'000;
  const Totals t = run(first, first + 2 * kPackages, kPackages);
  CHECK(t.packages == kPackages);
  CHECK(t.steps >= kPackages * kStepsPerSeed * 95 / 100);
  CHECK(t.firings > kPackages);  // a comparison of nothing proves nothing
}

}  // namespace

TEST_CASE("the engine agrees with the naive matcher, first half", "[.][random-a]") { run_share(1); }
TEST_CASE("the engine agrees with the naive matcher, second half", "[.][random-b]") { run_share(1'000'000); }

TEST_CASE("the engine agrees with the naive matcher on the seeds asked for", "[.][random-long]") {
  const char* seeds = std::getenv("REFERENCE_SEEDS");
  const std::string text = seeds != nullptr ? seeds : "2000000-2100000";
  const std::size_t dash = text.find('-');
  REQUIRE(dash != std::string::npos);
  const std::uint64_t first = std::stoull(text.substr(0, dash));
  const std::uint64_t last = std::stoull(text.substr(dash + 1));
  if (std::getenv("REFERENCE_SHOW") != nullptr) {
    for (std::uint64_t seed = first; seed <= last; ++seed) {
      const SeedCase c = make_case(seed);
      std::cout << (c.package ? write_case(text_of(c)) : c.refusal) << "\n";
    }
  }
  run(first, last, ~std::uint64_t{0});
}

}  // namespace flyball::reference
