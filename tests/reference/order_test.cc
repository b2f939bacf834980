// In which order the patterns of a rule are joined must not show: not in what is done, derived or told, nor in why (JoinOptions).
//
// REFERENCE_SEEDS says how many packages; REFERENCE_EXHAUSTIVE how long the sequences of steps in small worlds are.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>

#include "engine/compile/program_data.h"
#include "tests/reference/harness.h"
#include "tests/reference/reasons.h"

namespace flyball::reference {
namespace {

constexpr std::uint64_t kSeeds = 1'500;
constexpr std::uint64_t kFirst = 3'000'000'000;  // seeds of their own
constexpr int kMaxReports = 3;

engine::JoinOptions any_order(std::uint64_t seed) {
  engine::JoinOptions joins;
  joins.seed = seed;
  return joins;
}

bool is_permuted(const engine::Program& program) {
  const std::vector<engine::JoinRun>& runs = program.data().join_runs;
  return std::any_of(runs.begin(), runs.end(),
                     [](const engine::JoinRun& run) { return !std::is_sorted(run.order.begin(), run.order.end()); });
}

}  // namespace

TEST_CASE("patterns joined in any order do what the naive matcher does") {
  std::uint64_t permuted = 0, packages = 0, steps = 0, firings = 0;
  int reports = 0;
  for (std::uint64_t seed = kFirst; seed < kFirst + seeds_or(kSeeds) && reports < kMaxReports; ++seed) {
    const SeedCase c = make_case(seed);
    if (!c.package) continue;
    INFO("seed " << seed);
    ++packages;
    const MakeOther in_any_order = [&](const Loaded& package) { return make_engine_joined(package, any_order(seed)); };
    const std::unique_ptr<Player> expected = make_naive(*c.package);
    const Result<std::unique_ptr<Player>> got = in_any_order(*c.package);
    if (!got) {
      if (!make_engine(*c.package)) continue;  // too large for any order
      ++reports;
      UNSCOPED_INFO("seed " << seed << ": refused in another order: " << got.error().message);
      CHECK(false);
      continue;
    }
    const Result<engine::Program> program =
        engine::compile(c.package->rules, *c.package->interner, {}, engine::Trees::kKeep, nullptr, any_order(seed));
    REQUIRE(program.has_value());
    permuted += is_permuted(*program) ? 1U : 0U;
    const Comparison r = compare_players(*expected, **got, c.steps, *c.package);
    steps += r.steps_compared;
    firings += r.firings;
    if (r.difference) {
      ++reports;
      UNSCOPED_INFO(report(c, in_any_order));
      CHECK(false);
    }
  }
  std::cout << packages << " packages, " << permuted << " of them not as they are written, " << steps << " steps and " << firings
            << " firings compared" << std::endl;
  CHECK(permuted > packages / 8);
}

TEST_CASE("why and why-not say the same in whatever order patterns are joined") {
  std::uint64_t permuted = 0;
  for (std::uint64_t seed = kFirst; seed < kFirst + seeds_or(kSeeds); ++seed) {
    const SeedCase c = make_case(seed);
    if (!c.package) continue;
    std::vector<engine::Program> programs;
    for (const std::size_t which : {0U, 1U}) {
      engine::JoinOptions joins;
      if (which == 0) joins.as_written = true;
      if (which == 1) joins.seed = seed;
      Result<engine::Program> program = engine::compile(c.package->rules, *c.package->interner, {}, engine::Trees::kKeep, nullptr, joins);
      if (!program) break;  // too large for any order
      programs.push_back(std::move(*program));
    }
    if (programs.size() < 2 || !is_permuted(programs[1])) continue;
    ++permuted;
    const std::string difference = difference_of_reasons(c, programs[0], programs[1]);
    if (difference.empty()) continue;
    UNSCOPED_INFO(difference);
    CHECK(false);
    return;
  }
  CHECK(permuted > 0);
}

// Every order of four patterns and every sequence of a few steps.
TEST_CASE("every order of the lines of a rule, in small worlds") {
  const std::string facts = R"(
fact F key (k) ttl 3s { k: int  v: int?  w: int  up: bool }
fact G key (k) { k: int  v: int? }
action A0 key (a, b, c, d) { a: int  b: int  c: int  d: int }
)";
  const std::vector<std::string> letters = {"put @ F { k: 1, v: 1, w: 2, up: true }",
                                            "put @ F { k: 2, v: null, w: 1, up: true }",
                                            "put @ F { k: 1, v: 1, w: 1, up: false }",
                                            "put @ G { k: 1, v: 1 }",
                                            "put @ G { k: 2, v: null }",
                                            "retract @ G { k: 1 }",
                                            "wait 2s"};
  const std::vector<std::string> worlds = {
      "module m\n" + facts +
          "rule r { when { a: F  b: G same v as a  c: F same v as b where k <= a.k + b.k  cross d: G where k == c.k or k == a.k }\n"
          "then { do A0 { a: a.k, b: b.k, c: c.k, d: d.k } } }",
      "module m\n" + facts +
          "rule r { when { a: F where up  b: F where k == a.k  some G where k == b.k  c: G same v as b where not stale(a.up)  check c.k > "
          "0  d: F "
          "where k == c.k }\n then { do A0 { a: a.k, b: b.k, c: c.k, d: d.k } } on clear { do A0 { a: 0, b: b.k, c: c.k, d: d.k } } }",
      "module m\n" + facts +
          "rule r { when { a: F  b: F where k == a.w  c: F where k == b.w and w == a.k  cross d: G where count(F where w == a.w) > k }\n"
          "then { do A0 { a: a.k, b: b.k, c: c.k, d: d.k } } }"};
  const char* const given = std::getenv("REFERENCE_EXHAUSTIVE");
  const std::size_t length = given != nullptr ? std::stoul(given) : 3;
  constexpr std::size_t kOrders = 24;
  for (const std::string& rules : worlds) {
    const Result<std::unique_ptr<Loaded>> package = load({rules});
    INFO((package ? rules : package.error().message));
    REQUIRE(package.has_value());
    std::map<std::vector<std::uint32_t>, std::uint64_t> orders;  // of each, a seed
    for (std::uint64_t seed = 0; seed < 2'000 && orders.size() < kOrders; ++seed) {
      const Result<engine::Program> program =
          engine::compile((*package)->rules, *(*package)->interner, {}, engine::Trees::kKeep, nullptr, any_order(seed));
      REQUIRE(program.has_value());
      orders.emplace(program->data().join_runs.front().order, seed);
    }
    CHECK(orders.size() == kOrders);
    std::uint64_t firings = 0;
    std::vector<std::size_t> word(length, 0);
    for (bool more = true; more;) {
      std::vector<Step> steps;
      std::int64_t now = 10;
      for (const std::size_t letter : word) {
        std::string line = letters[letter];
        if (line == "wait 2s") now += 2, line = "tick @";
        line.replace(line.find('@'), 1, std::to_string(now) + "s");
        steps.push_back(*parse_step(line, **package));
      }
      steps.push_back(*parse_step("tick " + std::to_string(now + 9) + "s", **package));
      std::vector<std::string> told;
      for (const auto& [order, seed] : orders) {
        const std::unique_ptr<Player> got = std::move(*make_engine_joined(**package, any_order(seed)));
        if (told.empty()) {
          const std::unique_ptr<Player> naive = make_naive(**package);
          const Comparison c = compare_players(*naive, *got, steps, **package);
          firings += c.firings;
          if (c.difference) UNSCOPED_INFO("seed " << seed << "\n" << c.difference->text);
          REQUIRE_FALSE(c.difference.has_value());
        } else {
          for (const Step& step : steps) (void)got->take(step);
          got->finish();
        }
        told.push_back(render(got->transcript(), **package));
        if (told.back() == told.front()) continue;
        UNSCOPED_INFO("seed " << seed << "\n" << told.front() << "---\n" << told.back());
        REQUIRE(false);
      }
      more = false;
      for (std::size_t& letter : word) {
        if (++letter < letters.size()) {
          more = true;
          break;
        }
        letter = 0;
      }
    }
    CHECK(firings > 0);
  }
}

}  // namespace flyball::reference
