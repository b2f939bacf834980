// Question: how many facts a second go through a thousand simple rules, in process, on one core?
//
// Each rule names a metric and a limit for it: `m: Metric where name == "m17" and value > 930`. 100 metrics with 10 rules each, of 100
// hosts; one fact in a hundred is above some limit. Every fact differs from the one before of its key. Beside it: 10 rules, one a metric.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

constexpr std::uint32_t kHosts = 100;
constexpr std::uint32_t kMetrics = 100;

std::int64_t limit_of(std::int64_t rule) { return 900 + rule / kMetrics * 10; }

std::string rules_text(std::int64_t count) {
  std::string text =
      "module bench.stream\nfact Metric key (host, name) { host: string  name: string  value: int }\n"
      "fact Over key (rule, host) { rule: int  host: string }\n";
  for (std::int64_t r = 0; r < count; ++r) {
    text += fmt::format(
        "rule r{0} {{\n  when {{ m: Metric where name == \"m{1}\" and value > {2} }}\n  then {{ derive Over {{ rule: {0}, host: m.host }} "
        "}}\n}}\n",
        r, r % kMetrics, limit_of(r));
  }
  return text;
}

void stream(benchmark::State& state) {
  const std::int64_t rules = state.range(0);
  World world(rules_text(rules));
  std::vector<Value> hosts, names;
  for (std::uint32_t h = 0; h < kHosts; ++h) hosts.push_back(world.interner.string(fmt::format("h{}", h)));
  for (std::uint32_t m = 0; m < kMetrics; ++m) names.push_back(world.interner.string(fmt::format("m{}", m)));
  std::vector<std::int64_t> now(kHosts * kMetrics, 0);
  FactInput metric = world.fact("Metric");
  Random random(11);
  std::int64_t clock = 0;
  const auto put = [&](std::uint32_t which, std::int64_t value) {
    now[which] = value;
    metric.stamp = {++clock};
    metric.values[0] = hosts[which / kMetrics];
    metric.values[1] = names[which % kMetrics];
    metric.values[2] = Value::integer(value);
    world.put(metric);
  };
  for (std::uint32_t which = 0; which < kHosts * kMetrics; ++which) put(which, 0);
  for (auto _ : state) {
    const std::uint32_t which = random.below(kHosts * kMetrics);
    const std::int64_t value = random.below(100) == 0 ? 900 + random.below(100) : random.below(900);
    put(which, value == now[which] ? value ^ 1 : value);
  }
  world.session->tick({clock});
  std::size_t wanted = 0;
  for (std::int64_t r = 0; r < rules; ++r) {
    for (std::uint32_t h = 0; h < kHosts; ++h) wanted += now[h * kMetrics + static_cast<std::uint32_t>(r % kMetrics)] > limit_of(r) ? 1 : 0;
  }
  state.counters["checked"] = world.count("Over") == wanted ? 1 : 0;
}

BENCHMARK(stream)->Arg(10)->Arg(1'000);

}  // namespace

BENCHMARK_MAIN();
