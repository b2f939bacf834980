// Question: does the cost of a fact grow with the number of rules it does not concern?
//
// R rules that differ in one constant: an equality (`device == "d17"`), a threshold (`level > 17000`), a prefix (`addr in
// 10.0.17.0/24`), a glob (`name like "leaf-17-*"`) or a range (`level in 17000..17499`). Each update changes a field so that at most one
// rule's condition changes. Beside it: the same with 10 rules.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <functional>

#include "benchmarks/support.h"
#include "model/text.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

std::string equality_rules(std::int64_t count) {
  std::string text =
      "module bench.rules\nfact Probe key (id) { id: int  device: string  bad: bool }\nfact Alarm key (rule, id) { rule: int  id: int }\n";
  for (std::int64_t r = 0; r < count; ++r) {
    text += fmt::format(
        "rule r{0} {{\n  when {{ p: Probe where device == \"d{0}\" and bad }}\n  then {{ derive Alarm {{ rule: {0}, id: p.id }} }}\n}}\n",
        r);
  }
  return text;
}

// `test`: how the threshold is written, `where` of the pattern or a `check` of its own.
std::string threshold_rules(std::int64_t count, const char* test = " where ") {
  std::string text = "module bench.rules\nfact Gauge key (id) { id: int  level: int }\nfact Above key (rule, id) { rule: int  id: int }\n";
  for (std::int64_t r = 0; r < count; ++r) {
    text += fmt::format("rule r{0} {{\n  when {{ g: Gauge{2}level > {1} }}\n  then {{ derive Above {{ rule: {0}, id: g.id }} }}\n}}\n", r,
                        r * 1000 + 500, test);
  }
  return text;
}

void equality(benchmark::State& state) {
  const std::int64_t rules = state.range(0);
  World world(equality_rules(rules));
  std::vector<Value> devices;
  for (std::int64_t r = 0; r < rules; ++r) devices.push_back(world.interner.string(fmt::format("d{}", r)));
  FactInput probe = world.fact("Probe");
  Random random(7);
  std::int64_t clock = 0;
  constexpr std::uint32_t kProbes = 1000;
  std::vector<std::uint8_t> bad(kProbes, 0);
  for (std::uint32_t i = 0; i < kProbes; ++i) {
    probe.stamp = {++clock};
    probe.values = {Value::integer(i), devices[i % devices.size()], Value::boolean(false)};
    world.put(probe);
  }
  for (auto _ : state) {
    const std::uint32_t i = random.below(kProbes);
    bad[i] ^= 1;
    probe.stamp = {++clock};
    probe.values[0] = Value::integer(i);
    probe.values[1] = devices[i % devices.size()];
    probe.values[2] = Value::boolean(bad[i] != 0);
    world.put(probe);
  }
  world.session->tick({clock});
  std::size_t wanted = 0;
  for (const std::uint8_t b : bad) wanted += b;
  state.counters["checked"] = world.session->facts(world.program->schema().type_id("Alarm")).size() == wanted ? 1 : 0;
}

// Gauges step over one threshold and back, `met` thresholds of which they stand above.
void step_over(benchmark::State& state, const std::string& text, std::int64_t met) {
  const std::int64_t rules = state.range(0);
  World world(text);
  FactInput gauge = world.fact("Gauge");
  Random random(7);
  std::int64_t clock = 0;
  constexpr std::uint32_t kGauges = 100;
  std::vector<std::int64_t> level(kGauges, 0);
  // Each gauge sits beside a threshold of its own: one crossing a change.
  const auto base = [rules, met](std::uint32_t i) { return (met + static_cast<std::int64_t>(i % 10)) % rules * 1000 + 400; };
  for (std::uint32_t i = 0; i < kGauges; ++i) {
    level[i] = base(i);
    gauge.stamp = {++clock};
    gauge.values = {Value::integer(i), Value::integer(level[i])};
    world.put(gauge);
  }
  for (auto _ : state) {
    const std::uint32_t i = random.below(kGauges);
    level[i] = level[i] == base(i) ? base(i) + 200 : base(i);
    gauge.stamp = {++clock};
    gauge.values[0] = Value::integer(i);
    gauge.values[1] = Value::integer(level[i]);
    world.put(gauge);
  }
  world.session->tick({clock});
  std::size_t wanted = 0;
  for (const std::int64_t l : level) wanted += static_cast<std::size_t>((l + 499) / 1000);
  state.counters["checked"] = world.session->facts(world.program->schema().type_id("Above")).size() == wanted ? 1 : 0;
}

