// Many things in one instant, and one thing very often: what would take minutes if the work grew with the square of them.
#include "engine/session/journal.h"
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
  for (std::uint32_t i = 0; i < kMany; ++i) CHECK(journal.first(Journalled::kFact, 0, i));
  journal.end();
  CHECK(journal.room() <= Journal::kKeptBuckets);
  journal.begin();
  CHECK(journal.first(Journalled::kFact, 0, 7));
  CHECK_FALSE(journal.first(Journalled::kFact, 0, 7));
  journal.end();
  CHECK(journal.is_empty());
}
