// Question: what does it cost to change one of a thousand rules that are running: as much as there are facts, or as much as that rule
// matches?
//
// A session over n facts and 1,000 rules goes on under one rule more, one less, or one that is switched to shadow, and back; the rule
// matches 10 facts. Beside it the floors: the same with everything matched anew (a full takeover), and what the rule costs alone, in a
// session that has the same facts and no other rule. Compiling is timed by itself: it does not depend on the facts.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::resident_bytes;
using flyball::bench::World;

constexpr std::int64_t kRules = 1000;
constexpr std::int64_t kDevices = 100'000;
constexpr std::int64_t kNew = 10;  // facts that the new rule matches

enum class Change : std::uint8_t { kAdd, kRemove, kSwitch };

// The first `count` rules, rule `shadow` in shadow; kNoId: none. What the new rule would be, stands in the middle of the text.
std::string rules_text(std::int64_t count, bool with_new, bool shadow) {
  std::string text =
      "module bench.reload\nfact Probe key (id) { id: int  device: int  bad: bool }\nfact Alarm key (rule, id) { rule: int  id: int }\n";
  const auto rule = [&](std::int64_t r, std::string_view mode) {
    text += fmt::format(
        "rule r{0} {{\n{1}  when {{ p: Probe where device == {0} and bad }}\n  then {{ derive Alarm {{ rule: {0}, id: p.id }} }}\n}}\n", r,
        mode);
  };
  for (std::int64_t r = 0; r < count; ++r) {
    if (r == count / 2 && with_new) rule(kRules, shadow ? "  mode shadow\n" : "");
    rule(r, "");
  }
  if (count == 0 && with_new) rule(kRules, "");
  return text;
}

// Facts 0 … n; the first few are what the new rule matches. How many alarms the other rules make of them.
std::size_t fill(World& world, std::int64_t n) {
  FactInput probe = world.fact("Probe");
  std::int64_t clock = 0;
  std::size_t wanted = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool fresh = i < kNew;
    const std::int64_t device = fresh ? kRules : i % kDevices;
    const bool bad = fresh || (i % 7 == 0 && device != kRules);
    wanted += bad && device < kRules ? 1 : 0;
    probe.stamp = {++clock};
    probe.values = {Value::integer(i), Value::integer(device), Value::boolean(bad)};
    world.put(probe);
  }
  world.session->tick({clock});
  return wanted;
}

// One of the two programs to the other and back, each timed for itself: `change` forwards, what undoes it not.
void reload(benchmark::State& state, Change change, bool anew) {
  const std::int64_t facts = state.range(0);
  const bool first_has = change != Change::kAdd;
  World world(rules_text(kRules, first_has, false));
  const std::size_t wanted = fill(world, facts);
  const std::size_t others = wanted;
  bool right = world.count("Alarm") == others + (first_has ? kNew : 0);
  const std::string other_text = rules_text(kRules, change != Change::kRemove, change == Change::kSwitch);
  const std::string first_text = rules_text(kRules, first_has, false);
  std::unique_ptr<engine::Program> running = std::move(world.program);
  double compiling = 0;
  std::int64_t rounds = 0;
  const auto go = [&](const std::string& text, std::size_t alarms) {
    const auto parsed = std::chrono::steady_clock::now();
    world.program = world.compile_text(text, running.get());
    const auto begin = std::chrono::steady_clock::now();
    auto next = std::make_unique<engine::Session>(*world.program, world.interner, world.sink);
    const engine::TakenOver taken = next->take_over(*world.session, anew);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    compiling += std::chrono::duration<double>(begin - parsed).count();
    ++rounds;
    world.session = std::move(next);
    running = std::move(world.program);
    world.program = nullptr;
    right = right && taken.facts_dropped == 0 && taken.anew.empty() != anew &&
            world.session->fact_count(running->schema().type_id("Alarm")) == alarms;
    return took.count();
  };
  for (auto _ : state) {
    state.SetIterationTime(go(other_text, others + (change == Change::kAdd ? kNew : 0)));
    state.PauseTiming();
    go(first_text, others + (first_has ? kNew : 0));
    state.ResumeTiming();
  }
  state.counters["checked"] = right ? 1 : 0;
  state.counters["compile_ms"] = compiling * 1000 / static_cast<double>(rounds);
}

// The rule alone, brought to a session that has the facts and no rule.
void alone(benchmark::State& state) {
  World world(rules_text(0, false, false));
  fill(world, state.range(0));
  std::unique_ptr<engine::Program> none = std::move(world.program);
  std::unique_ptr<engine::Program> one;
  bool right = true;
  for (auto _ : state) {
    std::unique_ptr<engine::Program> program = world.compile_text(rules_text(0, true, false), none.get());
    const auto begin = std::chrono::steady_clock::now();
    auto next = std::make_unique<engine::Session>(*program, world.interner, world.sink);
    next->take_over(*world.session);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count());
    right = right && next->fact_count(program->schema().type_id("Alarm")) == kNew;
    auto back = std::make_unique<engine::Session>(*none, world.interner, world.sink);
    back->take_over(*next);
    world.session = std::move(back);
  }
  state.counters["checked"] = right ? 1 : 0;
}

// What the sessions hold, by fact.
void memory(benchmark::State& state) {
  malloc_trim(0);
  const double before = resident_bytes();
  World world(rules_text(kRules, false, false));
  fill(world, state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(world.count("Alarm"));
  state.counters["bytes_per_fact"] = (resident_bytes() - before) / static_cast<double>(state.range(0));
}

BENCHMARK_CAPTURE(reload, add, Change::kAdd, false)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(reload, remove, Change::kRemove, false)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(reload, switch, Change::kSwitch, false)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(reload, add_anew, Change::kAdd, true)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(alone)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(memory)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
