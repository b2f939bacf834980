// The loop from lines to a Session.
#include "app/replay/replay.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/io/json.h"
#include "app/io/source_numbers.h"
#include "app/replay/recorded_limits.h"
#include "app/service/config.h"
#include "bus/codec/recording_decoder.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// Interned content of past facts is given back after this many inputs.
constexpr std::uint64_t kCollectEvery = 1 << 16;

// A stamp this far ahead of all before it is said: it may be a wrong clock or milliseconds taken for seconds.
constexpr DurationNs kLeap = 30 * 24 * 3600 * kNsPerSecond;

class QuietSink : public RefusalSink {
 public:
  explicit QuietSink(Io& io) : io_(io) {}
  void on_action(const ActionOutput&) override {}
  void on_trouble(Timestamp, const std::string& message) override { io_.warning(message); }

 private:
  Io& io_;
};

std::string moment(Timestamp t) { return format_timestamp(to_value(t)); }

// "73y", "45d", "5h": how far, not how far exactly.
std::string about(DurationNs ns) {
  constexpr DurationNs kHour = 3600 * kNsPerSecond, kDay = 24 * kHour, kYear = 365 * kDay;
  if (ns >= 2 * kYear) return fmt::format("{} years", ns / kYear);
  return ns >= 2 * kDay ? fmt::format("{} days", ns / kDay) : format_duration_human(ns);
}

}  // namespace

struct LineFeeder::Impl {
  Impl(std::string name, const Schema& schema, Interner& interner, engine::Session& session, RefusalSink& sink,
       const ReplayOptions& options, Io& io)
      : name_(std::move(name)),
        schema_(schema),
        interner_(interner),
        decoder_(schema, interner),
        session_(session),
        sink_(sink),
        options_(options),
        io_(io),
        lateness_(largest_lateness(schema)),
        lost_type_(lost_type(schema)) {}

  void oversize(std::uint64_t number) {
    line_number_ = number;
    refuse(number, fmt::format("the line is longer than {} bytes", LineReader::kMaxLineBytes), {});
  }

  void end() {
    if (away_)
      ;  // what would be due until then happened when it was back, if at all
    else if (options_.at)
      session_.tick(*options_.at + lateness_);
    else if (options_.until)
      session_.tick(*options_.until + lateness_);
    else if (!ended_by_tick_)
      session_.finish();
    say_refusals();
    counts_.unmatched = session_.counters().acks_unmatched;
  }

  void one(const RecordedView& view) {
    line_number_ = view.number;
    Timestamp stamp;
    const Result<bus::InputKind> input = [&] {
      const Sampler::In in(options_.sampler != nullptr ? *options_.sampler : no_sampler_, AppPart::kDecode);
      return view.block != nullptr ? decoder_.read(*view.block, view.record, fact_, ack_, stamp)
                                   : decoder_.read_line(view.line, fact_, ack_, stamp);
    }();
    if (!input) {
      // What comes before `--from` accounts for nothing, whether it can be read or not.
      if (lost_type_ != kNoId && (!options_.from || counts_.inputs > 0)) account_refused(view);
      return refuse(line_number_, input.error().message, input.error().help);
    }
    if (*input == bus::InputKind::kNothing) return;
    if (options_.at && stamp > *options_.at + lateness_) {
      beyond_ = true;
      away_ = *input == bus::InputKind::kRecovered;
      return;
    }
    ended_by_tick_ = *input == bus::InputKind::kTick;
    if (options_.until && stamp > *options_.until) {
      account_left_out(*input);
      if (counts_.left_out == 0) away_ = *input == bus::InputKind::kRecovered;
      ++counts_.left_out;
      return;
    }
    if (options_.from && stamp < *options_.from) {
      if (counts_.inputs > 0) account_left_out(*input);
      ++counts_.left_out_before;
      return;
    }
    look_at(stamp, *input == bus::InputKind::kRecovered);
    if (lost_type_ != kNoId) look_at_numbers(*input);
    ++counts_.inputs;
    ++given_;
    switch (*input) {
      case bus::InputKind::kFact: {
        fact_.origin = line_number_;
        const Result<engine::PutOutcome> done = session_.put(fact_);
        if (done)
          note(*done);
        else
          take_back(line_number_, done.error());
        break;
      }
      case bus::InputKind::kAck: {
        const std::uint64_t unmatched = session_.counters().acks_unmatched;
        const Result<void> done = session_.ack(ack_);
        if (!done && session_.counters().acks_unmatched == unmatched) take_back(line_number_, done.error());
        if (done && options_.errors != nullptr) options_.errors->note(ack_);
        break;
      }
      case bus::InputKind::kTick: session_.tick(stamp); break;
      case bus::InputKind::kRecovered:
        if (!session_.recovered(stamp)) {
          take_back(line_number_, {fmt::format("`recovered` at {}: that time is over already, so nothing was missed", moment(stamp)),
                                   "it says when the engine was back, which is after all that came before it"});
        }
        break;
      case bus::InputKind::kNothing: break;
    }
    if (!sink_.refusals.empty()) say_refusals();
    if (given_ % kCollectEvery != 0) return;
    const Sampler::In in(options_.sampler != nullptr ? *options_.sampler : no_sampler_, AppPart::kCollect);
    session_.collect();
    decoder_.forget();
  }

