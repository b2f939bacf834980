// `flyball whatif`: what would follow if facts came, in a copy of a recorded state.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "app/commands/commands.h"
#include "app/explain/render.h"
#include "app/replay/change_teller.h"
#include "app/replay/plan_report.h"
#include "app/replay/plan_side.h"
#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {
namespace {

class WhatIf : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "whatif",
        .summary = "show what would follow if facts came",
        .synopsis = {"whatif RULES… --facts FILE|- --put 'TYPE {…}' … [--retract 'TYPE {…}' …] [--for DURATION] [--until TIME] [--json]"},
        .description =
            "Runs recorded facts through the rules, copies the state they lead to, puts facts into the copy, and prints what then follows "
            "and would not have followed without them: actions and derived facts. Nothing is sent.\n\n"
            "A fact is its type and its fields as a JSON object; all of them come at once, at the first full second after the recording "
            "(after "
            "`--until`, if that is given). `--for` lets time go on in both, so that holds, absences and repeats fall due; without it only "
            "what follows at once "
            "is shown.\n\n"
            "The signs are those of `flyball plan`: + an action line that the facts bring about, - one that they prevent, @ one that comes "
            "at "
            "another time, ~ one that is otherwise; `*` is a derived fact that begins or ceases to hold.",
        .examples =
            {{R"(flyball whatif rules/ --facts morning.jsonl --put 'LinkStats {"device":"e2","port":"et7","util":"97%"}' --for 30s)",
              "a second hot link, for half a minute"}},
        .exit_codes =
            "0   told, be it that nothing follows\n1   the rules do not check, a file cannot be read, or a fact is refused\n64  wrong "
            "usage"};
  }

  void options(Options& options) override {
    arguments_.add_options(options);
    options.list("--put", "FACT", puts_, "a fact that comes, as `TYPE {…}`; may be given several times");
    options.list("--retract", "FACT", retracts_, "a fact that goes, by its key; may be given several times");
    options.value("--for", "DURATION", for_, "let time go on for so long (default 0s)");
    options.value("--limit", "N", limit_, "show this many changes, the rest is counted (default 50, 0: all)");
    options.flag("--json", json_, "one JSON object a line: changes, then the summary");
  }

  int run(Io& io) override {
    const auto wrong = [&](std::string_view message, std::string_view help) {
      io.error(fmt::format("whatif: {}", message), help);
      return kExitUsage;
    };
    if (arguments_.rules.empty()) return wrong("`RULES` is missing", "`flyball whatif --help` shows what it takes");
    if (!arguments_.facts) return wrong("`--facts FILE` is missing", "the state to begin with comes of recorded facts");
    if (puts_.empty() && retracts_.empty()) return wrong("there is nothing to try", "`--put 'TYPE {…}'` names a fact that comes");
    if (std::find(arguments_.rules.begin(), arguments_.rules.end(), "-") != arguments_.rules.end())
      return wrong("RULES cannot be `-`", "they are read twice: name files");
    if (const std::optional<int> usage = arguments_.wrong_usage("whatif", {}, true, io)) return *usage;

    int exit_code = kExitFailed;
    std::unique_ptr<CompiledPackage> first = compile_package(arguments_.rules, arguments_.params, io, nullptr, &exit_code);
    if (first == nullptr) return exit_code;
    std::unique_ptr<CompiledPackage> second = compile_package(arguments_.rules, arguments_.params, io, nullptr, &exit_code);
    if (second == nullptr) return exit_code;
    Result<LineReader> lines = LineReader::open(*arguments_.facts, io.in);
    if (!lines) return io.error(lines.error().message, lines.error().help), kExitFailed;
    const ReplayOptions options{.until = *parse_until(arguments_.until)};
    PlanSide as_is(std::move(first), lines->name(), options, io);
    PlanSide with(std::move(second), retracts_.empty() ? "--put" : "--retract, --put", {}, io);
    as_is_ = &as_is;
    with_ = &with;
    if (!replay(*lines, io)) return kExitFailed;
    if (!as_is.feeder().newest() && !arguments_.until) {
      io.error("whatif: the recording has no fact, so that no time has begun", "`--until TIME` says when the facts are to come");
      return kExitFailed;
    }
    if (const Result<void> copied = with.copy(as_is); !copied) return io.error(copied.error().message, copied.error().help), kExitFailed;
    as_is.keep_derived();
    with.keep_derived();

    const Timestamp now = as_is.session().now();
    const Timestamp at = now + (kNsPerSecond - ((now.ns % kNsPerSecond) + kNsPerSecond) % kNsPerSecond);
    std::uint64_t number = 0;
    for (const auto& [facts, op] : {std::pair{&retracts_, "retract"}, std::pair{&puts_, "put"}}) {
      for (const std::string& fact : *facts) with.feeder().line(record_line(fact, op, at), ++number);
    }
    if (with.feeder().counts().refused > 0) return kExitFailed;
    io_ = &io;
    ChangeTeller teller(io, as_is, with, limit_, json_, {"without", "not with"});
    teller_ = &teller;
    Difference difference(for_.value_or(0), teller);
    go_on(at, at + for_.value_or(0), difference);
    difference.finish();
    tell(at, difference, io);
    return kExitFine;
  }

 private:
  // Deadlines (kMaxSteps) that are passed one by one; what follows after so many is run through at once.
  static constexpr std::uint64_t kMaxSteps = 100'000;

  // `Probe {"ok":true}` as a recorded line. What is wrong with it the reader says.
  static std::string record_line(const std::string& fact, std::string_view op, Timestamp at) {
    const std::size_t brace = std::min(fact.find('{'), fact.size());
    std::string type = fact.substr(0, brace);
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
    std::string line = "{\"time\":";
    bus::append_time(line, at);
    return line + fmt::format(",\"type\":{},\"op\":\"{}\",\"data\":{}}}", quote(type), op, brace < fact.size() ? fact.substr(brace) : "{}");
  }

  bool replay(LineReader& lines, Io& io) {
    std::string_view line;
    for (;;) {
      const LineReader::Status status = lines.next(line);
      if (status == LineReader::Status::kEnd) break;
      if (status == LineReader::Status::kFailed) return io.error(fmt::format("`{}` cannot be read to its end", lines.name())), false;
      if (status == LineReader::Status::kOversize)
        as_is_->feeder().oversize(lines.line_number());
      else
        as_is_->feeder().line(line, lines.line_number());
      as_is_->lines().clear();
    }
    as_is_->feeder().end();
    as_is_->lines().clear();
    return true;
  }

  // Both from deadline to deadline, so that reasons are asked for where they are to be found.
  void go_on(Timestamp at, Timestamp end, Difference& difference) {
    Timestamp t = at;
    for (std::uint64_t step = 0;; ++step) {
      as_is_->tick(t + as_is_->lateness());
      with_->tick(t + with_->lateness());
      compare(difference);
      if (t >= end) return;
      Timestamp next = end;
      for (const PlanSide* side : {as_is_, with_}) {
        const std::optional<Timestamp> due = side->session().next_deadline();
        if (due && *due > t) next = std::min(next, *due);
      }
      t = step < kMaxSteps ? next : end;
    }
  }

  void compare(Difference& difference) {
    difference.instants(as_is_->lines(), with_->lines(), kTimestampMax);
    std::vector<PlanSide::DerivedLine> without = as_is_->take_derived(), with = with_->take_derived();
    tell_derived(with, without, true);
    tell_derived(without, with, false);
  }

  void tell(Timestamp at, const Difference& difference, Io& io) {
    const RuleDifference& t = difference.total();
    if (json_) {
      std::string time;
      bus::append_time(time, at);
      io.data(
          fmt::format("{{\"summary\":{{\"time\":{},\"puts\":{},\"retracts\":{},\"added\":{},\"removed\":{},\"moved\":{},\"changed\":{},"
                      "\"derived\":{},\"not_shown\":{}}}}}\n",
                      time, puts_.size(), retracts_.size(), t.added, t.removed, t.moved, t.changed, derived_, teller_->not_shown()));
      return;
    }
    if (teller_->not_shown() > 0)
      io.data(
          fmt::format("{} more change{} not shown: `--limit 0` shows all\n", teller_->not_shown(), teller_->not_shown() == 1 ? "" : "s"));
    io.data(
        fmt::format("{} put, {} retracted at {}{}: action lines {} added, {} removed, {} moved, {} changed; {} change{} of derived facts\n",
                    puts_.size(), retracts_.size(), plan_moment(at), for_ ? ", then " + format_duration_human(*for_) : "", t.added,
                    t.removed, t.moved, t.changed, derived_, derived_ == 1 ? "" : "s"));
  }

  // Those of `all` that `others` do not have.
  void tell_derived(const std::vector<PlanSide::DerivedLine>& all, const std::vector<PlanSide::DerivedLine>& others, bool with) {
    const auto key = [](const PlanSide::DerivedLine& line) {
      return fmt::format("{} {} {}{}", line.time.ns, line.present, line.type, line.data);
    };
    std::unordered_map<std::string, std::size_t> there;
    for (const PlanSide::DerivedLine& line : others) ++there[key(line)];
    for (const PlanSide::DerivedLine& line : all) {
      if (const auto same = there.find(key(line)); same != there.end() && same->second > 0) {
        --same->second;
        continue;
      }
      ++derived_;
      if (!teller_->room()) continue;
      if (json_) {
        std::string time;
        bus::append_time(time, line.time);
        io_->data(fmt::format("{{\"change\":\"derived\",\"time\":{},\"type\":{},\"holds\":{},\"data\":{},\"with\":{}}}\n", time,
                              quote(line.type), line.present, line.data, with));
      } else {
        io_->data(fmt::format("* {}  {} {}{}\n", plan_moment(line.time), line.text, line.present ? "holds" : "no longer holds",
                              with ? "" : ", without the facts only"));
      }
    }
  }

  OfflineArguments arguments_;
  std::vector<std::string> puts_, retracts_;
  std::optional<DurationNs> for_;
  std::optional<std::uint64_t> limit_;
  bool json_ = false;

  Io* io_ = nullptr;
  std::uint64_t derived_ = 0;
  ChangeTeller* teller_ = nullptr;
  PlanSide *as_is_ = nullptr, *with_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> make_whatif() { return std::make_unique<WhatIf>(); }

}  // namespace flyball::app
