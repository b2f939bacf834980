// Episodes, cooldowns, actions with a life, mutable facts, runaways.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

TEST_CASE("until alone ends an episode that has one", "[session][episodes]") {
  World w(R"(
fact Link key (id) { id: int  load: int }
rule hot { when { l: Link where load > 90 } then { log f"drain {l.id}" } until { check l.load < 50 for 10s } on clear { log f"undrain {l.id} at {l.load}" } }
)");
  w.put("1s", "Link", "id: 1, load: 95");
  w.put("2s", "Link", "id: 1, load: 60");
  w.put("3s", "Link", "id: 1, load: 95");
  w.put("4s", "Link", "id: 1, load: 40");
  w.tick("13s");
  CHECK(w.heard() == Lines{"1s log drain 1"});
  w.tick("14s");
  CHECK(w.heard() == Lines{"14s log undrain 1 at 40"});
  w.put("20s", "Link", "id: 2, load: 99");
  w.retract("21s", "Link", "id: 2");
  w.tick("21s");
  CHECK(w.heard() == Lines{"20s log drain 2", "21s log undrain 2 at 99"});
}

TEST_CASE("a cooldown is per group, the lowest key goes first when it ends", "[session][episodes]") {
  World w(R"(
fact Link key (id) { id: int  device: string  load: int }
rule hot { cooldown 1m per l.device when { l: Link where load > 90 } then { log f"hot {l.id}" } }
)");
  w.put("1s", "Link", R"(id: 3, device: "a", load: 99)");
  w.tick("1s");
  w.put("2s", "Link", R"(id: 2, device: "a", load: 99)");
  w.put("2s", "Link", R"(id: 1, device: "a", load: 99)");
  w.put("2s", "Link", R"(id: 4, device: "b", load: 99)");
  w.tick("60s");
  CHECK(w.heard() == Lines{"1s log hot 3", "2s log hot 4"});
  w.tick("61s");
  CHECK(w.heard() == Lines{"1m1s log hot 1"});
  w.put("62s", "Link", R"(id: 2, device: "c", load: 99)");  // another group: not cooling
  w.tick("62s");
  CHECK(w.heard() == Lines{"1m2s log hot 2"});
}

TEST_CASE("derives of an episode follow their facts while they are known", "[session][episodes]") {
  World w(R"(
fact Link key (id) ttl 10s { id: int  load: int }
fact Hot key (id) { id: int  load: int }
rule hot { when { l: Link where load > 90 } then { derive Hot { id: l.id, load: l.load } } until { check l.load < 50 } }
)");
  w.put("1s", "Link", "id: 1, load: 95");
  w.put("2s", "Link", "id: 1, load: 60");
  w.tick("2s");
  CHECK(w.heard() == Lines{"1s +Hot(id: 1, load: 95)", "2s +Hot(id: 1, load: 60)"});
  w.tick("20s");
  CHECK(w.heard().empty());
  CHECK(w.facts("Hot") == Lines{"(id: 1, load: 60)"});
  w.put("21s", "Link", "id: 1, load: 40");
  w.tick("21s");
  CHECK(w.heard() == Lines{"21s -Hot(id: 1, load: 60)"});
}

TEST_CASE("recursive derivation is the least fixpoint, also when a circle loses its ground", "[session][derive]") {
  World w(R"(
fact Edge key (a, b) { a: int  b: int }
fact Path key (a, b) { a: int  b: int }
rule edge { when { e: Edge } then { derive Path { a: e.a, b: e.b } } }
rule step { when { p: Path  e: Edge where a == p.b } then { derive Path { a: p.a, b: e.b } } }
)");
  w.put("1s", "Edge", "a: 1, b: 2");
  w.put("1s", "Edge", "a: 2, b: 3");
  w.put("1s", "Edge", "a: 3, b: 2");
  w.tick("1s");
  CHECK(w.facts("Path") == Lines{"(a: 1, b: 2)", "(a: 1, b: 3)", "(a: 2, b: 2)", "(a: 2, b: 3)", "(a: 3, b: 2)", "(a: 3, b: 3)"});
  w.retract("2s", "Edge", "a: 1, b: 2");
  w.tick("2s");
  CHECK(w.facts("Path") == Lines{"(a: 2, b: 2)", "(a: 2, b: 3)", "(a: 3, b: 2)", "(a: 3, b: 3)"});
  w.retract("3s", "Edge", "a: 3, b: 2");
  w.tick("3s");
  CHECK(w.facts("Path") == Lines{"(a: 2, b: 3)"});
  w.heard();
  w.put("4s", "Edge", "a: 3, b: 2");
  w.retract("4s", "Edge", "a: 3, b: 2");
  w.tick("4s");
  CHECK(w.heard().empty());
}

