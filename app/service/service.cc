// The loop, and what it does with what the bus brings and the engine says. Queries are in service_queries.cc.
#include "app/service/service.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "app/explain/online.h"
#include "app/explain/render.h"
#include "app/replay/recorded_limits.h"
#include "app/replay/replay.h"
#include "app/service/carry_over.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::uint64_t kCollectFromBytes = std::uint64_t{64} << 20;  // below it, interned content is left alone
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr DurationNs kOverdueMaxNs = 50 * kNsPerMs;  // a deadline waits no longer than this for facts to be read
constexpr int kDrainMs = 1'000;                      // for what is under way when a stop is asked for

std::string endpoints_text(const bus::BusServer::Endpoints& e) {
  std::string out;
  const auto add = [&](std::string_view face, const std::vector<std::string>& all) {
    for (const std::string& one : all) out += fmt::format(" {} {}", face, one);
  };
  add("facts", e.facts);
  add("plain", e.plain);
  add("out", e.out);
  add("actions", e.actions);
  add("queries", e.queries);
  return out.empty() ? " nothing" : out;
}

std::string list_text(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "`" : ", `") + word + "`";
  return out;
}

// Of which types the facts are that a reload dropped: those with most first, and of many the rest in one number.
std::string dropped_text(const engine::TakenOver& taken) {
  constexpr std::size_t kTypesShown = 8;
  std::vector<std::pair<std::string, std::uint64_t>> all(taken.dropped_of.begin(), taken.dropped_of.end());
  std::ranges::stable_sort(all, std::greater(), [](const auto& of) { return of.second; });
  std::string out;
  std::uint64_t rest = taken.facts_dropped;
  for (std::size_t i = 0; i < std::min(all.size(), kTypesShown); ++i) {
    out += fmt::format("{}{} of `{}`", i == 0 ? "" : ", ", all[i].second, all[i].first);
    rest -= all[i].second;
  }
  return rest == 0 ? out : fmt::format("{}, {} of {}", out, rest, plural(all.size() - kTypesShown, "other type"));
}

}  // namespace

Service::Service(ServiceConfig config, Signals& signals, Io& io)
    : config_(std::move(config)), signals_(signals), io_(io), log_(io_, config_.json_logs), awaited_(config_.required_sources) {}

Service::~Service() = default;

std::unique_ptr<Service> Service::start(ServiceConfig config, Signals& signals, Io& io, int* exit_code) {
  std::unique_ptr<Service> s(new Service(std::move(config), signals, io));
  s->package_ = s->compile_at_start(io, exit_code);
  if (s->package_ == nullptr) return nullptr;
  if (const Result<void> opened = s->next_recordings(); !opened) {
    io.error(opened.error().message, opened.error().help);
    return nullptr;
  }
  s->config_.bus.context = &s->context_;
  Result<std::unique_ptr<bus::BusServer>> server = bus::BusServer::open(s->config_.bus, s->program().schema(), s->interner_, *s);
  if (!server) {
    io.error(server.error().message, server.error().help);
    return nullptr;
  }
  s->server_ = std::move(*server);
  s->session_ = s->new_session();
  s->watch_session();
  s->lateness_ns_ = largest_lateness(s->program().schema());
  s->lost_type_ = lost_type(s->program().schema());
  s->muted_ = s->cold();
  s->started_ = s->last_status_ = s->clock();
  // The first input: absence counts from here even if nobody ever says anything.
  s->tick(s->started_);
  s->log_.info(s->started_, fmt::format("listening:{}", endpoints_text(s->endpoints())));
  if (s->running_.applied) {
    s->log_.info(s->started_, fmt::format("running the rules that were applied at {} (digest {}), not those of {}; SIGHUP loads these",
                                          format_timestamp(to_value(s->running_.since)), s->running_.digest, list_text(s->config_.rules)));
  }
  s->say_recordings();
  if (s->cold()) {
    s->log_.info(s->started_, fmt::format("cold: sending nothing until these sources have spoken: {}", s->awaited_text()));
  }
  return s;
}

