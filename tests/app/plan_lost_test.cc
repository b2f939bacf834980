// What the numbers in the steps of a `test` block leave out, as inputs of its plan.
#include <catch2/catch.hpp>

#include "app/testing/plan.h"
#include "engine/expression.h"
#include "parser/parser.h"

namespace flyball::app::testing {
namespace {

// "1s Probe a 5", "2s Lost a 6..7": time, type, source and number.
std::vector<std::string> inputs_of(const std::string& steps, std::string* error = nullptr) {
  SourceFiles sources;
  Interner interner;
  Diagnostics diagnostics;
  std::vector<ast::File> files;
  const std::string texts[] = {
      "module std.source\nevent Lost { source: string  first: int  last: int }\n",
      "module m\nimport std.source\nfact Probe key (k) { k: int  ok: bool = true }\ntest \"t\" {\n" + steps + "\n}\n"};
  for (const std::string& text : texts)
    files.push_back(parse_file(sources, sources.add("t" + std::to_string(files.size()) + ".fly", text).value(), interner, diagnostics));
  ast::RuleSet rules;
  if (!diagnostics.has_errors()) rules = check_package(std::move(files), sources, interner, diagnostics);
  if (diagnostics.has_errors()) {
    if (error != nullptr) *error = diagnostics.all().front().message;
    return {};
  }
  const auto recorded = [&](const std::string&, const ast::Span&, Timestamp zero) -> Result<std::vector<RecordedLine>> {
    FactInput fact;
    fact.type = rules.schema.type_id("Probe");
    fact.stamp = zero;
    fact.source = interner.string("a");
    fact.seq = 16;
    fact.values = {Value::integer(1), Value::boolean(true)};
    return std::vector<RecordedLine>{{Accounted{"a", 13}}, {fact}};
  };
  const auto plan = make_plan(
      rules.tests.at(0), rules.schema, interner, [&](const ast::Expr& e) { return engine::constant_of(e, rules.schema, {}, interner); },
      recorded);
  REQUIRE(plan.has_value());
  std::vector<std::string> out;
  for (const Input& input : plan->inputs) {
    const FactInput& fact = std::get<FactInput>(input.what);
    const FactType& type = rules.schema.types[fact.type];
    out.push_back(std::to_string(fact.stamp.ns / 1'000'000) + " " + (fact.op == FactOp::kRetract ? "-" : "") + type.local);
    if (!fact.source.is_null()) out.back() += " " + std::string(interner.text(fact.source)) + " " + std::to_string(fact.seq);
    if (type.is_event()) out.back() += " from " + std::to_string(fact.values[1].as_int());
  }
  return out;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("plan: a gap in the numbers of a source is an input before the one that shows it, with its stamp") {
  CHECK(inputs_of(R"(
    at 1s send Probe { k: 1 } source "a" seq 5
    at 2s send Probe { k: 2 } stamped 1500ms source "a" seq 8
    every 1s from 3s to 5s send Probe { k: 1 } source "a" seq 9
    at 6s retract Probe { k: 1 } source "a" seq 13
    at 7s send Probe { k: 1 } source "a" seq 1
    at 8s send Lost { source: "a", first: 2, last: 4 } source "a" seq 4
    at 9s send Probe { k: 1 } source "a" seq 5
    at 9s send Probe { k: 1 })") == Texts{"1000 Probe a 5", "1500 Lost a 7 from 6", "1500 Probe a 8", "3000 Probe a 9", "4000 Probe a 10",
                                          "5000 Probe a 11", "6000 Lost a 12 from 12", "6000 -Probe a 13", "7000 Probe a 1",
                                          "8000 Lost a 4 from 2", "9000 Probe a 5", "9000 Probe"});
}

TEST_CASE("plan: what a recorded tick accounts for is not lost") {
  CHECK(inputs_of("at 1s send Probe { k: 1 } source \"a\" seq 5\nat 4s send from \"x.jsonl\"") ==
        Texts{"1000 Probe a 5", "4000 Lost a 15 from 14", "4000 Probe a 16"});
}

TEST_CASE("plan: a source without a number, a number without a source, and a number that is none") {
  const auto said = [](const std::string& behind) {
    std::string error;
    inputs_of("at 1s send Probe { k: 1 } " + behind, &error);
    return error;
  };
  CHECK(said(R"(source "a")").find("expected `seq` and a number") != std::string::npos);
  CHECK(said("source a seq 1").find("expected the name of a source in quotes") != std::string::npos);
  CHECK(said(R"(source "a" seq 0)").find("the number after `seq` must be a number from 1 to") != std::string::npos);
  CHECK(said(R"(source "a" seq "x")").find("the number after `seq`") != std::string::npos);
  CHECK(said("seq 1").find("`seq`") != std::string::npos);
}

}  // namespace flyball::app::testing
