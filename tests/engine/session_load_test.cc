// Many things in one instant, and one thing very often: what would take minutes if the work grew with the square of them.
#include "engine/network/journal.h"
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {
constexpr int kMany = 100'000;
}

TEST_CASE("a hundred thousand events in one instant, each missed by a line of its own", "[load]") {
  World w(R"(
fact Host key (id) { id: int }
event Beat { host: int }
action Page { host: int }
rule silent {
  when { h: Host  no Beat where host == h.id for 10s }
  then { do Page { host: h.id } }
}
)");
  FactInput host = w.input("1s", "Host", "id: 0");
  FactInput beat = w.input("5s", "Beat", "host: 0");
  for (int i = 0; i < kMany; ++i) {
    host.values[0] = Value::integer(i);
    (void)w.session->put(host);
  }
  for (const char* time : {"5s", "9s", "12s"}) {
    beat.stamp = at(time);
    for (int i = 1; i < kMany; ++i) {
      beat.values[0] = Value::integer(i);
      (void)w.session->put(beat);
    }
  }
  w.tick("21s");
  CHECK(w.heard() == Lines{"11s Page(host: 0) sent"});
  // All the lines are forgotten in one instant.
  host.op = FactOp::kRetract;
  host.stamp = at("21s");
  host.stamp.ns += 1;
  for (int i = 0; i < kMany; ++i) {
    host.values[0] = Value::integer(i);
    (void)w.session->put(host);
  }
  w.tick("1m");
  CHECK(w.heard().empty());
}

TEST_CASE("a large cascade leaves no room behind that each later one would clear", "[load]") {
  Journal journal;
  journal.begin();
  for (std::uint32_t i = 0; i < kMany; ++i) CHECK(journal.first(Journalled::kAction, 0, i));
  journal.end();
  CHECK(journal.room() <= Journal::kKeptBuckets);
  journal.begin();
  CHECK(journal.first(Journalled::kFact, 0, 7));
  CHECK_FALSE(journal.first(Journalled::kFact, 0, 7));
  journal.end();
  CHECK(journal.is_empty());
}

TEST_CASE("a rule that changes a fact with a long window keeps the one sample that it adds", "[load]") {
  World w(R"(
mutable fact Meter key (id) { id: int  reading: int  seen: int = 0 }
fact Read key (id) { id: int  reading: int }
action Page { total: int }
rule copy {
  when { m: Meter  r: Read same id as m where r.reading != m.reading }
  then { set m { reading: r.reading, seen: m.seen + 1 } }
}
rule many {
  when { check count(Meter over 1d) > 49999 }
  then { do Page { total: count(Meter over 1d) } }
}
)");
  w.put("1s", "Meter", "id: 1, reading: 0");
  FactInput read = w.input("2s", "Read", "id: 1, reading: 0");
  for (int i = 1; i <= 60'000; ++i) {
    read.values[1] = Value::integer(i);
    (void)w.session->put(read);
    read.stamp.ns += 1'000'000;
  }
  w.tick("2m");
  CHECK(w.facts("Meter") == Lines{"(id: 1, reading: 60000, seen: 60000)"});
  CHECK(w.heard() == Lines{"51s998ms Page(total: 50000) sent"});
  w.tick("2d");  // the samples leave one by one
  CHECK(w.session->counters().actions_sent == 1);
}

TEST_CASE("a cooldown remembers who waits for it, however often one comes and goes", "[load]") {
  World w(R"(
fact A key (id) { id: int  pool: int }
action Page { id: int }
rule page { cooldown 1h per a.pool  when { a: A } then { do Page { id: a.id } } }
)");
  w.put("1s", "A", "id: 0, pool: 1");
  FactInput a = w.input("2s", "A", "id: 1, pool: 1");
  std::uint64_t before = 0;
  for (int i = 0; i < 10'000; ++i) {
    a.op = i % 2 == 0 ? FactOp::kPut : FactOp::kRetract;
    (void)w.session->put(a);
    a.stamp.ns += 1'000'000;
    if (i == 1'000) before = w.session->counters().memory_bytes;
  }
  CHECK(before != 0);
  CHECK(w.session->counters().memory_bytes < before + 4'096);
  w.put("1m", "A", "id: 1, pool: 1");
  w.tick("2h");
  CHECK(w.heard() == Lines{"1s Page(id: 0) sent", "1h1s Page(id: 1) sent"});
}