Timestamp Service::clock() const {
  return Timestamp{std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

std::unique_ptr<engine::Session> Service::new_session() {
  const auto unknown = [this](std::string_view table, const std::string& name) {
    log_.warning(clock(), fmt::format("[limits.{}] names `{}`, which the rules do not have", table, name));
  };
  const auto& rules = program().rules().rules;
  for (const auto& [name, limits] : config_.limits.rules) {
    if (std::none_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.qualified == name; })) unknown("rules", name);
  }
  for (const auto& [name, limit] : config_.limits.facts_of_type) {
    const auto& types = program().schema().types;
    const auto type = std::find_if(types.begin(), types.end(), [&](const FactType& t) { return t.name == name; });
    if (type == types.end()) {
      const FactTypeId meant = program().schema().type_id(name);
      if (meant == kNoId)
        unknown("facts_of", name);
      else
        log_.warning(clock(), fmt::format("[limits.facts_of] names `{}`, and limits nothing: the type's whole name is `{}`", name,
                                          types[meant].name));
    } else if (type->role == Role::kDerived || type->role == Role::kAction) {
      log_.warning(clock(), fmt::format("[limits.facts_of] names `{}`, and limits nothing: only what is put or asserted is limited", name));
    }
  }
  engine::OutputSink& sink = *this;
  return std::make_unique<engine::Session>(program(), interner_, sink, config_.limits);
}

// A clock that was set back does not take engine time with it.
void Service::tick(Timestamp now) {
  inputs_since_tick_ = false;
  if (now <= last_tick_) now = last_tick_ + 1;
  last_tick_ = now;
  waiting_.erase(waiting_.begin(), waiting_.upper_bound(now));
  if (!muted_) recording_.tick(now);
  if (server_->wanted("tick.")) server_->publish_tick(now);
  session_->tick(now);
  if (shadow_->any()) shadow_->pass(session_->now());
}

void Service::note_stamp(Timestamp stamp) {
  const Timestamp closes = stamp + lateness_ns_;
  if (closes <= cached_now_) return;
  // Far ones are rounded up to the millisecond, so that there are never many; near ones are gone with the next tick.
  const bool near = closes - cached_now_ < 10 * kNsPerMs;
  waiting_.insert(near ? closes : Timestamp{(closes.ns / kNsPerMs + 1) * kNsPerMs});
}

// When a tick is due even if nothing arrives: a timer of the engine's, or an input whose instant lies ahead.
Timestamp Service::next_tick() const {
  Timestamp due = kTimestampMax;
  if (const std::optional<Timestamp> deadline = session_->next_deadline()) due = *deadline + lateness_ns_;
  if (!waiting_.empty()) due = std::min(due, *waiting_.begin());
  return due;
}

int Service::wait_ms(Timestamp now) const {
  Timestamp until = next_tick();
  if (config_.status_every_ns > 0) until = std::min(until, last_status_ + config_.status_every_ns);
  if (until == kTimestampMax) return -1;
  if (until <= now) return 0;
  constexpr std::int64_t kLongest = 60'000;
  return static_cast<int>(std::min<std::int64_t>((until - now + kNsPerMs - 1) / kNsPerMs, kLongest));
}

int Service::run() {
  int code = kExitFine;
  bool stop = false;
  std::size_t facts_since_tick = 0;
  while (!stop) {
    const Result<bus::PollOutcome> outcome = [&] {
      const Sampler::In in(sampler_, AppPart::kDecode);  // and waiting, which takes no time of this thread
      return server_->poll(facts_since_tick > 0 ? 0 : wait_ms(clock()), signals_.fd());
    }();
    now_is_fresh_ = false;
    if (!outcome) {
      log_.error(clock(), outcome.error().message);
      code = kExitFailed;
      break;
    }
    facts_since_tick += outcome->facts;
    if (outcome->woken) {
      const Signals::Seen seen = signals_.read();
      stop = seen.stop;
      if (seen.reload && !stop) reload();
    }
    const Timestamp now = clock();
    const Timestamp due = next_tick();
    // The reaction waits for the facts to be read, but not for ever, and no deadline waits long for them.
    const bool more_facts = outcome->more && outcome->facts > 0 && facts_since_tick < config_.drain_facts_max;
    if (more_facts && !stop && (due > now || now - due < kOverdueMaxNs)) continue;
    if (inputs_since_tick_ || due <= now) tick(now);
    facts_since_tick = 0;
    if (const Result<void> flushed = flush(); !flushed) {
      log_.error(now, flushed.error().message);
      code = kExitFailed;
      break;
    }
    if (config_.status_every_ns > 0 && now - last_status_ >= config_.status_every_ns) say_status(now);
    collect_if_due();
    drop_what_is_unwanted(now);
  }
  if (code == kExitFine) {
    // What has arrived is taken and answered; what is still under way stays with its publisher, unacknowledged.
    const Timestamp begin = clock();
    for (;;) {
      const Result<bus::PollOutcome> outcome = server_->poll(0);
      if (!outcome || !outcome->more || clock() - begin > kDrainMs * kNsPerMs) break;
    }
    tick(clock());
    if (const Result<void> flushed = flush(); !flushed) {
      log_.error(clock(), flushed.error().message);
      code = kExitFailed;
    }
  }
  server_->close();
  const engine::Counters& c = session_->counters();
  log_.info(clock(), fmt::format("stopped: {} facts taken, {} refused, {} actions sent", c.facts_taken,
                                 c.facts_refused + refused_ahead_ + refused_behind_, c.actions_sent));
  return code;
}

