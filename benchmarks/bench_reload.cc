// Question: what does it cost to add a rule to a thousand that are running: as much as there are facts, or as much as it matches?
//
// A session over n facts and 1,000 rules is taken over by one that has a rule more, and back; the rule matches 10 facts. Beside it: a
// hundredth of the facts. The rules are compiled beforehand: that is another benchmark.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <map>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::resident_bytes;
using flyball::bench::World;

constexpr std::int64_t kRules = 1000;
constexpr std::int64_t kDevices = 100'000;
constexpr std::int64_t kNew = 10;  // facts that the new rule matches

std::string rules_text(std::int64_t count) {
  std::string text =
      "module bench.reload\nfact Probe key (id) { id: int  device: int  bad: bool }\nfact Alarm key (rule, id) { rule: int  id: int }\n";
  for (std::int64_t r = 0; r < count; ++r) {
    text += fmt::format(
        "rule r{0} {{\n  when {{ p: Probe where device == {0} and bad }}\n  then {{ derive Alarm {{ rule: {0}, id: p.id }} }}\n}}\n", r);
  }
  return text;
}

void reload(benchmark::State& state) {
  static std::map<std::int64_t, double> grown;
  const std::int64_t facts = state.range(0);
  malloc_trim(0);
  const double before = resident_bytes();
  World world(rules_text(kRules));
  FactInput probe = world.fact("Probe");
  std::int64_t clock = 0;
  std::size_t wanted = 0;
  for (std::int64_t i = 0; i < facts; ++i) {
    const bool fresh = i < kNew;
    const std::int64_t device = fresh ? kRules : i % kDevices;
    const bool bad = fresh || (i % 7 == 0 && device != kRules);
    wanted += bad && device < kRules ? 1 : 0;
    probe.stamp = {++clock};
    probe.values = {Value::integer(i), Value::integer(device), Value::boolean(bad)};
    world.put(probe);
  }
  world.session->tick({clock});
  grown.try_emplace(facts, resident_bytes() - before);
  bool right = world.count("Alarm") == wanted;
  // A second program of the same interner: the first and one rule more.
  const std::unique_ptr<engine::Program> more = world.compile_text(rules_text(kRules + 1));
  bool is_more = false;
  for (auto _ : state) {
    const engine::Program& program = is_more ? *world.program : *more;
    const auto begin = std::chrono::steady_clock::now();
    auto next = std::make_unique<engine::Session>(program, world.interner, world.sink);
    const engine::TakenOver taken = next->take_over(*world.session);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count());
    world.session = std::move(next);
    is_more = !is_more;
    right = right && taken.facts_dropped == 0 && world.count("Alarm") == wanted + (is_more ? kNew : 0);
  }
  state.counters["checked"] = right ? 1 : 0;
  if (facts >= 100'000) state.counters["bytes_per_fact"] = grown.at(facts) / static_cast<double>(facts);
}

BENCHMARK(reload)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
