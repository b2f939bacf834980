// A change of a fact on its way: alpha memories, then each pattern that reads a changed field, to the ends of the rules.
#include "engine/network/network.h"

#include "engine/compile/node_words.h"
#include "model/check.h"

namespace flyball::engine {

Network::Network(const ProgramData& program, Interner& interner, TimerQueue& timers, Journal& journal, ChainEndHandler& ends)
    : program_(program),
      interner_(interner),
      timers_(timers),
      journal_(journal),
      ends_(ends),
      frame_(program, interner),
      alphas_(program),
      aggregates_(program, interner, timers) {
  const std::vector<FactType>& types = program.rule_set.schema.types;
  stores_.reserve(types.size());
  for (std::size_t t = 0; t < types.size(); ++t) {
    stores_.emplace_back(types[t], program.is_written(static_cast<FactTypeId>(t)) ? totals_ : hidden_totals_);
  }
  alpha_work_.resize(program.alphas.size());
  for (FactTypeId t = 0; t < types.size(); ++t) {
    const TypePlan& plan = program.types[t];
    type_states_.push_back(
        {plan.reads, 0, !plan.stamp_masks.empty(), !plan.sample_nodes.empty(), !plan.clocks.empty(), !alphas_.type(t).is_empty()});
  }
  gates_.resize(types.size());
  for (const TypePlan& type : program.types) stamps_.emplace_back(type.stamp_masks.size());
  fact_dues_.resize(types.size());
  stage_states_.resize(program.stages.size());
  budgets_.resize(program.rules.size());
  for (StageId id = 0; id < program.stages.size(); ++id) {
    const StagePlan& plan = program.stages[id];
    StageState& stage = stage_states_[id];
    stage.own_reads = plan.own_reads;
    stage.later_reads = plan.later_reads;
    stage.chain = plan.chain;
    stage.type = plan.type;
    stage.binding = plan.binding;
    stage.kind = plan.kind;
    stage.index = plan.index;
    stage.closing = plan.closing;
    stage.first = plan.alpha != kNoId && plan.index == kNoId;
    stage.last = plan.last;
    const ChainPlan& chain = program.chains[plan.chain];
    stage.gated = chain.end == ChainEnd::kRule && !program.rules[chain.owner].gates.empty();
    stage.shared = chain.end == ChainEnd::kShared;
    if (plan.span) {
      stage.span = static_cast<std::uint32_t>(span_cells_.size());
      const bool any_equal = std::ranges::any_of(plan.keys, &KeyPart::hashed);
      span_cells_.emplace_back(!plan.span->own.is_span, !any_equal);  // the other side's
    }
    stage.turn = stage.shared ? id : id | kGoesOn;
    stage.budget = &budgets_[rule_of(program, program.chains[plan.chain])];
    stage.cost = cost_of(plan);
    stage.budget->dearest = std::max(stage.budget->dearest, stage.cost);
  }
  for (StageId id = 0; id < program.stages.size(); ++id) plan_join(id);
  plan_lookups();
  closings_.resize(program.closings.size());
  calendars_.resize(program.calendars.size());
  calendar_stages_.resize(program.calendars.size());
  calendar_rules_.resize(program.calendars.size());
  shut_.resize(program.rules.size());
  for (const HoldPlan& plan : program.holds) holds_.emplace_back(plan.arity, plan.binds);
  for (const AbsencePlan& plan : program.absences) absences_.emplace_back(plan.arity, false);
  for (const ProjectionPlan& plan : program.projections) projections_.emplace_back(static_cast<std::uint32_t>(plan.places.size()), false);
}

Network::~Network() = default;

void Network::set_now(Timestamp now) {
  now_ = now;
  frame_.set_now(now);
}

void Network::start(Timestamp now, Timestamp earliest) {
  set_now(earliest);
  start_calendars();
  for (ChainId c = 0; c < program_.chains.size(); ++c) {
    if (program_.chains[c].rooted) bind(c, nullptr, kNone);
  }
  for (TableId t = 0; t < absences_.size(); ++t) {
    if (program_.absences[t].arity != 0) continue;
    absence_bound(t, nullptr, 1);
    AbsenceEntry& e = absences_[t][absences_[t].find(nullptr)];
    e.fresh = false;
    e.base = now;
    arm_absence(t, absences_[t].find(nullptr));
  }
}

bool Network::settle_all() {
  bool any = false;
  for (bool again = true; again;) {
    again = settle_aggregates();
    again = settle_clocks() || again;
    again = settle_holds() || again;
    again = settle_absences() || again;
    any = any || again;
  }
  return any;
}

bool Network::judge_all() {
  const bool holds = judge_holds();
  return judge_absences() || holds;
}

// Should the cascade be undone, the windows are as they were: only what this put changed is kept for that.
void Network::sample(FactTypeId type, FactId fact, Timestamp stamp, Row row) {
  for (const NodeId node : aggregates_.concerned_by_sample(type, fact, stamp, row)) {
    std::vector<Aggregates::SavedSample> gone;
    place_.at(WorkPart::kAggregate, node);
    const bool foreseen = aggregates_.has_dirty();  // a sample that leaves as the next one comes
    aggregates_.sample(node, fact, stamp, row, *this, journal_.open() ? &gone : nullptr);
    foresee_aggregates(!foreseen);
    journal_.add([this, node, fact, stamp, gone = std::move(gone)] {
      aggregates_.take_out_sample(node, fact, stamp, *this);
      aggregates_.put_back_samples(node, gone, *this);
    });
  }
}

void Network::end_samples(FactTypeId type, FactId fact, Timestamp up_to) {
  if (program_.types[type].sample_nodes.empty()) return;
  for (const NodeId node : aggregates_.holding_samples(type, fact, stores_[type].row(fact))) {
    std::vector<Aggregates::SavedSample> gone;
    aggregates_.end_samples(node, fact, up_to, *this, journal_.open() ? &gone : nullptr);
    journal_.add([this, node, gone = std::move(gone)] { aggregates_.put_back_samples(node, gone, *this); });
  }
}

void Network::project(TableId table, const FactId* identity) {
  const ProjectionPlan& plan = program_.projections[table];
  FactId facts[kMaxTuple];
  for (std::size_t i = 0; i < plan.places.size(); ++i) facts[i] = identity[plan.places[i]];
  ProjectionTable& entries = projections_[table];
  std::uint32_t e = entries.find(facts);
  if (e == kNone) e = entries.make(facts);
  if (entries[e].uses++ != 0) return;
  const RulePlan& rule = program_.rules[plan.rule];
  for (std::size_t i = 0; i < plan.places.size(); ++i) stores_[rule.identity_types[plan.places[i]]].pin(facts[i]);
  if (plan.absence != kNoId) {
    absence_bound(plan.absence, facts, 1);
  } else {
    entries[e].root = bind(plan.chain, facts, kNone);
  }
}

void Network::unproject(TableId table, const FactId* identity) {
  const ProjectionPlan& plan = program_.projections[table];
  FactId facts[kMaxTuple];
  for (std::size_t i = 0; i < plan.places.size(); ++i) facts[i] = identity[plan.places[i]];
  ProjectionTable& entries = projections_[table];
  const std::uint32_t e = entries.find(facts);
  FB_CHECK(e != kNone);
  if (--entries[e].uses != 0) return;
  if (plan.absence != kNoId) {
    absence_bound(plan.absence, facts, -1);
  } else {
    unbind(entries[e].root);
  }
  entries.free(e);
  const RulePlan& rule = program_.rules[plan.rule];
  for (std::size_t i = 0; i < plan.places.size(); ++i) stores_[rule.identity_types[plan.places[i]]].unpin(facts[i]);
}

Timestamp Network::real_due(const Timer& timer) const {
  switch (timer.kind) {
    case TimerKind::kExpiry: {
      const FactStore& store = stores_[timer.a];
      if (timer.b >= store.end()) return kTimestampMax;
      const FactMeta& meta = store.meta(timer.b);
      const bool mine = meta.used && meta.expiry_armed && store.times(timer.b).armed_for == timer.due;
      return mine && meta.status == FactStatus::kLive ? store.times(timer.b).expires : kTimestampMax;
    }
    case TimerKind::kCalendar: return calendars_[timer.a].next == timer.due ? timer.due : kTimestampMax;
    case TimerKind::kClock: return clock_real_due(timer);
    case TimerKind::kFactClock: return fact_dues_[timer.a][timer.b] == timer.due ? timer.due : kTimestampMax;
    case TimerKind::kWindow: return aggregates_.timer_is_live(timer.a, timer.due) ? timer.due : kTimestampMax;
    case TimerKind::kHold: {
      const HoldTable& holds = holds_[timer.a];
      if (!holds.in_use(timer.b)) return kTimestampMax;
      const HoldEntry& e = holds[timer.b];
      if (!program_.holds[timer.a].in_until && shut_[program_.holds[timer.a].rule].now) return kTimestampMax;
      const bool counting = e.judged == Truth::kTrue && !e.held && e.onset + program_.holds[timer.a].hold_ns == timer.due;
      return counting ? timer.due : kTimestampMax;
    }
    case TimerKind::kAbsence: {
      const AbsenceTable& absences = absences_[timer.a];
      if (!absences.in_use(timer.b)) return kTimestampMax;
      const AbsenceEntry& e = absences[timer.b];
      if (e.armed != timer.due || e.fresh || e.live_judged || e.output) return kTimestampMax;
      const AbsencePlan& plan = program_.absences[timer.a];
      if (!plan.in_until && shut_[plan.rule].now) return kTimestampMax;
      return e.base + plan.silence_ns;
    }
    default: return kTimestampMax;
  }
}

void Network::rearmed(const Timer& timer, Timestamp due) {
  if (timer.kind == TimerKind::kExpiry) stores_[timer.a].times(timer.b).armed_for = due;
  if (timer.kind == TimerKind::kAbsence) absences_[timer.a][timer.b].armed = due;
}

void Network::disarmed(const Timer& timer) {
  if (timer.kind == TimerKind::kExpiry && timer.b < stores_[timer.a].end()) {
    FactMeta& meta = stores_[timer.a].meta(timer.b);
    if (meta.expiry_armed && stores_[timer.a].times(timer.b).armed_for == timer.due) meta.expiry_armed = false;
  }
  if (timer.kind == TimerKind::kAbsence && absences_[timer.a].in_use(timer.b)) {
    AbsenceEntry& e = absences_[timer.a][timer.b];
    if (e.armed == timer.due) e.armed = kTimestampMax;
  }
}

std::size_t Network::bytes() const {
  std::size_t n = items_.bytes() + alphas_.bytes() + tokens_.bytes() + values_.bytes() + aggregates_.bytes();
  for (FactTypeId t = 0; t < stores_.size(); ++t) n += type_bytes(t);
  for (const StageState& stage : stage_states_) n += stage.left.bytes() + stage.met.bytes();
  for (const HoldTable& t : holds_) n += t.bytes();
  for (const AbsenceTable& t : absences_) n += t.bytes();
  for (const ProjectionTable& t : projections_) n += t.bytes();
  for (const auto& [fact, before] : withdrawn_)
    n += sizeof(before) + before.stamps.capacity() * sizeof(std::uint64_t) + before.row.capacity() * sizeof(Value);
  return n;
}

void Network::computed_keys(std::vector<Value>& out) {
  for (StageId id = 0; id < program_.stages.size(); ++id) {
    const StagePlan& stage = program_.stages[id];
    const bool is_aggregate = stage.kind == StageKind::kAggregate;
    const std::vector<KeyPart>& keys = is_aggregate ? program_.uses[stage.node].keys : stage.keys;
    if (std::ranges::none_of(keys, [](const KeyPart& part) { return part.left != nullptr; })) continue;
    const std::uint32_t scope = is_aggregate ? program_.uses[stage.node].scope : program_.chains[stage.chain].scope;
    const auto look = [&](TokenId t) {
      for (; t != kNone; t = tokens_[t].left.next) {
        load(t);
        for (const KeyPart& part : keys) {
          if (!part.left) continue;
          if (const Value v = frame_.value(*part.left, scope); v.is_handle()) out.push_back(v);
        }
      }
    };
    for (const BucketIndex* lefts : {&stage_states_[id].left, &stage_states_[id].met}) {
      for (std::uint32_t b = 0; b < lefts->bucket_count(); ++b) look(lefts->bucket_at(b));
    }
  }
}

void Network::mark() const {
  for (const FactStore& store : stores_) store.mark(interner_);
  aggregates_.mark(interner_);
  for (std::uint32_t slot = 0; slot < values_.end(); ++slot) interner_.mark(values_[slot]);
  for (const auto& [fact, before] : withdrawn_) {
    for (const Value& v : before.row) interner_.mark(v);
  }
}

}  // namespace flyball::engine
