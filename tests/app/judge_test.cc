// Plans and verdicts of `test` blocks, without an engine: what happened is written down here.
#include "app/testing/judge.h"

#include <catch2/catch.hpp>

#include "engine/expression.h"
#include "parser/parser.h"

namespace flyball::app::testing {
namespace {

constexpr const char* kDeclarations = R"(
fact Probe key (backend) { backend: string  ok: bool = true  note: string? }
action Drain key (backend) { backend: string  weight: int = 1 }
action Page { text: string }
param limit: int = 3
decision pick { input { x: int } output { y: string } default return { y: "z" } }
rule one { cooldown 1s when { p: Probe where not ok } then { do Drain { backend: p.backend, weight: 1 } } }
rule two { cooldown 1s when { p: Probe where not ok } then { do Page { text: p.backend } } }
rule three { cooldown 1s when { p: Probe where ok } then { do Page { text: p.backend } } }
)";

// A package with one test of these steps.
struct World {
  SourceFiles sources;
  Interner interner;
  ast::RuleSet rules;
  std::expected<Plan, PlanError> plan = std::unexpected(PlanError{});

  explicit World(const std::string& steps) {
    Diagnostics diagnostics;
    const std::uint32_t file = sources.add("t.fly", std::string(kDeclarations) + "test \"t\" {\n" + steps + "\n}\n").value();
    std::vector<ast::File> files;
    files.push_back(parse_file(sources, file, interner, diagnostics));
    rules = check_package(std::move(files), sources, interner, diagnostics);
    for (const Diagnostic& d : diagnostics.all()) INFO(d.message);
    if (diagnostics.has_errors()) FAIL(diagnostics.all().front().message << " in " << steps);
    plan = make_plan(
        rules.tests.at(0), rules.schema, interner, [&](const ast::Expr& e) { return engine::constant_of(e, rules.schema, {}, interner); },
        [](const std::string&, const ast::Span&, Timestamp) -> Result<std::vector<RecordedLine>> { return fail("no files here"); });
  }