Result<void> Service::put(const FactInput& fact) {
  const Result<engine::PutOutcome> done = session_->put(fact);
  if (!done) {
    // No line has it, and it is not lost: its number is in the recording all the same, else a replay tells a gap that was none.
    if (!muted_ && fact.seq > 0 && fact.source.is(Kind::kString)) recording_.accounted(last_tick_, interner_.text(fact.source), fact.seq);
    return std::unexpected(done.error());
  }
  inputs_since_tick_ = true;
  note_stamp(fact.stamp);
  if (!muted_ && recording_.on()) {
    const Sampler::In in(sampler_, AppPart::kRecord);
    recording_.fact(fact, program().schema(), interner_);
  }
  if (server_->wanted("fact.")) server_->publish_fact(fact);
  return {};
}

// One far stamp would close everything up to it: no input, of whatever kind, gets past this.
Result<void> Service::check_ahead(Timestamp stamp) {
  if (!now_is_fresh_ || stamp > cached_now_ + config_.ahead_max_ns) {
    cached_now_ = clock();
    now_is_fresh_ = true;
  }
  if (stamp <= cached_now_ + config_.ahead_max_ns) return {};
  ++refused_ahead_;
  return fail(
      fmt::format("the time {} is {} ahead of this clock", format_timestamp(to_value(stamp)), format_duration_human(stamp - cached_now_)),
      fmt::format("at most {} is allowed (`time.ahead_max`)", format_duration_human(config_.ahead_max_ns)));
}

// Of an assured source every number comes here, or was refused, or is said to be lost (on_gap).
Result<void> Service::on_fact(FactInput& fact) {
  if (Result<void> in_time = check_in_time(fact); !in_time) return in_time;
  const bool numbered = fact.seq > 0 && fact.source.is(Kind::kString);
  if (numbered && !muted_ && recording_.on()) {
    const std::string_view source = interner_.text(fact.source);
    if (recorded_numbers_.note(source, fact.seq)) recording_.accounted(last_tick_, source, fact.seq - 1);
  }
  Result<void> done = put(fact);
  if (done && cold() && fact.source.is(Kind::kString)) hear_from(interner_.text(fact.source));
  return done;
}

// Whoever publishes plainly may write any name into a fact: that is nobody's word. What its numbers leave out got lost on the way, or was
// refused: nobody was told.
Result<void> Service::on_plain_fact(FactInput& fact) {
  if (Result<void> in_time = check_in_time(fact); !in_time) return in_time;
  if (lost_type_ != kNoId && fact.seq > 0 && fact.source.is(Kind::kString) && fact.type != lost_type_) {
    const std::string source(interner_.text(fact.source));
    if (const std::optional<SourceNumbers::Gap> gap = plain_numbers_.note(source, fact.seq)) tell_lost(source, *gap, fact.stamp);
  }
  return put(fact);
}

