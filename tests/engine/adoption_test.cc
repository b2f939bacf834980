// Rules added, removed, changed and switched in a running session, construct by construct: what goes on with what is there says and holds
// the same as what is matched anew. Random ones are in tests/reference/adoption_test.cc.
#include <functional>
#include <map>

#include "tests/engine/session_harness.h"

namespace flyball::engine::testing {
namespace {

constexpr const char* kTypes = R"(module m
fact Link key (id) { id: int  site: string  up: bool  load: int }
fact Site key (name) { name: string }
event Flap { id: int }
fact Alarm key (id) { id: int  why: string }
action Drain key (link) { link: int }
decision busy {
  input { id: int }
  output { yes: bool }
  case hot
    when { l: Link where id == input.id and load > 80 }
    return { yes: true }
  default return { yes: false }
}
)";

// What can come, go and change. A line of its own is left for the mode.
const std::map<std::string, std::string> kRules = {
    {"hold",
     "rule hold {\n  keep 3s\n  when { l: Link where not up for 5s }\n  then { do Drain { link: l.id } }\n  on clear { log f\"back "
     "{l.id}\" "
     "}\n}\n"},
    {"derive", "rule derive {\n  when { l: Link where load > 80 }\n  then { derive Alarm { id: l.id, why: \"load\" } }\n}\n"},
    {"derive_too",
     "rule derive_too {\n  priority 2\n  when { l: Link where load > 90 }\n  then { derive Alarm { id: l.id, why: \"much\" } }\n}\n"},
    {"episode",
     "rule episode {\n  when { l: Link where load > 60 }\n  then { derive Alarm { id: l.id + 500, why: \"episode\" } }\n  until { check "
     "l.load < 40 }\n}\n"},
    {"window",
     "rule window {\n  when {\n    l: Link\n    check count(Flap where id == l.id over 10s) >= 2\n  }\n  then { log f\"{l.id} flaps\" "
     "}\n}\n"},
    {"average",
     "rule average {\n  when {\n    s: Site\n    check avg(Link.load where site == s.name) > 50\n  }\n  then { log f\"{s.name} is busy\" "
     "}\n}\n"},
    {"silence", "rule silence {\n  when {\n    s: Site\n    no Flap for 4s\n  }\n  then { log f\"{s.name} is quiet\" }\n}\n"},
    {"cooldown",
     "rule cooldown {\n  cooldown 6s per l.site\n  when { l: Link where load > 50 }\n  then { do Drain { link: l.id + 1000 } }\n}\n"},
    {"join",
     "rule join {\n  when {\n    a: Link where up\n    b: Link same site as a where not up\n    no Alarm where id == a.id\n  }\n  then { "
     "log f\"{a.id} {b.id}\" }\n}\n"},
    {"reader", "rule reader {\n  when { a: Alarm where why != \"none\" }\n  then { log f\"alarm {a.id}\" }\n}\n"},
    {"either",
     "rule either_way {\n  when {\n    l: Link\n    either { check l.load > 70 } or { check not l.up }\n  }\n  then { log f\"bad {l.id}\" "
     "}\n}\n"},
    {"over20", "rule over20 {\n  when { l: Link where load > 20 }\n  then { log f\"20 {l.id}\" }\n}\n"},
    {"over30", "rule over30 {\n  when { l: Link where load > 30 }\n  then { log f\"30 {l.id}\" }\n}\n"},
};

constexpr const char* kStages = R"(module p strategy depth
mutable fact Stage key () { name: string }
mutable fact Item key (id) { id: int  size: int }
)";
const std::map<std::string, std::string> kProductions = {
    {"take",
     "rule take {\n  when {\n    s: Stage where name == \"take\"\n    i: Item where size > 1\n  }\n  then { log f\"take {i.id}\" }\n}\n"},
    {"pair",
     "rule pair {\n  when {\n    i: Item\n    j: Item same size as i where id > i.id\n  }\n  then { log f\"pair {i.id} {j.id}\" }\n}\n"},
    {"grow", "rule grow {\n  when { i: Item where size < 3 }\n  then { set i { size: i.size + 1 } }\n}\n"},
};

using Rules = std::map<std::string, std::string>;

std::string text_of(const char* types, const Rules& rules) {
  std::string out = types;
  for (const auto& [name, text] : rules) out += text;
  return out;
}

std::string with_line(std::string rule, const std::string& line) { return rule.insert(rule.find('\n') + 1, "  " + line + "\n"); }

