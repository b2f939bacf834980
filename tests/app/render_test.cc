// Lengths of time as explanations say them.
#include "app/explain/render.h"

#include <catch2/catch.hpp>

#include "model/text.h"

namespace flyball::app {

TEST_CASE("ages are said as people say them") {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"0s", "0s"},          {"999ns", "<1ms"},   {"1ms", "1ms"},        {"420ms137us5ns", "420ms"}, {"1s", "1s"}, {"12s345ms", "12.3s"},
      {"59s999ms", "59.9s"}, {"1m0s999ms", "1m"}, {"3m12s7ns", "3m12s"}, {"59m59s", "59m59s"},       {"1h", "1h"}, {"5h3m59s", "5h3m"},
      {"2d5h59m", "2d5h"},   {"1w", "1w"},        {"30d1h1m", "30d1h"},
  };
  for (const auto& [exact, said] : table) {
    INFO(exact);
    CHECK(rough_duration(parse_duration_ns(exact).value()) == said);
  }
}

TEST_CASE("an explanation says how old facts were, and how old they are now") {
  Interner interner;
  ast::RuleSet rules;
  SourceFiles sources;
  FactType type;
  type.name = type.local = "Probe";
  type.fields = {{"ok", Type::of(TypeTag::kBool), {}, ""}};
  type.declared_fields = 1;
  rules.schema.types = {type};
  const auto at = [](const char* text) { return Timestamp{parse_duration_ns(text).value()}; };

  engine::Explanation why;
  why.action.action = 0;
  why.action.time = at("1h0m0.123456789s");
  engine::FactUsed fact;
  fact.name = "p";
  fact.type = 0;
  fact.values = {Value::boolean(true)};
  fact.stamp = at("59m57s876543210ns");
  fact.age_ns = why.action.time - fact.stamp;
  why.facts = {fact};

  const std::string text = why_text(why, {rules, sources, interner, at("1h3m10s")});
  INFO(text);
  CHECK(text.find("sent at 1970-01-01T01:00:00.123Z") != std::string::npos);
  CHECK(text.find("p: Probe { ok: true }  (2.2s old then, 3m12s old now)\n") != std::string::npos);
  CHECK(why_text(why, {rules, sources, interner}).find("(2.2s old)\n") != std::string::npos);
  CHECK(why_json(why, {rules, sources, interner}).find("\"age\":\"2.246913579s\"") != std::string::npos);
}

TEST_CASE("an action's own field stands in its data, and hides the field that every action has under that name") {
  Interner interner;
  ast::RuleSet rules;
  SourceFiles sources;
  FactType type;
  type.name = type.local = "A";
  type.role = Role::kAction;
  type.fields = {
      {"id", Type::of(TypeTag::kInt), {}, ""}, {"id", Type::of(TypeTag::kString), {}, ""}, {"state", Type::of(TypeTag::kString), {}, ""}};
  type.declared_fields = 1;
  rules.schema.types = {type};
  engine::FactView fact;
  fact.type = 0;
  fact.values = {Value::integer(7), interner.string("4e84"), interner.string("sent")};
  const ExplainContext context{rules, sources, interner};
  CHECK(fact_json(fact, {0}, context).find(R"("data":{"id":7,"state":"sent"})") != std::string::npos);
  CHECK(fact_text(fact, {0}, context).starts_with("A { id: 7, state: \"sent\" }"));
}

}  // namespace flyball::app