  ActionOutput drain(double seconds, const std::string& backend, std::int64_t weight = 1, ActionState state = ActionState::kSent) {
    ActionOutput a;
    a.time = Timestamp{static_cast<std::int64_t>(seconds * 1e9)};
    a.action = rules.schema.type_id("Drain");
    a.rule = 0;
    a.rule_name = "main.one";
    a.data = {interner.string(backend), Value::integer(weight)};
    a.state = state;
    return a;
  }
  ActionOutput page(double seconds, const std::string& text, std::uint32_t rule) {
    ActionOutput a = drain(seconds, text);
    a.action = rules.schema.type_id("Page");
    a.rule = rule;
    a.rule_name = rules.rules[rule].qualified;
    a.data = {interner.string(text)};
    return a;
  }
  std::vector<Failure> judge_of(std::vector<ActionOutput> actions) {
    REQUIRE(plan.has_value());
    Recording recording;
    recording.actions = std::move(actions);
    return judge(*plan, recording, rules, interner).failures;
  }
};

constexpr std::int64_t kSecond = 1'000'000'000;

TEST_CASE("plan: steps become inputs in order of arrival, then of the file") {
  const World w(R"(
    start "1970-01-01T00:01:40Z"
    set limit = 5
    every 5s from 10s to 20s send Probe { backend: "b" }
    at 15s send Probe { backend: "a", ok: false, note: "x" } stamped 12s
    at 15s ask pick { x: 1 } expect { y: "z" } from default
    at 1s retract Probe { backend: "c" }
    at 12s fail Drain { backend: "b" }
  )");
  REQUIRE(w.plan.has_value());
  const Plan& p = *w.plan;
  CHECK(p.start.ns == 100 * kSecond);
  CHECK(p.horizon.ns == 120 * kSecond);
  REQUIRE(p.params.size() == 1);
  CHECK(p.params[0].second == Value::integer(5));
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (const Input& input : p.inputs) order.emplace_back(input.arrival.ns / kSecond - 100, input.step);
  CHECK(order == std::vector<std::pair<std::int64_t, std::size_t>>{{1, 5}, {10, 2}, {12, 6}, {15, 2}, {15, 3}, {15, 4}, {20, 2}});
  const FactInput& late = std::get<FactInput>(p.inputs[4].what);
  CHECK(late.stamp.ns == 112 * kSecond);
  CHECK(late.present == 7U);
  const FactInput& with_default = std::get<FactInput>(p.inputs[1].what);
  CHECK(with_default.values[1] == Value::boolean(true));
  CHECK(with_default.values[2].is_null());
  CHECK(std::get<FactInput>(p.inputs[0].what).op == FactOp::kRetract);
  CHECK(std::get<AckInput>(p.inputs[2].what).state == ActionState::kFailed);
}

TEST_CASE("plan: what cannot be planned is said at its place") {
  CHECK(World("every 1ns from 0s to 1h send Probe { backend: \"b\" }").plan.error().message.find("more than") != std::string::npos);
  CHECK(World("send from \"x.jsonl\"").plan.error().message == "no files here");
  // What the checker cannot see: questions asked again and again.
  CHECK(World("down from 1s to 3s\nevery 2s from 0s to 4s ask pick { x: 1 }").plan.error().message ==
        "nobody answers while the service is down");
}

TEST_CASE("plan: what arrives while the service is down waits, with its stamp, before what arrives when it is back") {
  const World w(R"(
    at 8s send Probe { backend: "after" }
    at 5s send Probe { backend: "second" }
    at 3s send Probe { backend: "first" }
    at 2.9s send Probe { backend: "before" }
    down from 3s to 8s
    at 8s ask pick { x: 1 }
  )");
  REQUIRE(w.plan.has_value());
  const std::vector<Input>& all = w.plan->inputs;
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (const Input& input : all) order.emplace_back(input.arrival.ns / 1'000'000, input.step);
  CHECK(order ==
        std::vector<std::pair<std::int64_t, std::size_t>>{{2900, 3}, {3000, 4}, {8000, 4}, {8000, 2}, {8000, 1}, {8000, 0}, {8000, 5}});
  CHECK(std::holds_alternative<GoesDown>(all[1].what));
  CHECK(std::holds_alternative<Recovered>(all[2].what));
  CHECK(std::get<FactInput>(all[4].what).stamp.ns == 5 * kSecond);
  CHECK(all[4].waited);
  CHECK(!all[5].waited);
}

TEST_CASE("judge: `at` is exactly then, `by` at or before, each action once") {
  World w("at 5s expect Drain { backend: \"b\" }\nby 9s expect Drain { backend: \"b\" }");
  CHECK(w.judge_of({w.drain(5, "b"), w.drain(7, "b")}).empty());
  CHECK(w.judge_of({w.drain(3, "b"), w.drain(5, "b")}).empty());
  CHECK(w.judge_of({w.drain(5, "b"), w.drain(9, "b")}).empty());
  CHECK(w.judge_of({w.drain(5, "b")}).size() == 1);
  CHECK(w.judge_of({w.drain(4, "b"), w.drain(6, "b")}).size() == 1);
  CHECK(w.judge_of({w.drain(5, "b"), w.drain(9.5, "b")}).size() == 1);
}

TEST_CASE("judge: the assignment is the best one, not the first that fits") {
  World w("by 9s expect Drain\nat 5s expect Drain { backend: \"b\" }");
  CHECK(w.judge_of({w.drain(5, "b"), w.drain(6, "c")}).empty());
  World v("by 9s expect Drain\nby 9s expect Drain { backend: \"b\" }\nby 9s expect Drain { backend: \"b\", weight: 2 }");
  CHECK(v.judge_of({v.drain(1, "b", 2), v.drain(2, "b"), v.drain(3, "c")}).empty());
}

TEST_CASE("judge: counts, none, nothing else") {
  World count("by 9s expect 2 Drain { backend: \"b\" }\nby 9s expect nothing else");
  CHECK(count.judge_of({count.drain(1, "b"), count.drain(2, "b")}).empty());
  CHECK(count.judge_of({count.drain(1, "b")}).size() == 1);
  CHECK(count.judge_of({count.drain(1, "b"), count.drain(2, "b"), count.drain(10, "b")}).empty());
  const std::vector<Failure> extra = count.judge_of({count.drain(1, "b"), count.drain(2, "b"), count.page(3, "x", 1)});
  REQUIRE(extra.size() == 1);
  CHECK(extra[0].message == "expected nothing else by 9s, there was one more action");
  CHECK(extra[0].happened == std::vector<std::string>{"3s Page { text: \"x\" } from main.two"});

  World none("by 5s expect no Drain { backend: \"b\" }\nat 7s expect no Page");
  CHECK(none.judge_of({none.drain(5.1, "b"), none.drain(1, "c"), none.page(6, "x", 1)}).empty());
  CHECK(none.judge_of({none.drain(5, "b"), none.page(7, "x", 1)}).size() == 2);
}

TEST_CASE("judge: only what was sent counts, unless a state is named; shadow sends nothing") {
  World w("by 9s expect Drain { backend: \"b\" }\nby 9s expect nothing else");
  ActionOutput shadow = w.drain(1, "b");
  shadow.shadow = true;
  CHECK(w.judge_of({shadow, w.drain(1, "b", 1, ActionState::kProposed)}).size() == 1);
  CHECK(w.judge_of({shadow, w.drain(1, "b", 1, ActionState::kProposed), w.drain(2, "b"), w.drain(3, "b", 1, ActionState::kAcked)}).empty());
}

TEST_CASE("judge: `from` names the rule; a failure says what happened instead and whom to ask") {
  World w("at 5s expect Page { text: \"x\" } from two");
  CHECK(w.judge_of({w.page(5, "x", 1)}).empty());
  const std::vector<Failure> failures = w.judge_of({w.page(2, "y", 1), w.page(5, "x", 2), w.page(6, "x", 1)});
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].message == "expected at 5s Page { text: \"x\" } from two");
  CHECK(failures[0].happened == std::vector<std::string>{"5s Page { text: \"x\" }: from `main.three`", "6s Page { text: \"x\" }: too late",
                                                         "2s Page { text: \"y\" }: `text` is \"y\", not \"x\", too early"});
  CHECK(failures[0].why_not_rule == 1);
  CHECK(failures[0].at == Timestamp{5 * kSecond});
  // Without `from`, a rule is asked only when it alone could have sent it.
  World any("by 5s expect Page\nby 5s expect Drain");
  const std::vector<Failure> both = any.judge_of({});
  REQUIRE(both.size() == 2);
  CHECK(both[0].why_not_rule == kNoId);
  CHECK(both[1].why_not_rule == 0);
  CHECK(both[1].happened == std::vector<std::string>{"no Drain happened"});
}

