// why and why-not.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {
const char* const kRules = R"(
fact Backend key (name) ttl 30s { name: string  errors: percent  pool: string = "web" }
fact Maintenance key (backend) { backend: string }
action Drain key (backend) { backend: string }
action Undrain key (backend) { backend: string }
param limit: percent = 10%
rule drain {
  cooldown 1m
  when {
    b: Backend where errors > limit for 10s
    some Backend same pool as b where name != b.name and errors < limit
    no Maintenance where backend == b.name
  }
  then { do Drain { backend: b.name } }
  until { check b.errors < 5% }
  on clear { do Undrain { backend: b.name } }
}
)";

std::vector<std::string> reads(const LineExplained& line, const Interner& in) {
  std::vector<std::string> out;
  for (const auto& [name, value] : line.reads) out.push_back(name + " = " + to_source(value, in));
  return out;
}
}  // namespace

TEST_CASE("why names the facts, the lines and what they read", "[session][explain]") {
  World w(kRules);
  w.put("1s", "Backend", R"(name: "a", errors: 50%)");
  w.put("2s", "Backend", R"(name: "b", errors: 1%)");
  w.tick("11s");
  REQUIRE(w.heard() == Lines{R"(11s Drain(backend: "a") sent)"});
  std::optional<Explanation> why = w.session->why("last");
  REQUIRE(why);
  CHECK(why->action.id == w.said.ids.back());
  CHECK_FALSE(w.session->why("nonsense"));
  CHECK_FALSE(w.session->why("0123456789abcdef0123456789abcdef"));
  CHECK(why->rule == "main.drain");
  CHECK(why->onset == at("11s"));
  CHECK_FALSE(why->clear);
  REQUIRE(why->facts.size() == 2);
  CHECK(why->facts[0].name == "b");
  CHECK(why->facts[0].age_ns == at("10s").ns);
  CHECK(to_source(why->facts[1].values[0], w.in) == R"("b")");
  REQUIRE(why->lines.size() == 3);
  CHECK(reads(why->lines[0], w.in) == Lines{"errors = 50%", "limit = 10%"});
  CHECK(why->lines[0].since == at("1s"));
  CHECK(why->lines[0].verdict == "true");

  w.put("12s", "Backend", R"(name: "a", errors: 1%)");
  w.tick("12s");
  REQUIRE(w.heard() == Lines{R"(12s Undrain(backend: "a") sent)"});
  why = w.session->why("last");
  REQUIRE(why);
  CHECK(why->clear);
  REQUIRE(why->lines.size() == 1);
  CHECK(reads(why->lines[0], w.in) == Lines{"b.errors = 1%"});
}

TEST_CASE("why-not tells the first line that is not met, and by which fact", "[session][explain]") {
  World w(kRules);
  const auto ask = [&](const std::vector<std::pair<std::string, Value>>& with = {}) { return w.session->why_not(0, with); };
  w.tick("0s");
  CHECK(ask().status == "no facts");
  CHECK(ask().sentence == "line 1 of `when` is not met: no Backend is known");

  w.put("1s", "Backend", R"(name: "a", errors: 5%)");
  w.tick("1s");
  CHECK(ask().status == "line");
  CHECK(ask().sentence ==
        R"(line 1 of `when` is not met by the closest, Backend { name: "a", errors: 5%, pool: "web" }: errors is 5%, limit is 10%)");
  REQUIRE(ask().lines.size() == 1);
  CHECK(reads(ask().lines[0], w.in) == Lines{"errors = 5%", "limit = 10%"});

  w.put("2s", "Backend", R"(name: "a", errors: 50%)");
  w.tick("3s");
  CHECK(ask().until == at("12s"));
  CHECK(ask().sentence == "line 1 of `when` has been true for 1s, it needs 10s: due at 1970-01-01T00:00:12Z");

  w.tick("12s");
  CHECK(ask().line == 1);
  CHECK(ask().sentence == "line 2 of `when` is not met: there is no such Backend");

  w.put("13s", "Maintenance", R"(backend: "a")");
  w.put("13s", "Backend", R"(name: "b", errors: 0%)");
  w.tick("13s");
  CHECK(ask().sentence == R"(line 3 of `when` is not met: Maintenance { backend: "a" } is there)");
  REQUIRE(ask().blocker.has_value());
  CHECK(to_source(ask().blocker->values[0], w.in) == R"("a")");
  CHECK(ask({{"name", w.in.string("b")}}).line == 0);

  w.retract("14s", "Maintenance", R"(backend: "a")");
  w.tick("14s");
  CHECK(w.heard() == Lines{R"(14s Drain(backend: "a") sent)"});
  CHECK(ask({{"name", w.in.string("a")}}).status == "active");
  w.put("15s", "Backend", R"(name: "a", errors: 0%)");
  w.tick("15s");
  w.put("16s", "Backend", R"(name: "a", errors: 90%)");
  w.tick("26s");
  CHECK(ask().status == "cooldown");
  CHECK(ask().until == at("74s"));
  w.tick("46s");
  CHECK(
      ask({{"b.name", w.in.string("a")}}).sentence ==
      R"(line 1 of `when` is unknown by the closest, Backend { name: "a", errors: 90%, pool: "web" } (stale): errors is unknown, limit is 10%)");
}

