// Rules and the time of day: `during`, `now in c`, comparisons with `now` (semantics.md §5 to §7). Times are seconds after midnight UTC.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

// Open from 10 s to 20 s and from 30 s to 40 s.
const std::string kHead =
    "calendar c = daily 00:00:10..00:00:20, 00:00:30..00:00:40 in \"UTC\"\n"
    "fact A key (id) { id: int  v: int = 0 }\naction Page key (id) { id: int }\naction Over key (id) { id: int }\n";

}  // namespace

TEST_CASE("`during`: a match waits for the calendar, an episode goes on without it", "[clocks]") {
  World w(kHead + "rule r { during c when { a: A } then { do Page { id: a.id } } on clear { do Over { id: a.id } } }");
  w.put("5s", "A", "id: 1");
  w.tick("9s");
  CHECK(w.heard().empty());
  w.tick("12s");
  CHECK(w.heard() == Lines{"10s Page(id: 1) sent"});
  w.put("20s", "A", "id: 2");  // the end is not inside
  w.retract("25s", "A", "id: 1");
  w.tick("26s");
  CHECK(w.heard() == Lines{"25s Over(id: 1) sent"});
  w.tick("35s");
  CHECK(w.heard() == Lines{"30s Page(id: 2) sent"});
}

TEST_CASE("`during`: a hold begins with the calendar, and one that was met stays met", "[clocks]") {
  World w(kHead + "rule r { during c when { a: A where v == 0 for 4s  some A where id == 9 } then { do Page { id: a.id } } }");
  w.put("5s", "A", "id: 1");
  w.put("5s", "A", "id: 9, v: 1");
  w.put("17s", "A", "id: 2");
  w.tick("40s");
  // 1 from 10 s on; 2 had three seconds when the calendar closed, and begins anew at 30 s.
  CHECK(w.heard() == Lines{"14s Page(id: 1) sent", "34s Page(id: 2) sent"});
  World met(kHead + "rule r { during c when { a: A where v == 0 for 4s  some A where id == 9 } then { do Page { id: a.id } } }");
  met.put("10s", "A", "id: 1");
  met.put("25s", "A", "id: 9, v: 1");
  met.tick("40s");
  CHECK(met.heard() == Lines{"30s Page(id: 1) sent"});
}

TEST_CASE("`during`: silence is counted from the opening", "[clocks]") {
  World w(kHead +
          "event E key (id) { id: int }\nrule r { during c when { a: A  no E same id as a for 5s } then { do Page { id: a.id } } }");
  w.put("1s", "A", "id: 1");
  w.put("18s", "A", "id: 2");
  w.tick("50s");
  CHECK(w.heard() == Lines{"15s Page(id: 1) sent", "35s Page(id: 2) sent"});
}

TEST_CASE("`during`: what falls due when the calendar closes does not", "[clocks]") {
  World w(kHead +
          "event E key (id) { id: int }\nrule h { during c when { a: A for 5s } then { do Page { id: a.id } } }\n"
          "rule q { during c when { a: A  no E same id as a for 5s } then { do Over { id: a.id } } }");
  w.put("15s", "A", "id: 1");
  w.tick("50s");
  CHECK(w.heard() == Lines{"35s Page(id: 1) sent", "35s Over(id: 1) sent"});
}

TEST_CASE("`not during`, and both together", "[clocks]") {
  World w("calendar d = daily 00:00:15..00:00:35 in \"UTC\"\n" + kHead +
          "rule r { during c not during d when { a: A for 2s } then { do Page { id: a.id } } }");
  w.put("14s", "A", "id: 1");
  w.tick("1m");
  CHECK(w.heard() == Lines{"37s Page(id: 1) sent"});
}

TEST_CASE("`repeat` waits for the calendar, `cooldown` runs on, `until` knows none", "[clocks]") {
  World w(kHead +
          "rule r { during c repeat 6s when { a: A } then { do Page { id: a.id } } until { check a.v == 1 for 3s } on clear { do Over { "
          "id: a.id } } }");
  w.put("5s", "A", "id: 1");
  w.tick("35s");
  CHECK(w.heard() == Lines{"10s Page(id: 1) sent", "16s Page(id: 1) sent", "30s Page(id: 1) sent"});
  w.put("41s", "A", "id: 1, v: 1");
  w.tick("50s");
  CHECK(w.heard() == Lines{"36s Page(id: 1) sent", "44s Over(id: 1) sent"});
}

TEST_CASE("a derived fact of a rule `during` lasts as long as its episode", "[clocks]") {
  World w(kHead + "fact D key (id) { id: int }\nrule r { during c when { a: A } then { derive D { id: a.id } } }");
  w.put("5s", "A", "id: 1");
  w.tick("9s");
  CHECK(w.facts("D").empty());
  w.tick("25s");
  CHECK(w.facts("D").size() == 1);
  w.retract("26s", "A", "id: 1");
  w.tick("26s");
  CHECK(w.facts("D").empty());
}

