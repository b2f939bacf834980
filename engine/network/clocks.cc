// What changes with time alone: calendars that open and close, and conditions that compare with `now`.
//
// A calendar that somebody asks has one timer, at its next edge. Passing it settles the stages that ask whether it is open, and
// opens or shuts the rules that run during it. A comparison with `now` has a timer per token on its left, made with the token
// and recognised as pointless when the token has gone or means another moment.
#include <algorithm>

#include "engine/network/network.h"

namespace flyball::engine {

void Network::start_calendars() {
  for (StageId id = 0; id < program_.stages.size(); ++id) {
    const StagePlan& stage = program_.stages[id];
    if (stage.kind != StageKind::kAggregate) continue;
    const AggregateUse& use = program_.uses[stage.node];
    if (use.clock && use.clock->calendar != kNoId) calendar_stages_[use.clock->calendar].push_back(id);
  }
  for (std::uint32_t rule = 0; rule < program_.rules.size(); ++rule) {
    for (const auto& [calendar, outside] : program_.rules[rule].during) calendar_rules_[calendar].push_back(rule);
  }
  for (std::uint32_t id = 0; id < calendars_.size(); ++id) {
    if (!calendar_stages_[id].empty() || !calendar_rules_[id].empty()) watch_calendar(id);
  }
  for (std::uint32_t rule = 0; rule < program_.rules.size(); ++rule) {
    for (const auto& [calendar, outside] : program_.rules[rule].during)
      shut_[rule].now = shut_[rule].now || calendars_[calendar].open == outside;
  }
}

void Network::watch_calendar(std::uint32_t id) {
  const CalendarClock& clock = *program_.calendars[id];
  calendars_[id] = {clock.contains(now_), clock.next_change(now_)};
  timers_.add({calendars_[id].next, TimerKind::kCalendar, id, 0});
}

std::vector<std::uint32_t> Network::pass_calendars(Timestamp shut_from) {
  std::vector<std::uint32_t> rules;
  for (std::uint32_t id = 0; id < calendars_.size(); ++id) {
    if (calendars_[id].next > now_) continue;
    watch_calendar(id);
    dirty_clocks_.insert(dirty_clocks_.end(), calendar_stages_[id].begin(), calendar_stages_[id].end());
    rules.insert(rules.end(), calendar_rules_[id].begin(), calendar_rules_[id].end());
  }
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  std::erase_if(rules, [&](std::uint32_t rule) {
    bool shut = false;
    for (const auto& [calendar, outside] : program_.rules[rule].during) shut = shut || calendars_[calendar].open == outside;
    if (shut == shut_[rule].now) return true;
    shut_[rule] = {shut, shut ? shut_from : now_};
    if (!shut) open_rule(rule);
    return false;
  });
  return rules;
}

// Holds and absences that were not met before begin now.
void Network::open_rule(std::uint32_t rule) {
  for (TableId table = 0; table < holds_.size(); ++table) {
    const HoldPlan& plan = program_.holds[table];
    if (plan.rule != rule || plan.in_until) continue;
    for (std::uint32_t entry = 0; entry < holds_[table].end(); ++entry) {
      if (!holds_[table].in_use(entry)) continue;
      HoldEntry& e = holds_[table][entry];
      if (e.judged != Truth::kTrue || e.held) continue;
      e.onset = now_;
      timers_.add({now_ + plan.hold_ns, TimerKind::kHold, table, entry});
    }
  }
  for (TableId table = 0; table < absences_.size(); ++table) {
    const AbsencePlan& plan = program_.absences[table];
    if (plan.rule != rule || plan.in_until) continue;
    for (std::uint32_t entry = 0; entry < absences_[table].end(); ++entry) {
      if (!absences_[table].in_use(entry) || absences_[table][entry].output) continue;
      AbsenceEntry& e = absences_[table][entry];
      e.base = std::max(e.base, now_);
      if (!e.fresh && !e.live_judged) arm_absence(table, entry);
    }
  }
}

bool Network::settle_clocks() {
  bool any = false;
  while (!dirty_clocks_.empty()) {
    any = true;
    const StageId id = dirty_clocks_.back();
    dirty_clocks_.pop_back();
    const StagePlan& stage = program_.stages[id];
    const BucketIndex& lefts = stage_states_[id].left;
    matches_.clear();
    for (std::uint32_t b = 0; b < lefts.bucket_count(); ++b) {
      for (TokenId t = lefts.bucket_at(b); t != kNone; t = tokens_[t].left.next) matches_.push_back({t, Truth::kTrue});
    }
    for (TokenId t = lefts.unknown(); t != kNone; t = tokens_[t].left.next) matches_.push_back({t, Truth::kTrue});
    take_matches(0, [&](const Match& match) { settle_aggregate(match.id, stage, id); });
  }
  return any;
}

// When the comparison of this token's facts with `now` changes; kTimestampMax: it does not, or nobody knows.
Timestamp Network::clock_change(TokenId left, StageId stage) {
  const AggregateUse& use = program_.uses[program_.stages[stage].node];
  load(left);
  return clock_change(*use.clock, use.scope);
}

// The same of what stands in the frame.
Timestamp Network::clock_change(const ClockPlan& clock, std::uint32_t scope) {
  const Value l = frame_.value(*clock.left, scope);
  const Value r = frame_.value(*clock.right, scope);
  __extension__ using Wide = __int128;
  const auto wide = [](const Value& v, Wide& ns) {
    if (v.is(Kind::kTimestamp)) {
      ns = Wide{v.bits} * kNsPerSecond + v.aux;
    } else if (v.is(Kind::kDuration)) {
      ns = v.as_int();
    } else {
      return false;
    }
    return true;
  };
  Wide from = 0, to = 0;
  if (!wide(l, from) || !wide(r, to)) return kTimestampMax;
  const Wide due = Wide{now_.ns} + (to - from) + (clock.after ? 1 : 0);
  if (due <= Wide{now_.ns} || due >= Wide{kTimestampMax.ns}) return kTimestampMax;
  return Timestamp{static_cast<std::int64_t>(due)};
}

void Network::arm_clock(TokenId left, StageId stage) {
  if (!program_.uses[program_.stages[stage].node].clock->left) return;
  const Timestamp due = clock_change(left, stage);
  if (clock_arms_.size() <= left) clock_arms_.resize(std::max<std::size_t>(left + 1, clock_arms_.size() * 2), 0);
  timers_.add({due, TimerKind::kClock, left, ++clock_arms_[left]});
}

// Of a token's place only the last timer that was set means something, and none if it is another's by now that has no such time: so there
// is never more than one for a place.
Timestamp Network::clock_real_due(const Timer& timer) const {
  const Token& token = tokens_[timer.a];
  if (!token.alive || token.next == kNone || clock_arms_[timer.a] != timer.b) return kTimestampMax;
  const StagePlan& stage = program_.stages[token.next];
  if (stage.kind != StageKind::kAggregate) return kTimestampMax;
  const AggregateUse& use = program_.uses[stage.node];
  return use.clock && use.clock->left ? timer.due : kTimestampMax;
}

void Network::clock_due(TokenId left) {
  const StageId stage = tokens_[left].next;
  settle_aggregate(left, program_.stages[stage], stage);
}

// Facts of lines without a name and of aggregates: one timer for each, at the next moment at which a test of an alpha changes.
void Network::arm_fact_clock(FactTypeId type, FactId fact, bool exists) {
  std::vector<Timestamp>& dues = fact_dues_[type];
  if (dues.size() <= fact) dues.resize(std::max<std::size_t>(std::size_t{fact} + 1, dues.size() * 2), kTimestampMax);
  Timestamp next = kTimestampMax;
  if (exists) {
    for (const FactClock& clock : program_.types[type].clocks) {
      frame_.set_row(clock.binding, stores_[type].row(fact));
      next = std::min(next, clock_change(clock.change, clock.scope));
    }
  }
  if (dues[fact] == next) return;
  dues[fact] = next;
  timers_.add({next, TimerKind::kFactClock, type, fact});
}

// To the alphas it is as if the fields had changed that the test reads.
void Network::fact_clock_due(FactTypeId type, FactId fact) {
  fact_dues_[type][fact] = kTimestampMax;
  std::uint64_t reads = 0;
  for (const FactClock& clock : program_.types[type].clocks) reads |= clock.reads;
  update(type, fact, reads, true);  // it has no news: its stamps stay
}

}  // namespace flyball::engine
