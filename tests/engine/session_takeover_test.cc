// A session that goes on under other rules (semantics.md §10): what each part means under the new text.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

TEST_CASE("`retain` goes on from the last change, not from the reload", "[takeover]") {
  const std::string type = "fact A key (id) { id: int }\naction Page key (id) retain ";
  const std::string rest = " { id: int }\nrule r { when { a: A } then { do Page { id: a.id } } }\n";
  World w(type + "10s" + rest);
  w.put("1s", "A", "id: 1");
  w.tick("5s");
  CHECK(w.facts("Page").size() == 1);
  SECTION("with the same rules") {
    w.reload(type + "10s" + rest);
    w.tick("9s");
    w.reload(type + "10s" + rest);
    w.tick("10s");
    CHECK(w.facts("Page").size() == 1);
    w.tick("11s");
    CHECK(w.facts("Page").empty());
  }
  SECTION("with a shorter one that is over") {
    const TakenOver taken = w.reload(type + "3s" + rest);
    CHECK(taken.actions == 0);
    CHECK(taken.gone.size() == 1);
    CHECK(w.facts("Page").empty());
  }
  SECTION("with a longer one") {
    w.reload(type + "20s" + rest);
    w.tick("20s");
    CHECK(w.facts("Page").size() == 1);
    w.tick("21s");
    CHECK(w.facts("Page").empty());
  }
  SECTION("without any") {
    w.reload("fact A key (id) { id: int }\naction Page key (id)" + rest);
    w.tick("1h");
    CHECK(w.facts("Page").size() == 1);
  }
}

TEST_CASE("what waits for a rate goes on by the new one, from the reload on", "[takeover]") {
  const auto rules = [](const std::string& options) {
    return "event E { k: int }\naction A " + options + " { k: int }\nrule r { when { e: E } then { do A { k: e.k } } }\n";
  };
  const std::string old = GENERATE("rate 1 per 1h", "rate 2 per 1h");
  World w(rules(old));
  for (int k = 1; k <= 5; ++k) w.put(fmt::format("{}s", k), "E", fmt::format("k: {}", k));
  w.tick("10s");
  const auto sent = [&] {
    std::size_t n = 0;
    for (const std::string& line : w.heard()) n += line.find("proposed") == std::string::npos ? 1 : 0;
    return n;
  };
  const std::size_t before = old == "rate 1 per 1h" ? 1 : 2;
  CHECK(sent() == before);
  SECTION("without one") {
    w.reload(rules(GENERATE("", "timeout 5s", "key (k)")));
    CHECK(sent() == 5 - before);
  }
  SECTION("that has room for all since long ago") {
    w.reload(rules("rate 5 per 1ms"));
    CHECK(sent() == 5 - before);
  }
  SECTION("that is greater") {
    w.reload(rules("rate 3 per 20s"));
    CHECK(sent() == 3 - before);
    w.tick("20s");
    CHECK(sent() == 0);
    w.tick("31s");
    CHECK(sent() == 2);
  }
  SECTION("that is less") {
    w.reload(rules("rate 1 per 1m"));
    CHECK(sent() == 0);
    w.tick("2h");
    CHECK(sent() == 5 - before);
  }
  SECTION("that is the same") {
    w.reload(rules(old));
    CHECK(sent() == 0);
    w.tick("3h");
    CHECK(sent() >= 2);
  }
}

// Rules of before, what is put, rules of after, and what there is and what is said then. Time: 1s to 20s, reload at 10s.
struct Change {
  const char* what;
  const char* before;
  std::vector<std::pair<const char*, const char*>> puts;  // type, fields; one each second from 1s on
  const char* after;
  const char* type;  // whose facts are looked at
  Lines facts;       // right after the reload
  Lines said;        // from the reload on
};

