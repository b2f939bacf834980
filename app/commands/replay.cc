// `flyball replay`: recorded facts in, actions out, on recorded time; the same bytes on every run.
#include "app/replay/replay.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "app/commands/commands.h"
#include "app/explain/moment_view.h"
#include "app/replay/shadow.h"
#include "bus/codec/json_lines.h"

namespace flyball::app {
namespace {

// Writes outputs as JSON lines as they come.
class LineSink : public RefusalSink {
 public:
  LineSink(const CompiledPackage& package, std::FILE* actions, std::FILE* derived, bool quiet, Io& io)
      : schema_(package.program->schema()),
        interner_(package.interner),
        rules_(package.program->rules()),
        shadow_(package),
        actions_(actions),
        derived_(derived),
        quiet_(quiet),
        io_(io) {}

  void on_action(const ActionOutput& action) override {
    ++count_;
    line_.clear();
    bus::append_action(line_, action, schema_, interner_);
    write(actions_);
    shadow_.note(action);
  }
  void on_derived(const DerivedOutput& derived) override {
    if (derived_ == nullptr) return;
    line_.clear();
    bus::append_derived(line_, derived, schema_, interner_);
    write(derived_);
  }
  void on_log(const LogOutput& log) override {
    if (quiet_) return;
    line_.clear();
    bus::append_time(line_, log.time);
    io_.note(fmt::format("log: {} {}: {}", line_, rules_.rules[log.rule].qualified, log.text));
  }
  void on_trouble(Timestamp t, const std::string& message) override {
    line_.clear();
    bus::append_time(line_, t);
    io_.warning(fmt::format("at {}: {}", line_, message));
  }
  std::uint64_t count() const { return count_; }
  // What rules in shadow would have done, a line each, beside what active ones did.
  std::string shadow_lines() { return shadow_text(shadow_.figures(), false); }

 private:
  void write(std::FILE* to) {
    line_ += '\n';
    (void)!std::fwrite(line_.data(), 1, line_.size(), to);
  }

