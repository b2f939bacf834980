// Production programs made at random, run by flyball and by CLIPS: the same firings in the same order, the same facts at the end.
//
// CLIPS_SEEDS says how many programs (default 400), or which: CLIPS_SEEDS=4711-4711. CLIPS_SHOW=1 prints them.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "benchmarks/classical/run.h"
#include "tests/clips/compare.h"

using namespace flyball;
using namespace flyball::clips;

namespace {

constexpr std::uint64_t kPrograms = 400;
constexpr int kMostReports = 3;

}  // namespace

TEST_CASE("programs made at random fire as in CLIPS", "[clips][productions]") {
  if (!bench::classical::have_clips()) {
    WARN("CLIPS is not installed: not compared");
    return;
  }
  std::uint64_t first = 1;
  std::uint64_t last = kPrograms;
  if (const char* seeds = std::getenv("CLIPS_SEEDS")) {
    char* end = nullptr;
    last = std::strtoull(seeds, &end, 10);
    if (*end == '-') {
      first = last;
      last = std::strtoull(end + 1, nullptr, 10);
    }
  }
  Totals totals;
  int reports = 0;
  for (std::uint64_t seed = first; seed <= last && reports < kMostReports; ++seed) {
    const Generated program = generate(seed);
    if (std::getenv("CLIPS_SHOW") != nullptr) std::cout << program.rules << program.constructs;
    INFO("seed " << seed << "\n" << program.rules << program.constructs);
    const std::string wrong = compare(program, totals);
    if (wrong.empty()) continue;
    ++reports;
    INFO(wrong);
    CHECK(false);
  }
  std::cout << fmt::format(
      "CLIPS beside: {} programs, {} firings compared ({} of facts that had fired before), {} programs to their end, {} to a choice among "
      "equals; {} endless ones left out\n",
      totals.programs, totals.firings, totals.again, totals.whole, totals.contested, totals.endless);
}

TEST_CASE("the comparison notices another strategy", "[clips][productions]") {
  if (!bench::classical::have_clips()) return;
  for (const char* const other : {"depth", "breadth", "lex", "mea"}) {
    int differ = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      Generated program = generate(seed);
      if (program.strategy == other) continue;
      program.strategy = other;  // of CLIPS: flyball's is in its rules
      Totals totals;
      if (!compare(program, totals).empty()) ++differ;
    }
    INFO(other);
    CHECK(differ > 0);
  }
}
