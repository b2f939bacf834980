// Joins that several rules begin with: made once, and nobody's matter but theirs who begin with them. Random ones are in
// tests/reference/shared_test.cc.
#include <algorithm>

#include "engine/compile/node_words.h"
#include "engine/compile/program_data.h"
#include "engine/outline.h"
#include "tests/engine/session_harness.h"

namespace flyball::engine::testing {
namespace {

constexpr const char* kTypes = R"(module m
fact Link key (id) { id: int  device: int  up: bool  note: string = ""  owner: string = "" }
fact Device key (id) { id: int  site: int  name: string = "" }
fact Site key (id) { id: int  quiet: bool }
fact Down key (link) { link: int  note: string }
fact Lost key (link) { link: int  name: string }
action Page key (link) { link: int }
)";

constexpr const char* kJoin = "l: Link where not up  d: Device where id == l.device";

std::string down(const std::string& name = "down") {
  return "rule " + name + " { when { " + kJoin + " } then { derive Down { link: l.id, note: l.note } } }\n";
}
std::string lost() { return std::string("rule lost { when { ") + kJoin + " } then { derive Lost { link: l.id, name: d.name } } }\n"; }
std::string page() {
  return std::string("rule page { when { ") + kJoin + "  no Site where id == d.site and quiet } then { do Page { link: l.id } } }\n";
}
std::string rules(const std::string& all) { return kTypes + all; }

const RuleView& view_of(const Insight& insight, const std::string& name) {
  const auto at = std::find_if(insight.rules.begin(), insight.rules.end(), [&](const RuleView& r) { return r.name == name; });
  REQUIRE(at != insight.rules.end());
  return *at;
}

// How many joins are shared.
std::size_t shared(const World& w) { return w.program->data().rules.size() - w.program->data().rule_set.rules.size(); }

void fill(World& w, int links) {
  for (int i = 0; i < 10; ++i) w.put("1s", "Device", fmt::format("id: {}, site: {}, name: \"d{}\"", i, i % 2, i));
  w.put("1s", "Site", "id: 0, quiet: true");
  for (int i = 0; i < links; ++i) w.put("1s", "Link", fmt::format("id: {}, device: {}, up: false", i, i % 10));
  w.tick("1s");
}

}  // namespace

TEST_CASE("rules that begin with the same lines join them once", "[shared]") {
  World w(rules(down() + lost() + page()));
  REQUIRE(shared(w) == 1);
  fill(w, 100);
  CHECK(w.facts("m.Down").size() == 100);
  CHECK(w.facts("m.Lost").size() == 100);
  const Insight insight = w.session->insight();
  const RuleView& joins = view_of(insight, "joins of m.down, m.lost and 1 more");
  CHECK(joins.pairs == 100);
  CHECK(joins.made == 200);
  CHECK(joins.shared_joins);
  CHECK(std::count_if(insight.rules.begin(), insight.rules.end(), [](const RuleView& r) { return r.shared_joins; }) == 1);
  CHECK(view_of(insight, "m.down").pairs == 0);
  CHECK(view_of(insight, "m.down").made == 100);
  CHECK(view_of(insight, "m.down").matches == 100);
  const auto fed = std::count_if(insight.alphas.begin(), insight.alphas.end(), [](const AlphaView& a) { return a.rules.size() == 3; });
  CHECK(fed == 2);

  w.heard();
  w.put("2s", "Link", "id: 7, device: 7, up: true");
  w.tick("2s");
  CHECK(w.heard() == std::vector<std::string>{"2s -Down(link: 7, note: \"\")", "2s -Lost(link: 7, name: \"d7\")"});
}

