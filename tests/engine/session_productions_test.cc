// Productions (semantics.md §12): what fires first, what fires again, what a reload and a runaway leave.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

// Three tasks that come in the order a, b, c; then a is touched. `seen` says in which order they were taken.
std::string order_by(const std::string& strategy) {
  World w("module main strategy " + strategy + R"(
mutable fact Task key (name) { name: string  size: int  note: string = ""  done: bool = false }
mutable fact Gate key () { open: bool }
action Take key (name) { name: string }
rule take {
  when {
    t: Task where not done and size > 0
    g: Gate where open
  }
  then {
    set t { done: true }
    do Take { name: t.name }
  }
}
)");
  w.put("1s", "Gate", "open: true");
  w.put("1s", "Task", "name: \"a\", size: 1, note: \"\", done: false");
  w.put("1s", "Task", "name: \"b\", size: 1, note: \"\", done: false");
  w.put("1s", "Task", "name: \"c\", size: 1, note: \"\", done: false");
  w.put("1s", "Task", "name: \"a\", size: 2, note: \"\", done: false");
  w.tick("1s");
  std::string out;
  for (const std::string& line : w.heard()) out += line.substr(line.find("name: \"") + 7, 1);
  return out;
}

constexpr const char* kCounter = R"(module main strategy lex
mutable fact Count key (name) { name: string  n: int  note: string = "" }
action Say key (name) { name: string  n: int }
rule say {
  when { c: Count where n >= 0 }
  then { do Say { name: c.name, n: c.n } }
}
)";

}  // namespace

TEST_CASE("a strategy says what fires first", "[session][productions]") {
  // a became true again last: its size is read.
  CHECK(order_by("depth") == "acb");
  CHECK(order_by("breadth") == "bca");
  CHECK(order_by("lex") == "acb");
  CHECK(order_by("mea") == "acb");
}

TEST_CASE("a production fires once for its facts as they are", "[session][productions]") {
  World w(kCounter);
  w.put("1s", "Count", "name: \"x\", n: 1, note: \"\"");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s Say(name: \"x\", n: 1) sent"});
  w.put("2s", "Count", "name: \"x\", n: 1, note: \"\"");  // no news
  w.put("3s", "Count", "name: \"x\", n: 1, note: \"read by nobody\"");
  w.tick("3s");
  CHECK(w.heard().empty());
  w.put("4s", "Count", "name: \"x\", n: 2, note: \"\"");
  w.tick("4s");
  CHECK(w.heard() == Lines{"4s Say(name: \"x\", n: 2) sent"});
  w.put("5s", "Count", "name: \"x\", n: -1, note: \"\"");
  w.put("6s", "Count", "name: \"x\", n: 2, note: \"\"");  // it was not true in between
  w.tick("6s");
  CHECK(w.heard() == Lines{"6s Say(name: \"x\", n: 2) sent"});
}

TEST_CASE("of equal strategies the newer facts, the longer match, the more conditions go first", "[session][productions]") {
  World w(R"(module main strategy lex
mutable fact A key (k) { k: int  v: int }
mutable fact B key (k) { k: int  v: int }
rule one { when { a: A where v == 1 } then { log "one" } }
rule two { when { a: A where v == 1  b: B same k as a } then { log "two" } }
rule exact { when { a: A where v == 1 and k < 5 } then { log "exact" } }
rule urgent { priority 1 when { a: A where v == 1 } then { log "urgent" } }
)");
  w.put("1s", "B", "k: 1, v: 0");
  w.put("1s", "A", "k: 1, v: 1");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s log urgent", "1s log two", "1s log exact", "1s log one"});
}

TEST_CASE("a production that feeds itself for ever is undone and switched off; the others are as before", "[session][productions]") {
  Limits limits;
  limits.firings_per_instant = 50;
  World w(R"(module main strategy depth
mutable fact Count key (name) { name: string  n: int }
action Say key (name) { name: string }
rule endless { when { c: Count where n >= 0 } then { set c { n: c.n + 1 } } }
rule say { priority -1 when { c: Count where n >= 0 } then { do Say { name: c.name } } }
)",
          limits);
  w.put("1s", "Count", "name: \"x\", n: 0");
  w.tick("1s");
  const Lines heard = w.heard();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].find("trouble runaway: more than 50 firings in one instant, by `main.endless` 51 times") != std::string::npos);
  CHECK(heard[1] == "1s Say(name: \"x\") sent");
  CHECK(w.facts("Count") == Lines{"(name: \"x\", n: 0)"});
  CHECK(w.session->counters().runaways == 1);
  CHECK(w.session->counters().firings == 1);
}

