// `flyball whatif`: what would follow if facts came, or params were otherwise, in a copy of a recorded state or of a running service's.
// The copy runs in this process: the service makes a snapshot, and has nothing more to do with it.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "app/clients/running.h"
#include "app/commands/commands.h"
#include "app/explain/render.h"
#include "app/package/texts.h"
#include "app/replay/change_teller.h"
#include "app/replay/plan_report.h"
#include "app/replay/plan_side.h"
#include "app/replay/tried_fact.h"
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
        .synopsis = {"whatif RULES… --facts FILE|- --put 'TYPE {…}' … [--retract 'TYPE {…}' …] [--set NAME=VALUE …] [--for DURATION] "
                     "[--until TIME] [--json]",
                     "whatif [--connect ENDPOINT] --put 'TYPE {…}' … [--retract 'TYPE {…}' …] [--set NAME=VALUE …] [--for DURATION] "
                     "[--json]"},
        .description =
            "Copies a state, puts facts into the copy, and prints what then follows and would not have followed without them: actions and "
            "derived facts. The state is the one that recorded facts lead to, or without RULES that of a running service. Nothing is sent, "
            "and nothing changes: the copy runs in this process, and the service only makes it.\n\n"
            "A fact is its type and its fields as a JSON object. All come at once, at the first full second after the state (after "
            "`--until`, if that is given): first those that go (`--retract`), then those that come, each in the order of the command line. "
            "`--set` loads the rules with another value of a param, as a reload does, right before; of one param the last counts. "
            "`--for` lets time go on in both, so that holds, absences and repeats fall due; without it only what follows at once is "
            "shown. Nobody renews a fact meanwhile: what has a ttl becomes stale when it is over, which is said at the end.\n\n"
            "The signs are those of `flyball plan`: + an action line that the facts bring about, - one that they prevent, @ one that comes "
            "at another time, ~ one that is otherwise; `*` is a derived fact that begins or ceases to hold.",
        .examples =
            {{R"(flyball whatif rules/ --facts morning.jsonl --put 'LinkStats {"device":"e2","port":"et7","util":"97%"}' --for 30s)",
              "a second hot link, for half a minute"},
             {R"(flyball whatif --connect tcp://127.0.0.1:7705 --set high_util=85% --for 10m)",
              "the running service with another threshold"}},
        .exit_codes =
            "0   told, be it that nothing follows\n1   the rules do not check, a file cannot be read, the service does not answer or has "
            "too "
            "many facts, or a fact is refused\n64  wrong usage"};
  }

  void options(Options& options) override {
    arguments_.add_options(options);
    options.list("--put", "FACT", puts_, "a fact that comes, as `TYPE {…}`; may be given several times");
    options.list("--retract", "FACT", retracts_, "a fact that goes, by its key; may be given several times");
    options.value("--connect", "ENDPOINT", connect_,
                  "the state and the rules of the service with this queries endpoint (default tcp://127.0.0.1:7705)");
    options.list("--set", "NAME=VALUE", set_, "a param that is otherwise with the facts; may be given several times");
    options.value("--for", "DURATION", for_, "let time go on for so long (default 0s)");
    options.value("--limit", "N", limit_, "show this many changes, the rest is counted (default 50, 0: all)");
    options.flag("--json", json_, "one JSON object a line: changes, then the summary");
  }

  int run(Io& io) override {
    const auto wrong = [&](std::string_view message, std::string_view help) {
      io.error(fmt::format("whatif: {}", message), help);
      return kExitUsage;
    };
    const bool live = arguments_.rules.empty();
    if (const std::optional<int> usage = arguments_.wrong_usage("whatif", connect_, true, io)) return *usage;
    if (puts_.empty() && retracts_.empty() && set_.empty())
      return wrong("there is nothing to try", "`--put 'TYPE {…}'` names a fact that comes");
    if (std::find(arguments_.rules.begin(), arguments_.rules.end(), "-") != arguments_.rules.end())
      return wrong("RULES cannot be `-`", "they are read twice: name files");

    int exit_code = kExitFailed;
    if (live && !fetch(io)) return kExitFailed;
    if (!live) {
      Result<RecordedFile> opened = RecordedFile::open(*arguments_.facts, io.in);
      if (!opened) return failed(opened.error(), io);
      lines_.emplace(std::move(*opened));
      limits_ = arguments_.limits(*lines_, io);
    }
    std::unique_ptr<PlanSide> as_is = side({}, nullptr, io, exit_code);
    if (as_is == nullptr) return exit_code;
    as_is_ = as_is.get();
    if (live) {
      if (const Result<void> copied = as_is->restore(copy_.bytes); !copied) return failed(copied.error(), io);
    } else if (!replay(io)) {
      return kExitFailed;
    }
    if (!live && !as_is->feeder().newest() && !arguments_.until) {
      io.error("whatif: the recording has no fact, so that no time has begun", "`--until TIME` says when the facts are to come");
      return kExitFailed;
    }
    // The other one: a copy, and where params are otherwise what takes over from that copy.
    std::unique_ptr<PlanSide> former = side({}, nullptr, io, exit_code), other;
    if (former == nullptr) return exit_code;
    if (const Result<void> copied = former->copy(*as_is); !copied) return failed(copied.error(), io);
    if (!set_.empty()) {
      other = side(set_, &former->package().interner, io, exit_code);
      if (other == nullptr) return exit_code;
    }
    PlanSide& with = other == nullptr ? *former : *other;
    with_ = &with;
    as_is->keep_derived();
    with.keep_derived();
    if (other != nullptr) other->take_over(*former);

    const Timestamp now = as_is->session().now();
    const Timestamp at = now + (kNsPerSecond - ((now.ns % kNsPerSecond) + kNsPerSecond) % kNsPerSecond);
    if (!give(at, io)) return kExitFailed;
    io_ = &io;
    ChangeTeller teller(io, *as_is, with, limit_, json_, {"without", "not with"});
    teller_ = &teller;
    Difference difference(for_.value_or(0), teller);
    if (live && !json_)
      io.data(fmt::format("in a copy of {}, as it was at {}: {}\n", endpoint_, plan_moment(now),
                          plural(as_is->session().counters().facts_live, "fact")));
    stale_before_ = with.session().counters().facts_stale;
    if (!go_on(at, at + for_.value_or(0), difference)) return kExitFailed;
    difference.finish();
    tell(at, difference, io);
    return kExitFine;
  }

 private:
  // Deadlines (kMaxSteps) that are passed one by one; what follows after so many is run through at once.
  static constexpr std::uint64_t kMaxSteps = 100'000;

  static int failed(const Error& error, Io& io) {
    io.error(error.message, error.help);
    return kExitFailed;
  }

  // The service's rules, and its state. They are two questions: in between other rules may be loaded.
  bool fetch(Io& io) {
    const Result<RunningService> service = RunningService::connect(connect_);
    if (!service) return failed(service.error(), io), false;
    endpoint_ = service->endpoint();
    for (int tries = 0; tries < 2; ++tries) {
      Result<RunningService::Rules> rules = service->rules();
      if (!rules) return failed(rules.error(), io), false;
      Result<RunningService::Copy> copy = service->copy();
      if (!copy) return failed(copy.error(), io), false;
      running_ = std::move(*rules);
      copy_ = std::move(*copy);
      if (running_.digest == copy_.digest) return true;
    }
    io.error("whatif: other rules were loaded meanwhile", "try again");
    return false;
  }

  // One run; `set`: params that are otherwise.
  std::unique_ptr<PlanSide> side(const std::vector<std::string>& set, Interner* shared, Io& io, int& exit_code) {
    std::unique_ptr<CompiledPackage> package;
    if (arguments_.rules.empty()) {
      RuleTexts texts = running_.texts;
      texts.params = with_params(std::move(texts.params), set);
      package = compile_texts(texts, io, shared, &exit_code);
    } else {
      package = compile_package(arguments_.rules, with_params(arguments_.params, set), io, shared, &exit_code);
    }
    if (package == nullptr) return nullptr;
    const std::string name = arguments_.facts.value_or("-");
    return std::make_unique<PlanSide>(std::move(package), name == "-" ? "<stdin>" : name,
                                      ReplayOptions{.until = *parse_until(arguments_.until)}, io, limits_);
  }

  // What was asked for: what goes, then what comes.
  bool give(Timestamp at, Io& io) {
    const Schema& schema = with_->package().program->schema();
    bus::RecordedReader reader(schema, with_->package().interner);
    bool fine = true;
    const auto wrong = [&](const std::string& option, const Error& error) {
      io.error(fmt::format("whatif: {}: {}", option, error.message), error.help);
      fine = false;
    };
    for (const auto& [facts, op] : {std::pair{&retracts_, "retract"}, std::pair{&puts_, "put"}}) {
      for (const std::string& fact : *facts) {
        const std::string option = fmt::format("`--{} {}`", op, fact);
        Result<FactInput> input = read_tried_fact(fact, op, at, reader);
        if (!input) {
          wrong(option, input.error());
          continue;
        }
        if (op == std::string_view("retract") && !has_fact(with_->session(), schema, *input))
          io.warning(fmt::format("{}: there is no such fact, so nothing goes", option));
        given_.push_back(option);
        const std::optional<DurationNs> ttl = schema.types[input->type].ttl_ns;
        if (op == std::string_view("put") && ttl && *ttl <= for_.value_or(0)) {
          if (short_lived_++ == 0) first_short_lived_ = fmt::format("{}, after {}", option, format_duration_human(*ttl));
        }
        if (const Result<void> put = with_->put(std::move(*input), given_.size()); !put) wrong(option, put.error());
      }
    }
    return fine;
  }

  // What is refused at its turn is known when time has passed it.
  bool all_taken() {
    const std::vector<RefusalSink::Refusal> refusals = with_->take_refusals();
    for (const RefusalSink::Refusal& refusal : refusals) {
      const bool ours = refusal.line >= 1 && refusal.line <= given_.size();
      io_->error(fmt::format("whatif: {}: {}", ours ? given_[refusal.line - 1] : "an input that waited", refusal.message));
    }
    return refusals.empty();
  }

  bool replay(Io& io) {
    RecordedView view;
    for (bool more = true; more;) {
      switch (lines_->next(view)) {
        case RecordedFile::Status::kRecord: as_is_->feeder().record(view); break;
        case RecordedFile::Status::kOversize: as_is_->feeder().oversize(view.number); break;
        case RecordedFile::Status::kSkipped: break;  // nobody asks for it
        case RecordedFile::Status::kDamaged: as_is_->feeder().damaged(lines_->damage()); break;
        case RecordedFile::Status::kEnd: more = false; break;
        case RecordedFile::Status::kFailed: return io.error(lines_->failure()), false;
      }
      as_is_->lines().clear();
    }
    as_is_->feeder().end();
    as_is_->lines().clear();
    return true;
  }

  // Both from deadline to deadline, so that reasons are asked for where they are to be found.
  bool go_on(Timestamp at, Timestamp end, Difference& difference) {
    Timestamp t = at;
    for (std::uint64_t step = 0;; ++step) {
      as_is_->tick(t + as_is_->lateness());
      with_->tick(t + with_->lateness());
      if (!all_taken()) return false;
      compare(difference);
      if (t >= end) return true;
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
      io.data(fmt::format(
          "{{\"summary\":{{\"time\":{},\"puts\":{},\"retracts\":{},\"sets\":{},\"added\":{},\"removed\":{},\"moved\":{},\"changed\":{},"
          "\"derived\":{},\"became_stale\":{},\"not_shown\":{}}}}}\n",
          time, puts_.size(), retracts_.size(), set_.size(), t.added, t.removed, t.moved, t.changed, derived_, became_stale(),
          teller_->not_shown()));
      return;
    }
    if (teller_->not_shown() > 0)
      io.data(
          fmt::format("{} more change{} not shown: `--limit 0` shows all\n", teller_->not_shown(), teller_->not_shown() == 1 ? "" : "s"));
    if (const std::uint64_t stale = became_stale(); stale > 0) {
      const std::string ours = short_lived_ == 0 ? ""
                               : short_lived_ == 1
                                   ? ", among them " + first_short_lived_
                                   : fmt::format(", among them {} that were put: first {}", short_lived_, first_short_lived_);
      io.data(fmt::format("{} became stale on the way, as nobody renews facts here{}: what waits for longer than a ttl does not follow\n",
                          plural(stale, "fact"), ours));
    }
    io.data(fmt::format(
        "{} put, {} retracted{} at {}{}: action lines {} added, {} removed, {} moved, {} changed; {} change{} of derived facts\n",
        puts_.size(), retracts_.size(), set_.empty() ? "" : fmt::format(", {} set", set_.size()), plan_moment(at),
        for_ ? ", then " + format_duration_human(*for_) : "", t.added, t.removed, t.moved, t.changed, derived_, derived_ == 1 ? "" : "s"));
  }

  // Those that were put, or lay there.
  std::uint64_t became_stale() const {
    const std::uint64_t now = with_->session().counters().facts_stale;
    return now > stale_before_ ? now - stale_before_ : 0;
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
  std::vector<std::string> puts_, retracts_, set_;
  std::optional<std::string> connect_;
  std::optional<DurationNs> for_;
  std::optional<std::uint64_t> limit_;
  bool json_ = false;

  RunningService::Rules running_;
  RunningService::Copy copy_;
  std::optional<RecordedFile> lines_;  // not of a service
  engine::Limits limits_;
  std::string endpoint_;
  std::vector<std::string> given_;  // the facts as they were given, in the order in which they come
  std::uint64_t short_lived_ = 0;   // of those: whose ttl is over within `--for`
  std::string first_short_lived_;
  std::uint64_t stale_before_ = 0;

  Io* io_ = nullptr;
  std::uint64_t derived_ = 0;
  ChangeTeller* teller_ = nullptr;
  PlanSide *as_is_ = nullptr, *with_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> make_whatif() { return std::make_unique<WhatIf>(); }

}  // namespace flyball::app