void threshold(benchmark::State& state) { step_over(state, threshold_rules(state.range(0)), 0); }
void threshold_high(benchmark::State& state) { step_over(state, threshold_rules(state.range(0)), state.range(0) / 2); }
void check(benchmark::State& state) { step_over(state, threshold_rules(state.range(0), "\n    check g."), 0); }

// Hosts go into what one rule names, and out of all.
void step_in(benchmark::State& state, const char* condition, const std::function<Value(Interner&, std::int64_t)>& inside,
             std::size_t field) {
  const std::int64_t rules = state.range(0);
  std::string text =
      "module bench.rules\nfact Host key (id) { id: int  addr: ip  name: string  level: int }\nfact Hit key (rule, id) { rule: int  id: "
      "int }\n";
  for (std::int64_t r = 0; r < rules; ++r) {
    const std::string where = fmt::format(fmt::runtime(condition), r / 256, r % 256, r, r * 1000, r * 1000 + 499);
    text += fmt::format("rule r{0} {{\n  when {{ h: Host where {1} }}\n  then {{ derive Hit {{ rule: {0}, id: h.id }} }}\n}}\n", r, where);
  }
  World world(text);
  FactInput host = world.fact("Host");
  Random random(7);
  std::int64_t clock = 0;
  constexpr std::uint32_t kHosts = 100;
  // Both are in the tables of names before the clock runs.
  host.values = {Value::integer(0), world.interner.ip(parse_ip("192.0.2.1").value()), world.interner.string("none"), Value::integer(-1)};
  const Value outside = host.values[field];
  std::vector<Value> in;
  for (std::uint32_t i = 0; i < kHosts; ++i) in.push_back(inside(world.interner, i * 37 % rules));
  std::vector<std::uint8_t> is_in(kHosts, 0);
  for (std::uint32_t i = 0; i < kHosts; ++i) {
    host.stamp = {++clock};
    host.values[0] = Value::integer(i);
    world.put(host);
  }
  for (auto _ : state) {
    const std::uint32_t i = random.below(kHosts);
    is_in[i] ^= 1;
    host.stamp = {++clock};
    host.values[0] = Value::integer(i);
    host.values[field] = is_in[i] != 0 ? in[i] : outside;
    world.put(host);
  }
  world.session->tick({clock});
  std::size_t wanted = 0;
  for (const std::uint8_t i : is_in) wanted += i;
  state.counters["checked"] = world.session->facts(world.program->schema().type_id("Hit")).size() == wanted ? 1 : 0;
}

void prefix(benchmark::State& state) {
  step_in(
      state, "addr in 10.{0}.{1}.0/24",
      [](Interner& in, std::int64_t r) { return in.ip(parse_ip(fmt::format("10.{}.{}.7", r / 256, r % 256)).value()); }, 1);
}
void glob(benchmark::State& state) {
  step_in(state, "name like \"leaf-{2}-*\"", [](Interner& in, std::int64_t r) { return in.string(fmt::format("leaf-{}-a", r)); }, 2);
}
void range(benchmark::State& state) {
  step_in(state, "level in {3}..{4}", [](Interner&, std::int64_t r) { return Value::integer(r * 1000 + 250); }, 3);
}
void band(benchmark::State& state) {
  step_in(state, "level > {3} and level < {4}", [](Interner&, std::int64_t r) { return Value::integer(r * 1000 + 250); }, 3);
}

BENCHMARK(equality)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(threshold)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(threshold_high)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(prefix)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(glob)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(range)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(band)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(check)->Arg(10)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
