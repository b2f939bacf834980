// Limits of a session and what happens at them: cascades and derivations that run away, actions and samples that pile
// up, and the time at which what waits is looked at.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

bool has_line(const Lines& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

const char* const kFlip = R"(
mutable fact Vm key (vm) { vm: string  running: bool = false }
fact Other key (id) { id: int }
action Page { text: string }
rule starts { when { v: Vm where not running } then { set v { running: true } do Page { text: "start" } } }
rule stops { when { v: Vm where running } then { set v { running: false } do Page { text: "stop" } } }
rule other { when { o: Other } then { do Page { text: "other" } } }
)";

}  // namespace

TEST_CASE("a cascade that runs away is stopped, unheard, and its busiest rule is switched off", "[limits]") {
  Limits limits;
  limits.firings_per_instant = 50;
  World w(kFlip, limits);
  w.said.firings = true;
  w.put("1s", "Vm", R"(vm: "a")");
  w.tick("1s");
  const Lines heard = w.heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].find("runaway: more than 50 firings in one instant") != std::string::npos);
  CHECK(heard[0].find("starts` ") != std::string::npos);
  CHECK(heard[0].find("stops` ") != std::string::npos);
  CHECK(heard[0].find("is switched off") != std::string::npos);
  CHECK(w.session->counters().runaways == 1);
  CHECK(w.session->counters().actions_sent == 0);
  CHECK(w.facts("Page").empty());
  // The rest goes on.
  w.put("2s", "Other", "id: 1");
  w.tick("2s");
  CHECK(has_line(w.heard(), R"(2s Page(text: "other") sent)"));
  w.put("3s", "Vm", R"(vm: "b")");
  w.tick("3s");
  w.tick("4s");
  CHECK(w.session->counters().runaways == 1);
}

TEST_CASE("as many firings as the limit are no runaway", "[limits]") {
  Limits limits;
  limits.firings_per_instant = 3;
  World w(kFlip, limits);
  for (int i = 1; i <= 3; ++i) w.put("1s", "Other", fmt::format("id: {}", i));
  w.tick("1s");
  CHECK(w.heard().size() == 3);
  CHECK(w.session->counters().runaways == 0);
}

TEST_CASE("a derivation without end is stopped, and the rule that feeds it switched off", "[limits]") {
  Limits limits;
  limits.derived_per_instant = 100;
  World w(R"(
fact Seed key (n) { n: int }
fact N key (n) { n: int }
fact Calm key (n) { n: int }
rule calm { when { s: Seed } then { derive Calm { n: s.n } } }
rule first { when { s: Seed } then { derive N { n: s.n } } }
rule more { when { x: N } then { derive N { n: x.n + 1 } } }
)",
          limits);
  w.put("1s", "Seed", "n: 7");
  w.tick("1s");
  const Lines heard = w.heard();
  CHECK(has_line(heard, "more than 100 derived facts made or changed in one instant"));
  CHECK(has_line(heard, "more` derived most of them and is switched off"));
  CHECK(w.session->counters().runaways == 1);
  CHECK(w.facts("N") == Lines{"(n: 7)"});
  CHECK(w.facts("Calm") == Lines{"(n: 7)"});
  w.put("2s", "Seed", "n: 8");
  w.tick("2s");
  CHECK(w.facts("N") == Lines{"(n: 7)", "(n: 8)"});
  w.retract("3s", "Seed", "n: 7");
  w.tick("3s");
  CHECK(w.facts("N") == Lines{"(n: 8)"});
  CHECK(w.session->counters().runaways == 1);
}

TEST_CASE("episodes whose derives feed each other run away as firings", "[limits]") {
  Limits limits;
  limits.firings_per_instant = 50;
  World w(R"(
fact Seed key (n) { n: int }
fact N key (n) { n: int }
action Page { n: int }
rule more { when { x: N } then { derive N { n: x.n + 1 } do Page { n: x.n } } }
rule first { when { s: Seed } then { derive N { n: s.n } } }
)",
          limits);
  w.put("1s", "Seed", "n: 7");
  w.tick("1s");
  const Lines heard = w.heard();
  CHECK(has_line(heard, "runaway: more than 50 firings in one instant, by"));
  CHECK(has_line(heard, "more` 51 times; they are undone"));
  CHECK_FALSE(has_line(heard, "Page"));
  CHECK(w.facts("N") == Lines{"(n: 7)"});
  CHECK(w.facts("Page").empty());
  w.put("2s", "Seed", "n: 9");
  w.tick("2s");
  CHECK(w.facts("N") == Lines{"(n: 7)", "(n: 9)"});
  CHECK(w.session->counters().runaways == 1);
}

