// Aggregates whose condition compares with the left side: a total for each left side, compared with counting everything anew.
#include <algorithm>
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
