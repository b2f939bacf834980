// Time: holds, absence, ttl and unknown, windows, late facts, ticks.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

TEST_CASE("a hold needs the whole time without a gap", "[session][time]") {
  World w(R"(
fact Link key (id) ttl 1h { id: int  load: int }
rule hot { when { l: Link where load > 90 for 5m } then { log f"hot {l.id}" } on clear { log f"cool {l.id}" } }
)");
  w.put("1m", "Link", "id: 1, load: 95");
  w.tick("5m59s");
  CHECK(w.heard().empty());
  w.tick("6m");
  CHECK(w.heard() == Lines{"6m log hot 1"});
  w.put("7m", "Link", "id: 1, load: 10");
  w.put("8m", "Link", "id: 1, load: 95");
  w.put("12m", "Link", "id: 1, load: 10");
  w.put("13m", "Link", "id: 1, load: 95");
  w.tick("17m59s");
  CHECK(w.heard() == Lines{"7m log cool 1"});
  w.tick("18m");
  CHECK(w.heard() == Lines{"18m log hot 1"});
  // A state of zero length breaks nothing.
  w.put("19m", "Link", "id: 1, load: 10");
  w.put("19m", "Link", "id: 1, load: 99");
  w.retract("20m", "Link", "id: 1");
  w.put("20m", "Link", "id: 1, load: 99");
  w.tick("30m");
  CHECK(w.heard().empty());
}

TEST_CASE("two samples and then silence do not satisfy a hold", "[session][time]") {
  World w(R"(
fact Link key (id) ttl 30s { id: int  load: int }
rule hot { when { l: Link where load > 90 for 5m } then { log f"hot {l.id}" } }
rule ok { when { l: Link where load > 90 } then { log f"over {l.id}" } on clear { log f"under {l.id}" } }
)");
  w.put("1m", "Link", "id: 1, load: 95");
  w.put("1m10s", "Link", "id: 1, load: 95");
  w.tick("20m");
  // Staleness alone ends no episode.
  CHECK(w.heard() == Lines{"1m log over 1"});
  CHECK(w.facts("Link") == Lines{"(id: 1, load: 95) stale"});
  CHECK(w.session->counters().expiries == 1);
  w.put("21m", "Link", "id: 1, load: 10");
  w.tick("21m");
  CHECK(w.heard() == Lines{"21m log under 1"});
}

TEST_CASE("a held line that becomes unknown stays unknown until it is held again", "[session][time]") {
  World w(R"(
fact Link key (id) ttl 30s { id: int  load: int }
rule hot { when { l: Link where load > 90 for 1m } then { log f"hot {l.id}" } on clear { log f"cool {l.id}" } }
)");
  for (int t = 0; t <= 80; t += 20) w.put(std::to_string(t) + "s", "Link", "id: 1, load: 95");
  w.tick("2m");
  CHECK(w.heard() == Lines{"1m log hot 1"});  // at 1m50s it became stale
  for (int t = 180; t <= 230; t += 10) w.put(std::to_string(t) + "s", "Link", "id: 1, load: 95");
  w.tick("3m50s");
  CHECK(w.heard().empty());
  w.put("3m55s", "Link", "id: 1, load: 0");
  w.tick("3m55s");
  CHECK(w.heard() == Lines{"3m55s log cool 1"});
}

TEST_CASE("absence counts from the last one, from the facts it names, from the start", "[session][time]") {
  World w(R"(
fact Host key (name) { name: string }
event Beat { host: string }
rule silent { when { h: Host  no Beat where host == h.name for 5s } then { log f"{h.name} is silent" } on clear { log f"{h.name} speaks" } }
)");
  w.put("1s", "Host", R"(name: "a")");
  w.put("4s", "Beat", R"(host: "a")");
  w.put("5s", "Host", R"(name: "b")");
  w.tick("8s");
  CHECK(w.heard().empty());
  w.tick("9s");
  CHECK(w.heard() == Lines{"9s log a is silent"});
  w.put("10s", "Beat", R"(host: "b")");  // just too late
  w.tick("10s");
  CHECK(w.heard() == Lines{"10s log b is silent", "10s log b speaks"});
  w.put("11s", "Beat", R"(host: "a")");
  w.tick("16s");
  CHECK(w.heard() == Lines{"11s log a speaks", "15s log b is silent", "16s log a is silent"});
}

