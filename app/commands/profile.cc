// `flyball profile`: recorded facts run in process, and where a fact's nanoseconds go.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "app/commands/commands.h"
#include "app/insight/view.h"
#include "app/replay/replay.h"
#include "bus/codec/json_lines.h"

namespace flyball::app {
namespace {

constexpr DurationNs kPeriod = 1'000'000;  // more often would cost more than it tells: on a virtual machine a signal takes up to 60 µs
constexpr DurationNs kForDefault = 2 * kNsPerSecond;
constexpr DurationNs kForMax = 600 * kNsPerSecond;
constexpr std::uint64_t kPassesMax = 100'000;

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

// Writes lines as a service would, and throws them away.
class WritingSink : public RefusalSink {
 public:
  WritingSink(Sampler& sampler, const Schema& schema, const Interner& interner) : sampler_(sampler), schema_(schema), interner_(interner) {}
  void on_action(const ActionOutput& action) override {
    const Sampler::In in(sampler_, AppPart::kOutput);
    line_.clear();
    bus::append_action(line_, action, schema_, interner_);
  }
  void on_derived(const DerivedOutput& derived) override {
    const Sampler::In in(sampler_, AppPart::kOutput);
    line_.clear();
    bus::append_derived(line_, derived, schema_, interner_);
  }

