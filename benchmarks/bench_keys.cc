// Question: what does a fact cost when each of a million keys has a `for`, a ttl and a sliding average, what does a key keep, and how long
// is the pause when a hundred thousand timers fall due in one instant?
//
// Keys report in turn, every 10 s each; the window is 60 s, the hold 30 s, the ttl 25 s. One in ten reports is above the limit, so that
// holds begin and end all the time and few are met. Measured are whole turns after the window has filled. Beside it the same without the
// window, and with nothing but the ttl: what each of them adds.
//
// The pauses: 100k keys in one instant, and then the one tick in which their ttl is over, their hold is met (nothing, one derived fact, or
// one action for each), or their samples leave the window.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <ctime>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::resident_bytes;
using flyball::bench::World;

constexpr const char* kTtl = R"(
module bench.keys
fact Cpu key (id) ttl 25s { id: int  load: percent }
action Page { id: int }
rule never { cooldown 1s when { c: Cpu where load > 100% } then { do Page { id: c.id } } }
)";

constexpr const char* kHold = R"(
module bench.keys
fact Cpu key (id) ttl 25s { id: int  load: percent }
action Page retain 1m { id: int }
rule hot { cooldown 1s when { c: Cpu where load > 80% for 30s } then { do Page { id: c.id } } }
)";

constexpr const char* kAll = R"(
module bench.keys
fact Cpu key (id) ttl 25s { id: int  load: percent }
action Page retain 1m { id: int }
action Scale retain 1m { id: int }
rule hot { cooldown 1s when { c: Cpu where load > 80% for 30s } then { do Page { id: c.id } } }
rule busy {
  cooldown 1s
  when {
    c:    Cpu
    check avg(Cpu.load where id == c.id over 60s at least 4 samples) > 80%
  }
  then { do Scale { id: c.id } }
}
)";

constexpr std::int64_t kPeriod = 10 * kNsPerSecond;

std::int64_t random_load(Random& random, std::uint32_t in_ten) {
  return static_cast<std::int64_t>(random.below(10) < in_ten ? 900'000'000 : random.below(700'000'000));
}

// The same rules by hand over few keys, most of them high, so that much happens: as many actions.
bool is_right() {
  constexpr std::int64_t kKeys = 500, kTurns = 60;
  World world(kAll);
  FactInput cpu = world.fact("Cpu");
  Random random(3);
  struct Key {
    int high = 0;
    std::vector<std::int64_t> loads;
    bool busy = false;
  };
  std::vector<Key> all(kKeys);
  std::uint64_t expected = 0;
  for (std::int64_t i = 0; i < kKeys * kTurns; ++i) {
    const std::int64_t load = random_load(random, 7);
    cpu.stamp = {i / kKeys * kPeriod + i % kKeys * (kPeriod / kKeys)};
    cpu.values[0] = Value::integer(i % kKeys);
    cpu.values[1] = Value::percent_e9(load);
    world.put(cpu);
    Key& key = all[static_cast<std::size_t>(i % kKeys)];
    key.high = load > 800'000'000 ? key.high + 1 : 0;
    if (key.high == 4) ++expected;  // 30 s after the first of them
    key.loads.push_back(load);
    if (key.loads.size() > 6) key.loads.erase(key.loads.begin());
    std::int64_t sum = 0;
    for (const std::int64_t l : key.loads) sum += l;
    const auto n = static_cast<std::int64_t>(key.loads.size());
    const bool busy = n >= 4 && 2 * (sum - 800'000'000 * n) > n;  // its mean is rounded
    if (busy && !key.busy) ++expected;
    key.busy = busy;
  }
  world.session->tick(cpu.stamp);
  return world.sink.actions == expected && expected > 1000;
}

// `ahead`: as who has a batch does it, each put is said before the ten that come first. `step`: 1: the keys report in one order, and so lie
// side by side in memory; else each turn has an order of its own, and each report is far from the one before.
void keys(benchmark::State& state, const char* rules, bool ahead = false, std::int64_t step = 1) {
  if (!is_right()) World::die("other actions than by hand");
  const auto n = static_cast<std::int64_t>(state.range(0));
  malloc_trim(0);
  const double before = resident_bytes();
  World world(rules);
  constexpr std::size_t kAhead = engine::Session::kForesight;
  std::vector<FactInput> batch(kAhead + 1, world.fact("Cpu"));
  Random random(7);
  std::int64_t i = 0, made = 0;
  std::int64_t factor = 1;  // of this turn
  const auto make = [&] {
    if (made != 0 && made % n == 0) factor = factor * step % n;
    FactInput& cpu = batch[static_cast<std::size_t>(made) % batch.size()];
    cpu.stamp = {made / n * kPeriod + made % n * (kPeriod / n)};
    cpu.values[0] = Value::integer(made % n * factor % n);
    cpu.values[1] = Value::percent_e9(random_load(random, 1));
    ++made;
    if (ahead) world.session->foresee(cpu);
  };
  for (std::size_t k = 0; k < kAhead; ++k) make();
  const auto put = [&] {
    make();
    world.put(batch[static_cast<std::size_t>(i++) % batch.size()]);
  };
  while (i < 8 * n) put();  // the window is full, and then some
  const double per_key = (resident_bytes() - before) / static_cast<double>(n);
  for (auto _ : state) put();
  state.SetItemsProcessed(state.iterations());
  state.counters["checked"] = 1;
  state.counters["bytes/key"] = per_key;
  state.counters["timers/key"] = static_cast<double>(world.session->counters().timers) / static_cast<double>(n);
  state.counters["actions"] = static_cast<double>(world.sink.actions);
}

