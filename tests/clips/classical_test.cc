// The classical production programs (benchmarks/classical) at small sizes: exactly as many firings as their formulas say, in CLIPS, too.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "benchmarks/classical/run.h"

using namespace flyball;
using namespace flyball::bench;

namespace {

// The rules as if their module said another strategy.
std::string under(const classical::Program& program, const std::string& strategy) {
  std::string text = classical::read_text(classical::folder() / (program.name + ".fly"));
  const std::string says = " strategy " + program.strategy + "\n";
  const std::size_t at = text.find(says);
  REQUIRE(at != std::string::npos);
  return text.replace(at, says.size(), " strategy " + strategy + "\n");
}

void check_firings(const classical::Program& program, const std::vector<std::string>& strategies) {
  for (const std::string& strategy : strategies) {
    INFO(program.name << " " << program.size << ", " << strategy);
    classical::Match match(under(program, strategy), program.data);
    CHECK(match.run().firings == program.firings);
  }
}

void check_clips(const classical::Program& program) {
  INFO(program.name << " " << program.size << ", CLIPS");
  std::string said;
  const auto ran = classical::run_clips(
      classical::read_text(classical::folder() / (program.name + ".clp")) + classical::clips_facts(program.data), program.strategy, &said);
  INFO(said);
  REQUIRE(ran);
  CHECK(ran->firings == program.firings);
}

const std::vector<std::string> kAll = {"depth", "breadth", "lex", "mea"};

}  // namespace

TEST_CASE("Miss Manners seats everybody", "[clips][productions]") {
  // First come, first served would go on with old seatings.
  for (const std::uint32_t guests : {4U, 8U, 16U, 32U}) check_firings(classical::manners(guests), {"depth", "lex", "mea"});
}

TEST_CASE("Waltz labels every edge, whatever goes first", "[clips][productions]") {
  for (const std::uint32_t regions : {0U, 1U, 3U}) check_firings(classical::waltz(regions), kAll);
}

TEST_CASE("WaltzDB filters to the same end, whatever goes first", "[clips][productions]") {
  for (const std::uint32_t regions : {0U, 1U, 3U}) {
    const classical::Program program = classical::waltzdb(regions);
    check_firings(program, kAll);
    classical::Match match(under(program, "lex"), program.data);
    match.run();
    // Every junction is left with some labelling, and most with one.
    const std::size_t junctions = match.facts("Junction").size();
    CHECK(junctions == 68 * (regions + 1) + 3 * regions);
    std::map<std::int64_t, int> left;
    for (const engine::FactView& candidate : match.facts("Candidate")) ++left[candidate.values[0].as_int()];
    CHECK(left.size() == junctions);
    CHECK(static_cast<std::size_t>(std::count_if(left.begin(), left.end(), [](const auto& l) { return l.second == 1; })) > junctions / 2);
  }
}

TEST_CASE("the zebra is found", "[clips][productions]") {
  const classical::Program program = classical::zebra();
  check_firings(program, kAll);
  classical::Match match(under(program, "depth"), program.data);
  match.run();
  const std::vector<engine::FactView> found = match.facts("Solution");
  REQUIRE(found.size() == 1);
  CHECK(found[0].values[0].as_int() == 5);  // in the Japanese house
  CHECK(found[0].values[1].as_int() == 1);  // the Norwegian drinks water
}

TEST_CASE("CLIPS fires as often", "[clips][productions]") {
  if (!classical::have_clips()) {
    WARN("CLIPS is not installed: not compared");
    return;
  }
  for (const std::uint32_t guests : {4U, 16U, 32U}) check_clips(classical::manners(guests));
  for (const std::uint32_t regions : {0U, 3U}) check_clips(classical::waltz(regions));
  for (const std::uint32_t regions : {0U, 3U}) check_clips(classical::waltzdb(regions));
  check_clips(classical::zebra());
}