TEST_CASE("each part of a session goes on by the new text", "[takeover]") {
  const std::vector<Change> changes = {
      {"a new field takes its default",
       "fact A key (id) { id: int }",
       {{"A", "id: 1"}},
       "fact A key (id) { id: int  n: int = 7 }",
       "A",
       {"(id: 1, n: 7)"},
       {}},
      {"a new field without a default takes null, if it may",
       "fact A key (id) { id: int }",
       {{"A", "id: 1"}},
       "fact A key (id) { id: int  n: int? }",
       "A",
       {"(id: 1, n: null)"},
       {}},
      {"a new field of any kind takes null, too",
       "fact A key (id) { id: int }",
       {{"A", "id: 1"}},
       "fact A key (id) { id: int  n: dyn?  m: dyn }",
       "A",
       {"(id: 1, n: null, m: null)"},
       {}},
      {"a fact that lacks a field that it must have is dropped",
       "fact A key (id) { id: int }",
       {{"A", "id: 1"}},
       "fact A key (id) { id: int  n: int }",
       "A",
       {},
       {}},
      {"fields are found by name",
       "fact A key (id) { id: int  x: int  y: int }",
       {{"A", "id: 1, x: 2, y: 3"}},
       "fact A key (id) { y: int  id: int }",
       "A",
       {"(y: 3, id: 1)"},
       {}},
      {"of a shorter key the newest fact stays",
       "fact A key (id, n) { id: int  n: int  x: int }",
       {{"A", "id: 1, n: 1, x: 1"}, {"A", "id: 1, n: 2, x: 2"}, {"A", "id: 2, n: 1, x: 3"}},
       "fact A key (id) { id: int  n: int  x: int }",
       "A",
       {"(id: 1, n: 2, x: 2)", "(id: 2, n: 1, x: 3)"},
       {}},
      {"of a shorter key the newest fact stays, whichever came first",
       "fact A key (id, n) { id: int  n: int  x: int }",
       {{"A", "id: 1, n: 1, x: 1"}, {"A", "id: 1, n: 2, x: 2"}, {"A", "id: 1, n: 1, x: 3"}},
       "fact A key (id) { id: int  n: int  x: int }",
       "A",
       {"(id: 1, n: 1, x: 3)"},
       {}},
      {"a shorter ttl that is over",
       "fact A key (id) ttl 1m { id: int  x: int }",
       {{"A", "id: 1, x: 1"}},
       "fact A key (id) ttl 5s { id: int  x: int }",
       "A",
       {"(id: 1, x: 1) stale"},
       {}},
      {"a longer ttl",
       "fact A key (id) ttl 11s { id: int  x: int }",
       {{"A", "id: 1, x: 1"}},
       "fact A key (id) ttl 1m { id: int  x: int }\naction Page key (id) { id: int }\n"
       "rule r { when { a: A where stale(a.x) } then { do Page { id: a.id } } }",
       "A",
       {"(id: 1, x: 1)"},
       {}},
      {"a rule that is new starts at the reload",
       "fact A key (id) { id: int }\naction Page key (id) { id: int }",
       {{"A", "id: 1"}},
       "fact A key (id) { id: int }\naction Page key (id) { id: int }\nrule r { when { a: A } then { do Page { id: a.id } } }",
       "A",
       {"(id: 1)"},
       {"10s Page(id: 1) sent"}},
  };
  for (const Change& c : changes) {
    INFO(c.what);
    World w(c.before);
    int second = 1;
    for (const auto& [type, fields] : c.puts) REQUIRE(w.put(fmt::format("{}s", second++), type, fields).has_value());
    w.tick("10s");
    w.heard();
    w.reload(c.after);
    CHECK(w.facts(c.type) == c.facts);
    w.tick("20s");
    CHECK(w.heard() == c.said);
  }
}