TEST_CASE("a sample takes the place of another that only other windows ask for", "[session][time]") {
  std::string rules = "fact Host key (id) { id: int  state: int  load: int }\nevent Ping key (host) { host: int  kind: string }\n";
  for (int n = 0; n < 6; ++n) {
    const std::string i = std::to_string(n);
    rules += "rule s" + i + " { when { check count(Host where state == " + i + " over 10s) >= 2 } then { log \"state " + i +
             "\" } on clear { log \"not state " + i + "\" } }\nrule l" + i + " { when { check sum(Host.load where load > " + i +
             "0 over 10s) >= 90 } then { log \"load " + i + "\" } on clear { log \"not load " + i + "\" } }\nrule p" + i +
             " { when { check count(Ping where host == " + i + " over last 2) == 1 and count(Ping where kind in [\"x\", \"" + i +
             "\"] over last 2) == 1 } then { log \"ping " + i + "\" } }\n";
  }
  World w(rules);
  w.put("1s", "Host", "id: 1, state: 3, load: 45");
  w.put("2s", "Host", "id: 1, state: 3, load: 45");
  w.tick("2s");
  CHECK(w.heard() == Lines{"2s log load 0", "2s log load 1", "2s log load 2", "2s log state 3", "2s log load 3", "2s log load 4"});
  w.put("2s", "Host", "id: 1, state: 4, load: 5");  // in place of the one that made two
  w.tick("2s");
  CHECK(w.heard() == Lines{"2s log not load 0", "2s log not load 1", "2s log not load 2", "2s log not state 3", "2s log not load 3",
                           "2s log not load 4"});
  w.put("3s", "Host", "id: 1, state: 4, load: 15");
  w.tick("3s");
  CHECK(w.heard() == Lines{"3s log state 4"});
  w.retract("3s", "Host", "id: 1");
  w.tick("3s");
  CHECK(w.heard() == Lines{"3s log not state 4"});
  w.put("4s", "Ping", "host: 5, kind: \"5\"");
  w.tick("4s");
  CHECK(w.heard() == Lines{"4s log ping 5"});
}

TEST_CASE("windows count what was seen, exactly", "[session][time]") {
  World w(R"(
fact Cpu key (id) ttl 25s { id: int  load: percent }
rule high { when { check avg(Cpu.load over 60s at least 4 samples) > 80% } then { log "high" } on clear { log "low" } }
rule many { when { check count(Cpu over 10s) >= 3 } then { log "many" } on clear { log "few" } }
)");
  w.put("10s", "Cpu", "id: 1, load: 90%");
  w.put("10s", "Cpu", "id: 1, load: 100%");  // the same key and stamp: the later one
  w.put("14s", "Cpu", "id: 1, load: 100%");
  w.put("18s", "Cpu", "id: 1, load: 100%");
  w.tick("18s");
  CHECK(w.heard() == Lines{"18s log many"});
  w.tick("20s");
  CHECK(w.heard() == Lines{"20s log few"});
  w.put("30s", "Cpu", "id: 1, load: 30%");
  w.tick("30s");
  CHECK(w.heard() == Lines{"30s log high"});  // (3 × 100 + 30) / 4 = 82.5 %
  w.tick("2m");
  CHECK(w.heard().empty());  // fewer than 4 samples: unknown, which ends nothing
}

TEST_CASE("late facts serve windows and never overwrite newer news", "[session][time]") {
  World w(R"(
fact Cpu key (id) { id: int  load: int }
fact Dropped key (id) late drop { id: int }
fact Diverted key (id) late divert { id: int }
rule many { when { check count(Cpu over 10s) >= 3 } then { log "many" } }
rule hot { when { c: Cpu where load > 90 } then { log f"hot {c.id}" } }
)");
  w.put("10s", "Cpu", "id: 1, load: 1");
  w.put("12s", "Cpu", "id: 1, load: 2");
  w.tick("12s");
  CHECK(w.put("11s", "Cpu", "id: 1, load: 99").value() == PutOutcome::kLateApplied);
  CHECK(w.put("11s", "Dropped", "id: 1").value() == PutOutcome::kLateDropped);
  CHECK(w.put("11s", "Diverted", "id: 1").value() == PutOutcome::kLateDiverted);
  w.tick("13s");
  CHECK(w.heard() == Lines{"12s log many"});
  CHECK(w.facts("Cpu") == Lines{"(id: 1, load: 2)"});
  CHECK(w.facts("Dropped").empty());
}

TEST_CASE("lateness makes facts wait for their order", "[session][time]") {
  World w(R"(
event Beat lateness 1s { host: string }
rule beat { when { b: Beat } then { log f"beat {b.host}" } }
)");
  CHECK(w.put("10.5s", "Beat", R"(host: "b")").value() == PutOutcome::kPending);
  w.put("10s", "Beat", R"(host: "a")");
  CHECK(w.heard().empty());
  w.put("11.2s", "Beat", R"(host: "c")");
  CHECK(w.heard() == Lines{"10s log beat a"});
  CHECK(w.session->now() == at("10.2s"));
  w.session->finish();
  CHECK(w.heard() == Lines{"10s500ms log beat b", "11s200ms log beat c"});
}

TEST_CASE("stamps far ahead and inputs beyond the limits are refused", "[session][time]") {
  Limits limits;
  limits.ahead_max_ns = 60 * kNsPerSecond;
  limits.facts = 2;
  World w("fact F key (id) { id: int }\nfact D key (id) { id: int }\nrule r { when { f: F } then { derive D { id: f.id } } }", limits);
  CHECK(w.put("1s", "F", "id: 1"));
  CHECK_FALSE(w.put("62s", "F", "id: 2"));
  CHECK_FALSE(w.put("2s", "D", "id: 2"));
  CHECK(w.put("2s", "F", "id: 1"));
  w.tick("2s");
  CHECK_FALSE(w.put("3s", "F", "id: 3"));  // F and D are two
  CHECK(w.put("3s", "F", "id: 1"));
  CHECK(w.session->counters().facts_refused == 3);
}
