// Back after an absence (semantics.md §11): deadlines that were missed, the backlog, `late skip`, actions under way, reloads.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

constexpr const char* kFailover = R"(
event Beat key (node) { node: string }
fact Node key (node) { node: string }
fact Witness key (who) ttl 10s { who: string  sees: bool }
action Fence key (node) timeout 4s tries 3 every 4s { node: string }
rule fence {
  when {
    n: Node
    no Beat same node as n for 5s
    check count(Witness where not sees) >= 2
  }
  then { do Fence { node: n.node } }
}
)";

}  // namespace

TEST_CASE("what was due while the engine was away happens once, when it is back", "[session][recovery]") {
  World w(kFailover);
  w.put("90s", "Node", "node: \"db1\"");
  w.put("100s", "Beat", "node: \"db1\"");
  w.put("102s", "Witness", "who: \"a\", sees: false");
  w.tick("102.9s");
  w.recovered("108s");
  w.put("106s", "Witness", "who: \"b\", sees: false");
  CHECK(w.heard().empty());  // the instant is open: more may have waited
  w.tick("108s");
  CHECK(w.heard() == Lines{"1m48s Fence(node: \"db1\") sent late, due 1m45s"});
  w.tick("111.9s");
  CHECK(w.heard().empty());
  w.tick("112s");  // its time-out counts from then
  CHECK(w.heard() == Lines{"1m52s Fence(node: \"db1\") sent #2"});
}

TEST_CASE("what waited while the engine was away counts before anything is done", "[session][recovery]") {
  World w(kFailover);
  w.put("90s", "Node", "node: \"db1\"");
  w.put("100s", "Beat", "node: \"db1\"");
  w.put("102s", "Witness", "who: \"a\", sees: false");
  w.put("102s", "Witness", "who: \"b\", sees: false");
  w.tick("103s");
  w.recovered("108s");
  w.put("104s", "Beat", "node: \"db1\"");
  w.tick("108s");
  CHECK(w.heard().empty());
  w.tick("109s");
  CHECK(w.heard() == Lines{"1m49s Fence(node: \"db1\") sent"});
  // An acknowledgement that waited keeps the next try from going out.
  w.recovered("120s");
  REQUIRE(w.ack("110s", "Fence", "node: \"db1\"").has_value());
  w.tick("120s");
  CHECK(w.heard().empty());
  CHECK(w.session->counters().actions_acked == 1);
}

TEST_CASE("a late try goes out at the recovery, and a rate lets through what it would have", "[session][recovery]") {
  World w(R"(
fact P key (id) { id: int }
action Try key (id) timeout 2s tries 3 every 2s { id: int }
action Slow rate 1 per 5s { id: int }
rule a { when { p: P where id < 10 } then { do Try { id: p.id } } }
rule b { when { p: P where id >= 10 } then { do Slow { id: p.id } } }
)");
  w.put("100s", "P", "id: 1");
  w.put("100s", "P", "id: 10");
  w.put("100s", "P", "id: 11");
  w.put("100s", "P", "id: 12");
  w.tick("101s");
  CHECK(w.heard() ==
        Lines{"1m40s Try(id: 1) sent", "1m40s Slow(id: 10) sent", "1m40s Slow(id: 11) proposed", "1m40s Slow(id: 12) proposed"});
  w.recovered("130s");
  w.tick("130s");
  CHECK(w.heard() == Lines{"2m10s Try(id: 1) sent #2 late, due 1m42s", "2m10s Slow(id: 11) sent late, due 1m45s"});
  w.tick("135s");
  CHECK(w.heard() == Lines{"2m12s Try(id: 1) sent #3", "2m15s Slow(id: 12) sent"});
}

TEST_CASE("`keep`, `repeat` and the holds of `until` end and run once, and are late", "[session][recovery]") {
  World w(R"(
fact P key (id) { id: int  bad: bool }
action A { id: int  what: string }
rule k { keep 3s when { p: P where bad } then { do A { id: p.id, what: "keep" } } on clear { do A { id: p.id, what: "kept" } } }
rule r { repeat 2s when { p: P where bad } then { do A { id: p.id, what: "again" } } }
rule u {
  when { p: P where bad }
  then { do A { id: p.id, what: "until" } }
  until { check not p.bad for 4s }
  on clear { do A { id: p.id, what: "over" } }
}
)");
  w.put("100s", "P", "id: 1, bad: true");
  w.put("100s", "P", "id: 2, bad: true");
  w.put("101s", "P", "id: 2, bad: false");
  w.tick("101s");
  w.heard();
  w.recovered("110s");
  w.tick("110s");
  CHECK(w.heard() == Lines{"1m50s A(id: 2, what: \"kept\") sent late, due 1m44s", "1m50s A(id: 2, what: \"over\") sent late, due 1m45s",
                           "1m50s A(id: 1, what: \"again\") sent late, due 1m42s"});
  w.tick("112s");  // counted from the recovery
  CHECK(w.heard() == Lines{"1m52s A(id: 1, what: \"again\") sent"});
}

