// The loop from lines to a Session.
#include "app/replay/replay.h"

#include <fmt/core.h>

#include <algorithm>

#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// Interned content of past facts is given back after this many inputs.
constexpr std::uint64_t kCollectEvery = 1 << 16;

class QuietSink : public engine::OutputSink {
 public:
  explicit QuietSink(Io& io) : io_(io) {}
  void on_action(const ActionOutput&) override {}
  void on_trouble(Timestamp, const std::string& message) override { io_.warning(message); }

 private:
  Io& io_;
};

}  // namespace

DurationNs largest_lateness(const Schema& schema) {
  DurationNs largest = 0;
  for (const FactType& type : schema.types) largest = std::max(largest, type.lateness_ns);
  return largest;
}

ReplayCounts replay_lines(LineReader& lines, const Schema& schema, Interner& interner, engine::Session& session,
                          const ReplayOptions& options, Io& io) {
  bus::RecordedReader reader(schema, interner);
  ReplayCounts counts;
  const auto refuse = [&](const std::string& message, const std::string& help) {
    ++counts.refused;
    io.message(fmt::format("{}:{}: {}\n", lines.name(), lines.line_number(), message));
    if (!help.empty()) io.message(fmt::format("  help: {}\n", help));
    counts.stopped = options.strict;
  };
  // What the engine does not take is no input either.
  const auto refused_by_engine = [&](const Error& error) {
    --counts.inputs;
    refuse(error.message, error.help);
  };
  const auto later = [&](Timestamp t) { return options.until && t > *options.until; };

  bool ended_by_tick = false;  // then the recording says itself how far time went
  std::string_view line;
  while (!counts.stopped) {
    // Before waiting for more, what is known goes out: a pipe may be somebody's live log.
    if (!lines.buffered()) std::fflush(io.out);
    const LineReader::Status status = lines.next(line);
    if (status == LineReader::Status::kEnd) break;
    if (status == LineReader::Status::kFailed) {
      io.error(fmt::format("`{}` cannot be read to its end", lines.name()));
      counts.stopped = true;
      break;
    }
    if (status == LineReader::Status::kOversize) {
      refuse(fmt::format("the line is longer than {} bytes", LineReader::kMaxLineBytes), {});
      continue;
    }
    if (bus::is_blank_line(line)) continue;
    Result<bus::RecordedInput> input = reader.read(line);
    if (!input) {
      refuse(input.error().message, input.error().help);
      continue;
    }
    ++counts.inputs;
    ended_by_tick = std::holds_alternative<bus::TickInput>(*input);
    if (const FactInput* fact = std::get_if<FactInput>(&*input)) {
      if (later(fact->stamp)) continue;
      if (const Result<engine::PutOutcome> done = session.put(*fact); !done) refused_by_engine(done.error());
    } else if (const AckInput* ack = std::get_if<AckInput>(&*input)) {
      if (later(ack->stamp)) continue;
      if (const Result<void> done = session.ack(*ack); !done) refused_by_engine(done.error());
    } else if (const Timestamp t = std::get<bus::TickInput>(*input).time; !later(t)) {
      session.tick(t);
    }
    if (counts.inputs % kCollectEvery == 0) session.collect();
  }
  if (options.until)
    session.tick(*options.until + largest_lateness(schema));
  else if (!ended_by_tick)
    session.finish();
  return counts;
}

void OfflineArguments::add_options(Options& options) {
  options.positionals("RULES", rules, "rule files, or folders whose *.fly files are taken", false).complete = Complete::kRules;
  options.value("--facts", "FILE", facts, "recorded facts as JSON lines; `-` is standard input").complete = Complete::kFile;
  options.value("--until", "TIME", until,
                "leave out what is stamped later, and let time go on to TIME: RFC 3339, or seconds since the epoch");
  options.list("--param", "NAME=VALUE", params, "run with this value of a param; may be given several times");
}

std::unique_ptr<Offline> replay_offline(const OfflineArguments& arguments, Io& io) {
  ReplayOptions options;
  if (arguments.until) {
    options.until = parse_instant(*arguments.until);
    if (!options.until) {
      io.error(fmt::format("`--until` cannot be `{}`", *arguments.until),
               "a time is RFC 3339, like 2030-01-15T01:45:00Z, or seconds since the epoch");
      return nullptr;
    }
  }
  auto offline = std::make_unique<Offline>();
  offline->package = compile_package(arguments.rules, arguments.params, io);
  if (offline->package == nullptr) return nullptr;
  CompiledPackage& package = *offline->package;
  offline->sink = std::make_unique<QuietSink>(io);
  offline->session = std::make_unique<engine::Session>(*package.program, package.interner, *offline->sink);
  if (!arguments.facts) {
    if (options.until) offline->session->tick(*options.until);
    return offline;
  }
  Result<LineReader> lines = LineReader::open(*arguments.facts, io.in);
  if (!lines) {
    io.error(lines.error().message, lines.error().help);
    return nullptr;
  }
  offline->counts = replay_lines(*lines, package.program->schema(), package.interner, *offline->session, options, io);
  if (offline->counts.refused > 0) io.warning(fmt::format("{} of the recorded lines were refused", offline->counts.refused));
  if (offline->counts.stopped) return nullptr;
  return offline;
}

}  // namespace flyball::app
