// Patterns, joins, some/no, effects, order of firing.
#include "engine/compile/program_data.h"
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {
const char* const kLinks = R"(
fact Link key (id) { id: int  device: string = "d"  up: bool = true  load: int = 0 }
fact Device key (name) { name: string  maint: bool = false }
action Alert key (id) { id: int  what: string = "" }
action Clear key (id) { id: int }
)";
}

TEST_CASE("a pattern with a condition fires once per match, in the order of keys", "[session]") {
  World w(std::string(kLinks) + R"(
rule hot { when { l: Link where load > 90 } then { do Alert { id: l.id } } }
)");
  w.put("1s", "Link", "id: 3, load: 95");
  w.put("1s", "Link", "id: 1, load: 99");
  w.put("1s", "Link", "id: 2, load: 10");
  CHECK(w.heard().empty());
  w.tick("1s");
  CHECK(w.heard() == Lines{R"(1s Alert(id: 1, what: "") sent)", R"(1s Alert(id: 3, what: "") sent)"});
  w.put("2s", "Link", "id: 3, load: 96");
  w.tick("2s");
  CHECK(w.heard().empty());
  w.put("3s", "Link", "id: 3, load: 5");
  w.tick("3s");
  w.put("4s", "Link", "id: 3, load: 95");
  w.tick("4s");
  CHECK(w.heard() == Lines{R"(4s Alert(id: 3, what: "") sent)"});
}

TEST_CASE("joins by same and by equality in where", "[session]") {
  World w(std::string(kLinks) + R"(
fact Down key (id) { id: int }
rule down {
  when {
    l: Link where not up
    d: Device where name == l.device and not maint
  }
  then { derive Down { id: l.id } }
}
)");
  w.put("1s", "Link", R"(id: 1, device: "a", up: false)");
  w.put("1s", "Link", R"(id: 2, device: "b", up: false)");
  w.put("1s", "Device", R"(name: "a")");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s +Down(id: 1)"});
  w.put("2s", "Device", R"(name: "b")");
  w.put("2s", "Device", R"(name: "a", maint: true)");
  w.tick("2s");
  CHECK(w.heard() == Lines{"2s -Down(id: 1)", "2s +Down(id: 2)"});
  w.retract("3s", "Device", R"(name: "b")");
  w.put("3s", "Device", R"(name: "b")");
  w.tick("3s");
  CHECK(w.heard().empty());
  w.put("4s", "Link", R"(id: 2, device: "a", up: false)");
  w.tick("4s");
  CHECK(w.heard() == Lines{"4s -Down(id: 2)"});
}

TEST_CASE("some and no follow their facts", "[session]") {
  World w(std::string(kLinks) + R"(
fact Isolated key (name) { name: string }
fact Busy key (name) { name: string }
rule isolated {
  when {
    d: Device where not maint
    no Link where device == d.name and up
  }
  then { derive Isolated { name: d.name } }
}
rule busy {
  when {
    d: Device
    some Link where device == d.name and load > 50
  }
  then { derive Busy { name: d.name } }
}
)");
  w.put("1s", "Device", R"(name: "a")");
  w.tick("1s");
  CHECK(w.heard() == Lines{R"(1s +Isolated(name: "a"))"});
  w.put("2s", "Link", R"(id: 1, device: "a", load: 60)");
  w.put("2s", "Link", R"(id: 2, device: "a", load: 70)");
  w.tick("2s");
  CHECK(w.heard() == Lines{R"(2s -Isolated(name: "a"))", R"(2s +Busy(name: "a"))"});
  w.put("3s", "Link", R"(id: 1, device: "a", load: 0)");
  w.tick("3s");
  CHECK(w.heard().empty());
  w.put("4s", "Link", R"(id: 2, device: "a", up: false)");
  w.put("4s", "Link", R"(id: 1, device: "b")");
  w.tick("4s");
  CHECK(w.heard() == Lines{R"(4s +Isolated(name: "a"))", R"(4s -Busy(name: "a"))"});
}