  void damaged(const RecordedFile::Damage& damage) {
    ++counts_.damaged;
    counts_.lost += damage.records;
    io_.error(fmt::format("{}: {}{}", name_, damage.text,
                          damage.records > 0 ? fmt::format(" ({} record{} lost)", damage.records, damage.records == 1 ? "" : "s") : ""));
    counts_.stopped = counts_.stopped || options_.strict;
  }

  // Refused is not lost: its number was there.
  void account_refused(const RecordedView& view) {
    std::string made;
    if (view.block != nullptr && !view.block->append_line(view.record, made)) return;
    const std::string_view line = view.block != nullptr ? std::string_view(made) : view.line;
    if (const std::optional<std::uint64_t> seq = json_number(line, "seq")) numbers_.account(json_text(line, "source"), *seq);
  }

  void account_tick(bus::InputKind kind) {
    if (kind == bus::InputKind::kTick && decoder_.accounted().seq > 0)
      numbers_.account(decoder_.accounted().source, decoder_.accounted().seq);
  }

  // Nor is what is left out for its stamp: the line stands there.
  void account_left_out(bus::InputKind kind) {
    if (lost_type_ == kNoId) return;
    account_tick(kind);
    if (kind == bus::InputKind::kFact && fact_.seq != 0 && fact_.source.is(Kind::kString))
      numbers_.account(interner_.text(fact_.source), fact_.seq);
  }

  // A gap that a fact's number shows is an event right before it.
  void look_at_numbers(bus::InputKind kind) {
    account_tick(kind);
    if (kind != bus::InputKind::kFact || fact_.seq == 0 || !fact_.source.is(Kind::kString)) return;
    const std::string_view source = interner_.text(fact_.source);
    if (fact_.type == lost_type_) return numbers_.account(source, gap_of(fact_).last);
    const std::optional<SourceNumbers::Gap> gap = numbers_.note(source, fact_.seq);
    if (!gap) return;
    FactInput lost = lost_input(lost_type_, fact_.source, *gap, fact_.stamp);
    lost.origin = line_number_;
    if (const Result<engine::PutOutcome> done = session_.put(lost); done)
      note(*done);
    else
      io_.refusal(name_, line_number_, done.error().message, done.error().help);
  }

  void look_at(Timestamp stamp, bool was_away) {
    if (!was_away && newest_ && stamp.ns > newest_->ns &&
        static_cast<std::uint64_t>(stamp.ns) - static_cast<std::uint64_t>(newest_->ns) > kLeap) {
      const std::uint64_t leap = static_cast<std::uint64_t>(stamp.ns) - static_cast<std::uint64_t>(newest_->ns);
      io_.warning(fmt::format("{}:{}: time leaps {} ahead, to {}: what is stamped before that is late from here on", name_, line_number_,
                              about(static_cast<DurationNs>(std::min<std::uint64_t>(leap, kDurationMax))), moment(stamp)));
    }
    if (newest_ && stamp.ns <= newest_->ns) return;
    newest_ = stamp;
  }

