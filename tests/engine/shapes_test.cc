// Programs whose shape makes small costs large: what they do is right, and the work that is counted grows as they do.
#include <algorithm>
#include <random>
#include <set>

#include "benchmarks/shape_rules.h"
#include "tests/engine/session_harness.h"

namespace flyball::engine::testing {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("where the greatest goes first few look for another", "[shapes]") {
  World w(R"(module main strategy depth
mutable fact Bid key (price) { price: int }
rule sell {
  when {
    b: Bid
    no Bid where price > b.price
  }
  then {
    log b.price
    retract b
  }
}
)");
  constexpr int kBids = 2'000;
  for (int i = 0; i < kBids; ++i) REQUIRE(w.put("1s", "Bid", fmt::format("price: {}", i * 7919 % kBids)));
  w.tick("1s");
  Lines expected;
  for (int i = kBids; i-- > 0;) expected.push_back(fmt::format("1s log {}", i));
  CHECK(w.heard() == expected);
  std::uint64_t pairs = 0;
  for (const StageView& stage : w.session->insight().stages) pairs += stage.pairs;
  CHECK(pairs < kBids * 50);
}

// What had fired before the cascade has fired, what fired in it or went in it is as it was.
TEST_CASE("a cascade that is undone leaves what fired before it, and nothing that fired in it", "[shapes][productions]") {
  Limits limits;
  limits.firings_per_instant = 50;
  World w(R"(module main strategy depth
mutable fact Task key (id) { id: int }
mutable fact Count key () { n: int }
rule work {
  priority 2
  when { t: Task where id < 100 }
  then { log f"work {t.id}" }
}
rule drop {
  priority 1
  when {
    c: Count where n > 0
    cross t: Task where id >= 100
  }
  then {
    log f"drop {t.id}"
    retract t
  }
}
rule endless {
  when { c: Count where n > 0 }
  then { set c { n: c.n + 1 } }
}
)",
          limits);
  REQUIRE(w.put("1s", "Count", "n: 0"));
  REQUIRE(w.put("1s", "Task", "id: 1"));
  REQUIRE(w.put("1s", "Task", "id: 2"));
  REQUIRE(w.put("1s", "Task", "id: 100"));
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s log work 2", "1s log work 1"});
  REQUIRE(w.put("2s", "Task", "id: 3"));
  REQUIRE(w.put("2s", "Task", "id: 101"));
  REQUIRE(w.put("2s", "Count", "n: 5"));
  w.tick("2s");
  const Lines heard = w.heard();
  REQUIRE(heard.size() == 4);
  CHECK(heard[0].find("trouble runaway") != std::string::npos);
  CHECK(Lines(heard.begin() + 1, heard.end()) == Lines{"2s log work 3", "2s log drop 101", "2s log drop 100"});
  CHECK(w.facts("Count") == Lines{"(n: 5)"});
  CHECK(w.facts("Task").size() == 3);
  w.tick("3s");
  CHECK(w.heard().empty());
}

TEST_CASE("a ring of derived facts stays while one of two reasons is left", "[shapes]") {
  World w(bench::kRing);
  constexpr int kNodes = 3'000;
  for (int i = 0; i < kNodes; ++i) REQUIRE(w.put("1s", "Link", fmt::format("from: {}, to: {}", i, (i + 1) % kNodes)));
  REQUIRE(w.put("1s", "Begin", "node: 0"));
  REQUIRE(w.put("1s", "Begin", fmt::format("node: {}", kNodes / 2)));
  w.tick("1s");
  CHECK(w.heard().size() == kNodes);
  REQUIRE(w.retract("2s", "Begin", "node: 0"));
  w.tick("2s");
  CHECK(w.heard().empty());
  CHECK(w.facts("Reached").size() == kNodes);
  REQUIRE(w.retract("3s", "Begin", fmt::format("node: {}", kNodes / 2)));
  w.tick("3s");
  CHECK(w.heard().size() == kNodes);
  CHECK(w.facts("Reached").empty());
}

TEST_CASE("of many reasons the first gives the fields, in whatever order they come and go", "[shapes]") {
  World w(bench::kReasons);
  std::mt19937 random(3);
  std::set<std::uint32_t> down;
  for (int i = 1; i <= 3'000; ++i) {
    const std::string time = fmt::format("{}s", i);
    for (std::uint32_t n = static_cast<std::uint32_t>(random()) % 4; n-- > 0;) {
      // The first goes now and then, and sometimes none is left.
      const bool front = random() % 3 == 0 && !down.empty();
      const std::uint32_t id = front ? *down.begin() : static_cast<std::uint32_t>(random()) % 60;
      const bool up = front || (i / 500 % 2 == 1 ? random() % 4 != 0 : random() % 4 == 0);
      REQUIRE(w.put(time, "Link", fmt::format("id: {}, up: {}", id, up)));
      if (up) {
        down.erase(id);
      } else {
        down.insert(id);
      }
    }
    w.tick(time);
    INFO(time);
    REQUIRE(w.facts("Trouble") == (down.empty() ? Lines{} : Lines{fmt::format("(first: {})", *down.begin())}));
  }
}

}  // namespace
}  // namespace flyball::engine::testing
