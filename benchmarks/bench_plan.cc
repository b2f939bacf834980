// Question: how long does `flyball plan` take over a recorded day, of which it replays every fact through two sets of rules?
//
// A day is 10 million facts of 240 servers in 24 backends over 24 hours, in the compact form; as a benchmark the first million of them
// (2.4 hours), with `--day` all; `--write FOLDER` leaves the recording and the rules there and measures nothing. The rules are an
// operator's: sums and averages over sliding windows by server and by backend, holds, `keep`, `until`, cooldowns, actions with tries that
// time out. A param differs. Beside it: `flyball replay` of the same recording, which runs one of the two. Checked: every fact was an
// input, and there are changes.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

#include "app/cli/command.h"
#include "benchmarks/support.h"
#include "bus/codec/recording_writer.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

constexpr std::int64_t kDayFacts = 10'000'000;
constexpr std::int64_t kDayNs = 24 * 3600 * kNsPerSecond;
constexpr std::int64_t kBegin = 1'893'456'000;
constexpr std::int64_t kServers = 240, kBackends = 24;

const char* const kRules = R"(
module day
fact Server key (backend, server) ttl 10s {
  backend: string  server: string  health: "up" | "down"  requests: int  errors: int  response: duration  queue: int
}
fact Backend key (backend) ttl 10s { backend: string  rate: double  util: percent }
action Drain key (backend, server) tries 3 every 2s timeout 2s { backend: string  server: string  reason: string }
action Ready key (backend, server) tries 3 every 2s timeout 2s { backend: string  server: string }
action Weight key (backend, server) tries 3 every 2s timeout 2s { backend: string  server: string  weight: percent }
action Grow key (backend) tries 3 every 3s timeout 3s { backend: string }
fact Failing key (backend, server) { backend: string  server: string  errors: int }
param error_limit: percent = 20% range 1%..100%
param slow_limit: duration = 150ms range 1ms..1m

rule failing {
  when {
    s: Server where health == "up"
    let errors = sum(Server.errors where backend == s.backend and server == s.server over 10s)
    let requests = sum(Server.requests where backend == s.backend and server == s.server over 10s)
    check requests >= 20 and errors > error_limit * requests
  }
  then { derive Failing { backend: s.backend, server: s.server, errors: errors } }
}
rule drain {
  cooldown 30s per s.backend, s.server
  when {
    s:    Server where health == "up"
    some  Failing same backend, server as s for 6s
    check count(Failing where backend == s.backend) <= 5
  }
  then     { do Drain { backend: s.backend, server: s.server, reason: f"more than {error_limit} of its requests fail" } }
  until    { no Failing same backend, server as s for 20s }
  on clear { do Ready { backend: s.backend, server: s.server } }
}
rule slow {
  keep 15s
  when     { s: Server where health == "up" and response > slow_limit for 5s }
  then     { do Weight { backend: s.backend, server: s.server, weight: 25% } }
  on clear { do Weight { backend: s.backend, server: s.server, weight: 100% } }
}
rule grow {
  cooldown 1m per b.backend
  when {
    b: Backend
    check avg(Backend.util where backend == b.backend over 30s at least 4 samples) > 80% for 10s
  }
  then { do Grow { backend: b.backend } }
}
)";

struct Day {
  std::string folder, facts, rules;
  std::int64_t count;
  bool kept;

  explicit Day(std::int64_t n, const char* into = nullptr) : count(n), kept(into != nullptr) {
    folder = kept ? into : (std::filesystem::temp_directory_path() / "flyball-bench-XXXXXX").string();
    if (!kept && mkdtemp(folder.data()) == nullptr) World::die("no folder");
    facts = folder + "/day.rec";
    rules = folder + "/day.fly";
    std::FILE* const to_rules = std::fopen(rules.c_str(), "wb");
    std::FILE* const to = std::fopen(facts.c_str(), "wb");
    if (to_rules == nullptr || to == nullptr) World::die("cannot write");
    std::fwrite(kRules, 1, std::strlen(kRules), to_rules);
    std::fclose(to_rules);
    write(to);
    std::fclose(to);
  }
  ~Day() {
    if (!kept) std::filesystem::remove_all(folder);
  }
  Day(const Day&) = delete;
  Day& operator=(const Day&) = delete;