TEST_CASE("`late skip` drops what is older; a match stays dealt with until it was false", "[session][recovery]") {
  World w(R"(
fact P key (id) { id: int  bad: bool }
rule r { late skip 3s when { p: P where bad for 5s } then { log f"run {p.id}" } on clear { log f"clear {p.id}" } }
)");
  w.put("100s", "P", "id: 1, bad: true");
  w.put("101s", "P", "id: 2, bad: true");
  w.put("102s", "P", "id: 3, bad: true");
  w.tick("104s");
  w.recovered("109s");
  w.tick("109s");
  CHECK(w.heard() == Lines{"1m49s log run 2", "1m49s log run 3",
                           "1m49s trouble rule `main.r`: one run was due while the engine was away: `late skip 3s` drops it"});
  CHECK(w.session->counters().late_skipped == 1);
  CHECK(w.session->why_not(0, {{"id", Value::integer(1)}}).status == "skipped");
  w.put("110s", "P", "id: 1, bad: false");
  w.put("111s", "P", "id: 1, bad: true");
  w.tick("115s");
  CHECK(w.heard().empty());
  w.tick("116s");
  CHECK(w.heard() == Lines{"1m56s log run 1"});
}

TEST_CASE("what `late skip` dealt with stays so after a reload", "[session][recovery]") {
  const std::string rules = R"(
fact P key (id) { id: int  bad: bool }
rule r { late skip 0s when { p: P where bad for 5s } then { log f"run {p.id}" } }
)";
  World w(rules);
  w.put("100s", "P", "id: 1, bad: true");
  w.tick("104s");
  w.recovered("109s");
  w.reload(rules);  // before the instant closes
  w.tick("109s");
  CHECK(w.heard().size() == 1);  // that it was dropped
  w.reload(rules);
  w.tick("120s");
  CHECK(w.heard().empty());
}

TEST_CASE("what only the backlog makes true is not late, and no `late skip` drops it", "[session][recovery]") {
  World w(R"(
fact P key (id) { id: int  bad: bool }
action A { id: int }
rule r { late skip 0s when { p: P where bad } then { do A { id: p.id } } }
)");
  w.tick("100s");
  w.recovered("110s");
  w.put("103s", "P", "id: 1, bad: true");
  w.tick("110s");
  CHECK(w.heard() == Lines{"1m50s A(id: 1) sent"});
}

TEST_CASE("a recovery that missed nothing says nothing, and one may follow another", "[session][recovery]") {
  World w(R"(
fact P key (id) late drop { id: int  bad: bool }
action A { id: int }
rule r { when { p: P where bad for 5s } then { do A { id: p.id } } }
)");
  w.put("100s", "P", "id: 1, bad: true");
  w.tick("103s");
  w.recovered("103s");
  w.recovered("50s");
  CHECK(w.put("104s", "P", "id: 2, bad: true").value() == PutOutcome::kTaken);
  w.tick("104s");
  w.recovered("107s");
  w.recovered("109s");
  CHECK(w.put("108s", "P", "id: 3, bad: true").value() == PutOutcome::kLateDropped);
  w.tick("109s");
  CHECK(w.heard() == Lines{"1m49s A(id: 1) sent late, due 1m45s", "1m49s A(id: 2) sent"});  // that of 2 is due now: it is on time
  CHECK(w.facts("P").size() == 2);
}

TEST_CASE("a rule that shuts while the engine is away has not held; one that opens begins at the recovery", "[session][recovery]") {
  World w(R"(
calendar c = daily 00:00..00:01:43 in "UTC"
calendar d = daily 00:01:43..00:05 in "UTC"
fact P key (id) { id: int  bad: bool }
rule shuts { during c when { p: P where bad for 5s } then { log f"shuts {p.id}" } }
rule silent { during c when { no P where not bad for 4s } then { log "silent" } }
rule opens { during d when { p: P where bad for 5s } then { log f"opens {p.id}" } }
)");
  w.put("100s", "P", "id: 1, bad: true");
  w.tick("101s");
  w.recovered("110s");
  w.tick("114s");
  CHECK(w.heard().empty());
  w.tick("115s");
  CHECK(w.heard() == Lines{"1m55s log opens 1"});
}
