// Thousands of activations that wait at once, beside a list that is searched for the greatest each time: ties, some that fall, some that
// become true among those that wait.
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

constexpr int kNodes = 60;
constexpr int kOlder = 30;  // nodes that come before the blocks
constexpr int kReach = 5;   // node n takes away the block of n - kReach

// Pairs of nodes, but for those whose first is blocked or dead.
const char* const kRules = R"(
mutable fact Node key (id) { id: int }
mutable fact Block key (id) { id: int }
mutable fact Dead key (id) { id: int }
action Say key (a, b) { a: int  b: int }
rule pair {
  when {
    a: Node
    cross b: Node where id != a.id
    no Block where id == a.id
    no Dead where id == a.id
  }
  then { do Say { a: a.id, b: b.id } }
}
rule open {
  when {
    a: Node
    k: Block where id == a.id - 5
  }
  then {
    do Say { a: a.id, b: 0 }
    assert Dead { id: a.id - 9 }
    retract k
  }
}
)";

struct Waiting {
  int a = 0, b = 0;  // b: 0: it is `open`
  std::uint64_t since = 0;
  std::uint64_t first = 0;  // the stamp of a
  std::vector<std::uint64_t> stamps;
  bool fired = false;
};

std::vector<std::string> expected(const std::string& strategy) {
  std::uint64_t moment = 0;
  std::vector<std::uint64_t> node(kNodes + 1), block(kNodes + 1);
  for (int id = 1; id <= kOlder; ++id) node[static_cast<std::size_t>(id)] = ++moment;
  for (int id = kOlder + 1; id <= kNodes; ++id) block[static_cast<std::size_t>(id - kReach)] = ++moment;
  for (int id = kOlder + 1; id <= kNodes; ++id) node[static_cast<std::size_t>(id)] = ++moment;
  const auto is_blocked = [&](int id) { return block[static_cast<std::size_t>(id)] != 0; };
  std::vector<Waiting> all;
  const auto add = [&](int a, int b, std::uint64_t other, std::uint64_t since) {
    const std::uint64_t own = node[static_cast<std::size_t>(a)];
    all.push_back({a, b, since != 0 ? since : std::max(own, other), own, {std::max(own, other), std::min(own, other)}});
  };
  for (int a = 1; a <= kNodes; ++a) {
    for (int b = 1; b <= kNodes; ++b) {
      if (a != b && !is_blocked(a)) add(a, b, node[static_cast<std::size_t>(b)], 0);
    }
    if (a > kReach && is_blocked(a - kReach)) add(a, 0, block[static_cast<std::size_t>(a - kReach)], 0);
  }
  const auto goes_before = [&](const Waiting& x, const Waiting& y) {
    if (strategy == "depth" && x.since != y.since) return x.since > y.since;
    if (strategy == "breadth" && x.since != y.since) return x.since < y.since;
    if (strategy == "mea" && x.first != y.first) return x.first > y.first;
    if (x.stamps != y.stamps) return x.stamps > y.stamps;
    return std::tie(x.a, x.b) < std::tie(y.a, y.b);
  };
  std::vector<std::string> out;
  std::vector<bool> dead(kNodes + 1);
  for (;;) {
    std::size_t best = all.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (best == all.size() || goes_before(all[i], all[best])) best = i;
    }
    if (best == all.size()) return out;
    const Waiting next = all[best];
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(best));
    out.push_back("Say(a: " + std::to_string(next.a) + ", b: " + std::to_string(next.b) + ")");
    if (next.b != 0) continue;
    const int dies = next.a - 9;
    ++moment;
    dead[static_cast<std::size_t>(dies)] = true;
    std::erase_if(all, [&](const Waiting& w) { return w.b != 0 && w.a == dies; });
    const int opened = next.a - kReach;
    ++moment;
    block[static_cast<std::size_t>(opened)] = 0;
    for (int b = 1; b <= kNodes && !dead[static_cast<std::size_t>(opened)]; ++b) {
      if (b != opened) add(opened, b, node[static_cast<std::size_t>(b)], moment);
    }
  }
}

}  // namespace

TEST_CASE("thousands that wait fire in the order of their strategy", "[session][productions]") {
  for (const std::string strategy : {"depth", "breadth", "lex", "mea"}) {
    CAPTURE(strategy);
    World w("module main strategy " + strategy + kRules);
    const auto put = [&](const char* type, int id) { w.put("1s", type, "id: " + std::to_string(id)); };
    for (int id = 1; id <= kOlder; ++id) put("Node", id);
    for (int id = kOlder + 1; id <= kNodes; ++id) put("Block", id - kReach);
    for (int id = kOlder + 1; id <= kNodes; ++id) put("Node", id);
    w.tick("1s");
    std::vector<std::string> fired;
    for (const std::string& line : w.heard()) {
      if (const std::size_t at = line.find("Say("); at != std::string::npos) fired.push_back(line.substr(at, line.find(')') + 1 - at));
    }
    const std::vector<std::string> wanted = expected(strategy);
    REQUIRE(wanted.size() > 1500);
    const auto differs = std::mismatch(fired.begin(), fired.end(), wanted.begin(), wanted.end());
    CAPTURE(fired.size(), wanted.size(), differs.first - fired.begin());
    if (differs.first != fired.end() && differs.second != wanted.end()) CHECK(*differs.first == *differs.second);
    CHECK(fired.size() == wanted.size());
  }
}
