// Aggregates whose condition compares with the left side: a total for each left side, compared with counting everything anew.
#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

const char* const kRanks = R"(
fact Task key (id) { id: int  prio: int  host: int}
fact Rank key (id) { id: int  above: int  below: int  best: list<int> }
rule rank {
  when { t: Task }
  then {
    derive Rank {
      id: t.id,
      above: count(Task where prio > t.prio),
      below: sum(Task.prio where host == t.host and prio < t.prio),
      best: topk(2, Task by prio where host != t.host and prio > t.prio).map(x, x.prio)
    }
  }
}
)";

struct Task {
  int prio = 0, host = 0;
};

std::vector<std::string> ranks(const std::map<int, Task>& tasks) {
  std::vector<std::string> out;
  for (const auto& [id, t] : tasks) {
    int above = 0, below = 0;
    std::vector<int> others;
    for (const auto& [other_id, other] : tasks) {
      if (other.prio > t.prio) ++above;
      if (other.host == t.host && other.prio < t.prio) below += other.prio;
      if (other.host != t.host && other.prio > t.prio) others.push_back(other.prio);
    }
    std::sort(others.rbegin(), others.rend());
    others.resize(std::min<std::size_t>(others.size(), 2));
    out.push_back(fmt::format("(id: {}, above: {}, below: {}, best: [{}])", id, above, below, fmt::join(others, ", ")));
  }
  return out;
}

}  // namespace

TEST_CASE("totals of left sides are what counting everything anew gives, at every step", "[session]") {
  World w(kRanks);
  std::mt19937 random(11);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::map<int, Task> tasks;
  for (int step = 1; step <= 600; ++step) {
    const std::string time = std::to_string(step) + "s";
    for (int changes = 1 + below(3); changes > 0; --changes) {
      const int id = below(12);
      if (below(5) == 0) {
        REQUIRE(w.retract(time, "Task", fmt::format("id: {}", id)));
        tasks.erase(id);
      } else {
        tasks[id] = {below(40), below(3)};
        REQUIRE(w.put(time, "Task", fmt::format("id: {}, prio: {}, host: {}", id, tasks[id].prio, tasks[id].host)));
      }
    }
    w.tick(time);
    INFO("step " << step);
    REQUIRE(w.facts("Rank") == ranks(tasks));
  }
}

namespace {

std::string by(const std::string& condition, const std::string& line = {}) {
  return R"(
fact Task key (id) { id: int  prio: int  weight: int }
fact Rank key (id) { id: int  above: int }
rule rank {
  when {
    t: Task
    )" + line +
         R"(
  }
  then { derive Rank { id: t.id, above: count(Task where )" +
         condition + R"() } }
}
)";
}

}  // namespace

TEST_CASE("a reload that asks other things of the same facts counts them as they are", "[session]") {
  // The second keeps no totals: it asks for another aggregate.
  World w(GENERATE(by("prio > t.prio"), by("prio > t.prio and prio < 1 + most", "let most = max(Task.prio)")));
  w.put("1s", "Task", "id: 1, prio: 1, weight: 10");
  w.put("1s", "Task", "id: 2, prio: 2, weight: 20");
  w.tick("1s");
  CHECK(w.facts("Rank") == Lines{"(id: 1, above: 1)", "(id: 2, above: 0)"});
  w.put("2s", "Task", "id: 2, prio: 2, weight: 5");  // a field that nobody reads yet
  w.tick("2s");
  w.reload(by("weight > t.weight"));
  w.tick("3s");
  CHECK(w.facts("Rank") == Lines{"(id: 1, above: 0)", "(id: 2, above: 1)"});
  w.put("4s", "Task", "id: 3, prio: 0, weight: 7");
  w.tick("4s");
  CHECK(w.facts("Rank") == Lines{"(id: 1, above: 0)", "(id: 2, above: 2)", "(id: 3, above: 1)"});
  w.put("5s", "Task", "id: 2, prio: 2, weight: 30");
  w.tick("5s");
  CHECK(w.facts("Rank") == Lines{"(id: 1, above: 1)", "(id: 2, above: 0)", "(id: 3, above: 2)"});
}

TEST_CASE("a name that an expression made is known for as long as a match waits for it", "[session]") {
  World w(R"(
fact Link key (id) { id: int  device: string }
fact Device key (name) { name: string }
fact Ok key (id) { id: int }
fact Seen key (id) { id: int }
rule ok {
  when {
    l: Link
    d: Device where name == f"{l.device}-x"
  }
  then { derive Ok { id: l.id } }
}
rule seen {
  when {
    l: Link
    check count(Device where name == f"{l.device}-y") > 0
  }
  then { derive Seen { id: l.id } }
}
)");
  w.put("1s", "Link", R"(id: 1, device: "abc")");
  w.put("1s", "Device", R"(name: "abc-y")");
  w.tick("1s");
  w.retract("2s", "Device", R"(name: "abc-y")");
  w.tick("2s");
  w.session->collect();
  for (int i = 0; i < 50; ++i) w.put("3s", "Device", fmt::format(R"(name: "other{}")", i));  // they take the places of what is gone
  w.put("4s", "Device", R"(name: "abc-x")");
  w.put("4s", "Device", R"(name: "abc-y")");
  w.tick("4s");
  CHECK(w.facts("Ok") == Lines{"(id: 1)"});
  CHECK(w.facts("Seen") == Lines{"(id: 1)"});
}