TEST_CASE("an action on its way when its episode ends is not sent again", "[session][actions]") {
  World w(R"(
fact Link key (port) { port: string  hot: bool }
action Drain key (port) tries 3 every 10s timeout 5s { port: string }
action Undrain key (port) { port: string }
rule drain {
  when { l: Link where hot }
  then { do Drain { port: l.port } }
  on clear { do Undrain { port: l.port } }
}
)");
  w.put("1s", "Link", "port: \"et1\", hot: true");
  w.tick("1s");
  CHECK(w.heard() == Lines{R"(1s Drain(port: "et1") sent)"});
  w.put("3s", "Link", "port: \"et1\", hot: false");
  w.tick("3s");
  CHECK(w.heard() == Lines{R"(3s Undrain(port: "et1") sent)"});
  w.tick("60s");  // the time-out at 6s
  CHECK(w.heard() == Lines{R"(6s Drain(port: "et1") expired)"});
  // A refusal ends it, too; what is answered well is done, as always.
  w.put("70s", "Link", "port: \"et1\", hot: true");
  w.put("71s", "Link", "port: \"et1\", hot: false");
  w.ack("72s", "Drain", "port: \"et1\"", ActionState::kFailed);
  w.tick("100s");
  CHECK(w.heard() ==
        Lines{R"(1m10s Drain(port: "et1") sent)", R"(1m11s Undrain(port: "et1") sent)", R"(1m12s Drain(port: "et1") expired)"});
  w.put("170s", "Link", "port: \"et1\", hot: true");
  w.put("171s", "Link", "port: \"et1\", hot: false");
  w.ack("172s", "Drain", "port: \"et1\"");
  w.tick("200s");
  CHECK(w.heard() == Lines{R"(2m50s Drain(port: "et1") sent)", R"(2m51s Undrain(port: "et1") sent)"});
}

TEST_CASE("actions are tried again, acknowledged, limited in rate", "[session][actions]") {
  World w(R"(
fact Node key (id) { id: int }
action Fence key (id) tries 3 every 2s timeout 10s { id: int }
action Page { text: string }
action Slow key (id) rate 2 per 10s { id: int }
rule fence { when { n: Node } then { do Fence { id: n.id } } }
rule page { when { f: Fence where state == "failed" } then { do Page { text: f"fence {f.id} failed" } } }
rule done { when { f: Fence where state == "acked" } then { log f"{f.id} fenced" } }
rule slow { when { n: Node where id > 10 } then { do Slow { id: n.id } } }
)");
  w.put("1s", "Node", "id: 1");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s Fence(id: 1) sent"});
  w.ack("1.5s", "Fence", "id: 1", ActionState::kFailed);
  w.tick("3s");
  CHECK(w.heard() == Lines{"3s Fence(id: 1) sent #2"});
  w.tick("13s");
  CHECK(w.heard() == Lines{"13s Fence(id: 1) sent #3"});
  w.ack("14s", "Fence", "id: 1", ActionState::kFailed);
  w.tick("14s");
  CHECK(w.heard() == Lines{R"(14s Page(text: "fence 1 failed") sent)"});
  w.ack("15s", "Fence", "id: 1");
  w.tick("15s");
  CHECK(w.session->counters().acks_unmatched == 1);
  w.put("20s", "Node", "id: 2");
  w.tick("20s");
  w.ack("21s", "Fence", "id: 2");
  w.tick("21s");
  CHECK(w.heard() == Lines{"20s Fence(id: 2) sent", "21s log 2 fenced"});
  w.put("30s", "Node", "id: 11");
  w.put("30s", "Node", "id: 12");
  w.put("30s", "Node", "id: 13");
  w.put("30s", "Node", "id: 14");
  w.retract("35s", "Node", "id: 13");
  w.tick("40s");
  Lines heard = w.heard();
  std::erase_if(heard, [](const std::string& s) { return s.find("Slow") == std::string::npos; });
  CHECK(heard == Lines{"30s Slow(id: 11) sent", "30s Slow(id: 12) sent", "30s Slow(id: 13) proposed", "30s Slow(id: 14) proposed",
                       "35s Slow(id: 13) expired", "40s Slow(id: 14) sent"});
}