  void note(engine::PutOutcome outcome) {
    switch (outcome) {
      case engine::PutOutcome::kTaken:
      case engine::PutOutcome::kPending: return;
      case engine::PutOutcome::kLateApplied: ++counts_.late_applied; break;
      case engine::PutOutcome::kLateDropped: ++counts_.late_dropped; break;
      case engine::PutOutcome::kLateDiverted: ++counts_.late_diverted; break;
    }
    if (counts_.first_late == 0) counts_.first_late = line_number_;
  }

  void refuse(std::uint64_t number, const std::string& message, const std::string& help) {
    ++counts_.refused;
    if (counts_.first_refused == 0 || number < counts_.first_refused) counts_.first_refused = number;
    io_.refusal(name_, number, message, help);
    counts_.stopped = counts_.stopped || options_.strict;
  }
  // What the engine does not take is no input either.
  void take_back(std::uint64_t number, const Error& error) {
    --counts_.inputs;
    refuse(number, error.message, error.help);
  }
  void say_refusals() {
    for (const RefusalSink::Refusal& r : sink_.refusals) take_back(r.line, {r.message, {}});
    sink_.refusals.clear();
  }

  static constexpr std::uint64_t kDurationMax = std::uint64_t{1} << 62;

  std::string name_;
  std::uint64_t line_number_ = 0;
  const Schema& schema_;
  Interner& interner_;
  bus::RecordingDecoder decoder_;
  FactInput fact_;  // reused
  AckInput ack_;
  engine::Session& session_;
  RefusalSink& sink_;
  const ReplayOptions options_;
  Io& io_;
  const DurationNs lateness_;
  bool beyond_ = false;  // `at` is over
  bool away_ = false;    // the engine was away at `until` or `at`: nothing says how far its time went
  Sampler no_sampler_;
  const FactTypeId lost_type_;  // kNoId: the rules do not ask
  SourceNumbers numbers_;
  ReplayCounts counts_;
  std::uint64_t given_ = 0;  // to the session, refused or not
  std::optional<Timestamp> newest_;
  bool ended_by_tick_ = false;  // then the recording says itself how far time went
};

LineFeeder::LineFeeder(std::string name, const Schema& schema, Interner& interner, engine::Session& session, RefusalSink& sink,
                       const ReplayOptions& options, Io& io)
    : impl_(std::make_unique<Impl>(std::move(name), schema, interner, session, sink, options, io)) {}
LineFeeder::~LineFeeder() = default;

bool LineFeeder::line(std::string_view text, std::uint64_t number) {
  RecordedView view;
  view.line = text;
  view.number = number;
  return record(view);
}
bool LineFeeder::record(const RecordedView& view) {
  impl_->one(view);
  return !impl_->counts_.stopped && !impl_->beyond_;
}
bool LineFeeder::damaged(const RecordedFile::Damage& damage) {
  impl_->damaged(damage);
  return !impl_->counts_.stopped;
}
bool LineFeeder::skipped(const RecordedFile::Skipped& skipped) {
  (skipped.before ? impl_->counts_.left_out_before : impl_->counts_.left_out) += skipped.records;
  return true;
}
bool LineFeeder::oversize(std::uint64_t number) {
  impl_->oversize(number);
  return !impl_->counts_.stopped;
}
void LineFeeder::end() { impl_->end(); }
const ReplayCounts& LineFeeder::counts() const { return impl_->counts_; }
std::optional<Timestamp> LineFeeder::newest() const { return impl_->newest_; }
bool LineFeeder::away() const { return impl_->away_; }

DurationNs largest_lateness(const Schema& schema) {
  DurationNs largest = 0;
  for (const FactType& type : schema.types) largest = std::max(largest, type.lateness_ns);
  return largest;
}

