// Question: what does one step of a cascade cost, and is it the same in a long one as in a short one?
//
// A chain of derived facts (each rule derives what the next one reads), made and withdrawn whole by one fact; and a chain of firings of a
// production, each of which changes the fact that the next one needs. One iteration is one step. Beside it: a chain of a tenth or a
// hundredth of the length.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::World;

std::string chain_of_derives(std::int64_t length) {
  std::string text =
      "module bench.chain\nfact Source key (id) { id: int  on: bool }\nfact D0 key (id) { id: int }\n"
      "rule r0 {\n  when { s: Source where on }\n  then { derive D0 { id: s.id } }\n}\n";
  for (std::int64_t i = 1; i < length; ++i) {
    text += fmt::format(
        "fact D{0} key (id) {{ id: int }}\nrule r{0} {{\n  when {{ d: D{1} }}\n  then {{ derive D{0} {{ id: d.id }} }}\n}}\n", i, i - 1);
  }
  return text;
}

void derive_step(benchmark::State& state) {
  const std::int64_t length = state.range(0);
  World world(chain_of_derives(length));
  const std::string last = fmt::format("D{}", length - 1);
  FactInput source = world.fact("Source");
  std::int64_t clock = 0;
  std::int64_t step = 0;
  bool on = false;
  bool right = true;
  const auto turn = [&] {
    on = !on;
    source.stamp = {++clock};
    source.values = {Value::integer(1), Value::boolean(on)};
    world.put(source);
  };
  for (auto _ : state) {
    if (++step % length == 0) turn();
  }
  for (int i = 0; i < 2; ++i) {
    turn();
    world.session->tick({++clock});
    right = right && world.count(last) == (on ? 1U : 0U);
  }
  state.counters["checked"] = right ? 1 : 0;
}

constexpr const char* kCounting = R"(
module bench.counting strategy depth
mutable fact Token key (id) { id: int  at: int  until: int }
rule step {
  when { t: Token where at < until }
  then { set t { at: t.at + 1 } }
}
)";

void production_step(benchmark::State& state) {
  const std::int64_t length = state.range(0);
  World world(kCounting);
  FactInput token = world.fact("Token");
  std::int64_t clock = 0;
  std::int64_t step = 0;
  std::int64_t cascades = 0;
  for (auto _ : state) {
    if (++step % length != 0) continue;
    ++cascades;
    token.stamp = {++clock};
    token.values = {Value::integer(1), Value::integer(0), Value::integer(length)};
    world.put(token);
  }
  world.session->tick({++clock});
  const auto tokens = world.session->facts(world.program->schema().type_id("Token"));
  const bool arrived = cascades == 0 || (tokens.size() == 1 && tokens[0].values[1].as_int() == length);
  state.counters["checked"] = arrived && world.sink.firings == static_cast<std::uint64_t>(cascades * length) ? 1 : 0;
}

BENCHMARK(derive_step)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK(production_step)->Arg(100)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