TEST_CASE("only the whole of what is joined alike is shared", "[shared]") {
  CHECK(shared(World(rules(down()))) == 0);
  // One pattern alone is an alpha memory.
  CHECK(shared(World(rules("rule a { when { l: Link where not up } then { log \"a\" } }\n"
                           "rule b { when { l: Link where not up } then { log \"b\" } }\n"))) == 0);
  // Another test, another join, another name's place.
  CHECK(shared(World(rules(down() + "rule b { when { l: Link where up  d: Device where id == l.device } then { log \"b\" } }\n"))) == 0);
  CHECK(shared(World(rules(down() + "rule b { when { l: Link where not up  d: Device where site == l.device } then { log \"b\" } }\n"))) ==
        0);
  // An aggregate is asked of each match of what is shared.
  CHECK(shared(World(rules(std::string("rule a { when { ") + kJoin + " } then { log \"a\" } }\nrule b { when { l: Link where not up  " +
                           "d: Device where id == l.device and count(Site where id == d.site) > 0 } then { log \"b\" } }\n"))) == 1);
  // Of those that go on alike, more is shared.
  const std::string longer = std::string(kJoin) + "  s: Site where id == d.site";
  World w(rules(down() + lost() + "rule x { when { " + longer + " } then { log \"x\" } }\nrule y { when { " + longer +
                "  check s.quiet } then { log \"y\" } }\nrule z { when { " + longer + "  check not s.quiet } then { log \"z\" } }\n"));
  CHECK(shared(w) == 2);
  const auto lines = [&](std::uint32_t rule) {
    return path_of(w.program->data(), w.program->data().chains[w.program->data().rules[rule].chains[0]]).size();
  };
  CHECK(lines(0) == 2);
  CHECK(lines(2) == 3);
  CHECK(lines(3) == 4);  // and a check of its own
}

TEST_CASE("a field that one rule reads is nothing to another that shares its joins", "[shared]") {
  World w(rules(down() + lost() + page()));
  fill(w, 10);
  const std::uint64_t joined = view_of(w.session->insight(), "joins of m.down, m.lost and 1 more").made;
  const std::uint64_t paged = view_of(w.session->insight(), "m.page").made;
  w.heard();
  w.put("2s", "Link", "id: 3, device: 3, up: false, note: \"n\"");
  w.put("3s", "Device", "id: 4, site: 0, name: \"other\"");
  w.put("4s", "Link", "id: 3, device: 3, up: false, note: \"n\", owner: \"nobody reads it\"");
  w.tick("4s");
  CHECK(w.heard() == std::vector<std::string>{"2s +Down(link: 3, note: \"n\")", "3s +Lost(link: 4, name: \"other\")"});
  CHECK(view_of(w.session->insight(), "joins of m.down, m.lost and 1 more").made == joined);
  CHECK(view_of(w.session->insight(), "m.page").made == paged);
  // One that a further line of a rule reads: its matches are made anew, and nobody else's.
  const std::uint64_t downs = view_of(w.session->insight(), "m.down").made;
  w.put("5s", "Device", "id: 5, site: 0, name: \"d5\"");
  w.tick("5s");
  CHECK(view_of(w.session->insight(), "m.page").made > paged);
  CHECK(view_of(w.session->insight(), "m.down").made == downs);
}

TEST_CASE("shared joins that explode stop the rules that begin with them, and nothing else", "[shared]") {
  Limits limits;
  limits.matches_per_instant = 5000;
  const std::string all = "a: Link  cross b: Device  cross c: Site where id > a.id and id > b.id";
  World w(rules("rule x { when { " + all + " } then { log \"x\" } }\nrule y { when { " + all + "  check c.quiet } then { log \"y\" } }\n" +
                lost()),
          limits);
  REQUIRE(shared(w) == 1);
  fill(w, 100);
  CHECK(w.session->quarantined().empty());
  for (int i = 0; i < 20; ++i) w.put("2s", "Site", fmt::format("id: {}, quiet: true", 200 + i));
  w.tick("2s");
  REQUIRE(w.session->quarantined().size() == 2);
  CHECK(w.session->quarantined()[0].reason == QuarantineReason::kMatches);
  bool said_line = false;
  for (const std::string& line : w.heard()) said_line = said_line || line.find("at line 3 of its `when` (`c: Site`)") != std::string::npos;
  CHECK(said_line);
  const Insight insight = w.session->insight();
  for (const char* name : {"m.x", "m.y", "joins of m.x, m.y"}) CHECK(view_of(insight, name).standing() == 0);
  CHECK(w.facts("m.Lost").size() == 100);
  w.put("3s", "Link", "id: 1, device: 1, up: true");
  w.tick("3s");
  CHECK(w.facts("m.Lost").size() == 99);
}