 private:
  // Every source in turn; each is well for some hundred reports, then fails or is slow for some.
  void write(std::FILE* to) const {
    bus::RecordingWriter writer;
    writer.begin();
    Random random(11);
    std::vector<std::uint8_t> failing(kServers), slow(kServers), busy(kBackends);
    std::string line;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t ns = i * (kDayNs / kDayFacts);
      const std::int64_t place = i % (kServers + kBackends);
      line.clear();
      fmt::format_to(std::back_inserter(line), "{{\"time\":{}.{:09},\"type\":", kBegin + ns / kNsPerSecond, ns % kNsPerSecond);
      if (place < kServers) {
        const auto s = static_cast<std::size_t>(place);
        if (random.below(failing[s] ? 20 : 4000) == 0) failing[s] ^= 1;
        if (random.below(slow[s] ? 15 : 3000) == 0) slow[s] ^= 1;
        const auto requests = 50 + random.below(150);
        const auto errors = failing[s] ? requests / 4 + random.below(20) : random.below(100) == 0 ? random.below(5) : 0;
        fmt::format_to(std::back_inserter(line),
                       "\"Server\",\"data\":{{\"backend\":\"b{}\",\"server\":\"s{}\",\"health\":\"{}\",\"requests\":{},\"errors\":{},"
                       "\"response\":\"{}ms\",\"queue\":{}}}",
                       s % kBackends, s, random.below(20'000) == 0 ? "down" : "up", requests, errors,
                       slow[s] ? 130 + random.below(60) : 10 + random.below(120), random.below(4));
      } else {
        const auto b = static_cast<std::size_t>(place - kServers);
        if (random.below(busy[b] ? 30 : 2000) == 0) busy[b] ^= 1;
        fmt::format_to(std::back_inserter(line), "\"Backend\",\"data\":{{\"backend\":\"b{}\",\"rate\":{}.{},\"util\":0.{:03}}}", b,
                       100 + random.below(900), random.below(10), busy[b] ? 700 + random.below(300) : 200 + random.below(500));
      }
      fmt::format_to(std::back_inserter(line), ",\"source\":\"lb-{}\",\"seq\":{}}}", place % 4, i / 4 + 1);
      writer.line(line);
      if (writer.out().size() < 1 << 20) continue;
      const std::string bytes = writer.take();
      std::fwrite(bytes.data(), 1, bytes.size(), to);
    }
    writer.finish();
    const std::string bytes = writer.take();
    std::fwrite(bytes.data(), 1, bytes.size(), to);
  }
};

const Day& day(std::int64_t facts) {
  static const Day one(facts);
  return one;
}

// The last line that the command writes, and that it ends so.
std::string last_line(const std::vector<std::string>& words, int exit_code) {
  std::FILE* const out = std::tmpfile();
  app::Io io;
  io.out = out;
  io.err = out;
  if (const int code = app::run_program(words, io); code != exit_code) World::die(fmt::format("{} ended with {}", words[0], code));
  std::rewind(out);
  std::string line, last;
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) {
    if (c == '\n')
      last = std::exchange(line, {});
    else
      line += static_cast<char>(c);
  }
  std::fclose(out);
  return last;
}

void plan(benchmark::State& state) {
  const Day& recorded = day(state.range(0));
  std::string summary;
  for (auto _ : state)
    summary = last_line({"plan", recorded.rules, "--set", "slow_limit=165ms", "--facts", recorded.facts}, app::kExitDifferent);
  state.SetLabel(summary);
  state.counters["checked"] = summary.find(fmt::format("{} inputs", recorded.count)) != std::string::npos ? 1 : 0;
  state.counters["facts_per_s"] = benchmark::Counter(static_cast<double>(recorded.count), benchmark::Counter::kIsIterationInvariantRate);
}

void replay(benchmark::State& state) {
  const Day& recorded = day(state.range(0));
  std::string summary;
  for (auto _ : state) summary = last_line({"replay", recorded.rules, "--facts", recorded.facts}, app::kExitFine);
  state.counters["checked"] = summary.empty() ? 0 : 1;
  state.counters["facts_per_s"] = benchmark::Counter(static_cast<double>(recorded.count), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t facts = kDayFacts / 10;
  const auto take = [&] {
    argv[1] = argv[0];
    ++argv;
    --argc;
  };
  if (argc > 1 && std::strcmp(argv[1], "--day") == 0) {
    facts = kDayFacts;
    take();
  }
  if (argc > 2 && std::strcmp(argv[1], "--write") == 0) {
    const Day kept(facts, argv[2]);
    return 0;
  }
  benchmark::RegisterBenchmark("plan", plan)->Arg(facts)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("replay", replay)->Arg(facts)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
