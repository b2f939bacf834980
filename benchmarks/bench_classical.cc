// Question: how long do the classical production programs take, and how long do they take in CLIPS, in the same run?
//
// Miss Manners, Waltz, WaltzDB and the zebra puzzle: one cascade each, timed from the first firing's search to quiescence, the facts being
// there and the rules compiled. CLIPS runs in a child and times its own `(run)`. Both must fire exactly as often as the programs' formulas
// say.
#include <benchmark/benchmark.h>

#include "benchmarks/classical/run.h"

namespace {

using namespace flyball::bench;

void ours(benchmark::State& state, const classical::Program& program) {
  const std::string rules = classical::read_text(classical::folder() / (program.name + ".fly"));
  bool right = true;
  for (auto _ : state) {
    classical::Match match(rules, program.data);
    const classical::Ran ran = match.run();
    if (ran.firings != program.firings) {
      std::fprintf(stderr, "%s %u: %llu firings, not %llu\n", program.name.c_str(), program.size,
                   static_cast<unsigned long long>(ran.firings), static_cast<unsigned long long>(program.firings));
      right = false;
    }
    state.SetIterationTime(ran.seconds);
  }
  state.counters["checked"] = right ? 1 : 0;
  state.counters["firings"] = static_cast<double>(program.firings);
}

void clips(benchmark::State& state, const classical::Program& program) {
  const std::string constructs = classical::read_text(classical::folder() / (program.name + ".clp")) + classical::clips_facts(program.data);
  bool right = true;
  for (auto _ : state) {
    std::string said;
    const std::optional<classical::Ran> ran = classical::run_clips(constructs, program.strategy, &said);
    if (!ran || ran->firings != program.firings) {
      std::fprintf(stderr, "%s %u: CLIPS said\n%s\n", program.name.c_str(), program.size, said.c_str());
      right = false;
    }
    state.SetIterationTime(ran ? ran->seconds : 1);
  }
  state.counters["checked"] = right ? 1 : 0;
}

void add(classical::Program program) {
  const std::string name = program.name + (program.size == 0 ? "" : "_" + std::to_string(program.size));
  benchmark::RegisterBenchmark((name + "/ours").c_str(), ours, program)->UseManualTime()->Unit(benchmark::kMillisecond);
  if (classical::have_clips())
    benchmark::RegisterBenchmark((name + "/clips").c_str(), clips, program)->UseManualTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  for (const std::uint32_t guests : {16U, 32U, 64U, 128U}) add(classical::manners(guests));
  for (const std::uint32_t regions : {12U, 25U, 50U, 100U, 200U}) add(classical::waltz(regions));
  for (const std::uint32_t regions : {4U, 8U, 16U}) add(classical::waltzdb(regions));
  add(classical::zebra());
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