TEST_CASE("a cascade that is taken back leaves no explanations, and puts none out", "[session][explain]") {
  Limits limits;
  limits.firings_per_instant = 50;
  limits.explanations = 4;
  World w(R"(
mutable fact Vm key (vm) { vm: string  running: bool = false }
fact Other key (id) { id: int }
action Page { text: string }
rule starts { when { v: Vm where not running } then { set v { running: true } do Page { text: "start" } } }
rule stops { when { v: Vm where running } then { set v { running: false } do Page { text: "stop" } } }
rule other { when { o: Other } then { do Page { text: "other" } } }
)",
          limits);
  w.put("1s", "Other", "id: 1");
  w.tick("1s");
  REQUIRE(w.said.ids.size() == 1);
  w.put("2s", "Vm", R"(vm: "a")");
  w.tick("2s");
  REQUIRE(w.session->counters().runaways == 1);
  std::optional<Explanation> last = w.session->why("last");
  REQUIRE(last);
  CHECK(last->action.id == w.said.ids.back());
  CHECK(w.session->why(w.said.ids.front()).has_value());
  CHECK(w.session->explanations(10).size() == w.said.ids.size());
}

TEST_CASE("why-not of `every` names the fact that does not satisfy it, or may not", "[session][explain]") {
  World w(R"(
fact Pool key (pool) { pool: string }
fact Member key (pool, host) ttl 30s { pool: string  host: string  load: percent }
action Shrink key (pool) { pool: string }
param limit: percent = 40%
rule shrink {
  cooldown 1m
  when {
    p: Pool
    every Member same pool as p satisfies load < limit for 10s
  }
  then { do Shrink { pool: p.pool } }
}
)");
  w.put("1s", "Pool", R"(pool: "web")");
  w.put("1s", "Member", R"(pool: "web", host: "a", load: 10%)");
  w.put("1s", "Member", R"(pool: "web", host: "b", load: 70%)");
  w.tick("2s");
  CHECK(w.session->why_not(0, {}).sentence ==
        R"(line 2 of `when` is not met: Member { pool: "web", host: "b", load: 70% } does not satisfy it: limit is 40%)");
  w.put("20s", "Member", R"(pool: "web", host: "a", load: 10%)");
  w.tick("32s");
  CHECK(w.session->why_not(0, {}).sentence ==
        R"(line 2 of `when` is unknown: Member { pool: "web", host: "b", load: 70% } (stale) may not satisfy it: limit is 40%)");
  w.put("33s", "Member", R"(pool: "web", host: "b", load: 30%)");
  w.tick("34s");
  CHECK(w.session->why_not(0, {}).sentence == "line 2 of `when` has been true for 1s, it needs 10s: due at 1970-01-01T00:00:43Z");
  w.tick("43s");
  CHECK(w.heard() == Lines{R"(43s Shrink(pool: "web") sent)"});
}

TEST_CASE("why of an end says nothing of names that are bound to nothing any more", "[session][explain]") {
  World w(R"(
fact Link key (port) { port: string  util: percent }
fact Complaint key (port) { port: string  weight: int }
fact Host key (host) { host: string  port: string  load: int }
action Look key (port) { port: string }
rule look {
  when {
    l: Link
    either {
      c: Complaint same port as l
      check c.weight > 3 and count(Host where load > c.weight) == 0
    } or {
      check l.util > 90%
    }
  }
  then { do Look { port: l.port } }
  until {
    either { h: Host same port as l } or { h: Host where port == l.port and load > 7 }
    check h.load > 1 and count(Complaint where weight > h.load) == 0
  }
  on clear { log "over" }
}
)");
  w.put("1s", "Link", R"(port: "a", util: 95%)");
  w.put("2s", "Link", R"(port: "b", util: 95%)");
  w.tick("3s");
  w.retract("4s", "Link", R"(port: "b", util: 95%)");  // ends it, with no host and no complaint ever
  w.put("5s", "Host", R"(host: "h", port: "a", load: 5)");
  w.tick("6s");
  CHECK(w.session->why_not(0, {}).status == "until");
  std::optional<Explanation> why = w.session->why("last");
  REQUIRE(why);
}

