// Question: what does a decision cost in process, and how far is that from the same table written by hand in C++?
#include <benchmark/benchmark.h>

#include <array>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

const char* const kRules = R"(
module bench.decision
decision qos_class {
  input  { app: string  dscp: int  load: percent }
  output { class: string  weight: int }
  table first {
    | app       | dscp   | load   || class       | weight |
    | "voip"    | -      | -      || "ef"        | 10     |
    | "video"   | 30..40 | -      || "af41"      | 8      |
    | "video"   | -      | < 50%  || "af42"      | 7      |
    | "backup"  | 8..15  | >= 80% || "scavenger" | 1      |
    | "backup"  | -      | < 80%  || "bulk"      | 2      |
    | "web"     | 0..7   | < 60%  || "af21"      | 6      |
    | "web"     | -      | >= 90% || "be"        | 3      |
    | "db"      | 16..31 | -      || "af31"      | 9      |
    | "storage" | -      | >= 70% || "bulk"      | 2      |
    | -         | -      | -      || "default"   | 4      |
  }
}
)";

struct Question {
  Value app;
  std::int64_t dscp;
  std::int64_t load_e9;
};

constexpr std::int64_t percent(std::int64_t p) { return p * 10'000'000; }

// The same table by hand: handles compared, first row wins.
int by_hand(const Question& q, const std::array<Value, 6>& apps) {
  if (q.app == apps[0]) return 0;
  if (q.app == apps[1] && q.dscp >= 30 && q.dscp <= 40) return 1;
  if (q.app == apps[1] && q.load_e9 < percent(50)) return 2;
  if (q.app == apps[2] && q.dscp >= 8 && q.dscp <= 15 && q.load_e9 >= percent(80)) return 3;
  if (q.app == apps[2] && q.load_e9 < percent(80)) return 4;
  if (q.app == apps[3] && q.dscp >= 0 && q.dscp <= 7 && q.load_e9 < percent(60)) return 5;
  if (q.app == apps[3] && q.load_e9 >= percent(90)) return 6;
  if (q.app == apps[4] && q.dscp >= 16 && q.dscp <= 31) return 7;
  if (q.app == apps[5] && q.load_e9 >= percent(70)) return 8;
  return 9;
}

struct Fixture {
  Fixture() : world(kRules) {
    for (const char* name : {"voip", "video", "backup", "web", "db", "storage"}) apps[count++] = world.interner.string(name);
    const Value other = world.interner.string("other");
    Random random(11);
    for (int i = 0; i < 4096; ++i) {
      const std::uint32_t a = random.below(7);
      questions.push_back({a == 6 ? other : apps[a], random.below(64), percent(random.below(101))});
    }
    decision = world.program->schema().find_decision("qos_class").id;
  }
  World world;
  std::array<Value, 6> apps{};
  std::size_t count = 0;
  std::vector<Question> questions;
  DecisionId decision = 0;
};

void table_ours(benchmark::State& state) {
  Fixture f;
  Value input[3];
  Value output[2];
  std::size_t i = 0;
  bool checked = true;
  for (const Question& q : f.questions) {
    input[0] = q.app, input[1] = Value::integer(q.dscp), input[2] = Value::percent_e9(q.load_e9);
    const auto row = f.world.session->decide_into(f.decision, input, output);
    checked = checked && row && *row == by_hand(q, f.apps);
  }
  for (auto _ : state) {
    const Question& q = f.questions[i++ & 4095];
    input[0] = q.app, input[1] = Value::integer(q.dscp), input[2] = Value::percent_e9(q.load_e9);
    auto row = f.world.session->decide_into(f.decision, input, output);
    benchmark::DoNotOptimize(row);
    benchmark::DoNotOptimize(output);
  }
  state.counters["checked"] = checked ? 1 : 0;
}

void table_by_hand(benchmark::State& state) {
  Fixture f;
  std::size_t i = 0;
  for (auto _ : state) {
    int row = by_hand(f.questions[i++ & 4095], f.apps);
    benchmark::DoNotOptimize(row);
  }
  state.counters["checked"] = 1;
}

BENCHMARK(table_ours);
BENCHMARK(table_by_hand);

}  // namespace

BENCHMARK_MAIN();
