// All expressions of CEL's conformance suite parse. The suite is not part of the project: without it this test says so.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "parser/diagnostics/render.h"
#include "parser/parser.h"

using namespace flyball;

TEST_CASE("the expressions of CEL's conformance suite parse", "[cel]") {
  std::ifstream in(FLYBALL_SOURCE_DIR "/../shared/data/cel_conformance_core.jsonl");
  if (!in) {
    WARN("skipped: ../shared/data/cel_conformance_core.jsonl is absent");
    return;
  }
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    const std::string expr = nlohmann::json::parse(line).at("expr");
    SourceFiles sources;
    REQUIRE(sources.add("expr", expr));
    Interner interner;
    Diagnostics out;
    (void)parse_expression(sources, 0, interner, out);
    INFO(expr << "\n" << render_all(out, sources));
    CHECK_FALSE(out.has_errors());
  }
  CHECK(count == 1113);
}