void links_before(World& w) {
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    (void)w.put("1s", "Link",
                "id: " + n + ", site: \"s" + std::to_string(i % 3) + "\", up: " + (i % 4 == 0 ? "false" : "true") +
                    ", load: " + std::to_string(i * 9));
  }
  for (const char* site : {"s0", "s1", "s2"}) (void)w.put("1s", "Site", std::string("name: \"") + site + "\"");
  (void)w.put("2s", "Flap", "id: 3");
  (void)w.put("3s", "Flap", "id: 3");
  w.tick("4s");
}
void links_after(World& w) {
  (void)w.put("5s", "Link", "id: 3, site: \"s1\", up: false, load: 95");
  (void)w.put("6s", "Flap", "id: 4");
  (void)w.put("7s", "Link", "id: 11, site: \"s2\", up: true, load: 25");
  (void)w.retract("8s", "Link", "id: 10");
  (void)w.put("9s", "Link", "id: 0, site: \"s0\", up: true, load: 85");
  w.tick("30s");
}
void items_before(World& w) {
  (void)w.put("1s", "Stage", "name: \"wait\"");
  for (int i = 0; i < 5; ++i) (void)w.put("1s", "Item", "id: " + std::to_string(i) + ", size: " + std::to_string(i % 4));
  w.tick("2s");
}
void items_after(World& w) {
  (void)w.put("3s", "Stage", "name: \"take\"");
  (void)w.put("4s", "Item", "id: 7, size: 0");
  (void)w.put("5s", "Item", "id: 2, size: 9");
  w.tick("6s");
}

struct Story {
  const char* types;
  std::function<void(World&)> before, after;
  std::vector<std::string> held;  // types whose facts are compared
};
const Story kLinks{kTypes, links_before, links_after, {"Link", "Alarm", "Drain"}};
const Story kItems{kStages, items_before, items_after, {"Stage", "Item"}};

void compare(const Story& story, const Rules& from, const Rules& to, const std::string& what) {
  INFO(what);
  World adopted(text_of(story.types, from)), anew(text_of(story.types, from));
  adopted.said.firings = anew.said.firings = true;
  const auto same = [&] {
    CHECK(adopted.heard() == anew.heard());
    for (const std::string& type : story.held) CHECK(adopted.facts(type) == anew.facts(type));
    CHECK(adopted.said.ids == anew.said.ids);
    for (std::uint32_t r = 0; r < adopted.program->rules().rules.size(); ++r) {
      const WhyNot a = adopted.session->why_not(r, {}), b = anew.session->why_not(r, {});
      CHECK(a.sentence == b.sentence);
    }
  };
  for (World* w : {&adopted, &anew}) story.before(*w);
  same();
  const TakenOver taken = adopted.reload(text_of(story.types, to));
  const TakenOver fed = anew.reload(text_of(story.types, to), true);
  CHECK(taken.anew == "");
  CHECK(taken.facts == fed.facts);
  CHECK(taken.episodes == fed.episodes);
  CHECK(taken.episodes_dropped == fed.episodes_dropped);
  CHECK(taken.actions == fed.actions);
  CHECK(taken.gone == fed.gone);
  same();
  for (World* w : {&adopted, &anew}) story.after(*w);
  same();
  // And back.
  CHECK(adopted.reload(text_of(story.types, from)).anew == "");
  anew.reload(text_of(story.types, from), true);
  same();
}

void compare_all(const Story& story, const Rules& all) {
  for (const auto& [name, text] : all) {
    Rules without = all;
    without.erase(name);
    compare(story, without, all, "added: " + name);
    compare(story, all, without, "removed: " + name);
    for (const char* mode : {"mode shadow", "mode off"}) {
      Rules switched = all;
      switched[name] = with_line(text, mode);
      compare(story, all, switched, name + ": " + mode);
    }
    Rules other = all;
    other[name].replace(text.find("then {"), 6, "then { log \"changed\" ");
    if (text.find("derive Alarm") == std::string::npos || text.find("until") != std::string::npos)
      compare(story, all, other, "otherwise: " + name);
  }
}

}  // namespace

TEST_CASE("a rule that is added, removed, changed or switched is taken in as if all were matched anew") { compare_all(kLinks, kRules); }

TEST_CASE("a production that is added, removed, changed or switched is taken in as if all were matched anew") {
  compare_all(kItems, kProductions);
}

TEST_CASE("a decision is another at once, and no rule is matched for it") {
  World w(text_of(kTypes, kRules));
  links_before(w);
  std::string text = text_of(kTypes, kRules);
  text.replace(text.find("load > 80 }"), 9, "load > 10");
  const Insight before = w.session->insight();
  CHECK(w.reload(text).anew == "");
  const Insight after = w.session->insight();
  for (std::size_t r = 0; r < before.rules.size(); ++r) CHECK(after.rules[r].tests == before.rules[r].tests);
  const Result<DecisionAnswer> answer = w.session->decide(0, {Value::integer(5)});
  REQUIRE(answer.has_value());
  CHECK(answer->output[0] == Value::boolean(true));
}

TEST_CASE("rules that stay make no test again when another one comes") {
  Rules without = kRules;
  without.erase("join");
  World w(text_of(kTypes, without));
  links_before(w);
  const Insight before = w.session->insight();
  CHECK(w.reload(text_of(kTypes, kRules)).anew == "");
  std::map<std::string, std::uint64_t> tests;
  for (const RuleView& rule : before.rules) tests[rule.name] = rule.made;
  for (const RuleView& rule : w.session->insight().rules) {
    if (rule.name != "m.join") CHECK(rule.made == tests[rule.name]);
  }
}