TEST_CASE("the next deadline is the earliest timer or the earliest input that waits", "[limits]") {
  World w(R"(
fact Link key (id) lateness 5s { id: int  up: bool }
action Alert key (id) { id: int }
rule down { when { l: Link where not up } then { do Alert { id: l.id } } }
)");
  CHECK_FALSE(w.session->next_deadline());
  w.put("10s", "Link", "id: 1, up: false");
  REQUIRE(w.session->next_deadline());
  CHECK(*w.session->next_deadline() == at("10s"));
  w.tick("14s");
  CHECK(w.heard().empty());
  CHECK(*w.session->next_deadline() == at("10s"));
  w.tick("15s");  // closes 10s
  CHECK(w.heard() == Lines{"10s Alert(id: 1) sent"});
  CHECK_FALSE(w.session->next_deadline());
}

TEST_CASE("an acknowledgement is refused only if no timer and no input can come before it", "[limits]") {
  SECTION("with lateness, the send is due before the stamp of the acknowledgement") {
    World w(R"(
fact Link key (id) lateness 5s { id: int  up: bool }
action Alert key (id) { id: int }
rule down { when { l: Link where not up for 3s } then { do Alert { id: l.id } } }
)");
    w.put("10s", "Link", "id: 1, up: false");
    w.tick("16s");
    CHECK(w.ack("14s", "Alert", "id: 1"));  // made at 13s
    w.tick("30s");
    CHECK(w.session->counters().actions_acked == 1);
    CHECK(w.session->counters().acks_unmatched == 0);
  }
  SECTION("a send due exactly then") {
    World w(R"(
fact Link key (id) { id: int  up: bool }
action Alert key (id) rate 1 per 10s { id: int }
rule down { when { l: Link where not up } then { do Alert { id: l.id } } }
)");
    w.put("1s", "Link", "id: 1, up: false");
    w.put("1s", "Link", "id: 2, up: false");
    w.tick("1s");
    w.heard();
    CHECK(w.ack("11s", "Alert", "id: 2"));
    w.tick("11s");
    CHECK(w.session->counters().actions_acked == 1);
    CHECK(w.session->counters().acks_unmatched == 0);
  }
  SECTION("an id that nobody can know yet is refused, and moves no time") {
    World w(R"(
fact Link key (id) { id: int  up: bool }
action Alert key (id) { id: int }
rule down { when { l: Link where not up } then { do Alert { id: l.id } } }
)");
    w.put("1s", "Link", "id: 1, up: true");
    w.tick("1s");
    AckInput ack;
    ack.id = "00000000000000000000000000000000";
    ack.stamp = at("5s");
    CHECK_FALSE(w.session->ack(ack));
    CHECK(w.session->counters().acks_unmatched == 1);
    CHECK(w.session->now() == at("1s"));
    CHECK(*w.put("3s", "Link", "id: 1, up: false") != PutOutcome::kLateApplied);
  }
  SECTION("what finds none at its turn is counted there") {
    World w(R"(
fact Link key (id) { id: int  up: bool }
action Alert key (id) { id: int }
rule down { when { l: Link where not up } then { do Alert { id: l.id } } }
)");
    w.put("1s", "Link", "id: 1, up: true");
    CHECK(w.ack("5s", "Alert", "id: 1"));
    w.tick("5s");
    CHECK(w.session->counters().acks_unmatched == 1);
  }
}