TEST_CASE("one fact on both sides of a join meets itself once", "[session]") {
  World w(std::string(kLinks) + R"(
fact Pair key (x, y) { x: int  y: int }
rule pairs {
  when {
    a: Link where up
    b: Link where device == a.device and load >= a.load
  }
  then { derive Pair { x: a.id, y: b.id } }
}
)");
  w.put("1s", "Link", "id: 1, load: 5");
  w.put("1s", "Link", "id: 2, load: 5");
  w.tick("1s");
  CHECK(w.facts("Pair") == Lines{"(x: 1, y: 1)", "(x: 1, y: 2)", "(x: 2, y: 1)", "(x: 2, y: 2)"});
  w.put("2s", "Link", "id: 1, load: 6");
  w.tick("2s");
  CHECK(w.facts("Pair") == Lines{"(x: 1, y: 1)", "(x: 2, y: 1)", "(x: 2, y: 2)"});
  w.put("3s", "Link", "id: 1, up: false");
  w.tick("3s");
  CHECK(w.facts("Pair") == Lines{"(x: 2, y: 2)"});
  w.put("4s", "Link", "id: 1, load: 5");
  w.retract("5s", "Link", "id: 2");
  w.tick("5s");
  CHECK(w.facts("Pair") == Lines{"(x: 1, y: 1)"});
  CHECK(w.session->counters().tokens <= 8);
}

TEST_CASE("ends come before starts, then priority, rule order and key", "[session]") {
  World w(std::string(kLinks) + R"(
rule low { when { l: Link where load > 10 } then { do Alert { id: l.id, what: "low" } } on clear { log f"low {l.id} over" } }
rule high { priority 5 when { l: Link where load > 10 } then { log f"high {l.id}" } }
)");
  w.put("1s", "Link", "id: 2, load: 20");
  w.put("1s", "Link", "id: 1, load: 20");
  w.tick("1s");
  CHECK(w.heard() ==
        Lines{"1s log high 1", "1s log high 2", R"(1s Alert(id: 1, what: "low") sent)", R"(1s Alert(id: 2, what: "low") sent)"});
  w.put("2s", "Link", "id: 3, load: 20");
  w.put("2s", "Link", "id: 2, load: 1");
  w.tick("2s");
  CHECK(w.heard() == Lines{"2s log low 2 over", "2s log high 3", R"(2s Alert(id: 3, what: "low") sent)"});
}

TEST_CASE("effects of one firing are matched before the next is chosen", "[session]") {
  World w(std::string(kLinks) + R"(
rule one_at_a_time {
  when {
    l: Link where not up
    no Alert
  }
  then { do Alert { id: l.id } }
}
)");
  w.put("1s", "Link", "id: 2, up: false");
  w.put("1s", "Link", "id: 1, up: false");
  w.tick("1s");
  CHECK(w.heard() == Lines{R"(1s Alert(id: 1, what: "") sent)"});
}

TEST_CASE("an update of a field nobody reads touches no rule", "[session]") {
  World w(std::string(kLinks) + R"(
rule hot { when { l: Link where load > 90 } then { do Alert { id: l.id } } }
)");
  w.put("1s", "Link", "id: 1, load: 95");
  w.tick("1s");
  w.heard();
  w.put("2s", "Link", R"(id: 1, load: 95, device: "other")");
  w.put("3s", "Link", R"(id: 1, load: 95, device: "other")");
  w.tick("3s");
  CHECK(w.heard().empty());
  CHECK(w.session->counters().facts_unchanged == 1);
}

TEST_CASE("prefixes join by a hash, and equal only themselves", "[session]") {
  World w(R"(
fact Source key (id) { id: int  net: cidr }
fact Blocked key (id) { id: int  net: cidr }
action Alert key (id) { id: int }
rule many {
  when {
    s: Source
    check count(Blocked where net == s.net) >= 2
  }
  then { do Alert { id: s.id } }
}
)");
  // Judging every fact for every group at each change is a cube of their number.
  for (const AggregateUse& use : w.program->data().uses) {
    CHECK(use.keys.size() == 1);
    CHECK(use.residual.empty());
  }
  CHECK(w.program->data().uses.size() == 1);
  w.put("1s", "Source", "id: 1, net: 10.1.2.0/24");
  w.put("1s", "Source", "id: 2, net: 10.1.0.0/16");
  w.put("1s", "Blocked", "id: 1, net: 10.1.2.0/24");
  w.put("1s", "Blocked", "id: 2, net: 10.1.0.0/16");
  w.tick("1s");
  CHECK(w.heard().empty());
  w.put("2s", "Blocked", R"(id: 3, net: 10.1.2.0/24)");
  w.tick("2s");
  CHECK(w.heard() == Lines{"2s Alert(id: 1) sent"});
}