TEST_CASE("what has fired does not fire again because the rules are loaded anew", "[session][productions]") {
  World w(kCounter);
  w.put("1s", "Count", "name: \"x\", n: 1, note: \"\"");
  w.put("1s", "Count", "name: \"y\", n: 1, note: \"\"");
  w.tick("1s");
  CHECK(w.heard().size() == 2);
  w.reload(kCounter);
  w.tick("2s");
  CHECK(w.heard().empty());
  w.put("3s", "Count", "name: \"y\", n: 5, note: \"\"");
  w.tick("3s");
  CHECK(w.heard() == Lines{"3s Say(name: \"y\", n: 5) sent"});
}

TEST_CASE("time alone gives a fact no news", "[session][productions]") {
  World w(R"(module main strategy lex
mutable fact Task key (name) { name: string  due: timestamp }
fact Late key () { }
action Say key (name) { name: string }
rule late { when { some Task where now > due } then { derive Late { } } }
rule say { when { t: Task where due > timestamp("1970-01-01T00:00:01Z") } then { do Say { name: t.name } } }
)");
  w.put("1s", "Task", "name: \"x\", due: timestamp(\"1970-01-01T00:00:10Z\")");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s Say(name: \"x\") sent"});
  w.tick("20s");
  const Lines heard = w.heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].find("+Late") != std::string::npos);
}

TEST_CASE("what an effect makes does not disturb the effects after it", "[session][effects]") {
  World w(R"(
mutable fact X key (k) { k: int }
mutable fact Y key (k) { k: int }
rule r {
  when {
    x: X
    cross y: Y
  }
  then {
    assert Y { k: x.k + 1000 }
    retract x
  }
}
)");
  w.put("1s", "Y", "k: 0");
  for (int k = 1; k <= 300; ++k) w.put("1s", "X", "k: " + std::to_string(k));
  w.tick("1s");
  CHECK(w.facts("X").empty());
  CHECK(w.facts("Y").size() == 301);
}

TEST_CASE("a gate behind a `some` that comes first: the firing knows its fact", "[session][productions]") {
  World w(R"(
module m strategy breadth
mutable fact Mark key (k) { k: int }
mutable fact Stage key () { n: int }
mutable fact Done key (k) { k: int }
rule r {
  when {
    some Mark where k > 1
    x: Mark
    s: Stage where n == 1
  }
  then {
    assert Done { k: x.k + s.n }
  }
}
)");
  w.put("1s", "Mark", "k: 5");
  w.put("1s", "Stage", "n: 1");
  w.tick("1s");
  CHECK(w.facts("Done") == Lines{"(k: 6)"});
}

namespace {

// A gate that is derived, withdrawn and derived again within one moment, in which a match of the other lines comes. `also` makes the
// pattern no gate.
std::string order_behind_flicker(const std::string& strategy, const std::string& also) {
  World w("module main strategy " + strategy + R"(
mutable fact Go key () { on: bool }
mutable fact Go2 key () { on: bool }
mutable fact Kick key () { n: int }
mutable fact Task key (t) { t: string  need: string }
fact Reach key (n) { n: string }
fact Mode key () { v: string }
action Act { t: string }
rule r1 { when { some Go where on } then { derive Reach { n: "s" } } }
rule r1b { when { some Go2 where on } then { derive Reach { n: "s" } } }
rule k0 { when { some Go where on } then { derive Reach { n: "k0" } } }
rule k { when { some Reach where n == "k0" } then { derive Reach { n: "k" } } }
rule mode { when { some Reach where n == "s" } then { derive Mode { v: "x" } } }
rule back { when { some Mode some Reach where n == "zz" } then { derive Reach { n: "s2" } } }
rule kick { priority 10 when { c: Kick g: Go where on } then { retract g } }
rule p {
  when {
    m: Mode where v == "x"
    t: Task
    no Reach where n == t.need
)" + also +
          R"(
  }
  then { do Act { t: t.t } }
}
)");
  w.put("0s", "Go", "on: true");
  w.put("0s", "Go2", "on: true");
  w.put("1s", "Task", "t: \"t2\", need: \"k\"");
  w.put("1s", "Task", "t: \"t1\", need: \"none\"");
  w.put("1s", "Kick", "n: 1");
  w.tick("1s");
  std::string out;
  for (const std::string& line : w.heard()) {
    if (const std::size_t at = line.find("t: \"t"); at != std::string::npos) out += line[at + 5];
  }
  return out;
}

}  // namespace

TEST_CASE("a gate that goes and comes back within one moment changes no order", "[session][productions]") {
  for (const auto& [strategy, order] : {std::pair{"depth", "21"}, std::pair{"breadth", "12"}}) {
    INFO(strategy);
    CHECK(order_behind_flicker(strategy, "") == order);
    CHECK(order_behind_flicker(strategy, "check m.v == \"x\" or t.t == \"none\"") == order);
  }
}