  const Schema& schema_;
  const Interner& interner_;
  const ast::RuleSet& rules_;
  ShadowRun shadow_;
  std::FILE* actions_;
  std::FILE* derived_;
  bool quiet_;  // no log lines
  Io& io_;
  std::string line_;
  std::uint64_t count_ = 0;
};

class Replay : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "replay",
        .summary = "run rules over recorded facts, on recorded time",
        .synopsis = {"replay RULES… --facts FILE|- [--actions FILE|-] [--derived FILE] [--from TIME] [--until TIME] [--strict] [--param "
                     "NAME=VALUE …]",
                     "replay RULES… --facts FILE|- --at TIME [--limit N] [--json]"},
        .description =
            "Reads facts, acknowledgements, ticks and recoveries, as JSON lines or in the compact form, in order of arrival, and writes "
            "the actions the rules "
            "send, one JSON "
            "object a line. "
            "Time is what the lines say; no clock is read. The same rules and lines give the same bytes on every run.\n\n"
            "Input lines:\n"
            "  "
            "{\"time\":12.5,\"type\":\"LinkStats\",\"data\":{\"device\":\"e1\",\"port\":\"et1\",\"util\":0.92},\"source\":\"gnmi-1\","
            "\"seq\":17}\n"
            "  {\"time\":12.5,\"type\":\"LinkStats\",\"op\":\"retract\",\"data\":{\"device\":\"e1\",\"port\":\"et1\"}}\n"
            "  {\"time\":107.5,\"ack\":{\"action\":\"Fence\",\"data\":{\"target\":\"db1\"},\"state\":\"acked\",\"result\":{}}}\n"
            "  {\"time\":900,\"tick\":true}\n"
            "  {\"time\":960,\"recovered\":true}\n"
            "Output lines:\n"
            "  "
            "{\"time\":12.5,\"rule\":\"net.drain_hot_link\",\"action\":\"DrainLink\",\"id\":\"…\",\"data\":{…},\"state\":\"sent\",\"try\":"
            "1}\n\n"
            "`recovered`: the engine was away since the last instant that had closed, and is back; what was due meanwhile happens then, "
            "once, and "
            "what should have been sent before is marked `\"late\":true`.\n\n"
            "A line that is not JSON, of an unknown type, with a wrong or missing field or too long is refused with its file and line; the "
            "rest goes on. "
            "A line stamped at or before an instant that is over is late, and taken as its type says; the summary counts them and names "
            "the "
            "first. "
            "A stamp more than 30 days ahead of all before it is warned of: time goes there, and what is stamped before is late from then "
            "on. "
            "An acknowledgement that meets no waiting action is counted, not refused: other rules send other actions.\n\n"
            "Blocks of a compact recording that `--from` or `--until` leave out as a whole are passed over by what their heads say: "
            "nothing in "
            "them is looked at, so that nothing in them is refused or said to be damaged; their records are counted as left out.\n\n"
            "`--at` shows the state at one moment instead: facts, derived facts, episodes that run, actions that are under way, and what "
            "will "
            "fall due if nothing comes; as it was then, without what came later. The recording is read from its beginning to that "
            "moment.\n\n"
            "At the end of the lines everything they said is closed; what would fall due later (a hold, an absence) is not waited for, "
            "unless `--until` says how long; at a time at which the engine was away (`recovered`) nothing more falls due. Behind the "
            "summary stands for each rule in mode shadow what it would have done beside what "
            "active rules did (`flyball shadow` shows which).",
        .examples = {{"flyball replay rules/ --facts morning.jsonl", "the actions of a morning"},
                     {"flyball replay rules/ --facts - --derived derived.jsonl < morning.jsonl",
                      "from a pipe, with the derived facts beside"},
                     {"flyball replay rules/ --facts morning.jsonl --until 2030-01-15T12:00:00Z --param high_util=85%",
                      "with another threshold, and time going on until noon"},
                     {"flyball replay rules/ --facts morning.jsonl --at 2030-01-15T08:00:00Z", "what was the case at eight o'clock"}},
        .exit_codes =
            "0   the lines were read to their end (refused ones are said and counted)\n1   the rules do not check, a file cannot be read "
            "or written, or `--strict` met a refusal\n64  wrong usage"};
  }

  void options(Options& options) override {
    arguments_.add_options(options);
    arguments_.add_at(options);
    options.value("--from", "TIME", from_,
                  "leave out what is stamped earlier: the rules begin there, knowing nothing of what was before; RFC 3339, or seconds");
    options.value("--limit", "N", limit_, "with `--at`: lines of each part (default 50, with `--json` all; 0: all)");
    options.value("--actions", "FILE", actions_, "write actions here; `-` (the default) is standard output").complete = Complete::kFile;
    options.value("--derived", "FILE", derived_, "write changes of derived facts here, as JSON lines").complete = Complete::kFile;
    options.flag("--strict", strict_, "stop at the first refused line, with exit status 1");
    options.flag("--profile", profile_, "say on standard error how long reading and running took");
    options.flag("--quiet", quiet_, "no summary and no log lines of rules; what is wrong is still said");
    options.flag("--json", json_, "messages as JSON lines, too (actions always are); with `--at` one JSON object");
  }

  int run(Io& io) override {
    if (arguments_.rules.empty() || !arguments_.facts) {
      io.error(fmt::format("replay: `{}` is missing", arguments_.rules.empty() ? "RULES" : "--facts FILE"),
               "`flyball replay --help` shows what it takes");
      return kExitUsage;
    }
    if (const std::optional<int> wrong = arguments_.wrong_usage("replay", {}, true, io)) return *wrong;
    const Result<std::optional<Timestamp>> from = parse_until(from_, "--from");
    if (!from) {
      io.error(fmt::format("replay: {}", from.error().message), from.error().help);
      return kExitUsage;
    }
    if (arguments_.at) return look(io);
    const ReplayOptions options{.from = *from, .until = *parse_until(arguments_.until), .strict = strict_};
    if (options.from && options.until && *options.from > *options.until) {
      io.error("replay: `--from` is later than `--until`", "nothing is left in between");
      return kExitUsage;
    }
    if (const std::string file = overwritten(); !file.empty()) {
      io.error(fmt::format("replay: `{}` would be overwritten while it is read or written otherwise", file),
               "name another file to write to");
      return kExitUsage;
    }
    const auto begin = std::chrono::steady_clock::now();
    int exit_code = kExitFailed;
    const std::unique_ptr<CompiledPackage> package = compile_package(arguments_.rules, arguments_.params, io, nullptr, &exit_code);
    if (package == nullptr) return exit_code;
    const auto compiled = std::chrono::steady_clock::now();
    Result<RecordedFile> lines = RecordedFile::open(*arguments_.facts, io.in);
    if (!lines) {
      io.error(lines.error().message, lines.error().help);
      return kExitFailed;
    }
    std::FILE* actions = actions_ && *actions_ != "-" ? open(*actions_, io) : io.out;
    std::FILE* derived = derived_ ? (*derived_ == "-" ? io.out : open(*derived_, io)) : nullptr;
    if (actions == nullptr || (derived_ && derived == nullptr)) return kExitFailed;

    LineSink sink(*package, actions, derived, quiet_, io);
    engine::Session session(*package->program, package->interner, sink, arguments_.limits(*lines, io));
    const ReplayCounts counts = replay_lines(*lines, package->program->schema(), package->interner, session, sink, options, io);
    const bool written = close(actions, actions_, io) && close(derived, derived_, io);
    std::fflush(io.out);  // where both streams go to one place, the summary comes last
    if (!quiet_) io.note(fmt::format("{}, {} action line{}", counts.summary(), sink.count(), sink.count() == 1 ? "" : "s"));
    if (!quiet_) {
      for (const std::string& line : split(sink.shadow_lines())) io.note(line);
    }
    if (profile_) {
      using Milliseconds = std::chrono::duration<double, std::milli>;
      io.note(fmt::format("compile {:.3f} ms, replay {:.3f} ms", Milliseconds(compiled - begin).count(),
                          Milliseconds(std::chrono::steady_clock::now() - compiled).count()));
    }
    return counts.stopped || !written ? kExitFailed : kExitFine;
  }

 private:
  static std::vector<std::string> split(const std::string& lines) {
    std::vector<std::string> out;
    for (std::size_t begin = 0, end = 0; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1)
      out.push_back(lines.substr(begin, end - begin));
    return out;
  }

  // An output that is one of the inputs, or the other output; empty if there is none.
  std::string overwritten() const {
    namespace fs = std::filesystem;
    const auto same = [](const std::string& a, const std::string& b) {
      std::error_code error;
      if (a == "-" || b == "-") return false;
      return a == b || (fs::is_regular_file(a, error) && fs::is_regular_file(b, error) && fs::equivalent(a, b, error));
    };
    for (const std::optional<std::string>& output : {actions_, derived_}) {
      if (!output) continue;
      if (same(*output, *arguments_.facts)) return *output;
      const Result<std::vector<std::string>> paths = rule_paths(arguments_.rules);
      if (paths && std::any_of(paths->begin(), paths->end(), [&](const std::string& path) { return same(*output, path); })) return *output;
    }
    return actions_ && derived_ && *actions_ != "/dev/null" && same(*actions_, *derived_) ? *derived_ : std::string();
  }

  static std::FILE* open(const std::string& path, Io& io) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) io.error(fmt::format("`{}` cannot be written: {}", path, std::strerror(errno)));
    return file;
  }
  static bool close(std::FILE* file, const std::optional<std::string>& path, Io& io) {
    if (file == nullptr || !path || *path == "-") return true;
    const bool bad = std::ferror(file) != 0;
    if (std::fclose(file) == 0 && !bad) return true;
    io.error(fmt::format("`{}` cannot be written", *path));
    return false;
  }

  // The state at one moment; actions are not written.
  int look(Io& io) {
    if (actions_ || derived_ || from_ || strict_ || profile_) {
      io.error("replay: `--at` shows a moment of the whole, and writes no actions",
               "leave out `--actions`, `--derived`, `--from`, `--strict` and `--profile`");
      return kExitUsage;
    }
    int exit_code = kExitFailed;
    const std::unique_ptr<Offline> offline = replay_offline(arguments_, io, exit_code);
    if (offline == nullptr) return exit_code;
    const std::uint64_t limit = limit_.value_or(json_ ? 0 : kLimit);
    const MomentShown shown{
        .at = **parse_until(arguments_.at, "--at"), .inputs = offline->counts.inputs, .limit = limit == 0 ? SIZE_MAX : limit};
    const ExplainContext context{offline->package->program->rules(), offline->package->sources, offline->package->interner, shown.at};
    io.data(json_ ? moment_view_json(*offline->session, shown, context) : moment_view_text(*offline->session, shown, context));
    return kExitFine;
  }

  static constexpr std::uint64_t kLimit = 50;
  OfflineArguments arguments_;
  std::optional<std::uint64_t> limit_;
  std::optional<std::string> actions_, derived_, from_;
  bool strict_ = false, profile_ = false, quiet_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_replay() { return std::make_unique<Replay>(); }

}  // namespace flyball::app