std::string ReplayCounts::summary() const {
  std::string out = fmt::format("{} input{}, {} refused", inputs, inputs == 1 ? "" : "s", refused);
  if (refused > 0) out += fmt::format(" (first: line {})", first_refused);
  if (damaged > 0)
    out += fmt::format(", {} damaged place{} ({} record{} lost)", damaged, damaged == 1 ? "" : "s", lost, lost == 1 ? "" : "s");
  if (late() > 0) {
    out += fmt::format(", {} late (", late());
    if (late_applied > 0) out += fmt::format("{} applied, ", late_applied);
    if (late_dropped > 0) out += fmt::format("{} dropped, ", late_dropped);
    if (late_diverted > 0) out += fmt::format("{} diverted, ", late_diverted);
    out += fmt::format("first: line {})", first_late);
  }
  if (unmatched > 0) out += fmt::format(", {} acknowledgement{} without a waiting action", unmatched, unmatched == 1 ? "" : "s");
  if (left_out_before > 0) out += fmt::format(", {} left out as earlier than `--from`", left_out_before);
  if (left_out > 0) out += fmt::format(", {} left out as later than `--until`", left_out);
  return out;
}

ReplayCounts replay_lines(RecordedFile& lines, const Schema& schema, Interner& interner, engine::Session& session, RefusalSink& sink,
                          const ReplayOptions& options, Io& io) {
  LineFeeder feeder(lines.name(), schema, interner, session, sink, options, io);
  RecordedView view;
  lines.pass_over(options.from, options.until);
  for (bool go = true; go;) {
    // Before waiting for more, what is known goes out: a pipe may be somebody's live log.
    if (!lines.buffered()) std::fflush(io.out);
    switch (lines.next(view)) {
      case RecordedFile::Status::kRecord: go = feeder.record(view); break;
      case RecordedFile::Status::kOversize: go = feeder.oversize(view.number); break;
      case RecordedFile::Status::kDamaged: go = feeder.damaged(lines.damage()); break;
      case RecordedFile::Status::kSkipped: go = feeder.skipped(lines.skipped()); break;
      case RecordedFile::Status::kEnd: feeder.end(); return feeder.counts();
      case RecordedFile::Status::kFailed: {
        io.error(lines.failure());
        ReplayCounts counts = feeder.counts();
        counts.stopped = true;
        return counts;
      }
    }
  }
  feeder.end();
  return feeder.counts();
}

void OfflineArguments::add_options(Options& options) {
  options.positionals("RULES", rules, "rule files, or folders whose *.fly files are taken", false).complete = Complete::kRules;
  options.value("--facts", "FILE", facts, "recorded facts, as JSON lines or in the compact form; `-` is standard input").complete =
      Complete::kFile;
  options.value("--until", "TIME", until,
                "leave out what is stamped later, and let time go on to TIME: RFC 3339, or seconds since the epoch");
  options.list("--param", "NAME=VALUE", params, "run with this value of a param; may be given several times");
  options.value("--config", "FILE", config, "take `[limits]` and `[params]` from the configuration of the service that recorded the facts")
      .complete = Complete::kFile;
}

