// Gates of productions: patterns that nothing is tied to, such as the stage that a program is in.
#include <algorithm>
#include <functional>

#include "engine/session/productions.h"

namespace flyball::engine {

void Productions::gate_made(std::uint32_t gate, TokenId token) {
  if (network_.token(token).truth != Truth::kTrue) return;
  const std::uint32_t rule = program_.gates[gate].rule;
  Gates& gates = *gates_of(rule);
  note_before_cascade(gates);
  gate_tokens_[gate] = token;
  ++gates.open;
  if (are_open(gates)) open(rule, gates);
}

void Productions::gate_gone(std::uint32_t gate, TokenId token) {
  if (gate_tokens_[gate] != token) return;
  const std::uint32_t rule = program_.gates[gate].rule;
  Gates& gates = *gates_of(rule);
  note_before_cascade(gates);
  gate_tokens_[gate] = kNone;
  if (are_open(gates)) {
    count_waiting(rule, gates, false);
    gates.shut_in = network_.moment();
  }
  --gates.open;
}

// What may fire comes, or is gone, all at once.
void Productions::count_waiting(std::uint32_t rule, const Gates& gates, bool come) {
  const std::size_t n = gates.ready.size() + gates.fresh.size();
  Queue& queue = queue_of(rule);
  queue.waiting = come ? queue.waiting + n : queue.waiting - n;
  waiting_ = come ? waiting_ + n : waiting_ - n;
}

void Productions::write_stamps(std::uint32_t rule, Gates& gates) {
  const RulePlan& plan = program_.rules[rule];
  gates.stamps.clear();
  gates.first = 0;
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (plan.identity_gates[i] == kNoId) continue;
    const GatePlan& gate = program_.gates[plan.identity_gates[i]];
    gates.stamps.push_back(network_.stamp(gate.type, network_.gate_fact(gate), plan.stamps[i]));
    if (i == 0) gates.first = gates.stamps.back();
  }
  std::sort(gates.stamps.begin(), gates.stamps.end(), std::greater<>());
}

// All are open. Every match of the other lines is true from this moment on, and has not fired.
void Productions::open(std::uint32_t rule, Gates& gates) {
  const std::vector<std::uint64_t> before = gates.stamps;
  write_stamps(rule, gates);
  if (gates.shut_in != network_.moment() || gates.stamps != before) {
    for (const ActivationId id : gates.fired) note_before_cascade(id);
    gates.opened_at = network_.moment();
    for (const ActivationId id : gates.fresh.take_all()) {
      activations_[id].in = In::kReady;
      gates.ready.add(Order{*this, false}, id);
    }
    for (const ActivationId id : std::exchange(gates.fired, {})) {
      Activation& a = activations_[id];
      a.fired = a.unable = false;
      a.in = In::kReady;
      gates.ready.add(Order{*this, false}, id);
    }
  } else if (const Strategy s = queue_of(rule).strategy; s == Strategy::kDepth || s == Strategy::kBreadth) {
    // They were shut for no moment: what came meanwhile is newer than what was there when they opened.
    for (const ActivationId id : gates.ready.take_all()) {
      Activation& a = activations_[id];
      a.in = a.since > gates.opened_at ? In::kFresh : In::kReady;
      waiting_in(a).add(Order{*this, by_time(a)}, id);
    }
  }
  count_waiting(rule, gates, true);
}

void Productions::note_before_cascade(Gates& gates) {
  if (cascade_began_ != 0 && !gates.before) gates.before.emplace(are_open(gates), gates.opened_at);
}

}  // namespace flyball::engine
