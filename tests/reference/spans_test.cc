// Lines tied by where something lies, engine against naive matcher: the engine looks only at what lies near, and must come to the same
// conclusions as looking at all.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/reference/generate/spanning.h"
#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

std::string difference(const CaseText& c) {
  const auto loaded = load(c.files);
  if (!loaded) return loaded.error().message + c.files.front();
  for (const std::string& step : c.steps) {
    if (!parse_step(step, **loaded)) return "no step: " + step;
  }
  const std::optional<Difference> d = run_text(c, make_engine);
  return d ? "after step " + std::to_string(d->step + 1) + ":\n" + d->text + write_case(c) : "";
}

}  // namespace

TEST_CASE("random rules whose lines are tied by what lies in what agree with the naive matcher") {
  for (std::uint64_t seed = 1; seed <= seeds_or(150); ++seed) {
    const CaseText c = spanning_case(seed);
    INFO("seed " << seed);
    REQUIRE(difference(c) == "");
  }
}

}  // namespace flyball::reference
