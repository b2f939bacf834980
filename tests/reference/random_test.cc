// The engine against the naive matcher: random packages, random inputs, compared after every step.
//
// REFERENCE_SEEDS says how many packages (default 20000; half in each test case, so that ctest can run them side by
// side) or which seeds: REFERENCE_SEEDS=4711-4711. REFERENCE_SHOW=1 prints the cases of seeds, too. A difference is shrunk
// and printed as a case that can be kept in cases/.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

constexpr std::uint64_t kPackages = 20'000;
constexpr std::uint64_t kSecondHalf = 1'000'000'000;  // its first seed
constexpr int kMaxReports = 3;

struct Totals {
  std::uint64_t packages = 0, refused = 0, runaways = 0, steps = 0, firings = 0;
};

bool shows() { return std::getenv("REFERENCE_SHOW") != nullptr; }

void compare_seed(std::uint64_t seed, Totals& t, int& reports) {
  const SeedCase c = make_case(seed);
  if (shows()) std::cout << (c.package ? write_case(text_of(c)) : c.refusal) << "\n";
  if (!c.package) {
    ++t.refused;
    return;
  }
  INFO("seed " << seed);  // of a crash
  const std::unique_ptr<Player> expected = make_naive(*c.package);
  const Result<std::unique_ptr<Player>> got = make_engine(*c.package);
  ++t.packages;
  if (!got) {
    ++reports;
    UNSCOPED_INFO("seed " << seed << ": the engine refuses what the checker took: " << got.error().message);
    CHECK(false);
    return;
  }
  const Comparison r = compare_players(*expected, **got, c.steps, *c.package);
  t.runaways += r.runaways;
  t.steps += r.steps_compared;
  t.firings += r.firings;
  if (r.difference) {
    ++reports;
    UNSCOPED_INFO(report(c, make_engine));
    CHECK(false);
  }
}

// `wanted` packages from seed `first` on, or up to `last`.
void run(std::uint64_t first, std::uint64_t last, std::uint64_t wanted) {
  Totals t;
  int reports = 0;
  for (std::uint64_t seed = first; seed <= last && t.packages < wanted && reports < kMaxReports; ++seed) {
    compare_seed(seed, t, reports);
  }
  std::cout << t.packages << " packages, " << t.steps << " steps and " << t.firings << " firings compared; " << t.refused
            << " packages refused by the checker, " << t.runaways << " cascades taken back" << std::endl;
  if (reports > 0) return;
  CHECK(t.steps >= t.packages * kStepsPerSeed * 95 / 100);
  if (t.packages >= 1'000) CHECK(t.firings > t.packages);  // a comparison of nothing proves nothing
  if (wanted != ~std::uint64_t{0}) CHECK(t.packages == wanted);
}

void run_share(std::uint64_t first, bool second) {
  const char* seeds = std::getenv("REFERENCE_SEEDS");
  const std::string text = seeds != nullptr ? seeds : std::to_string(kPackages);
  const std::size_t dash = text.find('-');
  if (dash == std::string::npos) {
    const std::uint64_t share = std::max<std::uint64_t>(std::stoull(text) / 2, 1);
    run(first, first + 2 * share, share);
  } else if (!second) {
    run(std::stoull(text.substr(0, dash)), std::stoull(text.substr(dash + 1)), ~std::uint64_t{0});
  }
}

}  // namespace

TEST_CASE("the engine agrees with the naive matcher, first half") { run_share(1, false); }
TEST_CASE("the engine agrees with the naive matcher, second half", "[second-half]") { run_share(kSecondHalf, true); }

}  // namespace flyball::reference