Result<void> Service::check_in_time(const FactInput& fact) {
  if (Result<void> in_time = check_ahead(fact.stamp); !in_time) return in_time;
  if (config_.behind_max_ns > 0 && fact.stamp < cached_now_ - config_.behind_max_ns) {
    ++refused_behind_;
    return fail(fmt::format("the time {} is {} behind this clock", format_timestamp(to_value(fact.stamp)),
                            format_duration_human(cached_now_ - fact.stamp)),
                fmt::format("at most {} is allowed (`time.behind_max`)", format_duration_human(config_.behind_max_ns)));
  }
  return {};
}

// As an input like others: recorded, published, and so told again by a replay.
void Service::tell_lost(std::string_view source, const SourceNumbers::Gap& gap, Timestamp stamp) {
  if (const Result<void> told = put(lost_input(lost_type_, interner_.string(source), gap, stamp)); !told)
    log_.trouble(clock(), told.error().message);
}

// One that is late is no less true, so `time.behind_max` does not hold for it.
Result<void> Service::on_ack(AckInput& ack) {
  if (Result<void> in_time = check_ahead(ack.stamp); !in_time) return in_time;
  // What a cold session proposes is proposed anew when it is warm.
  if (cold() && (ack.state == ActionState::kApproved || ack.state == ActionState::kRejected)) return cold_error();
  if (Result<void> done = session_->ack(ack); !done) return done;
  inputs_since_tick_ = true;
  note_stamp(ack.stamp);
  if (!muted_) recording_.ack(ack, program().schema(), interner_);
  if (server_->wanted("ack.")) server_->publish_ack(ack);
  errors_.note(ack);
  return {};
}

void Service::on_gap(std::string_view source, std::uint64_t from, std::uint64_t through) {
  log_.trouble(clock(), fmt::format("`{}` lost its facts {}..{}", source, from, through));
  recorded_numbers_.account(source, through);
  if (lost_type_ == kNoId) return;
  tell_lost(source, {from, through}, clock());
}

// Inputs and actions of one session have the same number. Both files go on, or neither does.
Result<void> Service::next_recordings() {
  unsigned number = 0;
  for (const std::string& path : {config_.record, config_.actions}) {
    if (!path.empty()) number = std::max(number, next_number(path));
  }
  if (!config_.record.empty()) {
    const Result<RecordingForm> form = recording_form(config_.record, config_.record_format);
    if (!form) return std::unexpected(form.error());
    if (Result<void> opened = recording_.prepare(config_.record, number, *form, about_recording(config_.limits)); !opened) return opened;
  }
  if (!config_.actions.empty()) {
    if (Result<void> opened = actions_.prepare(config_.actions, number); !opened) {
      recording_.leave();
      return opened;
    }
  }
  recording_.go_on();
  actions_.go_on();
  return {};
}

void Service::say_recordings() {
  for (const Recording* file : {&recording_, &actions_}) {
    if (file->on() && file->current() != file->path())
      log_.info(clock(), fmt::format("recording to {}: what is there already is kept", file->current()));
  }
}

Result<void> Service::on_commit() { return flush(); }

Result<void> Service::flush() {
  if (const Result<void> done = recording_.flush(); !done) return done;
  return actions_.flush();
}

void Service::on_trouble(const std::string& message) { log_.trouble(clock(), message); }

void Service::on_action(const ActionOutput& action) {
  if (muted_) return;
  const Sampler::In in(sampler_, AppPart::kOutput);
  if (actions_.on()) {
    std::string line;
    bus::append_action(line, action, program().schema(), interner_);
    actions_.line(line);
  }
  if (shadow_->any()) shadow_->note(action);
  server_->publish_action(action);
}

void Service::on_action_gone(const std::string& id) { server_->withdraw_action(id); }

void Service::on_derived(const DerivedOutput& derived) {
  if (muted_ || !server_->wanted("derived.")) return;
  const Sampler::In in(sampler_, AppPart::kOutput);
  server_->publish_derived(derived);
}

void Service::on_log(const LogOutput& log) {
  if (muted_) return;
  const std::string& rule = program().rules().rules[log.rule].qualified;
  server_->publish_log(log, rule);
  log_.info(log.time, fmt::format("{}: {}", rule, log.text));
}

void Service::on_trouble(Timestamp, const std::string& message) { log_.trouble(clock(), message); }

// Few, and never left out, however many other warnings there are.
void Service::on_quarantine(Timestamp, const std::string& message) { log_.warning(clock(), message); }

// Cold start.

