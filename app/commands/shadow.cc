// `flyball shadow`: what rules in mode shadow would have done, beside what active rules did.
#include "app/replay/shadow.h"

#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/explain/online.h"
#include "app/replay/replay.h"

namespace flyball::app {
namespace {

// Sees every action line of a replay.
class ShadowSink : public RefusalSink {
 public:
  ShadowSink(ShadowWatch& watch, Io& io) : watch_(watch), io_(io) {}
  void on_action(const ActionOutput& action) override {
    if (action.time > newest_) watch_.pass(action.time);
    newest_ = std::max(newest_, action.time);
    watch_.note(action);
  }
  void on_trouble(Timestamp, const std::string& message) override { io_.warning(message); }

 private:
  ShadowWatch& watch_;
  Io& io_;
  Timestamp newest_ = kTimestampMin;
};

class Shadow : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "shadow",
        .summary = "compare what rules in mode shadow would have done with what active rules did",
        .synopsis = {"shadow [--connect ENDPOINT] [--json]",
                     "shadow RULES… --facts FILE|- [--moved-within DURATION] [--limit N] [--until TIME] [--json]"},
        .description =
            "A rule with `mode shadow` is evaluated beside the others and sends nothing. For each this says how often it would have done "
            "what, and compares that with what active rules did: actions of the types that it makes, by type and target (the action's "
            "key; of an action without one all its fields).\n\n"
            "  the same          an active rule did it to that target at the same time\n"
            "  at another time   an active rule did it within an hour (`--moved-within`)\n"
            "  only in shadow    no active rule did it (+)\n"
            "  only active       an active rule did it, and this one would not have (-)\n\n"
            "Without RULES a running service is asked, for what happened since its rules were loaded; what may still find its partner "
            "within the hour is said as not paired yet. With RULES recorded facts are replayed. The newest examples of each kind are "
            "shown.",
        .examples = {{"flyball shadow --connect tcp://127.0.0.1:7705", "of a running service"},
                     {"flyball shadow rules/ --facts morning.jsonl", "over a recording"}},
        .exit_codes = "0   shown\n1   the rules do not check, a file cannot be read, or the service does not answer\n64  wrong usage"};
  }
  void options(Options& options) override {
    arguments_.add_options(options);
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.value("--moved-within", "DURATION", within_, "how far apart two may be and still be the same one (default 1h)");
    options.value("--limit", "N", limit_, "show this many examples of each kind and rule (default 5)");
    options.flag("--json", json_, "one JSON object");
  }
  int run(Io& io) override {
    if (const std::optional<int> wrong = arguments_.wrong_usage("shadow", connect_, true, io)) return *wrong;
    if (arguments_.rules.empty()) {
      if (within_ || limit_) {
        io.error(fmt::format("shadow: `{}` is for recorded facts", within_ ? "--moved-within" : "--limit"), "a service pairs as they come");
        return kExitUsage;
      }
      return query_service(connect_, "shadow", "{}", json_, io);
    }
    int exit_code = kExitFailed;
    const std::unique_ptr<CompiledPackage> package = compile_package(arguments_.rules, arguments_.params, io, nullptr, &exit_code);
    if (package == nullptr) return exit_code;
    Result<RecordedFile> lines = RecordedFile::open(*arguments_.facts, io.in);
    if (!lines) {
      io.error(lines.error().message, lines.error().help);
      return kExitFailed;
    }
    ShadowWatch watch(*package, within_.value_or(ShadowWatch::kWithin), limit_.value_or(ShadowWatch::kExamples));
    ShadowSink sink(watch, io);
    engine::Session session(*package->program, package->interner, sink, arguments_.limits(*lines, io));
    const ReplayOptions options{.until = *parse_until(arguments_.until)};
    const ReplayCounts counts = replay_lines(*lines, package->program->schema(), package->interner, session, sink, options, io);
    watch.finish();
    if (counts.refused > 0) io.warning(counts.summary());
    const std::vector<ShadowWatch::Figures> figures = watch.figures();
    if (figures.empty() && !json_) io.note("no rule in mode shadow does anything");
    io.data(json_ ? fmt::format("{{\"shadow\":{}}}\n", shadow_json(figures)) : shadow_text(figures, true));
    return counts.stopped ? kExitFailed : kExitFine;
  }

 private:
  OfflineArguments arguments_;
  std::optional<std::string> connect_;
  std::optional<DurationNs> within_;
  std::optional<std::uint64_t> limit_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_shadow() { return std::make_unique<Shadow>(); }

}  // namespace flyball::app