// The same facts throughout: A 1 at 1s. What the rule is before and after, and what is said from the reload at 10s to 1m.
TEST_CASE("a rule goes on, or not, by what became of it", "[takeover]") {
  const std::string types =
      "fact A key (id) { id: int  n: int = 0 }\naction Page key (id) retain 1d { id: int }\naction Bye key (id) retain 1d { id: int }\n";
  const std::string then = " then { do Page { id: a.id } }";
  struct {
    const char* what;
    std::string before, after;
    std::uint64_t episodes, dropped;
    Lines said;
  } const changes[] = {
      {"the same", "rule r { when { a: A }" + then + " }", "rule r { when { a: A }" + then + " }", 1, 0, {}},
      {"another `then` does not run again",
       "rule r { when { a: A }" + then + " }",
       "rule r { when { a: A } then { do Bye { id: a.id } } }",
       1,
       0,
       {}},
      {"it ends by the new text",
       "rule r { when { a: A }" + then + " }",
       "rule r { when { a: A where n > 0 }" + then + " on clear { do Bye { id: a.id } } }",
       1,
       0,
       {"10s Bye(id: 1) sent"}},
      {"another name is another rule",
       "rule r { when { a: A }" + then + " }",
       "rule s { when { a: A } then { do Bye { id: a.id } } }",
       0,
       1,
       {"10s Bye(id: 1) sent"}},
      {"gone without `on clear`", "rule r { when { a: A }" + then + " on clear { do Bye { id: a.id } } }", "", 0, 1, {}},
      {"another mode begins anew",
       "rule r { mode shadow  when { a: A }" + then + " }",
       "rule r { when { a: A }" + then + " }",
       0,
       1,
       {"10s Page(id: 1) sent"}},
      {"a longer `for` counts from the old onset",
       "rule r { when { a: A where n == 0 for 20s }" + then + " }",
       "rule r { when { a: A where n == 0 for 30s }" + then + " }",
       0,
       0,
       {"31s Page(id: 1) sent"}},
      {"a shorter `for` that is over",
       "rule r { when { a: A where n == 0 for 20s }" + then + " }",
       "rule r { when { a: A where n == 0 for 5s }" + then + " }",
       0,
       0,
       {"10s Page(id: 1) sent"}},
      {"a line of another text begins at the reload",
       "rule r { when { a: A where n == 0 for 20s }" + then + " }",
       "rule r { when { a: A where n < 1 for 20s }" + then + " }",
       0,
       0,
       {"30s Page(id: 1) sent"}},
      {"a window that reads the same goes on",
       "rule r { when { a: A  check count(A over 30s) > 5 }" + then + " }",
       "rule r { when { a: A  check count(A over 30s) > 0 }" + then + " }",
       0,
       0,
       {"10s Page(id: 1) sent"}},
      {"a window of another length begins empty",
       "rule r { when { a: A  check count(A over 30s) > 5 }" + then + " }",
       "rule r { when { a: A  check count(A over 40s) > 0 }" + then + " }",
       0,
       0,
       {}},
  };
  for (const auto& c : changes) {
    INFO(c.what);
    World w(types + c.before);
    w.put("1s", "A", "id: 1");
    w.tick("10s");
    w.heard();
    const TakenOver taken = w.reload(types + c.after);
    CHECK(taken.episodes == c.episodes);
    CHECK(taken.episodes_dropped == c.dropped);
    w.tick("1m");
    CHECK(w.heard() == c.said);
  }
}

TEST_CASE("events go on being remembered where the new rules remember them as long", "[takeover]") {
  const std::string types = "event Fail key (u) { u: string }\nevent Done { u: string }\naction Page key (u) { u: string }\n";
  const auto rule = [](const std::string& within) {
    return "rule r { when { a: Fail b: Done same u as a within " + within + " after a } then { do Page { u: a.u } } }\n";
  };
  World w(types + rule("20s"));
  w.put("1s", "Fail", "u: \"x\"");
  w.tick("5s");
  SECTION("the same rules") {
    const TakenOver taken = w.reload(types + rule("20s"));
    CHECK(taken.facts == 0);  // it is no fact
    CHECK(taken.facts_dropped == 0);
    w.put("20s", "Done", "u: \"x\"");
    w.tick("20s");
    CHECK(w.facts("Page").size() == 1);
  }
  SECTION("another length") {
    const TakenOver taken = w.reload(types + rule("30s"));
    CHECK(taken.facts_dropped == 0);
    w.put("20s", "Done", "u: \"x\"");
    w.tick("20s");
    CHECK(w.facts("Page").empty());
    w.put("21s", "Fail", "u: \"x\"");
    w.put("50s", "Done", "u: \"x\"");
    w.tick("50s");
    CHECK(w.facts("Page").size() == 1);
  }
}