TEST_CASE("`now in c` is a condition: true and false at the edges, without a fact", "[clocks]") {
  World w(kHead +
          "rule r { when { a: A  check now in c } then { do Page { id: a.id } } on clear { do Over { id: a.id } } }\n"
          "rule alone { when { check now not in c } then { log \"shut\" } }\n"
          "rule held { when { check now in c for 3s } then { log f\"held {now in c}\" } }");
  w.put("5s", "A", "id: 1");
  w.tick("31s");
  CHECK(w.heard() ==
        Lines{"5s log shut", "10s Page(id: 1) sent", "13s log held true", "20s Over(id: 1) sent", "20s log shut", "30s Page(id: 1) sent"});
}

TEST_CASE("many matches ask one calendar with one timer", "[clocks]") {
  World w(kHead + "rule r { when { a: A  check now in c } then { do Page { id: a.id } } }");
  for (int i = 0; i < 50; ++i) w.put("5s", "A", fmt::format("id: {}", i));
  w.tick("9s");
  CHECK(w.session->counters().instants == 1);
  w.tick("25s");
  CHECK(w.session->counters().instants == 3);  // 5 s, 10 s, 20 s
  CHECK(w.heard().size() == 50);
}

TEST_CASE("comparisons with `now` fall due at their time, which moves with the fact", "[clocks]") {
  World w(
      "fact C key (id) { id: int  expires: timestamp }\naction Renew key (id) { id: int }\n"
      "rule r { when { c: C where now >= expires - 5s } then { do Renew { id: c.id } } }\n"
      "rule past { when { c: C where c.expires + 1s < now } then { log f\"{c.id} is over\" } }\n"
      "rule age { when { c: C  check now - c.expires >= 3s for 2s } then { log f\"{c.id} is old\" } }");
  w.put("1s", "C", "id: 1, expires: timestamp(20)");
  w.put("2s", "C", "id: 2, expires: timestamp(12)");
  w.tick("6s");
  CHECK(w.heard().empty());
  w.put("6s", "C", "id: 2, expires: timestamp(30)");
  w.tick("15s");
  CHECK(w.heard() == Lines{"15s Renew(id: 1) sent"});
  w.tick("24s");
  CHECK(w.heard() == Lines{"21s1ns log 1 is over"});
  w.tick("40s");
  CHECK(w.heard() == Lines{"25s Renew(id: 2) sent", "25s log 1 is old", "31s1ns log 2 is over", "35s log 2 is old"});
}

TEST_CASE("a comparison with `now` is unknown while its fact is stale", "[clocks]") {
  World w("fact C key (id) ttl 5s { id: int  at: timestamp }\nrule r { when { c: C where now >= at } then { log f\"{c.id}\" } }");
  w.put("1s", "C", "id: 1, at: timestamp(10)");
  w.tick("20s");
  CHECK(w.heard().empty());
  w.put("20s", "C", "id: 1, at: timestamp(10)");
  w.tick("20s");
  CHECK(w.heard() == Lines{"20s log 1"});
}

TEST_CASE("a reload keeps what waits for a calendar, and takes the new one as it is", "[clocks]") {
  const std::string rule = "rule r { during c when { a: A for 4s } then { do Page { id: a.id } } on clear { do Over { id: a.id } } }";
  World w(kHead + rule);
  w.put("10s", "A", "id: 1");
  w.put("18s", "A", "id: 2");
  w.tick("21s");
  CHECK(w.heard() == Lines{"14s Page(id: 1) sent"});
  SECTION("of the same rules") {
    w.reload(kHead + rule);
    w.tick("40s");
    CHECK(w.heard() == Lines{"34s Page(id: 2) sent"});
  }
  SECTION("that opens it") {
    w.reload("calendar c = daily 00:00:10..00:01:00 in \"UTC\"\n" + kHead.substr(kHead.find('\n') + 1) + rule);
    w.tick("40s");
    CHECK(w.heard() == Lines{"25s Page(id: 2) sent"});
  }
  SECTION("that takes the option away") {
    w.reload(kHead + "rule r { when { a: A for 4s } then { do Page { id: a.id } } on clear { do Over { id: a.id } } }");
    w.tick("40s");
    CHECK(w.heard() == Lines{"25s Page(id: 2) sent"});
  }
}

TEST_CASE("why not: the calendar and when it lets go", "[clocks]") {
  World w(kHead +
          "rule r { during c when { a: A where v == 0 } then { do Page { id: a.id } } }\n"
          "rule h { not during c when { a: A for 50s } then { do Over { id: a.id } } }");
  w.put("5s", "A", "id: 1");
  w.tick("5s");
  const WhyNot shut = w.session->why_not(0, {});
  CHECK(shut.status == "outside");
  CHECK(shut.sentence == "every line is met, but it is outside `c` until 1970-01-01T00:00:10Z");
  w.tick("12s");
  CHECK(w.session->why_not(1, {}).sentence == "no hold runs: it is inside `c` until 1970-01-01T00:00:20Z");
}
