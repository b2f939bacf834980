// Lines `no T … for D` (semantics.md §3): silence counted from the last event, from the moment when the last live fact
// ceased to be so, from the moment when the facts the line reads were bound, or from the session's start.
//
// An entry per choice of facts has a watch chain, whose ends are the live facts and events of that description. What
// falls due at T is true throughout T: what came at T counts when T's events leave (end_due_absences).
#include <bit>

#include "engine/network/network.h"

namespace flyball::engine {

std::uint32_t Network::absence_entry(TableId table, const FactId* facts) {
  AbsenceTable& absences = absences_[table];
  std::uint32_t e = absences.find(facts);
  if (e != kNone) return e;
  e = absences.make(facts);
  const AbsencePlan& plan = program_.absences[table];
  for (std::uint32_t i = 0; i < plan.arity; ++i) stores_[plan.types[i]].pin(facts[i]);
  absences[e].root = bind(plan.watch_chain, facts, e);
  return e;
}

void Network::mark_absence(TableId table, std::uint32_t entry) {
  AbsenceEntry& e = absences_[table][entry];
  if (!e.dirty) {
    e.dirty = true;
    dirty_absences_.emplace_back(table, entry);
  }
  if (!e.unjudged) {
    e.unjudged = true;
    unjudged_absences_.emplace_back(table, entry);
  }
}

void Network::absence_bound(TableId table, const FactId* facts, std::int32_t delta) {
  const std::uint32_t entry = absence_entry(table, facts);
  AbsenceEntry& e = absences_[table][entry];
  e.bound = static_cast<std::uint32_t>(static_cast<std::int32_t>(e.bound) + delta);
  mark_absence(table, entry);
}

// An event, or a live fact, of the description came or went.
void Network::absence_seen(TokenId end, bool made) {
  const StagePlan& stage = program_.stages[tokens_[end].stage];
  const ChainPlan& chain = program_.chains[stage.chain];
  if (tokens_[end].truth != Truth::kTrue) return;
  const FactMeta& meta = stores_[stage.type].meta(tokens_[end].fact);
  const std::uint32_t entry = root_tag(end);
  AbsenceEntry& e = absences_[chain.owner][entry];
  if (program_.absences[chain.owner].of_event) {
    if (made) {
      absence_event_made(chain.owner, entry, end);
    } else {
      absence_event_gone(chain.owner, entry, end);
    }
  } else if (made) {
    if (meta.status != FactStatus::kLive) return;
    tokens_[end].entry = entry;  // counted
    ++e.live;
  } else {
    if (tokens_[end].entry == kNone) return;
    --e.live;
  }
  mark_absence(chain.owner, entry);
}

// It counts when it is judged: an event may be replaced within step 2, and has the greater stamp then.
void Network::absence_event_made(TableId table, std::uint32_t entry, TokenId end) {
  AbsenceEntry& e = absences_[table][entry];
  const std::uint32_t event = absence_events_.make();
  absence_events_[event] = {tokens_[end].fact, e.first_event, kNone};
  if (e.first_event != kNone) absence_events_[e.first_event].prev = event;
  e.first_event = event;
  e.seen_known = false;
  tokens_[end].entry = event;
}

void Network::absence_event_gone(TableId table, std::uint32_t entry, TokenId end) {
  AbsenceEntry& e = absences_[table][entry];
  const std::uint32_t event = tokens_[end].entry;
  const AbsenceEvent& gone = absence_events_[event];
  (gone.prev != kNone ? absence_events_[gone.prev].next : e.first_event) = gone.next;
  if (gone.next != kNone) absence_events_[gone.next].prev = gone.prev;
  absence_events_.free(event);
  e.seen_known = false;
}

// Silence is counted from here, as things stand. From the first judgement of an instant on its events are what they are.
Timestamp Network::silent_since(TableId table, std::uint32_t entry) {
  AbsenceEntry& e = absences_[table][entry];
  if (e.first_event == kNone) return e.base;
  if (!e.seen_known) {
    e.seen = kTimestampMin;
    const FactStore& store = stores_[program_.absences[table].watched];
    for (std::uint32_t event = e.first_event; event != kNone; event = absence_events_[event].next)
      e.seen = std::max(e.seen, store.meta(absence_events_[event].fact).stamp);
    e.seen_known = true;
  }
  return std::max(e.base, e.seen);
}

// What the line reads of the facts it names: the description whose absence is meant.
std::uint64_t Network::absence_reads(TableId table, std::uint32_t entry) const {
  const AbsencePlan& plan = program_.absences[table];
  const StageId first = program_.chains[plan.watch_chain].first;
  std::uint64_t h = 0;
  for (std::uint32_t i = 0; i < plan.arity; ++i) {
    const Row row = stores_[plan.types[i]].row(absences_[table].facts_of(entry)[i]);
    for (std::uint64_t left = program_.stages[first + i].later_reads; left != 0; left &= left - 1) {
      const Value& v = row[static_cast<std::size_t>(std::countr_zero(left))];
      h = mix(mix(mix(h, static_cast<std::uint64_t>(v.kind)), static_cast<std::uint64_t>(v.bits)), v.aux);  // hash_value is too weak
    }
  }
  return h;
}

bool Network::settle_absence(TableId table, std::uint32_t entry) {
  AbsenceTable& absences = absences_[table];
  AbsenceEntry& e = absences[entry];
  const AbsencePlan& plan = program_.absences[table];
  const bool known = e.bound != 0 && !e.fresh && absence_reads(table, entry) == e.reads;
  // Outside the rule's calendars none falls due; what was due before stays so.
  const bool shut = !plan.in_until && shut_[plan.rule].now;
  const auto is_due = [&] {
    const Timestamp due = silent_since(table, entry) + plan.silence_ns;
    return shut ? due < shut_[plan.rule].since : due <= now_;
  };
  const bool verdict = known && (e.due_now || (e.live == 0 && !e.live_judged && is_due()));
  if (verdict == e.output) return false;
  e.output = verdict;
  for (const StageId id : plan.consumers) {
    const StagePlan& stage = program_.stages[id];
    const std::uint32_t hash = hash_facts(absences.facts_of(entry), plan.arity);
    matches_.clear();
    for (TokenId t = stage_states_[id].left.bucket(hash); t != kNone; t = tokens_[t].left.next) {
      if (tokens_[t].left.hash == hash && tuple_is(stage, t, absences.facts_of(entry))) matches_.push_back({t, Truth::kTrue});
    }
    take_matches(0, [&](const Match& match) { set_output(match.id, id, verdict ? tokens_[match.id].truth : Truth::kFalse); });
  }
  return true;
}

bool Network::settle_absences() {
  bool any = false;
  while (!dirty_absences_.empty()) {
    const auto [table, entry] = dirty_absences_.back();
    dirty_absences_.pop_back();
    if (!absences_[table].in_use(entry) || !absences_[table][entry].dirty) continue;
    absences_[table][entry].dirty = false;
    any = settle_absence(table, entry) || any;
  }
  return any;
}

// Should the cascade be undone, the entry is again what it was judged to be before.
void Network::journal_absence(TableId table, std::uint32_t entry) {
  if (!journal_.first(Journalled::kAbsence, table, entry)) return;
  journal_.add([this, table, entry, before = absences_[table][entry]] {
    AbsenceEntry& e = absences_[table][entry];
    e.base = before.base;
    e.live_judged = before.live_judged;
    e.fresh = before.fresh;
    e.reads = before.reads;
    if (before.due_now && !e.due_now) due_absences_.emplace_back(table, entry);
    e.due_now = before.due_now;
    if (!e.live_judged && !e.fresh) arm_absence(table, entry);
    mark_absence(table, entry);
  });
}

void Network::arm_absence(TableId table, std::uint32_t entry) {
  AbsenceEntry& e = absences_[table][entry];
  const Timestamp due = e.base + program_.absences[table].silence_ns;
  if (due >= e.armed) return;
  e.armed = due;
  timers_.add({due, TimerKind::kAbsence, table, entry});
}

bool Network::judge_absences() {
  bool any = false;
  std::vector<std::pair<TableId, std::uint32_t>> unjudged;
  unjudged.swap(unjudged_absences_);
  for (const auto& [table, entry] : unjudged) {
    if (!absences_[table].in_use(entry) || !absences_[table][entry].unjudged) continue;
    AbsenceEntry& e = absences_[table][entry];
    const AbsencePlan& plan = program_.absences[table];
    e.unjudged = false;
    journal_absence(table, entry);
    if (e.bound == 0) {  // forgotten
      any = settle_absence(table, entry) || any;
      if (journal_.has(Journalled::kAbsence, table, entry)) {  // its place goes when the cascade is over
        e.due_now = e.live_judged = false;
        e.fresh = true;
        e.base = kTimestampMin;
        journalled_absences_.emplace_back(table, entry);
        continue;
      }
      if (e.root != kNone) unbind(e.root);  // this marks the entry again, which is not to be seen any more
      for (std::uint32_t i = 0; i < plan.arity; ++i) stores_[plan.types[i]].unpin(absences_[table].facts_of(entry)[i]);
      absences_[table].free(entry);
      continue;
    }
    const std::uint64_t reads = absence_reads(table, entry);
    if (e.fresh || reads != e.reads) {
      e.base = std::max(e.base, now_);
      e.fresh = e.due_now = false;
      e.reads = reads;
    }
    e.base = silent_since(table, entry);
    if (e.live_judged && e.live == 0) e.base = std::max(e.base, now_);
    e.live_judged = e.live != 0;
    any = settle_absence(table, entry) || any;
    if (!e.live_judged && !e.output) arm_absence(table, entry);
  }
  return any;
}

// Step 1. The timer may be older than the last event: then it is set anew.
void Network::absence_due(TableId table, std::uint32_t entry) {
  AbsenceEntry& e = absences_[table][entry];
  const AbsencePlan& plan = program_.absences[table];
  const Timestamp due = e.base + plan.silence_ns;
  e.armed = kTimestampMax;
  if (e.live_judged || e.output) return;
  if (due > now_) {
    e.armed = due;
    timers_.add({due, TimerKind::kAbsence, table, entry});
    return;
  }
  if (due == now_ && !recovering_) {
    e.due_now = true;
    due_absences_.emplace_back(table, entry);
  }
  settle_absence(table, entry);
}

void Network::end_cascade() {
  for (const auto& [table, entry] : journalled_holds_) mark_hold(table, entry);
  for (const auto& [table, entry] : journalled_absences_) mark_absence(table, entry);
  journalled_holds_.clear();
  journalled_absences_.clear();
}

bool Network::end_due_absences() {
  bool any = false;
  for (const auto& [table, entry] : due_absences_) {
    if (!absences_[table].in_use(entry) || !absences_[table][entry].due_now) continue;
    absences_[table][entry].due_now = false;
    mark_absence(table, entry);
    any = true;
  }
  due_absences_.clear();
  return any;
}

void Network::absence_left(TokenId t, const StagePlan& stage, StageId id) {
  TokenRecords records{tokens_};
  const AbsenceTable& absences = absences_[stage.table];
  FactId facts[kMaxTuple];
  for (std::size_t i = 0; i < stage.tuple.size(); ++i) facts[i] = fact_of(t, stage.tuple[i]);
  stage_states_[id].left.insert(records, t, tuple_hash(stage, t));
  const std::uint32_t e = absences.find(facts);
  set_output(t, id, e != kNone && absences[e].output ? tokens_[t].truth : Truth::kFalse);
}

}  // namespace flyball::engine
