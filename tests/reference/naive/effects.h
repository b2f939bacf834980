// What happens to facts and what rules do: derived facts, episodes, actions (semantics.md §6 step 4, §7, §8).
#pragma once

#include "tests/reference/naive/matcher.h"

namespace flyball::reference {

// One put, patch, retract or event, taken at state.now.
void take_input(State& state, const FactInput& input);

// A record's fields in schema order, defaults filled in; unknown where an expression is.
std::vector<Value> record_values(const ast::Record& record, Scope& scope);

// Computes all derived facts anew from the facts that are not derived.
void derive_closure(State& state);
// What subscribers are told at the end of an instant.
void tell_derived(State& state);

// One more change has been made: what became true or false by it (§12).
void end_moment(State& state);
// The match that fires next: its rule and identity.
std::optional<std::pair<std::uint32_t, Key>> next_production(State& state);

// §6 step 4: episodes end and begin until nothing applies any more; cascades that run away are taken back.
void run_agenda(State& state);

struct ActionOrigin {
  std::uint32_t rule = kNoId;
  Episode* episode = nullptr;
  bool asks = false;  // a person must approve it
};
void make_action(State& state, const ActionOrigin& origin, FactTypeId type, std::vector<Value> data);
// An episode is over: what still waits for a send is expired.
void expire_waiting(State& state, const Episode& episode);
void apply_ack(State& state, const AckInput& ack);
bool is_awaited(State& state, const AckInput& ack);
// §6 step 1: time-outs, next tries and sends that the rate held back.
void run_action_timers(State& state);
// When there was room again for what waits for its rate.
void note_rates_due(State& state);
std::optional<Timestamp> next_action_timer(const State& state, Timestamp after);

}  // namespace flyball::reference