void ttl(benchmark::State& state) { keys(state, kTtl); }
void ttl_for(benchmark::State& state) { keys(state, kHold); }
void ttl_for_average(benchmark::State& state) { keys(state, kAll); }
void ttl_for_average_batch(benchmark::State& state) { keys(state, kAll, true); }
constexpr std::int64_t kFar = 617'411;  // prime, so that each turn has every key
void ttl_for_average_far(benchmark::State& state) { keys(state, kAll, false, kFar); }
void ttl_for_average_far_batch(benchmark::State& state) { keys(state, kAll, true, kFar); }
BENCHMARK(ttl)->Arg(1'000'000)->Iterations(2'000'000)->Unit(benchmark::kNanosecond);
BENCHMARK(ttl_for)->Arg(1'000'000)->Iterations(2'000'000)->Unit(benchmark::kNanosecond);
BENCHMARK(ttl_for_average)->Arg(10'000)->Arg(1'000'000)->Iterations(2'000'000)->Unit(benchmark::kNanosecond);
BENCHMARK(ttl_for_average_batch)->Arg(10'000)->Arg(1'000'000)->Iterations(2'000'000)->Unit(benchmark::kNanosecond);
BENCHMARK(ttl_for_average_far)->Arg(1'000'000)->Iterations(2'000'000)->Unit(benchmark::kNanosecond);
BENCHMARK(ttl_for_average_far_batch)->Arg(1'000'000)->Iterations(2'000'000)->Unit(benchmark::kNanosecond);

// Of this thread: the pause is what the engine does, not what others do to the machine.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// That many facts in one instant; then the one tick in which all that they have set falls due.
void pause(benchmark::State& state, const std::string& rules, std::int64_t due_s, std::uint64_t actions) {
  const auto n = static_cast<std::int64_t>(state.range(0));
  for (auto _ : state) {
    World world(rules);
    FactInput cpu = world.fact("Cpu");
    for (std::int64_t k = 0; k < n; ++k) {
      cpu.stamp = {kNsPerSecond};
      cpu.values[0] = Value::integer(k);
      cpu.values[1] = Value::percent_e9(900'000'000);
      world.put(cpu);
    }
    world.session->tick({due_s * kNsPerSecond - 1});
    const double begin = cpu_seconds();
    world.session->tick({due_s * kNsPerSecond});
    state.SetIterationTime(cpu_seconds() - begin);
    if (world.sink.actions != actions * static_cast<std::uint64_t>(n)) World::die("other actions than expected");
  }
  state.counters["checked"] = 1;
}

const std::string kDeclared = "module bench.keys\naction Page { id: int }\nfact Hot key (id) { id: int }\n";

void pause_ttl(benchmark::State& state) {
  pause(
      state,
      kDeclared +
          "fact Cpu key (id) ttl 25s { id: int  load: percent }\nrule r { when { c: Cpu where load > 95% } then { do Page { id: c.id } } }",
      26, 0);
}
void pause_hold_in_vain(benchmark::State& state) {  // each hold is met, and another line keeps it from mattering
  pause(state,
        kDeclared +
            "fact Cpu key (id) { id: int  load: percent }\nfact On key () { on: bool }\n"
            "rule r { when { some On  c: Cpu where load > 80% for 30s } then { do Page { id: c.id } } }",
        31, 0);
}
void pause_hold_derives(benchmark::State& state) {
  pause(state,
        kDeclared +
            "fact Cpu key (id) { id: int  load: percent }\nrule r { when { c: Cpu where load > 80% for 30s } then { derive Hot { id: c.id "
            "} } }",
        31, 0);
}
void pause_hold_acts(benchmark::State& state) {
  pause(
      state,
      kDeclared +
          "fact Cpu key (id) { id: int  load: percent }\nrule r { when { c: Cpu where load > 80% for 30s } then { do Page { id: c.id } } }",
      31, 1);
}
void pause_window(benchmark::State& state) {
  pause(state,
        kDeclared +
            "fact Cpu key (id) { id: int  load: percent }\n"
            "rule r { when { c: Cpu  check count(Cpu where id == c.id over 60s) > 5 } then { do Page { id: c.id } } }",
        61, 0);
}
BENCHMARK(pause_ttl)->Arg(100'000)->Iterations(5)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(pause_hold_in_vain)->Arg(100'000)->Iterations(5)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(pause_hold_derives)->Arg(100'000)->Iterations(5)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(pause_hold_acts)->Arg(100'000)->Iterations(5)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(pause_window)->Arg(100'000)->Iterations(5)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