// Outside its calendars no silence falls due, and none that has is broken.
TEST_CASE("silence that had lasted before its rule was outside its calendars still has when the rule is another") {
  const Story story{R"(module m
calendar early = daily 00:00:00..00:00:06 in "UTC"
fact Site key (name) { name: string }
event Flap { id: int }
)",
                    [](World& w) {
                      (void)w.put("1s", "Site", "name: \"s1\"");
                      (void)w.put("3s", "Site", "name: \"s2\"");  // its silence would have lasted at 7s
                      w.tick("8s");
                    },
                    [](World& w) {
                      (void)w.put("9s", "Flap", "id: 1");
                      w.tick("20s");
                    },
                    {"Site"}};
  const std::string text = R"(rule silence {
  during early
  when {
    s: Site
    no Flap where id > 0 and s.name != "" for 4s
  }
  then { log f"{s.name} is quiet" }
  on clear { log f"{s.name} is not" }
}
)";
  compare(story, {{"silence", text}}, {{"silence", with_line(text, "priority 2")}}, "priority");
  std::string longer = text;
  longer.replace(longer.find("for 4s"), 6, "for 2s");
  compare(story, {{"silence", text}}, {{"silence", longer}}, "duration");
}

TEST_CASE("what cannot be taken in as it lies is matched anew, and says why") {
  World w(text_of(kTypes, kRules));
  links_before(w);
  std::string text = text_of(kTypes, kRules);
  text.replace(text.find("load: int }"), 11, "load: int  note: string? }");
  CHECK(w.reload(text).anew == "type `m.Link` is another");
  CHECK(w.facts("Link").size() == 12);
}

// What a rule derives is there throughout, though the lines that it waits for are matched anew.
TEST_CASE("rules that stay remember what is derived by a rule that is another", "[session]") {
  const std::string types = "module m\nfact F key (k) { k: int }\nfact G key (k) { k: int }\nfact D key (k) { k: int  n: int }\n";
  const std::string held = "rule held { when { d: D for 5s } then { log f\"held {d.k}\" } on clear { log f\"gone {d.k}\" } }\n";
  const std::string lines[] = {"f: F for 2s", "f: F  no G where k == f.k for 2s", "f: F  check count(F) > 0 for 2s", "f: F  no G for 2s",
                               "f: F for 1s  no G where k == f.k for 1s"};
  for (const std::string& line : lines) {
    const auto rule = [&](int n) {
      return "rule derives { when { " + line + " } then { derive D { k: f.k, n: " + std::to_string(n) + " } } }\n";
    };
    for (const bool anew : {false, true}) {
      INFO(line << (anew ? ", anew" : ""));
      World w(types + held + rule(1));
      (void)w.put("1s", "F", "k: 1");
      w.tick("4s");
      CHECK(w.heard() == Lines{"3s +D(k: 1, n: 1)"});
      CHECK(w.reload(types + held + rule(2), anew).anew == (anew ? "it was asked for" : ""));
      CHECK(w.heard() == Lines{"4s +D(k: 1, n: 2)"});
      w.tick("7s");
      CHECK(w.heard().empty());
      w.tick("20s");
      CHECK(w.heard() == Lines{"8s log held 1"});
    }
  }
}

// Also right after the instant at which something fell due, whatever it was.
TEST_CASE("a reload after a deadline takes in what lies", "[session]") {
  const std::string types = "module m\nfact F key (k) { k: int }\naction A key (k) tries 2 every 1s timeout 1s { k: int }\n";
  const std::string rules = "rule r { keep 1s when { f: F for 2s } then { do A { k: f.k } } on clear { log \"over\" } }\n";
  World w(types + rules);
  (void)w.put("1s", "F", "k: 1");
  const auto reload = [&](const char* time) {
    w.tick(time);
    INFO(time);
    CHECK(w.reload(types + rules).anew == "");
  };
  for (const char* time : {"3s", "4s", "5s", "6s"}) reload(time);
  (void)w.retract("7s", "F", "k: 1");
  reload("8s");
  reload("9s");
  CHECK(w.heard() == Lines{"3s A(k: 1) sent", "4s A(k: 1) sent #2", "8s log over"});
}

TEST_CASE("a window keeps its samples whatever number its facts have in the rule that comes first", "[session]") {
  const std::string types = "module m\nfact F key (k) { k: int  v: int }\nfact G key (k) { k: int }\nfact D key (k) { k: int  n: int }\n";
  const auto rule = [](const std::string& name, const std::string& more) {
    return "rule " + name + " { when { x: F " + more + " } then { derive D { k: x.k, n: changes(F.v where v > 0 over 9s) } } }\n";
  };
  for (const bool anew : {false, true}) {
    World w(types + rule("plain", "") + rule("joined", "some G"));
    w.put("1s", "G", "k: 1");
    w.put("1s", "F", "k: 0, v: 2");
    w.tick("2s");
    w.reload(types + rule("joined", "some G"), anew);
    w.put("3s", "F", "k: 0, v: 1");
    w.tick("3s");
    CHECK(w.facts("m.D") == std::vector<std::string>{"(k: 0, n: 1)"});
  }
}

}  // namespace flyball::engine::testing