std::string Service::awaited_text() const {
  std::string all;
  for (const std::string& source : awaited_) all += (all.empty() ? "`" : ", `") + source + "`";
  return all;
}

void Service::hear_from(std::string_view source) {
  const auto found = std::find(awaited_.begin(), awaited_.end(), source);
  if (found == awaited_.end()) return;
  awaited_.erase(found);
  if (!cold()) become_warm();
}

// All required sources have spoken. The session so far only gathered facts, and neither was sent from nor recorded; a fresh one
// begins now, so that absence counts from this moment and what is true already makes its actions.
void Service::become_warm() {
  tick(clock());
  muted_ = false;
  const std::unique_ptr<engine::Session> former = std::exchange(session_, new_session());
  watch_session();
  // At the same time as the former: what waits there is in time here, too.
  recording_.tick(last_tick_);
  session_->tick(last_tick_);
  // They were published when they came, and are only put and recorded here.
  for (const FactInput& fact : carried_inputs(*former)) {
    if (const auto done = session_->put(fact); !done) log_.trouble(clock(), done.error().message);
    recording_.fact(fact, program().schema(), interner_);
  }
  for (const engine::WaitingInput& input : former->waiting()) {
    if (const auto* fact = std::get_if<FactInput>(&input)) {
      if (const auto done = session_->put(*fact); !done) log_.trouble(clock(), done.error().message);
    } else if (const auto done = session_->ack(std::get<AckInput>(input)); !done) {
      log_.trouble(clock(), done.error().message);
    }
    record(input);
  }
  tick(clock());
  session_->count_inputs_of(*former);
  log_.info(clock(), "warm: every required source has spoken");
}

void Service::record(const engine::WaitingInput& input) {
  if (const auto* fact = std::get_if<FactInput>(&input)) {
    recording_.fact(*fact, program().schema(), interner_);
  } else {
    recording_.ack(std::get<AckInput>(input), program().schema(), interner_);
  }
}

// The facts of a session of these rules, as inputs of one that has ticked at last_tick_: in the first instant that is not over, so that
// what waits is newer.
std::vector<FactInput> Service::carried_inputs(const engine::Session& from) {
  std::vector<FactInput> facts = carry_over(from, program().schema());
  for (FactInput& fact : facts) {
    // What a type drops or diverts when late must not be lost for having been here before.
    if (program().schema().types[fact.type].late != LatePolicy::kApply) fact.stamp = last_tick_ - lateness_ns_ + 1;
  }
  return facts;
}

// Reload.

// A service without rules has nothing to do, and most likely somebody is just writing the file: editors empty it first.
std::unique_ptr<CompiledPackage> Service::compile(Io& io, int* exit_code) {
  const std::optional<engine::Statistics> measured = session_ != nullptr ? std::optional(session_->statistics()) : std::nullopt;
  std::unique_ptr<CompiledPackage> package =
      compile_package(config_.rules, config_.params, io, &interner_, exit_code, config_.param_places, engine::Trees::kFree,
                      package_ != nullptr ? &*package_->program : nullptr, {.measured = measured ? &*measured : nullptr});
  if (package == nullptr) return nullptr;
  const ast::RuleSet& rules = package->program->rules();
  if (rules.rules.empty() && rules.decisions.empty() && rules.schema.types.empty()) {
    io.error("the rules are empty: no types, rules or decisions", "to run nothing, stop the service");
    return nullptr;
  }
  // Of several files one may be empty by intent, but not from one moment to the next.
  for (std::uint32_t i = 0; session_ != nullptr && i < package->sources.size(); ++i) {
    if (!package->sources.text(i).empty()) continue;
    io.error(fmt::format("`{}` is empty", package->sources.path(i)), "was it being written? To take its rules away, remove the file");
    return nullptr;
  }
  return package;
}

std::unique_ptr<CompiledPackage> Service::quietly(std::string& said, const std::function<std::unique_ptr<CompiledPackage>(Io&)>& make) {
  char* text = nullptr;
  std::size_t size = 0;
  Io quiet = io_;
  quiet.err = open_memstream(&text, &size);
  if (quiet.err == nullptr) return make(io_);
  std::unique_ptr<CompiledPackage> package = make(quiet);
  std::fclose(quiet.err);
  said.assign(text, size);
  std::free(text);
  return package;
}