TEST_CASE("joins whose rules are all in quarantine stay stopped after a restart", "[shared]") {
  Limits limits;
  limits.matches_per_instant = 5000;
  const std::string all = "a: Link  cross b: Device  cross c: Site where id > a.id and id > b.id";
  const std::string text =
      rules("rule x { when { " + all + " } then { log \"x\" } }\nrule y { when { " + all + " } then { log \"y\" } }\n");
  World w(text, limits);
  fill(w, 100);
  for (int i = 0; i < 20; ++i) w.put("2s", "Site", fmt::format("id: {}, quiet: true", 200 + i));
  w.tick("2s");
  REQUIRE(w.session->quarantined().size() == 2);
  World next(text, limits);
  REQUIRE(next.session->restore(w.session->snapshot()).has_value());
  CHECK(next.session->quarantined().size() == 2);
  next.put("3s", "Link", "id: 500, device: 1, up: false");
  next.tick("3s");
  for (const char* name : {"m.x", "m.y", "joins of m.x, m.y"}) CHECK(view_of(next.session->insight(), name).standing() == 0);
}

TEST_CASE("shared joins may have what any of their rules may", "[shared]") {
  Limits limits;
  limits.matches_per_instant = 500;
  limits.rules["m.x"].matches_per_instant = 100'000;
  const std::string all = "a: Link  cross b: Device";
  World w(rules("rule x { when { " + all + " } then { derive Lost { link: a.id * 100 + b.id, name: \"x\" } } }\nrule y { when { " + all +
                "  check a.up } then { log \"y\" } }\n"),
          limits);
  REQUIRE(shared(w) == 1);
  fill(w, 100);
  REQUIRE(w.session->quarantined().size() == 1);  // y has more than it may of its own
  CHECK(w.session->quarantined()[0].rule == 1);
  CHECK(w.facts("m.Lost").size() == 1000);
}

TEST_CASE("a rule that runs keeps its joins, whoever comes and goes", "[shared]") {
  const std::string told = std::string("rule told { when { ") + kJoin + " } then { log f\"{d.name}\" } }\n";
  World w(rules(down()));
  fill(w, 50);
  // It shares nothing; two that come share between themselves.
  REQUIRE(w.reload(rules(down() + told + page())).anew.empty());
  REQUIRE(shared(w) == 1);
  const auto made = [&](const std::string& rule) { return view_of(w.session->insight(), rule).made; };
  CHECK(made("m.down") == 100);
  CHECK(made("joins of m.told, m.page") == 100);
  CHECK(made("m.told") == 50);

  // One that begins like them goes on from what they have joined; nothing is joined again.
  const std::string other = down("other");
  REQUIRE(w.reload(rules(down() + told + page() + other)).anew.empty());
  REQUIRE(shared(w) == 1);
  CHECK(made("joins of m.told, m.page and 1 more") == 100);
  CHECK(made("m.other") == 50);
  CHECK(made("m.down") == 100);

  // The first to go leaves its joins to the others; the last takes them along.
  REQUIRE(w.reload(rules(down() + page() + other)).anew.empty());
  CHECK(w.facts("m.Down").size() == 50);
  CHECK(made("joins of m.page, m.other") == 100);
  REQUIRE(w.reload(rules(down() + other)).anew.empty());
  CHECK(shared(w) == 1);
  CHECK(made("joins of m.other") == 100);
  const std::size_t tokens = w.session->counters().tokens;
  REQUIRE(w.reload(rules(down())).anew.empty());
  CHECK(shared(w) == 0);
  CHECK(w.session->counters().tokens == tokens - 150);
  CHECK(w.facts("m.Down").size() == 50);
  w.put("2s", "Link", "id: 7, device: 7, up: true");
  w.tick("2s");
  CHECK(w.facts("m.Down").size() == 49);
}