TEST_CASE("of ended actions without key and retain the newest are kept", "[limits]") {
  World w(R"(
event Call { n: int }
action Page { n: int }
rule page { when { c: Call } then { do Page { n: c.n } } }
)");
  const std::size_t most = 10'000;
  for (std::size_t i = 0; i < most + 5; ++i) {
    FactInput call = w.input("1s", "Call", "n: 0");
    call.stamp.ns += static_cast<std::int64_t>(i);
    call.values[0] = Value::integer(static_cast<std::int64_t>(i));
    REQUIRE(w.session->put(call));
  }
  w.tick("2s");
  CHECK(w.heard().size() == most + 5);
  const std::vector<FactView> kept = w.session->facts(w.program->schema().type_id("Page"));
  CHECK(kept.size() == most);
  CHECK(std::all_of(kept.begin(), kept.end(), [](const FactView& f) { return f.values[0].as_int() >= 5; }));
}

TEST_CASE("of many facts the first by key are given, sorted", "[limits]") {
  World w("fact Vm key (n) { n: int }\n");
  for (std::int64_t i = 0; i < 1'000; ++i) {
    FactInput vm = w.input("1s", "Vm", "n: 0");
    vm.values[0] = Value::integer(i * 7919 % 1'000);
    REQUIRE(w.session->put(vm));
  }
  w.tick("1s");
  const FactTypeId type = w.program->schema().type_id("Vm");
  CHECK(w.session->fact_count(type) == 1'000);
  for (const std::size_t most :
       {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{999}, std::size_t{1'000}, std::size_t{2'000}}) {
    const std::vector<FactView> first = w.session->facts(type, most);
    REQUIRE(first.size() == std::min<std::size_t>(most, 1'000));
    for (std::size_t i = 0; i < first.size(); ++i) REQUIRE(first[i].values[0].as_int() == static_cast<std::int64_t>(i));
  }
}

TEST_CASE("samples that a window has no room for are counted, and said once", "[limits]") {
  Limits limits;
  limits.samples_per_key = 3;
  World w(R"(
fact Link key (id) { id: int  load: int }
fact Busy key (id) { id: int }
rule busy { when { l: Link check sum(Link.load where id == l.id over 1h) > 100 } then { derive Busy { id: l.id } } }
)",
          limits);
  for (int i = 1; i <= 5; ++i) w.put(fmt::format("{}s", i), "Link", "id: 1, load: 1");
  w.tick("5s");
  const Lines heard = w.heard();
  CHECK(heard.size() == 1);
  CHECK(has_line(heard, "an aggregate's window over"));
  CHECK(w.session->counters().samples_dropped == 2);
}

TEST_CASE("a window of the last events needs a key", "[limits]") {
  Interner in;
  SourceFiles sources;
  Diagnostics diagnostics;
  const auto file = sources.add("test.fly", R"(
event Probe { ok: bool }
fact Host key (id) { id: int }
fact Bad key (id) { id: int }
rule bad { when { h: Host check count(Probe where not ok over last 5) >= 3 } then { derive Bad { id: h.id } } }
)");
  std::vector<ast::File> files;
  files.push_back(parse_file(sources, *file, in, diagnostics));
  check_package(std::move(files), sources, in, diagnostics);
  REQUIRE(diagnostics.has_errors());
  CHECK(diagnostics.all().front().message.find("has no key") != std::string::npos);
}

TEST_CASE("facts are counted as they come, go stale and go, against the limit", "[limits]") {
  Limits limits;
  limits.facts = 2;
  World w(R"(
fact Link key (id) ttl 10s { id: int }
fact Host key (id) { id: int }
)",
          limits);
  w.put("1s", "Link", "id: 1");
  w.put("1s", "Host", "id: 1");
  w.tick("1s");
  CHECK(w.session->counters().facts_live == 2);
  CHECK_FALSE(w.put("2s", "Host", "id: 2"));
  CHECK(w.put("2s", "Host", "id: 1"));
  w.tick("11s");
  CHECK(w.session->counters().facts_live == 1);
  CHECK(w.session->counters().facts_stale == 1);
  w.retract("12s", "Link", "id: 1");
  w.tick("12s");
  CHECK(w.session->counters().facts_stale == 0);
  CHECK(w.put("13s", "Host", "id: 2"));
}