TEST_CASE("of several types that wait for their rates goes who waits longest, while there is room", "[session][actions]") {
  World w(R"(
event Ping { n: int }
action One key (n) rate 1 per 10s { n: int }
action Two key (n) rate 2 per 10s { n: int }
rule one { when { p: Ping where n % 2 == 0 } then { do One { n: p.n } } }
rule two { when { p: Ping where n % 2 == 1 } then { do Two { n: p.n } } }
)");
  for (int n = 0; n < 10; ++n) w.put(fmt::format("{}s", 1 + n / 5), "Ping", fmt::format("n: {}", n));
  w.tick("5s");
  const auto sent = [&] {
    Lines out;
    for (const std::string& line : w.heard()) {
      if (line.find("proposed") == std::string::npos) out.push_back(line);
    }
    return out;
  };
  CHECK(sent() == Lines{"1s One(n: 0) sent", "1s Two(n: 1) sent", "1s Two(n: 3) sent"});
  w.tick("12s");
  CHECK(sent() == Lines{"11s One(n: 2) sent", "11s Two(n: 5) sent", "11s Two(n: 7) sent"});
  w.tick("22s");
  CHECK(sent() == Lines{"21s One(n: 4) sent", "21s Two(n: 9) sent"});
}

TEST_CASE("an acknowledgement by fields means the newest that agrees and waits for a word", "[session][actions]") {
  const std::string key = GENERATE("", " key (host, n)");
  World w("event Ping { host: string  n: int }\naction Tell" + key + R"( { host: string  n: int }
rule r { when { p: Ping } then { do Tell { host: p.host, n: p.n } } }
)");
  const auto states = [&] {
    std::string out;
    for (const FactView& f : w.session->facts(w.program->schema().type_id("Tell"))) {
      const FactType& type = w.program->schema().types[f.type];
      out += fmt::format("{}{}@{} {}, ", w.in.text(f.values[0]), f.values[1].as_int(), f.values[type.action_field(ActionField::kAt)].bits,
                         w.in.text(f.values[type.action_field(ActionField::kState)]));
    }
    return out;
  };
  const auto count = [&](const char* what) {
    const std::string all = states();
    std::size_t n = 0;
    for (std::size_t at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++n;
    return n;
  };
  for (int i = 1; i <= 3; ++i) w.put(fmt::format("{}s", i), "Ping", R"(host: "a", n: 1)");
  w.put("4s", "Ping", R"(host: "b", n: 1)");
  w.put("5s", "Ping", R"(host: "a", n: 2)");
  w.tick("5s");
  const std::size_t alike = key.empty() ? 3 : 1;  // by its key there is the newest alone
  CHECK(count("a1") == alike);
  w.ack("6s", "Tell", R"(host: "a", n: 1)");
  w.tick("6s");
  CHECK(count("a1@3 acked") == 1);
  CHECK(count("acked") == 1);
  w.ack("7s", "Tell", "n: 1");  // told by one field: the newest of all
  w.tick("7s");
  CHECK(count("b1@4 acked") == 1);
  w.ack("8s", "Tell", R"(host: "a", n: 1)", ActionState::kFailed);
  w.tick("8s");
  CHECK(count("a1@2 failed") == (key.empty() ? 1 : 0));
  w.ack("9s", "Tell", R"(host: "a", n: 1)");
  w.tick("9s");
  w.ack("10s", "Tell", R"(host: "a", n: 1)");
  w.ack("10s", "Tell", R"(host: "c", n: 1)");
  w.tick("10s");
  CHECK(count("acked") == (key.empty() ? 3 : 2));
  CHECK(w.session->counters().acks_unmatched == (key.empty() ? 2 : 4));
  CHECK(count("a2@5 sent") == 1);
}

TEST_CASE("what is retained counts from the last change, a failed try being one; a failure said twice is one", "[session][actions]") {
  World w(R"(
event Ping { n: int }
action Tell key (n) tries 2 every 1m timeout 30s retain 40s { n: int }
rule tell { when { p: Ping } then { do Tell { n: p.n } } }
)");
  w.put("1s", "Ping", "n: 1");
  w.put("1s", "Ping", "n: 2");
  w.tick("10s");
  w.ack("10s", "Tell", "n: 1", ActionState::kFailed);
  w.ack("20s", "Tell", "n: 1", ActionState::kFailed);
  w.tick("49s");
  CHECK(w.facts("Tell").size() == 2);  // the second one's time-out, at 31s, was a change
  w.tick("50s");
  CHECK(w.facts("Tell").size() == 1);
  w.tick("60s");
  CHECK(w.facts("Tell").size() == 1);
  CHECK(w.heard() == Lines{"1s Tell(n: 1) sent", "1s Tell(n: 2) sent"});
  w.tick("61s");
  CHECK(w.heard() == Lines{"1m1s Tell(n: 2) sent #2"});
}

TEST_CASE("a default has one zero, as what is put", "[session][facts]") {
  World w(R"(
fact F key (x) { x: double = -0.0  n: int }
action A key (x) { x: double = -0.0  n: int }
rule r { when { f: F } then { do A { n: f.n } log f"{f.x}" } }
rule s { when { f: F } then { do A { x: 0.0, n: f.n + 1 } } }
)");
  w.put("1s", "F", "n: 1");
  w.put("2s", "F", "x: 0.0, n: 2");
  w.tick("2s");
  CHECK(w.facts("F") == Lines{"(x: 0.0, n: 2)"});
  REQUIRE(w.facts("A").size() == 1);
  CHECK(w.heard()[0] == "1s A(x: 0.0, n: 1) sent");
}

TEST_CASE("ids are stable and of one match only", "[session][actions]") {
  const char* rules = R"(
fact Node key (id) { id: int }
action Fence { id: int }
rule fence { when { n: Node } then { do Fence { id: n.id }  do Fence { id: n.id } } on clear { do Fence { id: n.id } } }
)";
  std::vector<std::string> first;
  for (int run = 0; run < 2; ++run) {
    World w(rules);
    w.put("1s", "Node", "id: 1");
    w.retract("2s", "Node", "id: 1");
    w.put("3s", "Node", "id: 1");
    w.tick("3s");
    REQUIRE(w.said.ids.size() == 5);
    std::vector<std::string> sorted = w.said.ids;
    std::sort(sorted.begin(), sorted.end());
    CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    CHECK(w.said.ids[0].size() == 32);
    if (run == 0) first = w.said.ids;
    CHECK(first == w.said.ids);
  }
}

