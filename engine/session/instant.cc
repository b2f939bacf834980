// One instant, steps 1 to 4 (semantics.md §6), and which instants there are (§5).
#include <algorithm>

#include "engine/session/session_impl.h"

namespace flyball::engine {

// --- which instants ---

// When a timer falls due in truth; kTimestampMax: it means nothing any more.
Timestamp Session::Impl::real_due(const Timer& timer) const {
  switch (timer.kind) {
    case TimerKind::kExpiry:
    case TimerKind::kWindow:
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
Timestamp Session::Impl::next_due() {
  while (!timers.empty()) {
    const Timer timer = timers.top();
    const Timestamp due = real_due(timer);
    if (due == timer.due) return due;
    timers.pop();
    if (due == kTimestampMax) {
      network.disarmed(timer);
      continue;
    }
    network.rearmed(timer, due);
    timers.add({due, timer.kind, timer.a, timer.b});
  }
  return kTimestampMax;
}

void Session::Impl::close_through(Timestamp limit) {
  for (;;) {
    const Timestamp t = std::min(next_due(), inbox.next());
    if (t > limit || t == kTimestampMax) break;
    run_instant(t);
  }
  closed = std::max(closed, limit);
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
  network.store(type).make_stale(fact);
  ++counters.expiries;
  network.fact_changed(type, fact, Network::kEveryField);
}

// Step 1. Holds and `keep` wait for step 3.
void Session::Impl::run_due(Timestamp t) {
  std::vector<ActionNumber> of_actions;
  due_later.clear();
  while (next_due() <= t) {
    const Timer timer = timers.pop();
    switch (timer.kind) {
      case TimerKind::kExpiry:
        network.store(timer.a).meta(timer.b).expiry_armed = false;
        expire(timer.a, timer.b);
        break;
      case TimerKind::kWindow: network.evict_samples(timer.a); break;
      case TimerKind::kAbsence: network.absence_due(timer.a, timer.b); break;
      case TimerKind::kHold:
      case TimerKind::kKeep: due_later.push_back(timer); break;
      case TimerKind::kCooldown: episodes.cooldown_over(timer.a, timer.b); break;
      case TimerKind::kRepeat: episodes.repeat_due(timer.a, timer.b); break;
      case TimerKind::kActionTimeout:
      case TimerKind::kActionTry: of_actions.push_back(timer.a); break;
      case TimerKind::kRetain: actions.drop_retained(timer.a); break;
      case TimerKind::kRate: break;  // run_timers looks at what waits
    }
  }
  actions.run_timers(std::move(of_actions));
}

void Session::Impl::closure() {
  for (;;) {
    derivation.closure();
    if (!follow_derives()) return;
  }
}

void Session::Impl::judge() {
  // Lines of `until` are judged for identities whose match is not false any more, or not yet.
  while (episodes.bind_entries()) closure();
  episodes.judge_keeps();
  network.judge();
}

void Session::Impl::run_instant(Timestamp t) {
  network.set_now(t);
  passed = t;
  ++counters.instants;
  episodes.start_instant();

  run_due(t);
  std::vector<Pending> inputs;
  inbox.take(t, in, inputs);
  for (const Pending& input : inputs) apply(input);
  inbox.release(inputs);
  closure();
  judge();

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
    closure();
    judge();
  }
  run_agenda();

  journal.end();
  actions.end_instant();
  derivation.tell(t, outbox);
  outbox.flush();
  for (const auto& [type, fact] : pinned) network.store(type).unpin(fact);
  pinned.clear();
  compact_timers();
}

// Step 4.
void Session::Impl::run_agenda() {
  bool left = false;
  firings_now = 0;
  firings_by_rule.clear();
  last_firings.clear();
  journal.begin();
  const Counters before = counters;
  const std::size_t said_before = outbox.size();
  for (;;) {
    closure();
    judge();
    closure();
    episodes.review();
    if (const std::optional<Episodes::Choice> choice = episodes.choose()) {
      if (++firings_now > limits.firings_per_instant) {
        counters = before;
        outbox.keep_first(said_before);
        run_away();
        return;
      }
      ++firings_by_rule[choice->rule];
      last_firings.push_back(choice->rule);
      if (last_firings.size() > 2 * kChainMax) last_firings.erase(last_firings.begin(), last_firings.end() - kChainMax);
      if (choice->end) {
        end(choice->rule, choice->entry);
      } else {
        start(choice->rule, choice->entry);
      }
      continue;
    }
    if (left) return;
    left = true;
    events_leave();
  }
}

// The cascade does not end by itself: all of it is taken back, and the rule that fired most runs no more.
void Session::Impl::run_away() {
  std::uint32_t worst = firings_by_rule.begin()->first;
  for (const auto& [rule, times] : firings_by_rule) {
    if (times > firings_by_rule[worst]) worst = rule;
  }
  journal.take_back();
  closure();
  journal.take_back_judged();
  episodes.switch_off(worst);
  closure();
  judge();
  closure();
  episodes.review();
  ++counters.runaways;
  // The chain: the newest firings, each rule once, in the order in which they follow each other.
  std::vector<std::uint32_t> chain;
  for (std::size_t i = last_firings.size(); i-- > 0 && chain.size() < kChainMax;) {
    if (std::find(chain.begin(), chain.end(), last_firings[i]) == chain.end()) chain.push_back(last_firings[i]);
  }
  std::string names;
  for (std::size_t i = chain.size(); i-- > 0;) names += (names.empty() ? "`" : " → `") + data.rules[chain[i]].name + "`";
  trouble("runaway: more than " + std::to_string(limits.firings_per_instant) + " firings in one instant, in a circle of " + names +
          "; they are undone, and `" + data.rules[worst].name + "` is switched off");
  events_leave();
  closure();
  judge();
  closure();
  episodes.review();
}

bool Session::Impl::events_leave() {
  for (const auto& [type, fact] : events) {
    FactStore& store = network.store(type);
    store.make_absent(fact);
    network.fact_vanished(type, fact);
    pinned.emplace_back(type, fact);  // its pin goes at the end of the instant
  }
  const bool any = !events.empty();
  events.clear();
  numbered_events.clear();
  return network.end_due_absences() || any;
}

}  // namespace flyball::engine
