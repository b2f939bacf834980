// The door of a session. What happens behind it is told in the files session_impl.h names.
#include "engine/session.h"

#include "engine/session/session_impl.h"
#include "model/check.h"

namespace flyball::engine {

Session::Impl::Impl(const Program& p, Interner& interner, OutputSink& sink, Limits l)
    : program(p),
      data(p.data()),
      in(interner),
      limits(l),
      outbox(data, sink),
      network(data, interner, timers, journal, *this),
      episodes(data, network, timers, journal),
      productions(data, network),
      derivation(data, network, episodes, l.derived_per_instant),
      actions(data, network, timers, journal, outbox, counters),
      explainer(data, network, episodes, productions, l.explanations),
      decider(*data.decisions, this, interner),
      asked(data, interner),
      foresight(network) {
  network.set_samples_max(l.samples_per_key);
  for (const FactType& type : data.rule_set.schema.types) {
    const bool open = type.role != Role::kDerived && type.role != Role::kAction;
    doors.push_back({static_cast<std::uint32_t>(type.fields.size()), open, type.is_event(), type.late});
  }
  set_rule_limits();
  rule_work.resize(data.rules.size());
}

Session::Session(const Program& program, Interner& interner, OutputSink& sink, Limits limits)
    : impl_(std::make_unique<Impl>(program, interner, sink, limits)) {}
Session::~Session() = default;

namespace {

// The session is at work until the end of a call.
class AtWork {
 public:
  explicit AtWork(WorkPlace& place, WorkPart part = WorkPart::kInputs, std::uint32_t id = 0) : place_(place) { place_.at(part, id); }
  ~AtWork() { place_.at(WorkPart::kIdle); }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  WorkPlace& place_;
};

}  // namespace

Result<PutOutcome> Session::put(const FactInput& input) {
  const AtWork at(impl_->network.place());
  return impl_->put(input);
}
void Session::foresee(const FactInput& input) { impl_->foresee(input); }
Result<void> Session::ack(const AckInput& input) {
  const AtWork at(impl_->network.place());
  return impl_->ack(input);
}
void Session::tick(Timestamp t) {
  const AtWork at(impl_->network.place());
  impl_->tick(t);
}
bool Session::recovered(Timestamp t) {
  const AtWork at(impl_->network.place());
  return impl_->recovered(t);
}
void Session::finish() {
  const AtWork at(impl_->network.place());
  impl_->finish();
}
TakenOver Session::take_over(Session& former, bool anew) {
  const AtWork at(impl_->network.place());
  return impl_->take_over(*former.impl_, anew);
}
const WorkPlace& Session::work_place() const { return impl_->network.place(); }
Timestamp Session::now() const { return impl_->engine_time(); }

std::optional<Timestamp> Session::next_deadline() const {
  const Timestamp due = std::min(impl_->next_due(), impl_->inbox.next());
  return due == kTimestampMax ? std::nullopt : std::optional(due);
}

const Counters& Session::counters() const {
  Counters& c = impl_->counters;
  c.facts_live = impl_->network.live_facts();
  c.facts_stale = impl_->network.stale_facts();
  c.tokens = impl_->network.token_count();
  c.quarantined = impl_->quarantined.size();
  c.timers = impl_->timers.size();
  c.actions_unapproved = impl_->actions.proposal_count();
  c.memory_bytes = impl_->network.bytes() + impl_->episodes.bytes() + impl_->productions.bytes() + impl_->derivation.bytes() +
                   impl_->actions.bytes() + impl_->timers.bytes() + impl_->journal.bytes();
  return c;
}

Insight Session::insight() const {
  const Impl& s = *impl_;
  Insight out;
  s.network.look_into(out);
  for (std::uint32_t r = 0; r < out.rules.size(); ++r) {
    RuleView& rule = out.rules[r];
    const RuleWork& work = s.rule_work[r];
    rule.starts = work.starts;
    rule.repeats = work.repeats;
    rule.ends = work.ends;
    rule.fired = work.fired;
    rule.effect_errors = work.effect_errors;
    rule.off = s.data.rules[r].mode == RuleMode::kOff || s.episodes.is_off(r);
    rule.bytes += s.episodes.table(r).bytes();
  }
  out.bytes = counters().memory_bytes;
  std::uint64_t accounted = 0;
  for (const RuleView& rule : out.rules) accounted += rule.bytes;
  for (const TypeView& type : out.types) accounted += type.bytes;
  const auto shared = [&](const auto& nodes) {
    for (const auto& node : nodes) accounted += node.rules.size() == 1 ? 0 : node.bytes;
  };
  shared(out.alphas);
  shared(out.aggregates);
  out.other_bytes = out.bytes - std::min(out.bytes, accounted);
  return out;
}

std::size_t Session::fact_count(FactTypeId type) const {
  const FactStore& store = impl_->network.store(type);
  return store.live() + store.stale();
}

const std::vector<Quarantined>& Session::quarantined() const { return impl_->quarantined; }

std::vector<ProposalView> Session::proposals(std::size_t n) const { return impl_->actions.proposals(n); }

std::vector<FactView> Session::facts(FactTypeId type, std::size_t at_most) const {
  const FactStore& store = impl_->network.store(type);
  if (at_most == 0) return {};
  const auto before = [&](FactId a, FactId b) { return store.compare_keys(a, b, impl_->in) < 0; };
  std::vector<FactId> ids;  // once there are at_most of them, a heap whose top is the last one by key
  for (FactId f = 0; f < store.end(); ++f) {
    if (!store.meta(f).used || !store.exists(f)) continue;
    if (ids.size() < at_most) {
      ids.push_back(f);
      if (ids.size() == at_most) std::make_heap(ids.begin(), ids.end(), before);
    } else if (before(f, ids.front())) {
      std::pop_heap(ids.begin(), ids.end(), before);
      ids.back() = f;
      std::push_heap(ids.begin(), ids.end(), before);
    }
  }
  std::sort(ids.begin(), ids.end(), before);
  std::vector<FactView> out;
  for (const FactId f : ids) {
    const FactMeta& meta = store.meta(f);
    FactView view;
    view.type = type;
    view.values = store.last_row(f).values(store.width());
    view.stamp = meta.stamp;
    if (store.timed() && store.times(f).expires != kTimestampMax) view.expires = store.times(f).expires;
    view.suspended = meta.suspended;
    view.stale = meta.status == FactStatus::kStale;
    out.push_back(std::move(view));
  }
  return out;
}

std::size_t Session::collect(const std::function<void(Interner&)>& mark_others) {
  Impl& s = *impl_;
  s.derivation.forget_evaluated();
  std::vector<Value> computed;
  s.network.computed_keys(computed);
  s.in.begin_mark();
  for (const Value& v : computed) s.in.mark(v);
  for (const Value& constant : s.data.constants) s.in.mark(constant);
  s.network.mark();
  s.episodes.mark(s.in);
  s.productions.mark(s.in);
  s.derivation.mark(s.in);
  s.actions.mark(s.in);
  s.explainer.mark(s.in);
  s.inbox.mark(s.in);
  if (mark_others) mark_others(s.in);
  return s.in.sweep();
}

// --- going on under other rules ---

TakenOver Session::Impl::take_over(Impl& former, bool anew) {
  FB_CHECK(!seen_any);
  counters = former.counters;
  position = former.position;
  unkeyed_events = former.unkeyed_events;
  if (!former.seen_any) return {};
  seen_any = true;
  newest = former.newest;
  first_seen = former.first_seen;
  closed = former.closed;
  passed = former.passed;
  recovered_at = former.recovered_at;
  away_since = former.away_since;
  std::string obstacle = anew ? "it was asked for" : passed == kTimestampMin ? "nothing has happened yet" : "something is under way";
  if (!anew && passed != kTimestampMin && former.is_between_inputs()) {
    Adoption adoption(former.parts(), parts());
    if (adoption.obstacle().empty()) return adopt(former, adoption);
    obstacle = adoption.obstacle();
  }
  Takeover takeover(former.parts(), parts());
  if (passed == kTimestampMin) {  // nothing has happened yet
    network.start(first_seen, first_seen - data.lateness_max_ns);
    return takeover.take_inbox();
  }
  const Timestamp t = decision_time();
  passed = t;
  network.start(t, t);
  derivation.start_instant();
  episodes.start_instant();
  productions.start_instant();
  one_moment = true;
  takeover.run([this] {
    closure();
    judge();
  });
  one_moment = false;
  TakenOver all = takeover.take_inbox();
  if (takeover.rates_changed()) {
    next_moment();
    actions.run_timers({});
  }
  run_agenda();
  takeover.unpin();
  end_instant(t);
  numbered_events.fill(network, data.rule_set.schema);
  all.anew = std::move(obstacle);
  return all;
}

// A rule in quarantine is on again under the new rules: it is matched anew, with everything else.
bool Session::Impl::is_between_inputs() const {
  return quarantined.empty() && events.empty() && pinned.empty() && due_later.empty() && due_actions.empty() && taken.empty() &&
         outbox.empty() && journal.is_empty() && said_full.empty() && skipped.empty();
}

TakenOver Session::Impl::adopt(Impl& former, Adoption& adoption) {
  const Timestamp t = decision_time();
  passed = t;
  network.set_now(t);
  numbered_events = std::move(former.numbered_events);
  derivation.start_instant();
  one_moment = true;
  const TakenOver all = adoption.run([this] {
    closure();
    judge();
  });
  one_moment = false;
  productions.start_instant();
  for (std::uint32_t r = 0; r < rule_work.size(); ++r) {
    if (adoption.former_of(r) != kNoId) rule_work[r] = former.rule_work[adoption.former_of(r)];
  }
  run_agenda();
  end_instant(t);
  return all;
}

std::string Session::snapshot() const { return impl_->snapshot(); }
Result<void> Session::restore(std::string_view bytes) { return impl_->restore(bytes); }

std::vector<WaitingInput> Session::waiting() const {
  std::vector<WaitingInput> out;
  for (const auto& [at, pending, ack] : impl_->inbox.in_order()) {
    if (ack != nullptr) {
      out.emplace_back(*ack);
    } else {
      out.emplace_back(pending->fact);
    }
  }
  return out;
}

void Session::count_inputs_of(const Session& former) {
  Counters& mine = impl_->counters;
  const Counters& theirs = former.impl_->counters;
  mine.facts_taken = theirs.facts_taken;
  mine.facts_unchanged = theirs.facts_unchanged;
  mine.facts_late_applied = theirs.facts_late_applied;
  mine.facts_late_dropped = theirs.facts_late_dropped;
  mine.facts_late_diverted = theirs.facts_late_diverted;
  mine.facts_refused = theirs.facts_refused;
  mine.retracts = theirs.retracts;
  mine.expiries = theirs.expiries;
  mine.events = theirs.events;
  mine.instants += theirs.instants;
  mine.decisions += theirs.decisions;
  mine.decision_conflicts += theirs.decision_conflicts;
}

// --- decisions ---

Result<int> Session::decide_into(DecisionId decision, const Value* input, Value* output) {
  const AtWork at(impl_->network.place(), WorkPart::kDecision, decision);
  ++impl_->counters.decisions;
  Result<int> place = impl_->decider.decide_into(decision, input, output);
  if (!place && impl_->decider.conflict()) ++impl_->counters.decision_conflicts;
  return place;
}

Result<DecisionAnswer> Session::decide(DecisionId decision, const std::vector<Value>& input) {
  const Schema& schema = impl_->data.rule_set.schema;
  if (decision >= schema.decisions.size()) return fail("there is no such decision");
  const DecisionType& type = schema.decisions[decision];
  if (input.size() != type.input.size())
    return fail("`" + type.name + "` takes " + std::to_string(type.input.size()) + " inputs, not " + std::to_string(input.size()));
  DecisionAnswer answer;
  answer.output.resize(type.output.size());
  const Result<int> place = decide_into(decision, input.data(), answer.output.data());
  if (!place) return std::unexpected(place.error());
  answer.from = impl_->decider.answer_name(decision, *place);
  answer.rows.assign(impl_->decider.rows().begin(), impl_->decider.rows().end());
  if (type.list) answer.output.assign(impl_->decider.list().begin(), impl_->decider.list().end());
  answer.as_of = impl_->decision_time();
  answer.position = impl_->position;
  for (const std::uint32_t skipped : impl_->decider.skipped())
    answer.skipped_unknown.push_back(impl_->decider.place_name(decision, static_cast<int>(skipped)));
  return answer;
}

// --- working memory as decisions read it ---

void Session::Impl::visit_all(FactTypeId type, FactVisitor& visitor) const {
  const FactStore& store = network.store(type);
  for (FactId f = 0; f < store.end(); ++f) {
    const FactMeta& meta = store.meta(f);
    if (!meta.used || !store.exists(f)) continue;
    if (!visitor.visit({store.row(f), f, meta.status == FactStatus::kStale, meta.suspended})) return;
  }
}

void Session::Impl::visit_equal(FactTypeId type, std::span<const std::uint32_t> fields, std::span<const Value> values,
                                FactVisitor& visitor) const {
  const FactStore& store = network.store(type);
  if (std::equal(fields.begin(), fields.end(), store.key().begin(), store.key().end()) && store.keyed()) {
    std::vector<Value> key(store.width());
    for (std::size_t i = 0; i < fields.size(); ++i) key[fields[i]] = values[i];
    const FactId f = store.find(key.data());
    if (f == kNone || !store.exists(f)) return;
    const FactMeta& meta = store.meta(f);
    visitor.visit({store.row(f), f, meta.status == FactStatus::kStale, meta.suspended});
    return;
  }
  std::vector<FactId> found;  // looking at one may ask for others
  if (network.find_equal(type, fields, values, found)) return visit_these(type, found, visitor);
  for (FactId f = 0; f < store.end(); ++f) {
    const FactMeta& meta = store.meta(f);
    if (!meta.used || !store.exists(f)) continue;
    const Row row_of = store.row(f);
    bool may = true;
    for (std::size_t i = 0; i < fields.size() && may; ++i) may = row_of[fields[i]] == values[i] || row_of[fields[i]].is_error();
    if (may && !visitor.visit({row_of, f, meta.status == FactStatus::kStale, meta.suspended})) return;
  }
}

void Session::Impl::visit_around(FactTypeId type, const SpanFields& own, const Value& low, const Value& high, FactVisitor& visitor) const {
  std::vector<FactId> found;
  if (!network.find_around(type, own, low, high, found)) return visit_all(type, visitor);
  visit_these(type, found, visitor);
}

void Session::Impl::visit_these(FactTypeId type, const std::vector<FactId>& facts, FactVisitor& visitor) const {
  const FactStore& store = network.store(type);
  for (const FactId f : facts) {
    const FactMeta& meta = store.meta(f);
    if (!visitor.visit({store.row(f), f, meta.status == FactStatus::kStale, meta.suspended})) return;
  }
}

Value Session::Impl::aggregate_value(std::uint32_t use, const Frame& frame) const {
  const std::uint32_t bindings = data.scopes[data.uses[use].scope].binding_count;
  for (std::uint32_t b = 0; b < bindings; ++b) asked.set_row(b, frame.rows != nullptr ? frame.rows[b] : Row());
  // A `let` that the aggregate's condition names may read others.
  for (std::uint32_t b = 0; frame.aggregates != nullptr && b < bindings; ++b) asked.set_aggregate(b, frame.aggregates[b]);
  asked.set_input(frame.input);
  asked.set_now(frame.now);
  const Value v = network.aggregate_value(use, asked);
  asked.set_input(nullptr);
  return v;
}

Timestamp Session::Impl::decision_time() const { return opens_recovery() ? away_since : std::max(closed, passed); }

}  // namespace flyball::engine