std::optional<int> OfflineArguments::wrong_usage(std::string_view command, const std::optional<std::string>& connect, bool needs_facts,
                                                 Io& io) {
  const auto wrong = [&](std::string_view message, std::string_view help) {
    io.error(fmt::format("{}: {}", command, message), help);
    return kExitUsage;
  };
  if (connect && !rules.empty()) return wrong("RULES and `--connect` exclude each other", "ask the service, or replay recorded facts");
  if (rules.empty()) {
    const std::string_view option = facts             ? "--facts"
                                    : until           ? "--until"
                                    : at              ? "--at"
                                    : !params.empty() ? "--param"
                                    : config          ? "--config"
                                                      : "";
    if (option.empty()) return std::nullopt;
    if (connect)
      return wrong(fmt::format("`{}` is for recorded facts, `--connect` asks a running service", option), "leave one of them out");
    return wrong(fmt::format("`{}` needs RULES", option), "name rule files or folders; without RULES a running service is asked");
  }
  if (facts == "-" && std::find(rules.begin(), rules.end(), "-") != rules.end())
    return wrong("RULES and `--facts` would both read standard input", "name a file for one of them");
  if (needs_facts && !facts)
    return wrong("`--facts FILE` is missing", "RULES are run over recorded facts; without RULES a running service is asked");
  if (const auto time = parse_until(until); !time) return wrong(time.error().message, time.error().help);
  if (const auto time = parse_until(at, "--at"); !time) return wrong(time.error().message, time.error().help);
  if (at && until)
    return wrong("`--at` and `--until` exclude each other", "`--until` leaves out what is stamped later, `--at` what came later");
  if (const Result<void> read = read_config(); !read) return wrong(read.error().message, read.error().help);
  return std::nullopt;
}

Result<void> OfflineArguments::read_config() {
  if (!config) return {};
  ServiceConfig service;
  if (Result<void> read = app::read_config(*config, service); !read) return read;
  config_limits_ = service.limits;
  // The command line comes after the file.
  params.insert(params.begin(), service.params.begin(), service.params.end());
  return {};
}

engine::Limits OfflineArguments::limits(RecordedFile& recording, Io& io) const {
  if (config_limits_) return *config_limits_;
  recording.look_ahead();
  Result<std::optional<engine::Limits>> recorded = recorded_limits(recording.about());
  if (!recorded) io.warning(fmt::format("{}: {}: the limits are the default ones", recording.name(), recorded.error().message));
  return recorded ? recorded->value_or(engine::Limits{}) : engine::Limits{};
}

void OfflineArguments::add_at(Options& options) {
  options.value("--at", "TIME", at,
                "the moment to look at, in the order in which things arrived: what came after it was not known then; RFC 3339, or seconds "
                "since the epoch");
}

Result<std::optional<Timestamp>> parse_until(const std::optional<std::string>& text, std::string_view option) {
  if (!text) return std::nullopt;
  const std::optional<Timestamp> time = parse_instant(*text);
  if (!time)
    return fail(fmt::format("`{}` cannot be `{}`", option, *text),
                "a time is RFC 3339, like 2030-01-15T01:45:00Z, or seconds since the epoch");
  return time;
}

std::unique_ptr<Offline> replay_offline(const OfflineArguments& arguments, Io& io, int& exit_code) {
  exit_code = kExitUsage;
  const Result<std::optional<Timestamp>> until = parse_until(arguments.until);
  if (!until) {
    io.error(until.error().message, until.error().help);
    return nullptr;
  }
  auto offline = std::make_unique<Offline>();
  offline->package = compile_package(arguments.rules, arguments.params, io, nullptr, &exit_code);
  if (offline->package == nullptr) return nullptr;
  exit_code = kExitFailed;
  CompiledPackage& package = *offline->package;
  offline->sink = std::make_unique<QuietSink>(io);
  if (!arguments.facts) {
    offline->session = std::make_unique<engine::Session>(*package.program, package.interner, *offline->sink);
    if (*until) offline->session->tick(**until);
    return offline;
  }
  Result<RecordedFile> lines = RecordedFile::open(*arguments.facts, io.in);
  if (!lines) {
    io.error(lines.error().message, lines.error().help);
    return nullptr;
  }
  offline->session = std::make_unique<engine::Session>(*package.program, package.interner, *offline->sink, arguments.limits(*lines, io));
  const ReplayOptions options{.until = *until, .at = *parse_until(arguments.at, "--at"), .errors = &offline->errors};
  offline->counts = replay_lines(*lines, package.program->schema(), package.interner, *offline->session, *offline->sink, options, io);
  if (offline->counts.refused > 0 || offline->counts.late() > 0 || offline->counts.damaged > 0) io.warning(offline->counts.summary());
  if (offline->counts.stopped) return nullptr;
  return offline;
}

}  // namespace flyball::app
