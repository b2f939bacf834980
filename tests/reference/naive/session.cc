// Time (§5) and the steps of one instant (§6).
#include "tests/reference/naive/session.h"

#include <algorithm>

#include "tests/reference/naive/calendar.h"
#include "tests/reference/naive/effects.h"

namespace flyball::reference {

NaiveSession::NaiveSession(const ast::RuleSet& rules, Interner& interner, const std::vector<Value>& params, std::size_t firings_max,
                           Mutation mutation)
    : state_(rules, interner, params) {
  state_.firings_max = firings_max;
  state_.mutation = mutation;
  for (const FactType& t : rules.schema.types) lateness_ = std::max(lateness_, t.lateness_ns);
}

Timestamp NaiveSession::engine_time() const { return newest_ ? *newest_ - lateness_ : kTimestampMin; }

void NaiveSession::begin(Timestamp stamp) {
  state_.start = stamp;
  start_absences(state_);
  state_.now = stamp - lateness_;
  for (std::uint32_t rule = 0; rule < state_.shut.size(); ++rule) state_.shut[rule] = is_shut(state_, rule);
}

// True if the input is late: then it is taken at the instant E.
bool NaiveSession::admit(Timestamp stamp, Waiting& waiting) {
  if (!state_.start) {
    begin(stamp);
  }
  waiting.arrival = arrivals_++;
  waiting.at = stamp;
  if (stamp <= closed_) {
    waiting.at = engine_time();
    return true;
  }
  newest_ = newest_ ? std::max(*newest_, stamp) : stamp;
  close_through(stamp - lateness_ - 1);
  return false;
}

void NaiveSession::put(const FactInput& input) {
  Waiting w;
  w.fact = input;
  const bool late = admit(input.stamp, w);
  if (late && state_.type(input.type).late != LatePolicy::kApply) return;
  waiting_.push_back(std::move(w));
}

void NaiveSession::ack(const AckInput& input) {
  if (!input.id.empty() && !is_awaited(state_, input)) return;  // refused
  Waiting w;
  w.is_ack = true;
  w.ack = input;
  admit(input.stamp, w);
  waiting_.push_back(std::move(w));
}

void NaiveSession::tick(Timestamp t) {
  if (!state_.start) {
    begin(t);
  }
  newest_ = newest_ ? std::max(*newest_, t) : t;
  close_through(t - lateness_);
}

// §11: every instant before this one counts as closed.
void NaiveSession::recovered(Timestamp t) {
  if (!state_.start) begin(t);
  newest_ = newest_ ? std::max(*newest_, t) : t;
  const Timestamp back = engine_time();
  if (back <= std::max(closed_, passed_)) return;
  if (closed_ >= recovered_) state_.away_since = std::max(closed_, passed_);
  recovered_ = back;
  closed_ = back - 1;
}

void NaiveSession::finish() {
  if (newest_) tick(*newest_ + lateness_);
}

void NaiveSession::close_through(Timestamp limit) {
  while (true) {
    const Timestamp due = next_instant();
    const Timestamp t = state_.is(Mutation::kMissedInstantsArePlayed) ? due : std::max(due, recovered_);
    if (t > limit || due == kTimestampMax) break;
    pass_through(t);
  }
  closed_ = std::max(closed_, limit);
}

// The earliest instant at which something arrives or is due. That nothing is due now may turn out only there.
Timestamp NaiveSession::next_instant() {
  Timestamp next = kTimestampMax;
  for (const Waiting& w : waiting_) next = std::min(next, w.at);
  auto due = [&](Timestamp t) {
    if (t > passed_) next = std::min(next, t);
  };
  for (FactTypeId type = 0; type < state_.facts.size(); ++type) {
    for (const auto& [key, fact] : state_.facts[type]) due(fact.expires);
    for (DurationNs d : state_.plan.remembered[type]) {
      for (const auto& [key, event] : state_.past[type]) due(event.stamp + d);
    }
    for (DurationNs d : state_.plan.each_within[type]) {
      for (const auto& [key, event] : state_.past[type]) due(event.stamp + d);
    }
    for (DurationNs d : state_.plan.windows[type]) {
      for (const Sample& s : state_.samples[type]) due(s.stamp + d);
    }
  }
  for (const RulePlan& rule : state_.plan.rules) {
    for (const std::vector<LinePlan>* lines : {&rule.when, &rule.until}) {
      for (const LinePlan& line : *lines) {
        const ast::Pattern& p = line.line->pattern;
        if (p.quantifier != ast::Quantifier::kNo || !p.after) continue;
        const FactTypeId of = rule.rule->binding_types[p.after_binding];
        for (const auto& [key, event] : state_.past[of]) due(event.stamp + constant_duration(*p.within));
      }
    }
  }
  auto duration = [&](LinePlace place) {
    const RulePlan& rule = state_.plan.rules[place.rule];
    return (place.until ? rule.until : rule.when)[place.line].duration_ns;
  };
  // Of a rule outside its calendars none falls due: that is no instant.
  auto waits = [&](LinePlace place) { return !place.until && state_.shut[place.rule]; };
  for (const auto& [place, table] : state_.holds) {
    if (waits(place)) continue;
    for (const auto& [key, h] : table) {
      if (h.counting && !h.held) due(h.onset + duration(place));
    }
  }
  for (const auto& [place, table] : state_.absences) {
    if (waits(place)) continue;
    for (const auto& [key, a] : table) due(a.since + duration(place));
  }
  for (const KeyMap<Timestamp>& rule : state_.cooldowns) {
    for (const auto& [group, over] : rule) due(over);
  }
  for (std::uint32_t rule = 0; rule < state_.episodes.size(); ++rule) {
    const RulePlan& plan = state_.plan.rules[rule];
    for (const auto& [identity, e] : state_.episodes[rule]) {
      if (e.false_since) due(*e.false_since + plan.keep_ns);
      if (plan.repeat_ns != 0) due(e.last_run + plan.repeat_ns);
    }
  }
  if (const std::optional<Timestamp> t = next_clock(state_, std::max(passed_, *state_.start - lateness_))) due(*t);
  if (const std::optional<Timestamp> t = next_action_timer(state_, passed_)) due(*t);
  return next;
}

void NaiveSession::pass_through(Timestamp t) {
  state_.now = t;
  state_.recovering = t == recovered_;
  state_.each_values.clear();
  const bool again = t == passed_;  // for late input only
  passed_ = t;
  if (state_.is(Mutation::kEventsStay)) {
    for (FactTypeId type = 0; type < state_.facts.size(); ++type) {
      if (state_.type(type).is_event()) state_.facts[type].clear();
    }
  }
  open_and_shut(state_);
  // 1. Expiries and windows are computed from the time; what falls due is marked.
  if (!again) mark_absences_due(state_);
  note_rates_due(state_);
  const bool acks_first = state_.recovering && !state_.is(Mutation::kMissedTriesFirst);
  if (!acks_first) run_action_timers(state_);
  end_moment(state_);
  // 2. What is stamped T, by (source, sequence, arrival); no source first.
  std::vector<Waiting> due;
  std::erase_if(waiting_, [&](Waiting& w) {
    if (w.at <= t) due.push_back(w);
    return w.at <= t;
  });
  auto order = [&](const Waiting& a, const Waiting& b) {
    if (state_.is(Mutation::kInputsByArrival)) return a.arrival < b.arrival;
    const int c = compare_total(a.fact.source, b.fact.source, *state_.in);
    if (c != 0) return c < 0;
    return a.fact.seq != b.fact.seq ? a.fact.seq < b.fact.seq : a.arrival < b.arrival;
  };
  std::sort(due.begin(), due.end(), order);
  for (const Waiting& w : due) {
    if (w.is_ack) {
      apply_ack(state_, w.ack);
    } else {
      take_input(state_, w.fact);
    }
    end_moment(state_);
  }
  if (acks_first) run_action_timers(state_);
  state_.remember();
  derive_closure(state_);
  judge(state_);
  // 3. Holds.
  if (hold_due(state_)) {
    derive_closure(state_);
    judge(state_);
  }
  // 4. Effects.
  run_agenda(state_);
  tell_derived(state_);
  state_.recovering = false;
}

std::vector<NaiveFact> NaiveSession::facts(FactTypeId type) const {
  std::vector<NaiveFact> out;
  for (const auto& [key, fact] : state_.facts[type]) {
    const bool expires = fact.expires != kTimestampMax;
    out.push_back({fact.values, fact.stamp, expires ? std::optional(fact.expires) : std::nullopt, fact.suspended || state_.is_stale(fact)});
  }
  return out;
}

}  // namespace flyball::reference