TEST_CASE("what does not fit the new types is counted by type, and so is what waits", "[takeover]") {
  const auto types = [](const char* load, const char* port) {
    return fmt::format(
               "fact Host key (id) lateness 5s {{ id: int  load: {} }}\nfact Port key (id) {{ id: int  up: {} }}\nfact Zone key (id) {{ "
               "id: int }}\n",
               load, port) +
           "rule r { when { h: Host  p: Port same id as h  z: Zone same id as h } then { log \"x\" } }\n";
  };
  World w(types("int", "bool"));
  for (int i = 0; i < 3; ++i) w.put("1s", "Host", fmt::format("id: {}, load: {}", i, i));
  for (int i = 0; i < 2; ++i) w.put("1s", "Port", fmt::format("id: {}, up: true", i));
  w.put("1s", "Zone", "id: 1");
  w.tick("10s");
  w.put("9s", "Host", "id: 9, load: 1");  // waits
  const TakenOver taken = w.reload(types("string", "int"));
  CHECK(taken.facts == 1);
  CHECK(taken.facts_dropped == 6);
  CHECK(taken.dropped_of == std::map<std::string, std::uint64_t>{{"main.Host", 4}, {"main.Port", 2}});
}

TEST_CASE("the values of events, and the moments of facts without a name, are there after a reload", "[takeover]") {
  const std::string rules =
      "event Fail { u: string  h: string }\nfact Lease key (k) { k: int  ends: timestamp }\naction Page key (u) { u: string }\n"
      "rule each_one { when { x: each Fail.h check count(Fail over 20s) >= 0 } then { log x } on clear { do Page { u: x } } }\n"
      "rule leased { when { no Lease where ends > now } then { do Page { u: \"nobody\" } } }\n";
  World w(rules);
  w.put("1s", "Fail", "u: \"a\", h: \"h1\"");
  w.put("1s", "Lease", "k: 1, ends: timestamp(\"1970-01-01T00:00:30Z\")");
  w.tick("5s");
  CHECK(w.reload(rules).facts == 1);
  w.tick("20999ms");
  CHECK(w.facts("Page").empty());
  w.tick("21s");
  CHECK(w.facts("Page").size() == 1);
  w.reload(rules);
  w.tick("29999ms");
  CHECK(w.facts("Page").size() == 1);
  w.tick("30s");
  CHECK(w.facts("Page").size() == 2);
}

TEST_CASE("events are remembered whatever their fields are called", "[takeover]") {
  const std::string rules =
      "event Fail { at: string  source: string  number: int }\nevent Done { source: string }\naction Page key (u) { u: string }\n"
      "rule r { when { a: Fail b: Done where source == a.at within 20s after a } then { do Page { u: a.source } } }\n";
  World w(rules);
  w.put("1s", "Fail", "at: \"x\", source: \"s1\", number: 1");
  w.put("2s", "Fail", "at: \"x\", source: \"s2\", number: 1");
  w.tick("5s");
  CHECK(w.reload(rules).facts_dropped == 0);
  w.put("20s", "Done", "source: \"x\"");
  w.tick("20s");
  CHECK(w.facts("Page").size() == 2);
}