TEST_CASE("judge: answers, refusals, firings") {
  World w("at 1s ask pick { x: 1 } expect { y: \"z\" } from default\nat 2s send Probe { backend: \"b\" }\nby 3s expect 2 firings of one");
  REQUIRE(w.plan.has_value());
  Recording r;
  engine::DecisionAnswer answer;
  answer.output = {w.interner.string("w")};
  answer.from = "row 1";
  answer.skipped_unknown = {"spare"};
  r.answers.push_back({0, answer});
  r.refusals.push_back({1, "too many"});
  r.firings = {{Timestamp{kSecond}, 0}, {Timestamp{2 * kSecond}, 1}, {Timestamp{4 * kSecond}, 0}};
  const std::vector<Failure> failures = judge(*w.plan, r, w.rules, w.interner).failures;
  REQUIRE(failures.size() == 3);
  CHECK(failures[0].message == "`pick` at 1s answered otherwise");
  CHECK(failures[0].happened ==
        std::vector<std::string>{"`y` is \"w\", not \"z\"", "the answer is from row 1, not from default", "spare was skipped as unknown"});
  CHECK(failures[1].message == "the engine refused it: too many");
  CHECK(failures[2].message == "expected by 3s 2 firings of one, there were 1");
}

}  // namespace
}  // namespace flyball::app::testing
