// Question: what does it cost to write the lines of a rule in the worst order?
//
// Links of devices of sites of regions; one region is asked for. `best` is written by hand from the one region outward, `worst` from the
// links inward; both are run as they are written. `chosen` is `worst` in the order that the compiler chooses by a session's figures. One
// link after the other moves to another device. All three must hold the same alarms. What `chosen` costs beside `best` is the figure: 1
// would be no cost at all.
#include <benchmark/benchmark.h>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

constexpr std::int64_t kRegions = 100, kSites = 1'000, kDevices = 10'000, kLinks = 100'000;

std::string rules(const std::string& lines) {
  return R"(
module bench.order
fact Region key (id) { id: int  watched: bool }
fact Site key (id) { id: int  region: int }
fact Device key (id) { id: int  site: int }
fact Link key (id) { id: int  device: int }
fact Alarm key (link) { link: int }
rule r { when {
)" + lines +
         "} then { derive Alarm { link: l.id } } }\n";
}

const std::string kWorst =
    "l: Link\n d: Device where id == l.device\n s: Site where id == d.site\n r: Region where id == s.region and watched\n";
const std::string kBest =
    "r: Region where watched\n s: Site where region == r.id\n d: Device where site == s.id\n l: Link where device == d.id\n";

enum class Way { kInward, kOutward, kChosen };

void order(benchmark::State& state, Way way) {
  engine::JoinOptions as_written;
  as_written.as_written = true;
  World world(rules(way == Way::kOutward ? kBest : kWorst), {}, as_written);
  std::int64_t clock = 0;
  const auto put = [&](const char* type, std::int64_t id, Value other) {
    FactInput fact = world.fact(type);
    fact.stamp = {++clock};
    fact.values = {Value::integer(id), other};
    world.put(fact);
  };
  for (std::int64_t i = 0; i < kRegions; ++i) put("Region", i, Value::boolean(i == 7));
  for (std::int64_t i = 0; i < kSites; ++i) put("Site", i, Value::integer(i % kRegions));
  for (std::int64_t i = 0; i < kDevices; ++i) put("Device", i, Value::integer(i % kSites));
  for (std::int64_t i = 0; i < kLinks; ++i) put("Link", i, Value::integer(i % kDevices));
  world.session->tick({clock});
  if (way == Way::kChosen) {
    const engine::Statistics measured = world.session->statistics();
    engine::JoinOptions joins;
    joins.measured = &measured;
    std::unique_ptr<engine::Program> program = world.compile_text(rules(kWorst), &*world.program, joins);
    auto session = std::make_unique<engine::Session>(*program, world.interner, world.sink);
    session->take_over(*world.session);
    world.session = std::move(session);
    world.program = std::move(program);
  }
  const auto pairs = [&] { return world.session->insight().rules[0].pairs; };
  const std::uint64_t before = pairs();
  bool right = world.count("Alarm") == static_cast<std::size_t>(kLinks / kRegions);
  Random random(5);
  std::int64_t moved = 0;
  FactInput link = world.fact("Link");
  for (auto _ : state) {
    link.stamp = {++clock};
    link.values = {Value::integer(random.below(kLinks)), Value::integer(random.below(kDevices))};
    world.put(link);
    ++moved;
  }
  world.session->tick({clock});
  right = right && world.count("Alarm") > 0;
  if (!right) state.SkipWithError("the alarms are wrong");
  state.counters["pairs"] = static_cast<double>(pairs() - before) / static_cast<double>(moved);
  state.counters["tokens"] = static_cast<double>(world.session->counters().tokens);
}

}  // namespace

BENCHMARK_CAPTURE(order, worst, Way::kInward)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(order, best, Way::kOutward)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(order, chosen, Way::kChosen)->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
