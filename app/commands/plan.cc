// `flyball plan`: what other rules would have done with recorded facts.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <span>

#include "app/clients/running.h"
#include "app/commands/commands.h"
#include "app/io/digest.h"
#include "app/io/interruption.h"
#include "app/io/json.h"
#include "app/io/replace.h"
#include "app/package/texts.h"
#include "app/replay/change_teller.h"
#include "app/replay/plan_file.h"
#include "app/replay/plan_report.h"
#include "app/replay/plan_side.h"
#include "app/replay/record_batch.h"
#include "app/replay/twin_feed.h"
#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// A question of `--questions`.
struct Asked {
  std::optional<Timestamp> time;
  std::string decision, input;
};

class Plan : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "plan",
        .summary = "show what other rules would have done with recorded facts",
        .synopsis = {"plan RULES_NEW… --against RULES_OLD… --facts FILE|- [--questions FILE] [--limit N] [--json]",
                     "plan RULES… --set NAME=VALUE … --facts FILE|- [--questions FILE] [--limit N] [--json]",
                     "plan [RULES_NEW…] --connect ENDPOINT [--set NAME=VALUE …] --facts FILE|- [--out FILE] …"},
        .description =
            "Runs recorded facts (as `replay` takes them) through the rules as they are and as they would be, side by side, and prints in "
            "what they differ: other files (`--against` names the old ones), other params (`--set`, for the new ones only), or both. With "
            "`--connect` the old rules and params are those that a running service runs; without RULES_NEW the new ones are these, too, "
            "but for "
            "`--set`. Nothing is sent.\n\n"
            "`--out` keeps the plan for `flyball apply`: the new rules, what they were compared with, of which recording, and the "
            "summary.\n\n"
            "Each change is an action line that was added (+), removed (-), moved in time (@) or changed (~), with the reason: what of the "
            "rule's `when` was met where it ran, and what is not met where it does not. A line is the same if its rule, action, fields "
            "and state are, at the same time; it has moved if that is so at another time within `--moved-within`. Two lines of one id at "
            "the "
            "same time are one action that changed; so are two that only another rule made. Of what is the same an instant whose lines "
            "come in "
            "another order is one change more (=).\n\n"
            "`--questions` names recorded questions, JSON lines in order of time:\n"
            "  {\"time\":12.5,\"decision\":\"pick_pool\",\"input\":{\"service\":\"api\"}}\n"
            "Each is asked of both at its time (without a time: at the end); those answered otherwise are shown (?).\n\n"
            "The facts were recorded while other rules acted, and the world may have answered to what they did. Cautions say where "
            "that matters: how much was recorded after the first difference, and which recorded acknowledgements met no action any more. "
            "For each new rule in mode shadow a line says what it would have done beside what active rules did. "
            "The last line is the summary.\n\n"
            "The recording is read once, line by line; memory is that of two services and of changes that may yet turn out to have moved.",
        .examples = {{"flyball plan new.fly --against rules/ --facts morning.jsonl", "what new.fly would have done otherwise"},
                     {"flyball plan rules/ --set high_util=85% --facts morning.jsonl", "the same rules with another threshold"},
                     {"flyball plan rules/ --connect tcp://127.0.0.1:7705 --facts morning.jsonl --out today.plan",
                      "against what a service runs, for `flyball apply today.plan`"}},
        .exit_codes =
            "0   no difference\n1   rules do not check, a file cannot be read, or the service does not answer\n2   they differ\n64  wrong "
            "usage\n130 interrupted (143: by SIGTERM): what is said is of what was read until then, and no plan is kept"};
  }

  void options(Options& options) override {
    arguments_.add_options(options);
    options.word_list("--against", "RULES_OLD…", old_rules_, "the rules as they are; without it RULES, with other params by `--set`")
        .complete = Complete::kRules;
    options.value("--connect", "ENDPOINT", connect_, "the rules as they are: those of the service with this queries endpoint");
    options.value("--out", "FILE", out_, "keep the plan, for `flyball apply`").complete = Complete::kFile;
    options.list("--set", "NAME=VALUE", set_, "a param of the new rules only; may be given several times");
    options.value("--questions", "FILE", questions_file_, "recorded questions, asked of both").complete = Complete::kFile;
    options.value("--moved-within", "DURATION", moved_within_, "how far an action may move and still be the same one (default 1h)");
    options.value("--limit", "N", limit_, "show this many changes, the rest is counted (default 50, 0: all)");
    options.flag("--json", json_, "one JSON object a line: changes, cautions, rules in shadow, then the summary");
  }

  int run(Io& io) override {
    const auto wrong = [&](std::string_view message, std::string_view help) {
      io.error(fmt::format("plan: {}", message), help);
      return kExitUsage;
    };
    if (connect_ && !old_rules_.empty())
      return wrong("`--against` and `--connect` both name the rules as they are", "leave one of them out");
    if (connect_ && !arguments_.params.empty())
      return wrong("`--param` is for rules of files: the service has its own", "`--set` changes a param of the new rules");
    if (arguments_.rules.empty() && !connect_)
      return wrong("`RULES` is missing", old_rules_.empty() ? "`flyball plan --help` shows what it takes"
                                                            : "the new rules stand before `--against`, which takes all words behind it");
    if (!arguments_.facts) return wrong("`--facts FILE` is missing", "a plan is made over recorded facts");
    if (old_rules_.empty() && set_.empty() && (!connect_ || arguments_.rules.empty()))
      return wrong("there is nothing to compare with",
                   "`--against RULES_OLD` names the rules as they are, `--set NAME=VALUE` changes a param");
    for (const std::vector<std::string>* rules : {&arguments_.rules, &old_rules_}) {
      if (std::find(rules->begin(), rules->end(), "-") != rules->end())
        return wrong("RULES cannot be `-`", "they are read twice, or with facts: name files");
    }
    if (questions_file_ == "-" && arguments_.facts == "-") return wrong("`--facts` and `--questions` would both read standard input", {});
    if (!arguments_.rules.empty()) {
      if (const std::optional<int> usage = arguments_.wrong_usage("plan", {}, true, io)) return *usage;
    } else if (const auto time = parse_until(arguments_.until); !time) {
      return wrong(time.error().message, time.error().help);
    } else if (const Result<void> read = arguments_.read_config(); !read) {
      return wrong(read.error().message, read.error().help);
    }

    int exit_code = kExitFailed;
    Sides sides = connect_ ? sides_of_service(io, exit_code) : sides_of_files(io, exit_code);
    if (sides.before == nullptr || sides.after == nullptr) return exit_code;
    std::optional<PlanFile> file;
    if (out_) {
      Result<PlanFile> begun = plan_file_of(sides);
      if (!begun) return io.error(begun.error().message, begun.error().help), kExitFailed;
      file = std::move(*begun);
    }
    if (questions_file_ && !read_questions(io)) return kExitFailed;
    Result<RecordedFile> lines = RecordedFile::open(*arguments_.facts, io.in);
    if (!lines) {
      io.error(lines.error().message, lines.error().help);
      return kExitFailed;
    }
    // What the old rules say of the lines is no news.
    std::FILE* nowhere = std::fopen("/dev/null", "w");
    Io silent = io;
    if (nowhere != nullptr) silent.err = nowhere;
    const ReplayOptions options{.until = *parse_until(arguments_.until)};
    const engine::Limits limits = arguments_.limits(*lines, io);
    PlanSide old_side(std::move(sides.before), lines->name(), options, silent, limits);
    PlanSide new_side(std::move(sides.after), lines->name(), options, io, limits);
    old_ = &old_side;
    new_ = &new_side;
    io_ = &io;
    ChangeTeller teller(io, old_side, new_side, limit_, json_, {});
    teller_ = &teller;
    Difference difference(moved_within_.value_or(3600 * kNsPerSecond), teller);
    difference_ = &difference;
    const Interruption interruption;
    const bool read = feed(*lines);
    const bool interrupted = Interruption::seen();
    const bool nothing = read && old_side.feeder().counts().inputs == 0 && new_side.feeder().counts().inputs == 0;
    if (read && !nothing) conclude(sides.cautions);
    if (nowhere != nullptr) std::fclose(nowhere);
    if (nothing) {
      const std::uint64_t refused = new_side.feeder().counts().refused;
      io.error(fmt::format("{}no line of `{}` is an input{}: nothing was compared", interrupted ? "interrupted: up to there " : "",
                           lines->name(), refused > 0 ? fmt::format(" ({} refused)", refused) : ""),
               interrupted     ? ""
               : options.until ? "`--until` leaves out what is stamped later"
                               : "`flyball record --info FILE` says what a recording holds");
    }
    if (interrupted) return Interruption::exit_code();
    if (!read || nothing) return kExitFailed;
    if (file) {
      file->facts_name = lines->name();
      file->facts_digest = facts_digest_.end();
      file->facts_lines = lines->line_number();
      file->summary = json_member(summary_json(summary()), "summary");
      if (const Result<void> written = write_file(*out_, plan_file_text(*file)); !written)
        return io.error(written.error().message, written.error().help), kExitFailed;
    }
    return difference.changes() > 0 || answers_changed_ > 0 ? kExitDifferent : kExitFine;
  }

 private:
  // Lines of one side that wait for the other's time to pass; beyond it they are compared with what is there.
  static constexpr std::size_t kMaxWaiting = 100'000;
  static constexpr std::size_t kMaxQuestions = 1'000'000;

  struct Sides {
    std::unique_ptr<CompiledPackage> before, after;
    std::string before_name;
    std::vector<std::string> after_params;
    std::optional<PlanFile::Basis> service;
    std::vector<std::string> cautions;
  };

  Sides sides_of_files(Io& io, int& exit_code) const {
    Sides out;
    const std::vector<std::string>& old_rules = old_rules_.empty() ? arguments_.rules : old_rules_;
    out.before = compile_package(old_rules, arguments_.params, io, nullptr, &exit_code);
    if (out.before == nullptr) return out;
    for (const std::string& rules : old_rules) out.before_name += (out.before_name.empty() ? "" : " ") + rules;
    out.after_params = with_params(arguments_.params, set_);
    out.after = compile_package(arguments_.rules, out.after_params, io, nullptr, &exit_code);
    return out;
  }

  Sides sides_of_service(Io& io, int& exit_code) const {
    Sides out;
    exit_code = kExitFailed;
    const Result<RunningService> service = RunningService::connect(connect_);
    Result<RunningService::Rules> running = service ? service->rules() : std::unexpected(service.error());
    if (!running) return io.error(running.error().message, running.error().help), std::move(out);
    out.before = compile_texts(running->texts, io, nullptr, &exit_code);
    if (out.before == nullptr) return out;
    if (rules_digest(*out.before) != running->digest) {
      out.before = nullptr;
      io.error("the rules that the service says it runs are others than it runs", "is it of another version of flyball?");
      return out;
    }
    out.before_name = service->endpoint();
    out.service = {service->endpoint(), running->epoch, running->engine_time, running->inputs};
    if (arguments_.rules.empty()) {
      out.after_params = running->texts.params;
    } else {
      const std::unique_ptr<Package> schema_of = parse_package(arguments_.rules, io);
      if (schema_of == nullptr) return out;
      for (const std::string& param : running->texts.params) {
        const std::string name = param.substr(0, param.find('='));
        if (schema_of->diagnostics.has_errors() || schema_of->rules.schema.find_param(name).id != kNoId)
          out.after_params.push_back(param);
        else
          out.cautions.push_back(fmt::format("the service sets the param `{}`, which the new rules do not have: it is left out", name));
      }
    }
    out.after_params = with_params(std::move(out.after_params), set_);
    if (arguments_.rules.empty()) {
      RuleTexts texts = running->texts;
      texts.params = out.after_params;
      out.after = compile_texts(texts, io, nullptr, &exit_code);
    } else {
      out.after = compile_package(arguments_.rules, out.after_params, io, nullptr, &exit_code);
    }
    return out;
  }

  Result<PlanFile> plan_file_of(const Sides& sides) const {
    PlanFile out;
    out.made = Timestamp{std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
    out.before_digest = rules_digest(*sides.before);
    out.before_name = sides.before_name;
    out.after_digest = rules_digest(*sides.after);
    Result<RuleTexts> texts = texts_of(*sides.after, sides.after_params);
    if (!texts) return std::unexpected(texts.error());
    out.after = arguments_.rules.empty() ? std::move(*texts) : with_absolute_paths(std::move(*texts));
    for (const std::string& rules : arguments_.rules)
      out.arguments.push_back(std::filesystem::absolute(rules).lexically_normal().generic_string());
    out.service = sides.service;
    return out;
  }

  bool read_questions(Io& io) {
    Result<LineReader> lines = LineReader::open(*questions_file_, io.in);
    if (!lines) return io.error(lines.error().message, lines.error().help), false;
    std::string_view line;
    for (;;) {
      const LineReader::Status status = lines->next(line);
      if (status == LineReader::Status::kEnd) break;
      if (status == LineReader::Status::kFailed) return io.error(fmt::format("`{}` cannot be read to its end", lines->name())), false;
      if (status == LineReader::Status::kLine && bus::is_blank_line(line)) continue;
      const auto bad = [&](std::string_view what) {
        io.refusal(lines->name(), lines->line_number(), what,
                   "a question is {\"time\":12.5,\"decision\":\"pick_pool\",\"input\":{…}}; `time` may be left out");
        return false;
      };
      if (status == LineReader::Status::kOversize) return bad("the line is too long");
      Asked asked{stamp_of(line), unquoted(json_member(line, "decision")), json_member(line, "input")};
      if (asked.decision.empty() || asked.input.empty()) return bad("this is no question");
      if (!asked.time && !json_member(line, "time").empty()) return bad("`time` is no time");
      if (questions_.size() == kMaxQuestions) return bad(fmt::format("there are more than {} questions", kMaxQuestions));
      questions_.push_back(std::move(asked));
    }
    // What has no time is asked at the end.
    std::stable_sort(questions_.begin(), questions_.end(),
                     [](const Asked& a, const Asked& b) { return a.time.value_or(kTimestampMax) < b.time.value_or(kTimestampMax); });
    return true;
  }

  static std::string unquoted(const std::string& text) {
    return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : std::string();
  }
  static std::optional<Timestamp> stamp_of(std::string_view line) {
    const std::string text = json_member(line, "time");
    return parse_instant(text.starts_with('"') ? unquoted(text) : text);
  }

  bool feed(RecordedFile& lines) {
    RecordBatch batch;
    {
      TwinFeed twins(old_->feeder(), new_->feeder());
      while (batch.fill(lines) && !Interruption::seen()) {
        const std::span<const RecordBatch::Entry> entries = batch.entries();
        for (std::size_t i = 0; i < entries.size();) {
          const std::size_t n = turn(entries.subspan(i));
          const std::span<const RecordBatch::Entry> these = entries.subspan(i, n);
          i += n;
          if (out_) add_to_digest(these);
          if (next_question_ < questions_.size() && these[0].status == RecordedFile::Status::kRecord) {
            const RecordedView& view = these[0].view;
            ask_before(view);
          }
          const bool differed = teller_->first().has_value();
          twins.feed(these);
          compare();
          if (teller_->first()) after_first_ += inputs_among(differed ? these : these.last(1));
        }
      }
    }
    if (Interruption::seen()) return difference_->finish(), true;
    if (batch.failed()) return io_->error(lines.failure()), false;
    // Behind the last line time goes on to what is asked then.
    const std::optional<Timestamp> until = *parse_until(arguments_.until);
    while (next_question_ < questions_.size() && questions_[next_question_].time &&
           *questions_[next_question_].time <= until.value_or(kTimestampMax)) {
      go_on(*questions_[next_question_].time);
      ask(questions_[next_question_++]);
    }
    old_->feeder().end();
    new_->feeder().end();
    compare_until(kTimestampMax);
    difference_->finish();
    while (next_question_ < questions_.size()) ask(questions_[next_question_++]);
    return true;
  }

  // How many of these both are given before they are compared. Lines come when an instant closes, so that of records that join an open one
  // only the last can differ; and once no reason is asked for, the lines alone say it all.
  std::size_t turn(std::span<const RecordBatch::Entry> entries) const {
    if (next_question_ < questions_.size()) return 1;
    if (teller_->all_reasons_given()) return entries.size();
    const auto is_open = [&](const PlanSide& side) { return side.session().now() == entries[0].view.record.time - side.lateness(); };
    std::size_t n = 0;
    if (entries[0].joins && is_open(*old_) && is_open(*new_)) {
      while (n < entries.size() && entries[n].joins) ++n;
    }
    return std::min(n + 1, entries.size());
  }

  static std::uint64_t inputs_among(std::span<const RecordBatch::Entry> entries) {
    return static_cast<std::uint64_t>(std::count_if(entries.begin(), entries.end(), [](const RecordBatch::Entry& entry) {
      return entry.status == RecordedFile::Status::kRecord && (entry.view.block != nullptr || !bus::is_blank_line(entry.view.line));
    }));
  }

  // A line as it is, a record as the line that it stands for.
  void add_to_digest(std::span<const RecordBatch::Entry> entries) {
    for (const RecordBatch::Entry& entry : entries) {
      if (entry.status != RecordedFile::Status::kRecord) continue;
      line_.clear();
      if (entry.view.block != nullptr) (void)entry.view.block->append_line(entry.view.record, line_);
      facts_digest_.add(entry.view.block != nullptr ? std::string_view(line_) : entry.view.line);
      facts_digest_.add("\n");
    }
  }

  // Questions of a time before this line's: nothing stamped then can come any more but what is late.
  // Where the record says that the engine was away before it, time stays where it went.
  void ask_before(const RecordedView& view) {
    std::string made;
    if (view.block != nullptr) (void)view.block->append_line(view.record, made);
    const std::string_view line = view.block != nullptr ? std::string_view(made) : view.line;
    const std::optional<Timestamp> stamp = view.block != nullptr ? std::optional(view.record.time) : stamp_of(line);
    const bool away = !json_member(line, "recovered").empty();
    while (stamp && next_question_ < questions_.size() && questions_[next_question_].time && *questions_[next_question_].time < *stamp) {
      const Asked& asked = questions_[next_question_++];
      if (!away) go_on(*asked.time);
      ask(asked);
    }
  }

  void go_on(Timestamp t) {
    for (PlanSide* side : {old_, new_}) {
      // Only where time has begun: a question begins none.
      if (side->feeder().newest() && t > *side->feeder().newest() && !side->feeder().away()) side->tick(t);
    }
    compare();
  }

  void ask(const Asked& asked) {
    PlanSide::Answer before = old_->answer(asked.decision, asked.input);
    PlanSide::Answer after = new_->answer(asked.decision, asked.input);
    if (before.failed && after.failed && unanswered_++ == 0) first_unanswered_ = fmt::format("{}: {}", asked.decision, after.output);
    if (before.failed == after.failed && before.output == after.output) return;
    ++answers_changed_;
    if (!teller_->room()) return;
    const AnswerChange change{asked.time,  asked.decision, asked.input,   before.output, after.output,
                              before.from, after.from,     before.failed, after.failed};
    io_->data(json_ ? answer_json(change) : answer_text(change));
  }

  void compare() {
    if (old_->lines().empty() && new_->lines().empty()) return;
    Timestamp horizon = std::min(old_->session().now(), new_->session().now());
    // One run may see no time pass, as when it refuses all lines: the other's are not kept for ever.
    if (old_->lines().size() > kMaxWaiting || new_->lines().size() > kMaxWaiting)
      horizon = std::max(old_->session().now(), new_->session().now());
    compare_until(horizon);
    difference_->pass(horizon);
  }

  void compare_until(Timestamp horizon) { difference_->instants(old_->lines(), new_->lines(), horizon); }

  PlanSummary summary() const {
    return {.difference = difference_,
            .inputs = std::max(old_->feeder().counts().inputs, new_->feeder().counts().inputs),
            .questions = questions_.size(),
            .answers_changed = answers_changed_,
            .not_shown = teller_->not_shown()};
  }

  void conclude(std::vector<std::string> all) {
    for (std::string& caution : cautions()) all.push_back(std::move(caution));
    for (const std::string& caution : all) io_->data(json_ ? caution_json(caution) : fmt::format("caution: {}\n", caution));
    if (const std::vector<ShadowWatch::Figures> shadow = new_->shadow(); !shadow.empty())
      io_->data(json_ ? fmt::format("{{\"shadow\":{}}}\n", shadow_json(shadow)) : shadow_text(shadow, false));
    io_->data(json_ ? summary_json(summary()) : summary_text(summary()));
  }

  std::vector<std::string> cautions() const {
    std::vector<std::string> out;
    const ReplayCounts &before = old_->feeder().counts(), &after = new_->feeder().counts();
    if (const std::optional<Timestamp> newest = new_->feeder().newest(); Interruption::seen() && newest)
      out.push_back(fmt::format("interrupted after {}, at {}: what was recorded later was not read", plural(after.inputs, "input"),
                                plan_moment(*newest)));
    if (difference_->changes() > 0 && after_first_ > 0)
      out.push_back(fmt::format("{} line{} came after the first difference, at {}: the world that sent them had seen the old rules act",
                                after_first_, after_first_ == 1 ? "" : "s", plan_moment(*teller_->first())));
    if (after.unmatched != before.unmatched)
      out.push_back(
          fmt::format("recorded acknowledgements that meet no waiting action: {} before, {} after", before.unmatched, after.unmatched));
    const bool answered = old_->session().counters().actions_acked + old_->session().counters().actions_failed > 0;
    if (answered && difference_->total().added > 0)
      out.push_back(fmt::format("nobody answered what was never sent: what acknowledgements of {} added line(s) would lead to is not shown",
                                difference_->total().added));
    if (unanswered_ > 0) out.push_back(fmt::format("questions that neither rules answer: {} (first: {})", unanswered_, first_unanswered_));
    if (after.refused > 0 || before.refused > 0)
      out.push_back(fmt::format("refused lines: {} before, {} after", before.refused, after.refused) +
                    (after.refused > 0 ? fmt::format(" (first: line {})", after.first_refused) : ""));
    if (after.late() != before.late()) out.push_back(fmt::format("late inputs: {} before, {} after", before.late(), after.late()));
    for (const engine::Quarantined& rule : new_->session().quarantined())
      out.push_back(fmt::format("{} ran away under the new rules and was switched off: {}", rule.name, rule.text));
    return out;
  }

  OfflineArguments arguments_;
  std::vector<std::string> old_rules_, set_;
  std::optional<std::string> questions_file_, connect_, out_;
  std::optional<DurationNs> moved_within_;
  std::optional<std::uint64_t> limit_;
  bool json_ = false;

  Io* io_ = nullptr;
  PlanSide *old_ = nullptr, *new_ = nullptr;
  Difference* difference_ = nullptr;
  ChangeTeller* teller_ = nullptr;
  std::vector<Asked> questions_;
  std::size_t next_question_ = 0;
  std::uint64_t answers_changed_ = 0, after_first_ = 0;
  std::uint64_t unanswered_ = 0;
  std::string first_unanswered_;
  TextDigest facts_digest_;
  std::string line_;
};

}  // namespace

std::unique_ptr<Command> make_plan() { return std::make_unique<Plan>(); }

}  // namespace flyball::app
