// One instant, steps 1 to 4 (semantics.md §6), and which instants there are (§5).
#include <algorithm>

#include "engine/session/session_impl.h"
#include "model/check.h"

namespace flyball::engine {

// --- which instants ---

// When a timer falls due in truth; kTimestampMax: it means nothing any more.
Timestamp Session::Impl::real_due(const Timer& timer) const {
  switch (timer.kind) {
    case TimerKind::kExpiry:
    case TimerKind::kWindow:
    case TimerKind::kCalendar:
    case TimerKind::kClock:
    case TimerKind::kFactClock:
    case TimerKind::kAbsence:
    case TimerKind::kHold: return network.real_due(timer);
    case TimerKind::kKeep:
    case TimerKind::kCooldown:
    case TimerKind::kRepeat: return episodes.real_due(timer);
    case TimerKind::kActionTimeout:
    case TimerKind::kActionTry:
    case TimerKind::kRate:
    case TimerKind::kRetain: return actions.real_due(timer);
  }
  return kTimestampMax;
}

// The earliest timer that means something; puts off those that were renewed.
Timestamp Session::Impl::next_timer() {
  while (!timers.empty()) {
    const Timer timer = timers.top();
    const Timestamp due = real_due(timer);
    if (due == timer.due) return due;
    timers.pop();
    foresee_timer();
    if (due == kTimestampMax) {
      network.disarmed(timer);
      continue;
    }
    network.rearmed(timer, due);
    timers.add({due, timer.kind, timer.a, timer.b});
  }
  return kTimestampMax;
}

void Session::Impl::compact_timers() {
  timers.compact([this](const Timer& timer) {
    if (real_due(timer) != kTimestampMax) return false;
    network.disarmed(timer);
    return true;
  });
}

// --- one instant ---

void Session::Impl::expire(FactTypeId type, FactId fact) {
  if (data.types[type].remembers != kNoId) {  // an event that has been remembered for long enough
    pin_for_instant(type, fact);
    network.store(type).make_absent(fact);
    network.fact_vanished(type, fact);
    return;
  }
  network.store(type).make_stale(fact);
  ++counters.expiries;
  network.fact_changed(type, fact, Network::kEveryField);
}

// What was changed is brought to its end before something else changes: productions ask what became true first.
void Session::Impl::begin_moment() {
  network.settle_values();
  network.next_moment();
}

// Step 1. Holds and `keep` wait for step 3.
void Session::Impl::run_due(Timestamp t) {
  due_later.clear();
  due_actions.clear();
  // Before all else: whether a hold or an absence may fall due depends on it.
  if (network.has_calendars()) {
    for (const std::uint32_t rule : network.pass_calendars(network.recovering() ? away_since + 1 : t)) episodes.touch_rule(rule);
  }
  while (next_due() <= t) {
    const Timer timer = timers.pop();
    foresee_timer();
    switch (timer.kind) {
      case TimerKind::kExpiry:
        network.store(timer.a).meta(timer.b).expiry_armed = false;
        expire(timer.a, timer.b);
        break;
      case TimerKind::kWindow: network.evict_samples(timer.a); break;
      case TimerKind::kCalendar: break;  // passed already
      case TimerKind::kClock: network.clock_due(timer.a); break;
      case TimerKind::kFactClock: network.fact_clock_due(timer.a, timer.b); break;
      case TimerKind::kAbsence: network.absence_due(timer.a, timer.b); break;
      case TimerKind::kHold:
      case TimerKind::kKeep: due_later.push_back(timer); break;
      case TimerKind::kCooldown: episodes.cooldown_over(timer.a, timer.b); break;
      case TimerKind::kRepeat: episodes.repeat_due(timer.a, timer.b); break;
      case TimerKind::kActionTimeout:
      case TimerKind::kActionTry:
      case TimerKind::kRetain: due_actions.push_back(timer); break;
      case TimerKind::kRate: actions.rate_due(timer.a, timer.due); break;  // run_timers looks at what waits
    }
  }
}

// Step 1, too; at a recovery after step 2: an acknowledgement that came while the engine was away is in time.
void Session::Impl::run_due_actions() {
  std::vector<ActionNumber> numbers;
  for (const Timer& timer : due_actions) {
    if (timer.kind != TimerKind::kRetain) {
      numbers.push_back(timer.a);
    } else if (real_due(timer) == timer.due) {
      actions.drop_retained(timer.a);
    }
  }
  due_actions.clear();
  actions.run_timers(std::move(numbers));
}

void Session::Impl::closure() {
  close_derivation();
  while (network.has_exhausted() && !in_cascade) {
    quarantine_exhausted(exhausted_after);
    close_derivation();
  }
}

void Session::Impl::close_derivation() {
  if (!episodes.has_watched() && derivation.is_closed()) return;
  next_moment();
  // Episodes' derives first: what follows their facts is not to be seen with the fields of before. But for those of `each`: whether their
  // values are still there, the closure says.
  if (episodes.has_watched()) follow_derives(false);
  for (;;) {
    derivation.closure();
    if (const std::optional<std::uint32_t> rule = derivation.runaway()) {
      ++counters.runaways;
      switch_off(*rule, QuarantineReason::kDerived,
                 "derivation ran away: more than " + std::to_string(limits.derived_per_instant) +
                     " derived facts made or changed in one instant; rule `" + data.rules[*rule].name +
                     "` derived most of them and is switched off, and what it derived is withdrawn");
      continue;
    }
    if (!episodes.has_watched() || !follow_derives(true)) return;
  }
}

void Session::Impl::judge() {
  if (episodes.is_reviewed() && !network.needs_judging()) return;
  // Lines of `until` are judged for identities whose match is not false any more, or not yet.
  while (episodes.bind_entries()) closure();
  episodes.judge_keeps();
  network.judge();
}

void Session::Impl::run_instant(Timestamp t) {
  FB_CHECK(t >= passed);  // time never goes back
  network.set_now(t);
  network.set_recovering(t == recovered_at);
  passed = t;
  ++counters.instants;
  network.begin_budget();
  derivation.start_instant();
  episodes.start_instant();
  productions.start_instant();

  next_moment();
  network.place().at(WorkPart::kInputs);
  if (!timers.empty() || network.has_calendars()) run_due(t);
  if (!network.recovering() && has_due_actions()) run_due_actions();
  if (ahead_type != kNoId) look_ahead();
  exhausted_after.clear();
  take_inputs(t);
  if (network.recovering()) {
    next_moment();
    if (has_due_actions()) run_due_actions();
  }
  if (ahead_type != kNoId) look_ahead();
  // Most inputs change nothing that anybody waits for.
  if (!is_quiet()) run_steps();
  if (!skipped.empty()) say_skipped();
  if (ahead_type != kNoId) look_ahead();
  end_instant(t);
  network.set_recovering(false);
}

// Steps 2, from its end on, to 4.
void Session::Impl::run_steps() {
  closure();
  judge();
  if (is_quiet()) return;  // it was all about derived facts
  if (!due_later.empty()) {
    for (const Timer& timer : due_later) {
      // What arrived in step 2 may have ended the hold.
      if (real_due(timer) != timer.due) continue;
      if (timer.kind == TimerKind::kHold) {
        network.hold_due(timer.a, timer.b);
      } else {
        episodes.keep_due(timer.a, timer.b);
      }
    }
    due_later.clear();
    closure();
    judge();
  }
  run_agenda();
}

// What happened is said, and what was kept for the instant is let go.
void Session::Impl::end_instant(Timestamp t) {
  network.place().at(WorkPart::kAgenda);
  if (derivation.has_news()) {
    if (!outbox.empty()) outbox.flush();
    derivation.tell(t, outbox.sink());
  }
  counters.samples_dropped = network.aggregates().samples_dropped();
  if (network.has_dropping()) say_dropping();
  if (!outbox.empty()) outbox.flush();
  if (!pinned.empty()) {
    for (std::size_t i = 0; i < pinned.size(); ++i) network.store(pinned[i].type).unpin(pinned[i].fact);
    pinned.clear();
  }
  if (!said_full.empty()) said_full.clear();
  if (timers.may_need_compacting()) compact_timers();
}

void Session::Impl::say_dropping() {
  for (const NodeId node : network.take_dropping()) {
    trouble("an aggregate's window over `" + data.rule_set.schema.types[data.nodes[node].type].name +
            "` is full: the oldest samples beyond " + std::to_string(limits.samples_per_key) +
            " of one key are dropped, and its values are computed without them");
  }
}

// Step 4. What fires before the events leave is one cascade, what fires because they left is another.
void Session::Impl::run_agenda() {
  run_cascade();
  if (events_leave()) run_cascade();
}

// What stands before the next firing.
void Session::Impl::bring_up_to_date() {
  closure();
  judge();
  closure();
}

void Session::Impl::run_cascade() {
  exhausted_after.clear();
  bring_up_to_date();
  if (is_at_rest()) return;
  Counters before = counters;
  const std::map<std::uint32_t, std::uint64_t> skipped_before = skipped;
  std::size_t said_before = outbox.size();
  std::size_t firings = 0;
  std::map<std::uint32_t, std::uint64_t> by_rule;
  journal.begin();
  in_cascade = true;
  fired = 0;
  for (;;) {
    bring_up_to_date();
    std::uint32_t last = kNoId;
    if (!network.has_exhausted()) {
      episodes.review();
      const std::optional<std::uint32_t> rule = run_next();
      if (!rule) break;
      if (*rule == kNoId || episodes.is_off(*rule)) continue;  // one that is off can only end, and that comes to an end
      last = *rule;
      note_fired(last);
      const bool may = ++by_rule[last] <= rule_limits[last].firings;
      if (++firings <= limits.firings_per_instant && may) continue;
    }
    const std::uint64_t runaways = counters.runaways;  // of derivations: their rules stay off
    counters = before;
    counters.runaways = runaways;
    skipped = skipped_before;
    outbox.drop_after(said_before);
    take_back_cascade();
    in_cascade = false;
    if (last == kNoId) {
      quarantine_exhausted((fired == 0 ? "" : " after " + fired_last() + " fired") + "; this cascade is undone");
    } else {
      switch_off_runaway(by_rule, last);
    }
    network.begin_budget();
    before = counters;
    said_before = outbox.size();
    firings = 0;
    by_rule.clear();
    bring_up_to_date();
    journal.begin();
    in_cascade = true;
    fired = 0;
  }
  in_cascade = false;
  end_cascade();
  std::vector<std::uint32_t> off;  // switched off in the cascade
  for (const Quarantined& q : quarantined) {
    if (!q.emptied && !episodes.any_active(q.rule)) off.push_back(q.rule);
  }
  empty(off);
}

// Fires what is next: the rule; kNoId: it could not; nothing: there is none.
std::optional<std::uint32_t> Session::Impl::run_next() {
  network.place().at(WorkPart::kAgenda);
  const std::optional<Productions::Choice> production = productions.choose();
  const std::optional<Episodes::Choice> choice = production ? std::nullopt : episodes.choose();
  if (!production && !choice) return std::nullopt;
  productions.begin_cascade();
  if (production) return fire(*production) ? production->rule : kNoId;
  if (choice->end) {
    end(choice->rule, choice->entry);
    return choice->rule;
  }
  return start(choice->rule, choice->entry) ? choice->rule : kNoId;
}

void Session::Impl::end_cascade() {
  const bool quiet = journal.is_empty();
  journal.end();
  productions.end_cascade();
  explainer.end_cascade();
  if (quiet) return;
  network.end_cascade();
  episodes.end_cascade();
  actions.end_cascade();
}

// The cascade does not end by itself, or a rule cannot hold what it makes: all of it is taken back.
void Session::Impl::take_back_cascade() {
  network.begin_budget();
  derivation.start_instant();
  journal.take_back([this](const Journal::FactBefore& before, const Value* known) { restore_fact(before, known); });
  closure();
  journal.take_back_last([this](FactTypeId type, FactId fact, const std::uint64_t* stamps) { network.restore_stamps(type, fact, stamps); });
  productions.take_back_cascade();
  explainer.take_back_cascade();
  network.end_cascade();
  episodes.end_cascade();
  actions.end_cascade();
  journal.end();
}

// The rule that fired most runs no more, or `last` if it fired more often than it alone may.
void Session::Impl::switch_off_runaway(const std::map<std::uint32_t, std::uint64_t>& by_rule, std::uint32_t last) {
  static constexpr std::size_t kNamed = 16;  // rules named in the message
  std::vector<std::pair<std::uint64_t, std::uint32_t>> most;
  most.reserve(by_rule.size());
  for (const auto& [rule, times] : by_rule) most.emplace_back(times, rule);
  std::sort(most.begin(), most.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  const bool alone = by_rule.at(last) > rule_limits[last].firings;
  const std::uint32_t worst = alone ? last : most.front().second;
  const std::size_t limit = alone ? rule_limits[last].firings : limits.firings_per_instant;
  std::string chain;
  for (std::size_t i = 0; i < most.size() && i < kNamed; ++i) {
    chain += (i == 0 ? "`" : ", `") + data.rules[most[i].second].name + "` " + std::to_string(most[i].first) + " times";
  }
  if (most.size() > kNamed) chain += " and " + std::to_string(most.size() - kNamed) + " more";
  ++counters.runaways;
  switch_off(worst, QuarantineReason::kFirings,
             "runaway: more than " + std::to_string(limit) + " firings in one instant" + (alone ? " of one rule" : "") + ", by " + chain +
                 "; they are undone, and rule `" + data.rules[worst].name + "` is switched off; the last that fired: " + fired_last());
}

bool Session::Impl::events_leave() {
  next_moment();
  for (const auto& [type, fact] : events) {
    FactStore& store = network.store(type);
    store.make_absent(fact);
    network.fact_vanished(type, fact);
    pinned.push_back({type, fact});  // its pin goes at the end of the instant
  }
  const bool any = !events.empty();
  events.clear();
  return network.end_due_absences() || any;
}

}  // namespace flyball::engine