TEST_CASE("a shadow rule is said and does nothing", "[session][episodes]") {
  World w(R"(
fact Node key (id) { id: int }
action Fence key (id) { id: int }
rule fence { mode shadow when { n: Node } then { do Fence { id: n.id } } }
rule seen { when { f: Fence } then { log "never" } }
)");
  w.put("1s", "Node", "id: 1");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s Fence(id: 1) sent shadow"});
  CHECK(w.facts("Fence").empty());
}

TEST_CASE("effects that cannot be evaluated do nothing, and that is said once", "[session][episodes]") {
  World w(R"(
fact Node key (id) { id: int  n: int }
rule r { when { x: Node } then { log f"{10 / x.n}" } }
)");
  w.put("1s", "Node", "id: 1, n: 0");
  w.put("2s", "Node", "id: 2, n: 5");
  w.tick("2s");
  CHECK(w.heard() == Lines{"1s trouble rule `main.r` matches, but what it logs has no value: it waits", "2s log 2"});
  w.put("3s", "Node", "id: 1, n: 2");
  w.tick("3s");
  CHECK(w.heard() == Lines{"3s log 5"});
}

TEST_CASE("what the type of a field does not have is not written to it", "[session][episodes]") {
  World w(R"(
fact F key (k) { k: int  v: int  d: dyn }
fact D key (k) { k: int  n: int }
mutable fact M key (k) { k: int  n: int = 0  all: list<int> = [] }
action A key (k) { k: int  least: int }
action B key (k) { k: int  n: int  x: double }
action C key (k) { k: int  all: list<string> }
rule none  { when { f: F where v == 1 } then { do A { k: f.k, least: min(F.v where v > 5) } } }
rule other { when { f: F where v == 1 } then { do B { k: f.k, n: f.d, x: f.d } } }
rule items { when { f: F where v == 1 } then { do C { k: f.k, all: [f.d, "b"] } } }
rule holds { when { f: F where v == 1 } then { derive D { k: f.k, n: f.d } } }
rule sets  { when { m: M f: F where v == 1 and k == m.k } then { set m { all: [min(F.v where v > 5)] } } }
rule ends  { when { f: F where v == 1 } then { log "on" } on clear { do A { k: f.k, least: max(F.v where v > 5) } } }
decision dyn_out { input { k: int } output { n: int } case a when { f: F where k == input.k } return { n: f.d } default return { n: 0 } }
)");
  w.put("1s", "M", "k: 1");
  w.put("1s", "F", "k: 1, v: 1, d: \"seven\"");
  w.tick("1s");
  const std::string rule = "1s trouble rule `main.";
  CHECK(w.heard() == Lines{rule + "none` matches, but `least` of its `A` has no value: it waits",
                           rule + "other` matches, but `n` of its `B` has no value: it waits", "1s C(k: 1, all: [\"seven\", \"b\"]) sent",
                           rule + "sets` matches, but `all` of its `M` has no value: it waits", "1s log on"});
  CHECK(w.session->counters().effect_errors == 3);
  CHECK(w.facts("D") == Lines{"(k: 1, n: unknown) stale"});
  CHECK(w.session->decide(0, {Value::integer(1)})->from == "default");
  w.put("2s", "F", "k: 1, v: 1, d: 7");
  w.tick("2s");
  CHECK(w.heard() == Lines{"2s B(k: 1, n: 7, x: 7.0) sent", "2s +D(k: 1, n: 7)"});
  CHECK(w.session->decide(0, {Value::integer(1)})->from == "a");
  w.put("3s", "F", "k: 1, v: 2, d: 7");
  w.tick("3s");
  CHECK(w.heard() ==
        Lines{"3s trouble rule `main.ends`: `least` of its `A` in `on clear` has no value: nothing of it is done", "3s -D(k: 1, n: 7)"});
}