TEST_CASE("what was known last of a suspended fact is known after a reload, too", "[takeover]") {
  const std::string rules =
      "fact F key (k) ttl 3s { k: int  v: int }\nfact D key (k) { k: int  v: int }\naction Page key (k) { k: int  v: int }\n"
      "rule d { when { f: F } then { derive D { k: f.k, v: f.v * 2 } } }\n"
      "rule r { when { x: D } then { log \"begins\" } on clear { do Page { k: x.k, v: x.v } } }\n";
  World w(rules);
  w.put("1s", "F", "k: 1, v: 4");
  w.tick("5s");  // stale, and with it the derived fact is suspended
  w.reload(rules);
  w.tick("6s");
  w.reload(rules);
  w.retract("7s", "F", "k: 1");
  w.tick("7s");
  REQUIRE(w.facts("Page").size() == 1);
  CHECK(w.facts("Page")[0].find("v: 8") != std::string::npos);
}

TEST_CASE("what a rule waits for is not said again, unless its match came anew", "[takeover]") {
  const std::string rules =
      "fact Node key (id) { id: int  n: int }\nrule r { when { x: Node where n < 9 } then { log f\"{10 / x.n}\" } }\n";
  const std::string waits = "trouble rule `main.r` matches, but what it logs has no value: it waits";
  World w(rules);
  w.put("1s", "Node", "id: 1, n: 0");
  w.put("1s", "Node", "id: 2, n: 0");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s " + waits, "1s " + waits});
  const bool snapshot = GENERATE(false, true);
  const auto go_on = [&](World& next) {
    next.put("3s", "Node", "id: 2, n: 9");
    next.tick("3s");
    CHECK(next.heard().empty());
    next.put("4s", "Node", "id: 1, n: 5");
    next.put("4s", "Node", "id: 2, n: 0");
    next.tick("4s");
    CHECK(next.heard() == Lines{"4s log 2", "4s " + waits});
  };
  if (snapshot) {
    World next(rules);
    REQUIRE(next.session->restore(w.session->snapshot()).has_value());
    next.tick("2s");
    World third(rules);
    REQUIRE(third.session->restore(next.session->snapshot()).has_value());
    go_on(third);
  } else {
    w.tick("2s");
    w.reload(rules);
    w.reload(rules);
    go_on(w);
  }
}

TEST_CASE("that effects of another text cannot be evaluated is said", "[takeover]") {
  World w("fact Node key (id) { id: int  n: int }\nrule r { when { x: Node } then { log f\"{10 / x.n}\" } }\n");
  w.put("1s", "Node", "id: 1, n: 0");
  w.tick("1s");
  REQUIRE(w.heard().size() == 1);
  w.reload("fact Node key (id) { id: int  n: int }\nrule r { when { x: Node } then { log f\"{100 / x.n}\" } }\n");
  w.tick("2s");
  CHECK(w.heard() == Lines{"1s trouble rule `main.r` matches, but what it logs has no value: it waits"});
}

TEST_CASE("what was held, and unknown, and is true from a reload on, ends nothing", "[takeover]") {
  const auto rules = [](const std::string& mode) {
    return "fact Node key (id) { id: int  n: int }\nfact Load key (id) { id: int  n: int }\naction Page { n: int }\n"
           "rule loads {" +
           mode +
           "  when { x: Node } then { derive Load { id: x.id, n: x.n } } }\n"
           "rule low { when { check max(Load.n) <= 5 for 3s } then { do Page { n: 1 } } on clear { do Page { n: 2 } } }\n";
  };
  World w(rules(""));
  w.put("1s", "Node", "id: 1, n: 2");
  w.tick("4s");
  w.reload(rules(" mode shadow"), GENERATE(false, true));  // nobody knows the greatest of none
  w.tick("5s");
  w.heard();
  w.reload(rules(""), GENERATE(false, true));
  w.tick("10s");
  CHECK(w.heard() == Lines{"5s +Load(id: 1, n: 2)"});
  w.put("11s", "Node", "id: 1, n: 6");
  w.tick("11s");
  CHECK(w.heard() == Lines{"11s Page(n: 2) sent", "11s +Load(id: 1, n: 6)"});
}