// Its row is what was known last, and its match stands until the hold's table has been looked at.
TEST_CASE("a stale fact that is held and goes is not counted against the row it had", "[session]") {
  World w(R"(
fact A key (id) ttl 5s { id: int  q: int }
fact B key (id) { id: int  p: int }
fact R key (id) { id: int  n: int  most: int? }
rule r {
  when { y: A for 2s }
  then { derive R { id: y.id, n: count(B where p > y.q), most: max(B.p where p > y.q) } }
}
)");
  w.put("6s", "B", "id: 1, p: 6");
  w.put("10s", "A", "id: 4, q: 0");
  w.tick("13s");
  CHECK(w.facts("R") == Lines{"(id: 4, n: 1, most: 6)"});
  w.retract("15s", "A", "id: 4");
  w.retract("15s", "B", "id: 1");
  w.tick("16s");
  CHECK(w.facts("R").empty());
  w.put("17s", "A", "id: 4, q: 1");
  w.put("17s", "B", "id: 1, p: 2");
  w.tick("20s");
  CHECK(w.facts("R") == Lines{"(id: 4, n: 1, most: 2)"});
}

TEST_CASE("a sum that no double holds is unknown", "[session]") {
  World w(R"(
fact B key (id) { id: int  x: double }
fact R key () { total: double }
rule r { when { some B  let total = sum(B.x) } then { derive R { total: total } } }
)");
  w.put("1s", "B", "id: 1, x: 1e308");
  w.tick("1s");
  CHECK(w.facts("R").size() == 1);
  w.put("2s", "B", "id: 2, x: 1e308");
  w.tick("2s");
  CHECK(w.heard().back().find("inf") == std::string::npos);
}

TEST_CASE("totals of left sides whose limits a fact passes, or does not, are what a session comes to that sees the last facts alone",
          "[session]") {
  const char* const rules = R"(
fact Host key (id) ttl 15s { id: int  load: int  zone: int  x: double  other: int }
fact Pair key (id) { id: int  first: int  second: int }
fact Rank key (id) { id: int  above: int  sum: int  both: int  same: int  wide: int  band: int  two: int }
fact Two key (id) { id: int  n: int }
fact Top key (id) { id: int }
rule rank {
  when { h: Host }
  then {
    derive Rank {
      id: h.id,
      above: count(Host where load > h.load),
      sum: sum(Host.other where zone == h.zone and x <= h.x),
      both: count(Host where load >= h.load and x < h.x),
      same: count(Host where h.load == load),
      wide: count(Host where load + other > h.load),
      band: count(Host where load > h.zone and load <= h.load),
      two: count(Host where x < h.x and load > h.load and load - other < h.load)
    }
  }
}
rule two {
  when { p: Pair  a: Host where id == p.first  b: Host where id == p.second }
  then { derive Two { id: p.id, n: count(Host where load > b.load and zone != a.load) } }
}
rule top { when { h: Host  check count(Host where load > h.load) < 3 } then { derive Top { id: h.id } } }
)";
  struct Put {
    int time = 0;
    std::string fields;
  };
  const auto seed = static_cast<unsigned>(GENERATE(range(1, 6)));
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  World w(rules);
  struct Host {
    int load = 0, zone = 0, x = 0, other = 0;
  };
  std::map<int, Host> hosts;
  std::map<int, Put> known;
  constexpr int kHosts = 12;
  std::size_t compared = 0;
  for (int id = 0; id < 6; ++id) w.put("1s", "Pair", fmt::format("id: {}, first: {}, second: {}", id, id, (id * 5 + 1) % kHosts));
  for (int step = 2; step <= 300; ++step) {
    const std::string time = fmt::format("{}s", step);
    for (int changes = 1 + below(3); changes > 0; --changes) {
      const int id = below(kHosts);
      Host& h = hosts[id];
      switch (below(6)) {
        case 0:
        case 1: h.load = below(9); break;
        case 2: h.x = below(7) - 3; break;
        case 3: h.other = below(5); break;
        case 4: h.zone = below(3); break;
        default: h = {below(9), below(3), below(7) - 3, below(5)};
      }
      if (below(25) == 0) {
        w.retract(time, "Host", fmt::format("id: {}", id));
        known.erase(id);
        continue;
      }
      known[id] = {step, fmt::format("id: {}, load: {}, zone: {}, x: {}.5, other: {}", id, h.load, h.zone, h.x, h.other)};
      w.put(time, "Host", known[id].fields);
    }
    w.tick(time);
    if (step % 50 == 49) w.reload(rules, step % 100 == 49);
    if (step % 3 != 0) continue;
    World last(rules);
    for (int id = 0; id < 6; ++id) last.put("1s", "Pair", fmt::format("id: {}, first: {}, second: {}", id, id, (id * 5 + 1) % kHosts));
    std::vector<Put> in_order;
    for (const auto& [id, put] : known) in_order.push_back(put);
    std::ranges::stable_sort(in_order, {}, &Put::time);
    for (const Put& put : in_order) last.put(fmt::format("{}s", put.time), "Host", put.fields);
    last.tick(time);
    INFO("seed " << seed << " at " << time);
    for (const char* type : {"Host", "Two", "Top", "Rank"}) {
      // Of what is suspended the last values are other ones.
      Lines mine = w.facts(type), theirs = last.facts(type);
      const auto is_stale = [](const std::string& line) { return line.ends_with("stale"); };
      compared += static_cast<std::size_t>(std::ranges::count_if(theirs, std::not_fn(is_stale)));
      std::erase_if(mine, is_stale);
      std::erase_if(theirs, is_stale);
      REQUIRE(mine == theirs);
    }
  }
  CHECK(compared > 1'000);
}