TEST_CASE("gates, effects and refraction of productions that share joins are their own", "[shared]") {
  const std::string text = R"(module p strategy depth
mutable fact Stage key () { name: string }
mutable fact Box key (id) { id: int  shelf: int  done: bool  seen: bool }
mutable fact Shelf key (id) { id: int  open: bool }
rule one { when { g: Stage where name == "one"  b: Box where not done  s: Shelf where id == b.shelf and open } then { log f"one {b.id}" set b { done: true } } }
rule two { when { g: Stage where name == "two"  b: Box where not done  s: Shelf where id == b.shelf and open } then { log f"two {b.id}" set b { done: true } } }
rule on { priority -1 when { g: Stage where name == "one" } then { set g { name: "two" } } }
)";
  World w(text);
  REQUIRE(shared(w) == 1);
  w.put("1s", "p.Shelf", "id: 1, open: true");
  w.put("1s", "p.Shelf", "id: 2, open: false");
  for (int i = 0; i < 4; ++i) w.put("1s", "p.Box", fmt::format("id: {}, shelf: {}, done: false, seen: false", i, 1 + i % 2));
  w.tick("1s");
  CHECK(w.heard().empty());
  w.put("2s", "p.Stage", "name: \"one\"");
  w.tick("2s");
  CHECK(w.heard() == std::vector<std::string>{"2s log one 2", "2s log one 0"});
  w.put("3s", "p.Shelf", "id: 2, open: true");
  w.tick("3s");
  CHECK(w.heard() == std::vector<std::string>{"3s log two 3", "3s log two 1"});
}

TEST_CASE("a rule and its lines with a memory join what they begin with once", "[shared]") {
  World w(rules(std::string("rule long { when { ") + kJoin +
                "  check d.site > 0 for 5s  no Site where id == d.site and quiet for 3s } then { do Page { link: l.id } } }\n"));
  REQUIRE(shared(w) == 1);
  CHECK(w.program->data().chains[w.program->data().rules.back().chains[0]].consumers.size() == 3);
  fill(w, 10);
  w.tick("4s");
  CHECK(w.heard().empty());
  w.put("5s", "Link", "id: 1, device: 1, up: true");
  w.tick("6s");
  CHECK(w.heard() ==
        std::vector<std::string>{"6s Page(link: 3) sent", "6s Page(link: 5) sent", "6s Page(link: 7) sent", "6s Page(link: 9) sent"});
  CHECK(view_of(w.session->insight(), "joins of m.long").pairs == 10);
}

TEST_CASE("the plan says who shares a rule's joins", "[shared]") {
  World w(rules(down() + lost() + page()));
  const std::vector<PlanStory> stories = plan_stories(*w.program, {0});
  REQUIRE(stories[0].ways.size() == 1);
  const std::vector<PlanStep>& steps = stories[0].ways[0].steps;
  REQUIRE(steps.size() == 2);
  CHECK(w.program->rules().rules[0].when.lines[0].span.begin == steps[0].at.begin);
  const std::vector<PlanStory> other = plan_stories(*w.program, {1});
  CHECK(w.program->rules().rules[1].when.lines[0].span.begin == other[0].ways[0].steps[0].at.begin);
  CHECK(steps[1].notes.back() == "joined once, up to here, for this rule and m.lost, m.page");
  const Outline all = outline(*w.program, std::nullopt);
  const auto joins = std::count_if(all.nodes.begin(), all.nodes.end(), [](const auto& n) { return n.label == "join Device by id"; });
  CHECK(joins == 1);
}

}  // namespace flyball::engine::testing