TEST_CASE("a cascade without end is undone, and its rule switched off", "[session][runaway]") {
  Limits limits;
  limits.firings_per_instant = 50;
  World w(R"(
fact Start key (id) { id: int }
action Ping key (id) { id: int  n: int }
action Alert key (id) { id: int }
rule alert { priority 10 when { s: Start } then { do Alert { id: s.id } } }
rule ping { when { s: Start  no Ping where n > 0 } then { do Ping { id: s.id, n: 1 } } on clear { do Ping { id: s.id, n: 0 } } }
)",
          limits);
  w.put("1s", "Start", "id: 1");
  w.tick("1s");
  const Lines heard = w.heard();
  REQUIRE(heard.size() == 2);
  CHECK(heard[1] == "1s Alert(id: 1) sent");  // the instant goes on without it
  CHECK(heard[0].find("runaway: more than 50 firings in one instant") != std::string::npos);
  CHECK(heard[0].find("rule `main.ping` is switched off") != std::string::npos);
  CHECK(w.facts("Ping").empty());
  CHECK(w.session->counters().runaways == 1);
  w.tick("2s");
  CHECK(w.heard().empty());
  w.put("3s", "Start", "id: 2");
  w.tick("3s");
  CHECK(w.heard() == Lines{"3s Alert(id: 2) sent"});
  CHECK(w.session->why_not(1, {}).status == "off");
}

TEST_CASE("mutable facts are asserted, set and retracted by rules", "[session][mutable]") {
  World w(R"(
fact Order key (vm) { vm: string  on: bool }
mutable fact Vm key (vm) { vm: string  running: bool  starts: int = 0 }
rule create { when { o: Order  no Vm same vm as o } then { assert Vm { vm: o.vm, running: false } } }
rule start { when { o: Order where on  v: Vm same vm as o where not running } then { set v { running: true, starts: v.starts + 1 } } }
rule stop { when { o: Order where not on  v: Vm same vm as o where running } then { set v { running: false } } }
rule forget { when { v: Vm  no Order same vm as v } then { retract v } }
)");
  w.put("1s", "Order", R"(vm: "a", on: true)");
  w.tick("1s");
  CHECK(w.facts("Vm") == Lines{R"((vm: "a", running: true, starts: 1))"});
  w.put("2s", "Order", R"(vm: "a", on: false)");
  w.tick("2s");
  CHECK(w.facts("Vm") == Lines{R"((vm: "a", running: false, starts: 1))"});
  w.retract("3s", "Order", R"(vm: "a")");
  w.tick("3s");
  CHECK(w.facts("Vm").empty());
}