 private:
  Sampler& sampler_;
  const Schema& schema_;
  const Interner& interner_;
  std::string line_;
};

class Profile : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "profile",
        .summary = "show where the time of recorded facts goes",
        .synopsis = {"profile RULES… --facts FILE|- [--for D] [--rules N] [--until TIME] [--param NAME=VALUE …] [--json]"},
        .description =
            "Runs the rules over recorded facts in this process, as `replay` does, and says where a fact's nanoseconds go: reading and "
            "decoding, tests on single facts by type, joins and effects by rule, aggregates, the agenda, output; and which nodes of the "
            "network look at how much for how little.\n\n"
            "Counters are exact and of one pass. Times are sampled: the file is run once as it is, which gives the speed, and then again "
            "and "
            "again until `--for` is over, each time from the beginning, while a timer looks once a millisecond at what goes on. What "
            "looking costs is the difference between the two, and is said; so is how good the shares are. From a pipe there is one pass, "
            "and "
            "the speed includes the looking. Actions are written down as a service would and thrown away.\n\n"
            "Lines that are refused are said as `replay` says them, once.",
        .examples = {{"flyball profile rules/ --facts morning.jsonl", "where the time goes"},
                     {"flyball profile rules/ --facts morning.jsonl --for 10s --rules 5", "better shares, of the five dearest rules"},
                     {"flyball profile rules/ --facts morning.jsonl --json | jq '.insight.rules[0]'", "the dearest rule"}},
        .exit_codes = "0   shown\n1   the rules do not check, or the facts cannot be read\n64  wrong usage"};
  }
  void options(Options& options) override {
    arguments_.add_options(options);
    options.value("--for", "D", for_, "how long to look (default 2s, at most 10m)");
    options.value("--rules", "N", rules_, "rules shown (default 20)");
    options.flag("--json", json_, "one JSON object");
  }
  int run(Io& io) override {
    const auto wrong = [&](std::string_view message, std::string_view help) {
      io.error(fmt::format("profile: {}", message), help);
      return kExitUsage;
    };
    if (arguments_.rules.empty() || !arguments_.facts)
      return wrong(fmt::format("`{}` is missing", arguments_.rules.empty() ? "RULES" : "--facts FILE"),
                   arguments_.rules.empty() ? "`flyball top` looks at a running service" : "`flyball profile --help` shows what it takes");
    if (const std::optional<int> usage = arguments_.wrong_usage("profile", {}, true, io)) return *usage;
    const DurationNs long_enough = for_.value_or(kForDefault);
    if (long_enough <= 0 || long_enough > kForMax) return wrong("`--for` is out of range", "more than 0s, at most 10m");
    if (rules_ && *rules_ == 0) return wrong("`--rules 0` shows nothing", "the default is 20");

    int exit_code = kExitFailed;
    package_ = compile_package(arguments_.rules, arguments_.params, io, nullptr, &exit_code);
    if (package_ == nullptr) return exit_code;
    std::error_code error;
    const bool again = *arguments_.facts != "-" && std::filesystem::is_regular_file(*arguments_.facts, error);

    ProfileFigures figures;
    figures.period = kPeriod;
    std::optional<InsightReport> report;
    if (again) {
      const std::optional<double> seconds = pass(io, true);
      if (!seconds) return kExitFailed;
      figures.plain_seconds = *seconds;
      // What is in no cache yet is not what the rules cost.
      if (const std::optional<double> warm = pass(io, false)) figures.plain_seconds = std::min(*warm, *seconds);
    }
    if (const Result<void> started = sampler_.start(Sampler::Clock::kWall, kPeriod); !started) {
      io.error(started.error().message);
      return kExitFailed;
    }
    // What lies between two passes is not looked at but takes its time, of a short recording the most of it.
    const double begin = thread_seconds();
    do {
      const std::optional<double> seconds = pass(io, !again);
      if (!seconds) return kExitFailed;
      figures.seconds += *seconds;
      ++figures.passes;
    } while (again && inputs_ > 0 && (thread_seconds() - begin) * 1e9 < static_cast<double>(long_enough) && figures.passes < kPassesMax);
    sampler_.stop();
    if (inputs_ == 0) {
      io.error(
          fmt::format("no line of `{}` is an input: nothing was measured", *arguments_.facts),
          arguments_.until ? "`--until` leaves out what is stamped later" : "a recording is JSON lines, as `flyball record` writes them");
      return kExitFailed;
    }
    figures.facts = inputs_;
    figures.samples = sampler_.samples().total;
    report = insight_report(*session_, sampler_.samples(), InsightOrder::kTime);
    report->plan = plan_name(*package_->program);
    report->at = figures.seconds;
    if (json_) {
      io.data(profile_json(*report, figures) + "\n");
    } else {
      io.data(profile_text(*report, figures, static_cast<std::size_t>(rules_.value_or(20))));
    }
    return kExitFine;
  }

 private:
  // All lines through a new session; the seconds of this thread. `says`: also what is refused.
  std::optional<double> pass(Io& io, bool says) {
    Result<RecordedFile> lines = RecordedFile::open(*arguments_.facts, io.in);
    if (!lines) {
      io.error(lines.error().message, lines.error().help);
      return std::nullopt;
    }
    WritingSink sink(sampler_, package_->program->schema(), package_->interner);
    auto next = std::make_unique<engine::Session>(*package_->program, package_->interner, sink, arguments_.limits(*lines, io));
    if (session_ == nullptr)
      sampler_.watch(next->work_place(), next->insight(), package_->program->schema().decisions.size());
    else
      sampler_.go_on_with(next->work_place());
    session_ = std::move(next);
    Io quiet = io;
    if (!says) {
      if (nowhere_ == nullptr) nowhere_.reset(std::fopen("/dev/null", "w"));
      if (nowhere_ != nullptr) quiet.err = nowhere_.get();
    }
    const ReplayOptions options{.until = *parse_until(arguments_.until), .sampler = &sampler_};
    const double begin = thread_seconds();
    const ReplayCounts counts = replay_lines(*lines, package_->program->schema(), package_->interner, *session_, sink, options, quiet);
    const double seconds = thread_seconds() - begin;
    if (says && (counts.refused > 0 || counts.late() > 0)) io.warning(counts.summary());
    if (counts.stopped) return std::nullopt;
    inputs_ = counts.inputs;
    return seconds;
  }

  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  OfflineArguments arguments_;
  std::optional<DurationNs> for_;
  std::optional<std::uint64_t> rules_;
  bool json_ = false;
  std::unique_ptr<CompiledPackage> package_;
  Sampler sampler_;
  std::unique_ptr<engine::Session> session_;  // of the last pass
  std::unique_ptr<std::FILE, Close> nowhere_;
  std::uint64_t inputs_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_profile() { return std::make_unique<Profile>(); }

}  // namespace flyball::app
