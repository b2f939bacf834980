// Question: does a cycle of three links cost what its triangles cost, or what all pairs of links cost?
//
// n links into a hub, n out of it and n triangles through it: the pairs of links that meet are n * n, the triangles n. A link is taken away
// and put back. Beside it: a tenth of the links. Twice linear would be good, a hundred times is every pair.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::resident_bytes;
using flyball::bench::World;

constexpr const char* kRules = R"(
module bench.triangle
fact Link key (from, to) { from: int  to: int }
fact Triangle key (a, b, c) { a: int  b: int  c: int }
rule triangle {
  when {
    x: Link
    y: Link where from == x.to and from > x.from
    z: Link where from == y.to and to == x.from and from > x.from
  }
  then { derive Triangle { a: x.from, b: y.from, c: z.from } }
}
)";

void triangle(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const std::int64_t hub = n;  // sources are below it, targets above
  malloc_trim(0);
  const double before = resident_bytes();
  World world(kRules);
  FactInput link = world.fact("Link");
  std::int64_t clock = 0;
  const auto put = [&](std::int64_t from, std::int64_t to, FactOp op = FactOp::kPut) {
    link.op = op;
    link.stamp = {++clock};
    link.values = {Value::integer(from), Value::integer(to)};
    world.put(link);
  };
  for (std::int64_t i = 0; i < n; ++i) {
    put(i, hub);
    put(hub, hub + 1 + i);
    put(hub + 1 + i, i);
  }
  world.session->tick({clock});
  const double grown = resident_bytes() - before;
  bool right = world.count("Triangle") == static_cast<std::size_t>(n);
  Random random(9);
  bool there = true;
  std::int64_t i = 0;
  std::uint32_t side = 0;
  for (auto _ : state) {
    if (there) {
      i = random.below(static_cast<std::uint32_t>(n));
      side = random.below(3);
    }
    there = !there;
    const std::int64_t from = side == 0 ? i : side == 1 ? hub : hub + 1 + i;
    const std::int64_t to = side == 0 ? hub : side == 1 ? hub + 1 + i : i;
    put(from, to, there ? FactOp::kPut : FactOp::kRetract);
  }
  world.session->tick({clock});
  right = right && world.count("Triangle") == static_cast<std::size_t>(there ? n : n - 1);
  state.counters["checked"] = right ? 1 : 0;
  if (n >= 1'000) state.counters["bytes_per_fact"] = grown / static_cast<double>(3 * n);
}

BENCHMARK(triangle)->Arg(100)->Arg(1'000);

}  // namespace

BENCHMARK_MAIN();
