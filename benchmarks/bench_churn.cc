// Question: what does one fact update through three joined, truth-maintained rules cost at 1k, 100k and 1M links?
//
// Infrastructure churn: N links on N/10 devices. down = link down, its device not in maintenance; hot = link up with
// load > 90, joined to its device; isolated = device not in maintenance without a link that is up. Then updates of
// random links: 10 % down, 10 % up at load 95, the rest up below 80, to quiescence after each.
// Beside it: the same three conclusions maintained by hand-written code for just these rules (the floor).
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <array>
#include <map>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::resident_bytes;
using flyball::bench::World;

const char* const kRules = R"(
module bench.churn
fact Device key (id) { id: int  region: int  maint: bool }
fact Link key (id) { id: int  device: int  up: bool  load: int }
fact Down key (link) { link: int }
fact Hot key (link) { link: int }
fact Isolated key (device) { device: int }
rule down {
  when {
    l: Link where not up
    d: Device where id == l.device and not maint
  }
  then { derive Down { link: l.id } }
}
rule hot {
  when {
    l: Link where up and load > 90
    d: Device where id == l.device
  }
  then { derive Hot { link: l.id } }
}
rule isolated {
  when {
    d: Device where not maint
    no Link where device == d.id and up
  }
  then { derive Isolated { device: d.id } }
}
)";

struct Update {
  std::uint32_t link;
  bool up;
  std::int32_t load;
};

Update random_update(Random& random, std::uint32_t links) {
  const std::uint32_t link = random.below(links);
  const std::uint32_t dice = random.below(10);
  if (dice == 0) return {link, false, 0};
  if (dice == 1) return {link, true, 95};
  return {link, true, static_cast<std::int32_t>(random.below(80))};
}

bool in_maintenance(std::uint32_t device) { return device % 7 == 3; }

// The floor: arrays indexed by id, conclusions as bits, exactly these three rules.
struct HandWritten {
  explicit HandWritten(std::uint32_t links)
      : up(links, 0), load(links, 0), down(links, 0), hot(links, 0), links_up(links / 10 + 1, 0), isolated(links / 10 + 1, 0) {
    for (std::uint32_t d = 0; d < links / 10; ++d) isolated[d] = !in_maintenance(d);
  }
  void apply(const Update& u) {
    const std::uint32_t device = u.link / 10;
    links_up[device] = static_cast<std::uint16_t>(links_up[device] + (u.up ? 1 : 0) - (up[u.link] ? 1 : 0));
    up[u.link] = u.up;
    load[u.link] = u.load;
    down[u.link] = !u.up && !in_maintenance(device);
    hot[u.link] = u.up && u.load > 90;
    isolated[device] = !in_maintenance(device) && links_up[device] == 0;
  }
  std::vector<std::uint8_t> up;
  std::vector<std::int32_t> load;
  std::vector<std::uint8_t> down, hot;
  std::vector<std::uint16_t> links_up;
  std::vector<std::uint8_t> isolated;
};

struct Churn {
  Churn(std::uint32_t n, HandWritten& by_hand) : links(n), world(kRules), floor(by_hand) {
    FactInput device = world.fact("Device");
    for (std::uint32_t d = 0; d < links / 10; ++d) {
      device.stamp = {++clock};
      device.values = {Value::integer(d), Value::integer(d % 7), Value::boolean(in_maintenance(d))};
      world.put(device);
    }
    link = world.fact("Link");
    for (std::uint32_t l = 0; l < links; ++l) {
      const Update u{l, true, 10};
      floor.apply(u);
      apply(u);
    }
  }
  static void fill(FactInput& fact, const Update& u) {
    fact.values[0] = Value::integer(u.link);
    fact.values[1] = Value::integer(u.link / 10);
    fact.values[2] = Value::boolean(u.up);
    fact.values[3] = Value::integer(u.load);
  }
  void apply(const Update& u) {
    link.stamp = {++clock};
    fill(link, u);
    world.put(link);
  }
  // The engine's derived sets equal the hand-written ones.
  bool agrees() {
    world.session->tick({clock});
    return same("Down", floor.down) && same("Hot", floor.hot) && same("Isolated", floor.isolated);
  }
  bool same(const char* type, const std::vector<std::uint8_t>& wanted) {
    std::vector<std::uint8_t> got(wanted.size(), 0);
    for (const engine::FactView& f : world.session->facts(world.program->schema().type_id(type)))
      got[static_cast<std::size_t>(f.values[0].as_int())] = 1;
    return got == wanted;
  }

  std::uint32_t links;
  std::int64_t clock = 0;
  World world;
  HandWritten& floor;
  FactInput link;
};

// What the process grew by when a size was loaded for the first time: later runs find memory that was freed.
constexpr std::uint32_t kMeasurableLinks = 50'000;  // fewer do not fill enough pages to be counted in them

void churn_ours(benchmark::State& state) {
  static std::map<std::uint32_t, double> grown;
  const auto links = static_cast<std::uint32_t>(state.range(0));
  HandWritten floor(links);
  malloc_trim(0);
  const double before = resident_bytes();
  Churn churn(links, floor);
  grown.try_emplace(links, resident_bytes() - before);
  Random random(42);
  // As they lie in a bus's batch: the session is told of each some updates before its turn.
  std::array<Update, engine::Session::kForesight> coming;
  for (Update& u : coming) u = random_update(random, links);
  FactInput ahead = churn.link;
  std::size_t next = 0;
  for (auto _ : state) {
    const Update u = coming[next];
    coming[next] = random_update(random, links);
    Churn::fill(ahead, coming[next]);
    churn.world.session->foresee(ahead);
    next = (next + 1) % coming.size();
    churn.apply(u);
  }
  // The same by hand, when nobody measures: its misses are not ours.
  Random again(42);
  for (benchmark::IterationCount i = 0; i < state.iterations(); ++i) churn.floor.apply(random_update(again, links));
  state.counters["checked"] = churn.agrees() ? 1 : 0;
  if (links >= kMeasurableLinks) state.counters["bytes_per_fact"] = grown.at(links) / (links * 1.1);
}

void churn_floor(benchmark::State& state) {
  const auto links = static_cast<std::uint32_t>(state.range(0));
  HandWritten floor(links);
  Random random(42);
  for (auto _ : state) {
    floor.apply(random_update(random, links));
    benchmark::ClobberMemory();
  }
  state.counters["checked"] = 1;
}

BENCHMARK(churn_ours)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(churn_floor)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace

BENCHMARK_MAIN();
