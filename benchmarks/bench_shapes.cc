// Question: do programs of other shapes than the classical ones cost what they do, or do they fall off a cliff as they grow?
//
// Five of them, each at two sizes, per thing done, so that the figures of both should be alike:
//   matches  n facts on the left and n on the right of one key: n * n matches, of which n are fired, each taking n - 1 others with it
//   drain    the greatest of n facts goes, by a `no` that asks for a greater one, until none is left
//   ring     n derived facts in a ring that support each other: one of two reasons from outside goes and comes back
//   reasons  one derived fact with n reasons: the best of them goes and comes back
//   backlog  n actions wait for the rate of their type, and a fact comes that is about none of them
#include <benchmark/benchmark.h>

#include <chrono>

#include "benchmarks/shape_rules.h"
#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::kReasons;
using flyball::bench::kRing;
using flyball::bench::World;

constexpr const char* kMatches = R"(
module bench.shapes strategy depth
fact Left key (id) { id: int  at: int }
mutable fact Right key (id) { id: int  at: int }
rule pair {
  when {
    l: Left
    r: Right where at == l.at
  }
  then { retract r }
}
)";

constexpr const char* kDrain = R"(
module bench.shapes strategy depth
mutable fact Bid key (price) { price: int }
mutable fact Sold key () { count: int }
rule sell {
  when {
    b: Bid
    no Bid where price > b.price
    cross s: Sold
  }
  then {
    retract b
    set s { count: s.count + 1 }
  }
}
)";

constexpr const char* kBacklog = R"(
module bench.shapes
fact Link key (id) { id: int  up: bool }
action Repair key (link) rate 1 per 1h { link: int }
rule repair {
  when { l: Link where not up }
  then { do Repair { link: l.id } }
}
)";

engine::Limits one_cascade() {
  engine::Limits limits;
  limits.firings_per_instant = 1'000'000;
  return limits;
}

// Facts of whole numbers and truths, in the order in which their fields are declared.
class Shape {
 public:
  explicit Shape(const char* rules) : world_(rules, one_cascade()) {}
  void put(const char* type, const std::vector<Value>& values, FactOp op = FactOp::kPut) {
    FactInput input = world_.fact(type);
    input.op = op;
    input.stamp = {clock_};
    input.values = values;
    world_.put(input);
  }
  // Until nothing follows any more.
  double settle() {
    const auto begin = std::chrono::steady_clock::now();
    world_.session->tick({clock_++});
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  std::size_t count(const char* type) const { return world_.count(type); }
  std::int64_t first(const char* type) const {
    return world_.session->facts(world_.program->schema().type_id(type)).at(0).values[0].as_int();
  }
  std::uint64_t firings() const { return world_.sink.firings; }
  std::uint64_t actions() const { return world_.sink.actions; }  // sent, or said to wait

 private:
  World world_;
  std::int64_t clock_ = 1;
};

Value number(std::int64_t n) { return Value::integer(n); }

void matches(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  bool right = true;
  for (auto _ : state) {
    Shape shape(kMatches);
    for (std::int64_t i = 0; i < n; ++i) {
      shape.put("Left", {number(i), number(1)});
      shape.put("Right", {number(i), number(1)});
    }
    state.SetIterationTime(shape.settle() / static_cast<double>(n * n));
    right = right && shape.count("Right") == 0 && shape.firings() == static_cast<std::uint64_t>(n);
  }
  state.counters["checked"] = right ? 1 : 0;
}

void drain(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  bool right = true;
  for (auto _ : state) {
    Shape shape(kDrain);
    shape.put("Sold", {number(0)});
    for (std::int64_t i = 0; i < n; ++i) shape.put("Bid", {number(i * 7919 % n)});
    state.SetIterationTime(shape.settle() / static_cast<double>(n));
    right = right && shape.count("Bid") == 0 && shape.first("Sold") == n;
  }
  state.counters["checked"] = right ? 1 : 0;
}

void ring(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  Shape shape(kRing);
  for (std::int64_t i = 0; i < n; ++i) shape.put("Link", {number(i), number((i + 1) % n)});
  shape.put("Begin", {number(0)});
  shape.put("Begin", {number(n / 2)});
  shape.settle();
  bool right = true;
  for (auto _ : state) {
    shape.put("Begin", {number(0)}, FactOp::kRetract);
    double took = shape.settle();
    right = right && shape.count("Reached") == static_cast<std::size_t>(n);
    shape.put("Begin", {number(0)});
    took += shape.settle();
    right = right && shape.count("Reached") == static_cast<std::size_t>(n);
    state.SetIterationTime(took / static_cast<double>(n));
  }
  state.counters["checked"] = right ? 1 : 0;
}

void reasons(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  Shape shape(kReasons);
  for (std::int64_t i = 0; i < n; ++i) shape.put("Link", {number(i), Value::boolean(false)});
  shape.settle();
  bool right = true;
  for (auto _ : state) {
    shape.put("Link", {number(0), Value::boolean(true)});
    double took = shape.settle();
    right = right && shape.first("Trouble") == 1;
    shape.put("Link", {number(0), Value::boolean(false)});
    took += shape.settle();
    right = right && shape.first("Trouble") == 0;
    state.SetIterationTime(took / 2);
  }
  state.counters["checked"] = right ? 1 : 0;
}

void backlog(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  constexpr int kFacts = 1'000;
  Shape shape(kBacklog);
  for (std::int64_t i = 0; i < n; ++i) shape.put("Link", {number(i), Value::boolean(false)});
  shape.settle();
  for (auto _ : state) {
    double took = 0;
    for (int i = 0; i < kFacts; ++i) {
      shape.put("Link", {number(n), Value::boolean(true)});
      took += shape.settle();
    }
    state.SetIterationTime(took / kFacts);
  }
  state.counters["checked"] =
      shape.actions() == static_cast<std::uint64_t>(n) && shape.count("Repair") == static_cast<std::size_t>(n) ? 1 : 0;
}

// The times are those of one thing of many, so what is enough is said here.
BENCHMARK(matches)->Arg(100)->Arg(1'000)->UseManualTime()->Iterations(3);
BENCHMARK(drain)->Arg(1'000)->Arg(10'000)->UseManualTime()->Iterations(3);
BENCHMARK(ring)->Arg(1'000)->Arg(10'000)->UseManualTime()->Iterations(5);
BENCHMARK(reasons)->Arg(100)->Arg(10'000)->UseManualTime()->Iterations(300);
BENCHMARK(backlog)->Arg(100)->Arg(10'000)->UseManualTime()->Iterations(20);

}  // namespace

BENCHMARK_MAIN();
