// Question: how fast is a recording replayed, of the compact form and of JSON lines, on one core, through two simple rules?
//
// Half a million facts of 16,000 links, four fields each; actions are written down as `replay` does. Beside it: the same file read and its
// checksums looked at (of JSON lines: split into lines), without making anything of the records. Checked: both forms give the same actions
// byte for byte, and as many as facts say by hand.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/replay/replay.h"
#include "benchmarks/support.h"
#include "bus/codec/json_lines.h"
#include "bus/codec/recording_writer.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

constexpr std::int64_t kFacts = 500'000;

const char* const kRules = R"(
module bench.replay
fact Link key (device, port) { device: string  port: string  util: percent  errors: int }
action Alarm key (device, port) { device: string  port: string }
rule hot { when { l: Link where util > 99.9% and errors > 900 } then { do Alarm { device: l.device, port: l.port } } }
rule bad { when { l: Link where errors > 998 and util < 0.1% } then { do Alarm { device: l.device, port: l.port } } }
)";

struct Files {
  std::string folder, compact, lines;

  Files() {
    folder = (std::filesystem::temp_directory_path() / "flyball-bench-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) World::die("no folder");
    compact = folder + "/facts.rec";
    lines = folder + "/facts.jsonl";
    bus::RecordingWriter writer;
    writer.begin();
    std::FILE* const to_lines = std::fopen(lines.c_str(), "wb");
    std::FILE* const to_compact = std::fopen(compact.c_str(), "wb");
    Random random(3);
    for (std::int64_t i = 0; i < kFacts; ++i) {
      const std::string line = fmt::format(
          "{{\"time\":{}.{:03},\"type\":\"Link\",\"data\":{{\"device\":\"e{}\",\"port\":\"et{}\",\"util\":0.{:04},\"errors\":{}}},"
          "\"source\":\"gnmi-{}\",\"seq\":{}}}",
          1'893'456'000 + i / 1000, i % 1000, random.below(2000), random.below(8), random.below(10'000), random.below(1000), i % 4, i + 1);
      writer.line(line);
      std::fwrite(line.data(), 1, line.size(), to_lines);
      std::fputc('\n', to_lines);
    }
    writer.finish();
    const std::string bytes = writer.take();
    std::fwrite(bytes.data(), 1, bytes.size(), to_compact);
    std::fclose(to_lines);
    std::fclose(to_compact);
  }
  ~Files() { std::filesystem::remove_all(folder); }
};

const Files& files() {
  static const Files all;
  return all;
}

class WritingSink : public app::RefusalSink {
 public:
  explicit WritingSink(World& world) : world_(world) {}
  void on_action(const ActionOutput& action) override {
    bus::append_action(text, action, world_.program->schema(), world_.interner);
    text += '\n';
  }
  std::string text;

 private:
  World& world_;
};

std::string replayed(const std::string& path) {
  World world(kRules);
  WritingSink sink(world);
  engine::Session session(*world.program, world.interner, sink);
  app::Io io;
  auto file = app::RecordedFile::open(path, stdin);
  if (!file) World::die(file.error().message);
  const app::ReplayCounts counts = app::replay_lines(*file, world.program->schema(), world.interner, session, sink, {}, io);
  if (counts.inputs != kFacts || counts.refused != 0) World::die(counts.summary());
  return sink.text;
}

void replay(benchmark::State& state, const std::string& path) {
  static const std::string wanted = replayed(files().lines);
  std::string actions;
  for (auto _ : state) actions = replayed(path);
  state.counters["checked"] = actions == wanted && !actions.empty() ? 1 : 0;
  state.counters["facts_per_s"] = benchmark::Counter(static_cast<double>(kFacts), benchmark::Counter::kIsIterationInvariantRate);
}

void bare(benchmark::State& state, const std::string& path) {
  std::uint64_t records = 0;
  for (auto _ : state) {
    auto file = app::RecordedFile::open(path, stdin);
    app::RecordedView view;
    records = 0;
    while (file && file->next(view) == app::RecordedFile::Status::kRecord) ++records;
  }
  state.counters["checked"] = records == kFacts ? 1 : 0;
}

void replay_compact(benchmark::State& state) { replay(state, files().compact); }
void replay_jsonl(benchmark::State& state) { replay(state, files().lines); }
void bare_compact(benchmark::State& state) { bare(state, files().compact); }
void bare_jsonl(benchmark::State& state) { bare(state, files().lines); }

BENCHMARK(replay_compact)->Unit(benchmark::kMillisecond);
BENCHMARK(bare_compact)->Unit(benchmark::kMillisecond);
BENCHMARK(replay_jsonl)->Unit(benchmark::kMillisecond);
BENCHMARK(bare_jsonl)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
