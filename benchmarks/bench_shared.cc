// Question: what does a change cost when many rules begin with the same joins?
//
// R rules over a link that is down, its device and that device's site, each of which asks one thing more of the site's own kind. One link
// after the other goes down or comes back. `shared` makes the joins once; `apart` makes them for each rule; both must hold the same alarms.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

constexpr std::int64_t kSites = 100, kDevices = 1'000, kLinks = 10'000;

std::string rules(std::int64_t count) {
  std::string out = R"(
module bench.shared
fact Site key (id) { id: int  kind: int }
fact Device key (id) { id: int  site: int }
fact Link key (id) { id: int  device: int  up: bool }
fact Watch key (site, rule) { site: int  rule: int }
fact Alarm key (rule, link) { rule: int  link: int }
)";
  for (std::int64_t r = 0; r < count; ++r) {
    out += fmt::format(
        "rule r{0} {{\n  when {{\n    l: Link where not up\n    d: Device where id == l.device\n    s: Site where id == d.site\n"
        "    some Watch where site == s.id and rule == {0}\n  }}\n  then {{ derive Alarm {{ rule: {0}, link: l.id }} }}\n}}\n",
        r);
  }
  return out;
}

void go(benchmark::State& state, bool share) {
  const std::int64_t count = state.range(0);
  engine::JoinOptions joins;
  joins.share = share;
  World world(rules(count), {}, joins);
  std::int64_t clock = 0;
  const auto put = [&](const char* type, std::vector<Value> values) {
    FactInput fact = world.fact(type);
    fact.stamp = {++clock};
    fact.values = std::move(values);
    world.put(fact);
  };
  // One rule watches each site.
  for (std::int64_t i = 0; i < kSites; ++i) {
    put("Site", {Value::integer(i), Value::integer(i % 7)});
    put("Watch", {Value::integer(i), Value::integer(i % count)});
  }
  for (std::int64_t i = 0; i < kDevices; ++i) put("Device", {Value::integer(i), Value::integer(i % kSites)});
  std::vector<bool> up(kLinks, true);
  for (std::int64_t i = 0; i < kLinks; ++i) put("Link", {Value::integer(i), Value::integer(i % kDevices), Value::boolean(true)});
  world.session->tick({clock});
  Random random(3);
  FactInput link = world.fact("Link");
  std::size_t down = 0;
  for (auto _ : state) {
    const std::uint32_t i = random.below(kLinks);
    down += up[i] ? 1U : static_cast<std::size_t>(-1);
    up[i] = !up[i];
    link.stamp = {++clock};
    link.values = {Value::integer(i), Value::integer(i % kDevices), Value::boolean(up[i])};
    world.put(link);
  }
  world.session->tick({clock});
  state.counters["checked"] = world.count("Alarm") == down ? 1 : 0;
}

}  // namespace

BENCHMARK_CAPTURE(go, shared, true)->Arg(10)->Arg(100);
BENCHMARK_CAPTURE(go, apart, false)->Arg(10)->Arg(100);
BENCHMARK_MAIN();
