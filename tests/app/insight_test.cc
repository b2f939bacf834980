// Reports of insight: over the wire and back, the difference of two looks, what is too much, and what people see.
#include <catch2/catch.hpp>

#include "app/insight/view.h"

namespace flyball::app {
namespace {

InsightReport report() {
  InsightReport r;
  r.plan = "00ff";
  r.at = 100.5;
  r.sampled = 0.25;
  r.sampling = true;
  r.facts = 1'000;
  r.firings = 12;
  r.instants = 900;
  r.tokens = 70;
  r.bytes = 5 << 20;
  r.shared_bytes = 1 << 10;
  r.rule_bytes = 6 << 10;
  r.type_bytes = 1 << 20;
  r.type_spare_bytes = 1 << 18;
  r.rule_time = 0.125;
  r.type_time = 0.0625;
  r.other_bytes = 7;
  RuleReport hot;
  hot.rule = "net.hot";
  hot.time = 0.125;
  hot.pairs = 400;
  hot.made = 60;
  hot.deleted = 10;
  hot.starts = 8;
  hot.ends = 4;
  hot.bytes = 2'048;
  RuleReport cold;
  cold.rule = "net.\"cold\"";
  cold.tests = 3;
  cold.matches = 5;
  cold.off = true;
  cold.bytes = 4'096;
  r.rules = {hot, cold};
  r.types = {{"net.Link", 0.0625, 990, 400, 3, 1 << 20, 1 << 18}};
  r.parts = {{"decode", 0.0625}};
  r.nodes = {{"stage", 3, "net.hot", "join Device by id", 2, 1, 0.1, 50, 400, 40, 5, 99},
             {"alpha", 0, "net.Link", "not up", std::nullopt, 2}};
  return r;
}

}  // namespace

TEST_CASE("a report goes over the wire and comes back the same", "[insight]") {
  InsightReport sent = report();
  const std::string json = insight_json(sent);
  Result<InsightReport> got = read_insight(json);
  REQUIRE(got);
  CHECK(insight_json(*got) == json);
  CHECK(got->rules[1].rule == "net.\"cold\"");
  CHECK(got->rules[1].off);
  CHECK(got->nodes[0].line == 2U);
  CHECK_FALSE(got->nodes[1].line);
  CHECK(got->rules[0].work() == 470);
}

TEST_CASE("an answer that is no report is refused, one with more keys is read", "[insight]") {
  CHECK_FALSE(read_insight(""));
  CHECK_FALSE(read_insight("[]"));
  CHECK_FALSE(read_insight(R"({"rules":[{"rule":"a"})"));
  CHECK_FALSE(read_insight(R"({"rules":7})"));
  const Result<InsightReport> newer = read_insight(R"({"colour":{"x":[1]},"rules":[{"rule":"a","shape":[]}],"facts":3})");
  REQUIRE(newer);
  CHECK(newer->facts == 3);
  CHECK(newer->rules.size() == 1);
}

TEST_CASE("more rules than fit into an answer are counted", "[insight]") {
  InsightReport huge;
  huge.rule_bytes = 77;
  for (int i = 0; i < 10'000; ++i) huge.rules.push_back({"net.a_rule_with_a_long_name_" + std::to_string(i)});
  huge.types.push_back({"net.Link"});
  const std::string json = insight_json(huge);
  CHECK(json.size() < kInsightBytesMax + 2'000);
  CHECK(huge.rules_left_out > 0);
  CHECK(huge.rules.size() + huge.rules_left_out == 10'000);
  CHECK(huge.types.size() == 1);  // the many leave room for the few
  const Result<InsightReport> got = read_insight(json);
  REQUIRE(got);
  CHECK(got->rules_left_out == huge.rules_left_out);
  CHECK(got->rule_bytes == 77);
  CHECK(top_text(*got, std::nullopt, {InsightOrder::kWork, 3, false}).find("and 9,997 more rules") != std::string::npos);
}

TEST_CASE("what happened between two looks; nothing where the rules were loaded anew", "[insight]") {
  const InsightReport before = report();
  InsightReport after = report();
  after.at = 102.5;
  after.sampled = 1.25;
  after.facts = 1'500;
  after.rules[0].pairs = 500;
  after.rules[0].time = 0.625;
  RuleReport fresh;
  fresh.rule = "net.new";
  fresh.pairs = 9;
  after.rules.push_back(fresh);
  const std::optional<InsightReport> since = insight_since(before, after);
  REQUIRE(since);
  CHECK(since->at == 2.0);
  CHECK(since->facts == 500);
  CHECK(since->rules[0].pairs == 100);
  CHECK(since->rules[0].time == 0.5);
  CHECK(since->rules[2].pairs == 9);
  CHECK(since->rules[1].bytes == 4'096);
  after.plan = "other";
  CHECK_FALSE(insight_since(before, after));
  after.plan = before.plan;
  after.facts = 10;
  CHECK_FALSE(insight_since(before, after));
  CHECK_FALSE(insight_since(before, before));  // no time has passed: nothing to divide by
}

TEST_CASE("top as people see it", "[insight]") {
  const InsightReport before = report();
  InsightReport after = report();
  after.at = 102.5;
  after.sampled = 1.25;
  after.facts = 41'000;
  after.firings = 13;
  after.rules[0].pairs = 2'500'400;
  after.rules[0].time = after.rule_time = 0.625;
  after.rules[0].starts = 9;
  CHECK(top_text(after, insight_since(before, after), {InsightOrder::kTime, 1, false}) ==
        "2 rules; 41,000 facts taken (20,000/s), 13 firings (0.5/s), 70 tokens\n"
        "memory 5.0 MiB: facts 768.0 KiB in use and 256.0 KiB spare, rules' own 6.0 KiB, shared by rules 1.0 KiB, the rest 7 B\n"
        "busy 50.0 % of a core: rules 25.0, tests on single facts 0.0\n"
        "\n"
        "time%     work/s    pairs/s  firings/s  matches  tokens   memory  rule\n"
        " 25.0  1,250,000  1,250,000        0.5        0      50  2.0 KiB  net.hot\n"
        "and 1 more rule\n"
        "\n"
        "time%  changes/s  live  stale     in use      spare  type\n"
        "  0.0          0   400      3  768.0 KiB  256.0 KiB  net.Link\n");
  const std::string by_memory = top_text(after, std::nullopt, {InsightOrder::kMemory, 9, false});
  CHECK(by_memory.find("net.\"cold\" (off)") < by_memory.find("net.hot"));
}

TEST_CASE("joins that several rules begin with have rows, but are no rules", "[insight]") {
  InsightReport r = report();
  RuleReport joins;
  joins.rule = "joins of net.hot, net.cold";
  joins.pairs = 10'000;
  joins.shared_joins = true;
  r.rules.push_back(joins);
  r.shared_joins = 1;
  const Result<InsightReport> got = read_insight(insight_json(r));
  REQUIRE(got);
  CHECK(got->rules[2].shared_joins);
  CHECK_FALSE(got->rules[0].shared_joins);
  CHECK(rule_count(*got) == 2);
  const std::string first = top_text(*got, std::nullopt, {InsightOrder::kWork, 1, false});
  CHECK(first.find("2 rules; ") == 0);
  CHECK(first.find("joins of net.hot, net.cold\nand 2 more rules\n") != std::string::npos);
  CHECK(top_text(*got, std::nullopt, {InsightOrder::kWork, 3, false}).find("more rules") == std::string::npos);
  r.shared_joins = 9;  // whatever an answer says
  CHECK(rule_count(r) == 0);
}

TEST_CASE("a profile of too little says so", "[insight]") {
  InsightReport r = report();
  CHECK(profile_text(r, {.passes = 1, .facts = 3, .plain_seconds = 0.00001, .seconds = 0.00001, .period = 1'000'000}, 5)
            .find("too short to be sampled") != std::string::npos);
  const std::string text =
      profile_text(r, {.passes = 2, .facts = 1'000, .plain_seconds = 0.001, .seconds = 0.0021, .samples = 250, .period = 1'000'000}, 1);
  CHECK(text.find("1,000 inputs in 1.000 ms: 1,000,000 a second, 1,000 ns each\n") == 0);
  CHECK(text.find("with that a pass took 5.0 % longer") != std::string::npos);
  CHECK(text.find("     500  50.0  rules: joins, tokens, what they do\n") != std::string::npos);
  CHECK(text.find("net.hot, line 2: join Device by id") != std::string::npos);
  CHECK(text.find("and 1 more rule") != std::string::npos);
}

}  // namespace flyball::app
