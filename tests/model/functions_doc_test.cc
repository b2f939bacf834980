// docs/reference/functions.md is written from the tables of model/functions.h and model/aggregates.h and compared with them here; with
// UPDATE_GOLDEN set it is written anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "model/aggregates.h"
#include "model/functions.h"

namespace flyball {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string reference() {
  std::string out =
      "# Functions\n\n"
      "<!-- Written from model/functions.cc by the test of functions_doc_test.cc; edit the table there. -->\n\n"
      "Every function and macro of the expression language: CEL's standard library, its extension libraries, and what units and\n"
      "addresses add. `x.f(y)` is a method: what stands before `.f` here is the type of what it is called on. `A` and `B` stand for any\n"
      "type, `N` for a number, a unit or a timestamp, `N...` for one or more. How far expressions are CEL: [cel.md](cel.md).\n\n"
      "An argument that is unknown makes the result unknown. A call that no form of a function fits is refused when the rules are\n"
      "checked, with the forms that there are.\n\n"
      "## Macros\n\n"
      "They are written like calls and give names to what they go over.\n\n"
      "| | |\n|---|---|\n";
  for (const MacroInfo& m : macros()) out += "| `" + cell(m.form) + "` | " + cell(m.doc) + " |\n";
  std::size_t group = 0;
  for (const FunctionInfo& f : functions()) {
    if (group < function_groups().size() && f.fn == function_groups()[group].first) {
      out += "\n## " + std::string(function_groups()[group].title) + "\n\n| | |\n|---|---|\n";
      ++group;
    }
    out += "| `" + cell(f.signature) + "` | " + cell(f.doc) + " |\n";
  }
  REQUIRE(group == function_groups().size());
  out +=
      "\n## Aggregates\n\n"
      "They read facts, or, with a window, samples; they stand in rules and in cases of decisions. `Type.field` may be `Type by e` with an "
      "expression over\n"
      "Type's fields; the window may be `over last N`; behind it may be `at least N samples`. [How they are "
      "written](language.md#aggregates),\n"
      "[what exactly they are](../explanation/semantics.md#4-aggregates).\n\n"
      "| | of | gives | |\n|---|---|---|---|\n";
  for (const AggregateInfo& a : kAggregates) {
    out +=
        "| `" + cell(aggregate_form(a)) + "` | " + cell(to_string(a.of)) + " | " + cell(to_string(a.gives)) + " | " + cell(a.doc) + " |\n";
  }
  return out;
}

TEST_CASE("the reference of functions is what the tables say") {
  const std::string path = std::string(FLYBALL_SOURCE_DIR) + "/docs/reference/functions.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << reference();
  std::ifstream file(path);
  const std::string written((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(written == reference());
}

}  // namespace
}  // namespace flyball