TEST_CASE("why-not of `no … within … after` says when it is decided, and what came", "[session][explain]") {
  World w(R"(
event Restart key (host) { host: string }
event Hello key (host) { host: string }
action Page key (host) { host: string }
rule page {
  when {
    r: Restart
    no Hello same host as r within 2m after r
  }
  then { do Page { host: r.host } }
}
)");
  w.put("1s", "Restart", R"(host: "a")");
  w.tick("31s");
  const WhyNot waits = w.session->why_not(0, {});
  CHECK(waits.sentence == "line 2 of `when` has been quiet for 30s, it needs 2m: due at 1970-01-01T00:02:01Z");
  REQUIRE(waits.until);
  CHECK(waits.until->ns == 121'000'000'000);
  w.put("40s", "Hello", R"(host: "a")");
  w.tick("41s");
  CHECK(w.session->why_not(0, {}).sentence == R"(line 2 of `when` is not met: Hello { host: "a" } is there)");
  w.put("50s", "Restart", R"(host: "b")");
  w.tick("1h");
  CHECK(w.heard() == Lines{R"(2m50s Page(host: "b") sent)"});
}

TEST_CASE("of `either` why shows the branch that is met, why-not the line that gets furthest", "[session][explain]") {
  World w(R"(
fact Link key (port) { port: string  util: percent  errors: int }
fact Complaint key (port) { port: string }
action Look key (port) { port: string }
rule look {
  when {
    either {
      l: Link where util > 90%
    } or {
      l: Link where errors > 100
      c: Complaint same port as l
    }
    check l.port != "lo"
  }
  then { do Look { port: l.port } }
}
)");
  w.put("1s", "Link", R"(port: "a", util: 5%, errors: 500)");
  w.tick("2s");
  CHECK(w.session->why_not(0, {}).sentence == "line 3 of `when` is not met: no Complaint is known");
  w.put("3s", "Complaint", R"(port: "a")");
  w.tick("4s");
  CHECK(w.heard() == Lines{R"(3s Look(port: "a") sent)"});
  std::optional<Explanation> why = w.session->why("last");
  REQUIRE(why);
  REQUIRE(why->lines.size() == 3);
  CHECK(reads(why->lines[0], w.in) == Lines{"errors = 500"});
  CHECK(reads(why->lines[2], w.in) == Lines{R"(l.port = "a")"});
  REQUIRE(why->facts.size() == 1);
  // Both branches true, then either alone: one episode all the while.
  w.put("5s", "Link", R"(port: "a", util: 95%, errors: 500)");
  w.retract("6s", "Complaint", R"(port: "a")");
  w.tick("7s");
  CHECK(w.session->why_not(0, {}).status == "active");
  CHECK(w.heard().empty());
}

TEST_CASE("of `either` in `either` why-not speaks of the line that gets furthest, as it is written", "[session][explain]") {
  World w(R"(
fact Link key (port) { port: string  util: percent  errors: int }
fact Complaint key (port) { port: string }
action Look key (port) { port: string }
rule look {
  when {
    either {
      l: Link where util > 90%
    } or {
      either {
        l: Link where errors > 100
      } or {
        l: Link where errors < 0
      }
      c: Complaint same port as l
    }
    check l.port != "lo"
  }
  then { do Look { port: l.port } }
}
)");
  w.put("1s", "Link", R"(port: "a", util: 5%, errors: 500)");
  w.tick("2s");
  CHECK(w.session->why_not(0, {}).sentence == "line 4 of `when` is not met: no Complaint is known");
  w.put("3s", "Complaint", R"(port: "a")");
  w.tick("4s");
  CHECK(w.heard() == Lines{R"(3s Look(port: "a") sent)"});
  std::optional<Explanation> why = w.session->why("last");
  REQUIRE(why);
  REQUIRE(why->lines.size() == 3);
  CHECK(reads(why->lines[0], w.in) == Lines{"errors = 500"});
  // By other ways, it is the same episode.
  w.put("5s", "Link", R"(port: "a", util: 5%, errors: -1)");
  w.put("6s", "Link", R"(port: "a", util: 95%, errors: -1)");
  w.retract("7s", "Complaint", R"(port: "a")");
  w.tick("8s");
  CHECK(w.session->why_not(0, {}).status == "active");
  CHECK(w.heard().empty());
}

TEST_CASE("why-not of `either` does not miss a branch of what runs by another one", "[session][explain]") {
  World w(R"(
fact Link key (port) { port: string  util: percent  errors: int }
action Look key (port) { port: string }
rule look {
  when {
    either {
      l: Link where util > 90%
    } or {
      l: Link where errors > 100
    }
  }
  then { do Look { port: l.port } }
}
)");
  w.put("1s", "Link", R"(port: "a", util: 5%, errors: 500)");
  w.tick("2s");
  const WhyNot runs = w.session->why_not(0, {});
  CHECK(runs.status == "active");
  CHECK(runs.sentence == "it runs: its episode began at 1970-01-01T00:00:01Z");
  REQUIRE(runs.lines.size() == 1);
  CHECK(reads(runs.lines[0], w.in) == Lines{"errors = 500"});
  // Another one that does not is what is missing.
  w.put("3s", "Link", R"(port: "b", util: 5%, errors: 7)");
  w.tick("4s");
  CHECK(w.session->why_not(0, {}).sentence ==
        R"(line 1 of `when` is not met by the closest, Link { port: "b", util: 5%, errors: 7 }: util is 5%)");
}
