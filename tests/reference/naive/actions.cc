// Actions, semantics.md §8: facts with a life of their own.
#include <algorithm>

#include "tests/reference/naive/effects.h"

namespace flyball::reference {
namespace {

// The action as a fact: its declared fields and what became of it.
void show(State& state, const Action& a) {
  if (a.forgotten) return;
  Fact fact;
  fact.values = a.data;
  fact.values.push_back(state.in->string("#" + std::to_string(a.number)));
  fact.values.push_back(state.in->string(to_string(a.state)));
  fact.values.push_back(to_value(a.at));
  fact.values.push_back(Value::integer(a.tries));
  fact.values.push_back(a.result);
  fact.values.push_back(state.in->string(state.rules->rules[a.rule].qualified));
  fact.stamp = state.now;
  state.facts[a.type].insert_or_assign(a.key, std::move(fact));
}

void say(State& state, const Action& a, bool shadow = false) {
  ActionOutput out;
  out.time = state.now;
  out.id = std::to_string(a.number);
  out.action = a.type;
  out.rule = a.rule;
  out.rule_name = state.rules->rules[a.rule].qualified;
  out.data = a.data;
  out.state = a.state;
  out.try_number = a.tries;
  out.shadow = shadow;
  if (!state.is(Mutation::kNothingIsLate)) out.was_due = state.was_due;
  state.out.actions.push_back(std::move(out));
}

// Room for one more send in (T - D, T].
bool may_send(const State& state, FactTypeId id) {
  const FactType& type = state.type(id);
  if (!type.rate_count) return true;
  const auto recent =
      std::count_if(state.sends[id].begin(), state.sends[id].end(), [&](Timestamp t) { return t > state.now - type.rate_per_ns; });
  return recent < static_cast<std::ptrdiff_t>(*type.rate_count);
}

bool waits_for_rate(const Action& a) { return a.ticket && !a.forgotten; }
bool anyone_waits(const State& state, FactTypeId type) {
  return std::any_of(state.actions.begin(), state.actions.end(), [&](const Action& a) { return a.type == type && waits_for_rate(a); });
}

void send(State& state, Action& a) {
  const FactType& type = state.type(a.type);
  a.state = ActionState::kSent;
  a.at = state.now;
  ++a.tries;
  a.next_try.reset();
  a.gives_up = type.timeout_ns ? std::optional(state.now + *type.timeout_ns) : std::nullopt;
  state.sends[a.type].push_back(state.now);
  say(state, a);
}

// Sends it if the rate allows, else it waits its turn or is refused.
void send_or_wait(State& state, Action& a) {
  a.next_try.reset();
  if (may_send(state, a.type) && !anyone_waits(state, a.type)) {
    send(state, a);
  } else if (state.type(a.type).rate_else_refuse) {
    a.state = ActionState::kRefused;
    say(state, a);
  } else {
    a.ticket = state.tickets++;
    if (a.tries == 0) say(state, a);
  }
}

// This try came to nothing: the next one, D after the last send, or the end.
void fail_try(State& state, Action& a) {
  const FactType& type = state.type(a.type);
  a.gives_up.reset();
  if (a.tries >= type.tries) {
    a.state = ActionState::kFailed;
    return;
  }
  if (a.abandoned) {
    a.state = ActionState::kExpired;
    say(state, a);
    return;
  }
  const Timestamp next = a.at + type.try_every_ns;
  if (next <= state.now) {
    send_or_wait(state, a);
  } else {
    a.next_try = next;
  }
}

bool is_word(const AckInput& ack) { return ack.state == ActionState::kApproved || ack.state == ActionState::kRejected; }
bool can_be_acked(const Action& a, const AckInput& ack) {
  if (a.forgotten) return false;
  return is_word(ack) ? a.unapproved : a.state == ActionState::kSent;
}

// By id, or the newest one sent whose fields agree.
Action* find_acked(State& state, const AckInput& ack) {
  for (auto a = state.actions.rbegin(); a != state.actions.rend(); ++a) {
    if (!ack.id.empty()) {
      if (ack.id == std::to_string(a->number)) return can_be_acked(*a, ack) ? &*a : nullptr;
      continue;
    }
    if (a->type != ack.action || !can_be_acked(*a, ack)) continue;
    bool agrees = true;
    for (std::size_t f = 0; f < a->data.size(); ++f) agrees = agrees && ((ack.present >> f & 1) == 0 || a->data[f] == ack.data[f]);
    if (agrees) return &*a;
  }
  return nullptr;
}

}  // namespace

void make_action(State& state, const ActionOrigin& origin, FactTypeId type, std::vector<Value> data) {
  Action a;
  a.number = state.actions.size() + 1;
  a.type = type;
  a.rule = origin.rule;
  a.data = std::move(data);
  a.at = state.now;
  a.of_event = origin.episode->of_event;
  const bool shadow = state.rules->rules[a.rule].mode_value == ast::Mode::kShadow;
  const FactType& t = state.type(type);
  if (t.has_key) {
    for (std::uint32_t f : t.key) a.key.push_back(a.data[f]);
  } else {
    a.key = {state.in->string("#" + std::to_string(a.number))};
  }
  if (shadow) {
    a.forgotten = true;
    a.tries = 1;
    say(state, a, true);
    state.actions.push_back(std::move(a));
    return;
  }
  for (Action& other : state.actions) {
    if (other.type == type && compare_keys(other.key, a.key, *state.in) == 0) other.forgotten = true;
  }
  origin.episode->actions.push_back(a.number);
  a.state = ActionState::kProposed;
  a.unapproved = origin.asks;
  if (a.unapproved) {
    say(state, a);
  } else {
    send_or_wait(state, a);
  }
  show(state, a);
  state.actions.push_back(std::move(a));
}

void expire_waiting(State& state, const Episode& episode) {
  for (Action& a : state.actions) {
    const bool mine = std::find(episode.actions.begin(), episode.actions.end(), a.number) != episode.actions.end();
    if (!mine || a.forgotten || a.of_event) continue;
    if (a.unapproved && state.is(Mutation::kProposalsOutliveEpisodes)) continue;
    if (!waits_for_rate(a) && !a.next_try && !a.unapproved) {
      a.abandoned = true;
      continue;
    }
    a.state = ActionState::kExpired;
    a.next_try.reset();
    a.ticket.reset();
    a.unapproved = false;
    say(state, a);
    show(state, a);
  }
}

bool is_awaited(State& state, const AckInput& ack) { return find_acked(state, ack) != nullptr; }

void apply_ack(State& state, const AckInput& ack) {
  Action* a = find_acked(state, ack);
  if (a == nullptr) return;
  if (is_word(ack)) {
    a->unapproved = false;
    a->state = ack.state;
    if (ack.state == ActionState::kRejected) {
      say(state, *a);
    } else if (state.is(Mutation::kApprovedIgnoresRate)) {
      send(state, *a);
    } else {
      send_or_wait(state, *a);
    }
  } else if (ack.state == ActionState::kAcked) {
    a->state = ActionState::kAcked;
    a->gives_up.reset();
    a->next_try.reset();
    a->ticket.reset();
  } else if (ack.state == ActionState::kFailed && !a->next_try && !a->ticket) {
    fail_try(state, *a);
  }
  show(state, *a);
}

void note_rates_due(State& state) {
  state.room_at.assign(state.sends.size(), kTimestampMax);
  for (FactTypeId type = 0; type < state.sends.size(); ++type) {
    for (Timestamp t : state.sends[type]) {
      const Timestamp room = t + state.type(type).rate_per_ns;
      if (room > state.away_since) state.room_at[type] = std::min(state.room_at[type], room);
    }
  }
}

void run_action_timers(State& state) {
  for (Action& a : state.actions) {
    if (a.forgotten) continue;
    if (a.gives_up && *a.gives_up <= state.now) {
      const Timestamp again = a.at + state.type(a.type).try_every_ns;
      state.was_due = state.if_missed(a.abandoned ? *a.gives_up : std::max(*a.gives_up, again));
      fail_try(state, a);
      show(state, a);
    }
    if (a.next_try && *a.next_try <= state.now) {
      state.was_due = state.if_missed(*a.next_try);
      send_or_wait(state, a);
      show(state, a);
    }
  }
  std::vector<Action*> queue;
  for (Action& a : state.actions) {
    if (waits_for_rate(a)) queue.push_back(&a);
  }
  std::sort(queue.begin(), queue.end(), [](const Action* a, const Action* b) { return *a->ticket < *b->ticket; });
  for (Action* a : queue) {
    if (!may_send(state, a->type)) continue;
    a->ticket.reset();
    state.was_due = state.if_missed(state.room_at[a->type]);
    send(state, *a);
    show(state, *a);
  }
  state.was_due.reset();
}

std::optional<Timestamp> next_action_timer(const State& state, Timestamp after) {
  std::optional<Timestamp> next;
  auto consider = [&](Timestamp t) {
    if (t > after && (!next || t < *next)) next = t;
  };
  for (const Action& a : state.actions) {
    if (a.forgotten) continue;
    if (a.gives_up) consider(*a.gives_up);
    if (a.next_try) consider(*a.next_try);
  }
  for (FactTypeId type = 0; type < state.sends.size(); ++type) {
    if (!anyone_waits(state, type)) continue;
    for (Timestamp t : state.sends[type]) consider(t + state.type(type).rate_per_ns);
  }
  return next;
}

}  // namespace flyball::reference