void Service::reload() {
  session_->collect();
  std::string said;
  std::unique_ptr<CompiledPackage> next = quietly(said, [&](Io& io) { return compile(io); });
  if (next == nullptr) {
    ++reloads_failed_;
    if (!log_.json()) io_.message(said);
    log_.error(clock(), "reload: the new rules do not check; the old ones go on" + (log_.json() ? "\n" + said : std::string()));
    return;
  }
  const Result<engine::TakenOver> taken = take_on(std::move(next));
  if (!taken) {
    ++reloads_failed_;
    log_.error(clock(), fmt::format("reload: {}; the old rules go on", taken.error().message));
    return;
  }
  now_running(false, config_.params, clock());
  log_.info(clock(), "reloaded: " + loaded_text(*taken));
}

Result<engine::TakenOver> Service::take_on(std::unique_ptr<CompiledPackage> next) {
  tick(clock());  // what has come is the old rules'
  // Inputs of two programs in one file replay under neither.
  if (const Result<void> opened = next_recordings(); !opened) return std::unexpected(opened.error());
  keep_explanations();
  const std::unique_ptr<CompiledPackage> old_package = std::exchange(package_, std::move(next));
  const std::unique_ptr<engine::Session> old_session = std::exchange(session_, new_session());
  plan_.clear();
  copy_.drop();
  watch_session();
  lateness_ns_ = largest_lateness(program().schema());
  lost_type_ = lost_type(program().schema());
  server_->set_schema(program().schema());
  engine::TakenOver taken = session_->take_over(*old_session);
  if (!muted_ && recording_.on()) {
    // The new file begins with what is known and what waits. What is under way has no form there.
    recording_.tick(last_tick_);
    for (const FactInput& fact : carried_inputs(*session_)) recording_.fact(fact, program().schema(), interner_);
    for (const engine::WaitingInput& input : session_->waiting()) record(input);
  }
  for (const std::string& id : taken.gone) server_->withdraw_action(id);
  tick(clock());
  ++reloads_;
  return taken;
}

std::string Service::loaded_text(const engine::TakenOver& taken) const {
  std::string text = fmt::format("{}; {}, {} and {} go on", plural(program().rules().rules.size(), "rule"), plural(taken.facts, "fact"),
                                 plural(taken.episodes, "episode"), plural(taken.actions, "action"));
  const auto add = [&](std::uint64_t n, std::string_view one, std::string_view many) {
    if (n > 0) text += fmt::format("; {} {}", n, n == 1 ? one : many);
  };
  add(taken.facts_dropped, "fact does not fit the new types and is dropped", "facts do not fit the new types and are dropped");
  if (taken.facts_dropped > 0) text += fmt::format(" ({})", dropped_text(taken));
  add(taken.episodes_dropped, "episode ends without `on clear`: its rule is gone, binds other facts, or has another mode",
      "episodes end without `on clear`: their rules are gone, bind other facts, or have another mode");
  add(taken.actions_dropped, "action of a rule or type that is gone is withdrawn", "actions of rules or types that are gone are withdrawn");
  text += taken.anew.empty() ? "; only what changed was matched" : "; all was matched anew: " + taken.anew;
  return text;
}

// The newest explanations, in words: their rules' text goes with the package.
void Service::keep_explanations() {
  std::vector<FormerWhy> kept;
  const Timestamp now = clock();
  for (const engine::Explanation& why : session_->explanations(cold() ? 0 : kFormerWhysMax)) {
    kept.push_back(words_of(why));
    kept.back().written = now;
  }
  for (FormerWhy& former : former_whys_) {
    if (kept.size() < kFormerWhysMax) kept.push_back(std::move(former));
  }
  former_whys_ = std::move(kept);
}

void Service::collect_if_due() {
  if (interner_.bytes_alive() < std::max(collect_at_bytes_, kCollectFromBytes)) return;
  const Sampler::In in(sampler_, AppPart::kCollect);
  session_->collect();
  // Twice what is alive: the work stays in proportion to what is made. Room that tables keep does not count: it would move this up each
  // time.
  collect_at_bytes_ = 2 * interner_.bytes_alive();
}

}  // namespace flyball::app
