// Making, deleting and refreshing tokens; binding chains to given facts.
#include <algorithm>

#include "engine/network/network.h"

namespace flyball::engine {

TokenId Network::make_token(StageId stage, TokenId parent, FactId fact, std::uint32_t item, Truth truth, bool witness,
                            std::uint32_t value) {
  if (!stage_states_[stage].budget->take(budget_instant_, stage_states_[stage].cost)) [[unlikely]] {
    exhausted(stage);
    if (value != kNone) free_value(value);
    return kNone;
  }
  const TokenId t = tokens_.make();
  Token& token = tokens_[t];
  token.stage = stage;
  StageState& state = stage_states_[stage];
  ++state.work.made;
  token.next = state.last || witness ? kNone : stage + 1;
  token.parent = parent;
  token.fact = fact;
  token.item = item;
  token.truth = truth;
  token.witness = witness;
  token.value = value;
  token.alive = true;
  if (parent != kNone) {
    Token& above = tokens_[parent];
    token.next_sibling = above.first_child;
    if (above.first_child != kNone) tokens_[above.first_child].prev_sibling = t;
    above.first_child = t;
    if (fact == kNone) above.set_output(t);
  }
  if (fact != kNone) {
    TokenId& first = first_token(stage, fact, item);
    token.fact_next = first;
    if (first != kNone) tokens_[first].fact_prev = t;
    first = t;
  }
  if (state.closing != kNone && parent == kNone) note_closing_token(stage, item, t);
  if (witness) return t;
  if (token.next == kNone) {
    end_made(t);
  } else {
    left_activate(t);
  }
  return t;
}

void Network::delete_children(TokenId t) {
  while (tokens_[t].first_child != kNone) delete_token(tokens_[t].first_child);
}

void Network::free_value(std::uint32_t value) {
  values_[value] = Value::null();
  values_.free(value);
}

// Recursion is as deep as the chain is long (kMaxStages).
void Network::delete_token(TokenId t) {
  delete_children(t);
  Token& token = tokens_[t];
  if (token.next == kNone) {
    if (!token.witness) end_gone(t);
  } else {
    leave_left(t);
  }
  if (token.fact != kNone) {
    if (token.fact_prev != kNone) {
      tokens_[token.fact_prev].fact_next = token.fact_next;
    } else {
      first_token(token.stage, token.fact, token.item) = token.fact_next;
    }
    if (token.fact_next != kNone) tokens_[token.fact_next].fact_prev = token.fact_prev;
  }
  if (token.parent != kNone) {
    Token& above = tokens_[token.parent];
    if (token.fact == kNone && above.output() == t) above.set_output(kNone);
    if (token.prev_sibling != kNone) {
      tokens_[token.prev_sibling].next_sibling = token.next_sibling;
    } else {
      above.first_child = token.next_sibling;
    }
    if (token.next_sibling != kNone) tokens_[token.next_sibling].prev_sibling = token.prev_sibling;
  }
  if (token.stage != kNone) {
    if (stage_states_[token.stage].closing != kNone && token.parent == kNone) note_closing_token(token.stage, token.item, kNone);
    stage_states_[token.stage].budget->bytes -= stage_states_[token.stage].cost;
    ++stage_states_[token.stage].work.deleted;
    if (token.value != kNone) free_value(token.value);
  }
  token.alive = false;
  tokens_.free(t);
}

// Takes the token out of the left side of its next stage.
void Network::leave_left(TokenId t) {
  Token& token = tokens_[t];
  TokenRecords records{tokens_};
  StageState& next = stage_states_[token.next];
  if (next.kind == StageKind::kAggregate) aggregates_.forget_total(program_.stages[token.next].node, t);
  (token.met == Truth::kTrue ? next.met : next.left).remove(records, t);
  token.met = Truth::kFalse;
}

// Something that later lines read changed under the token: everything after it is matched anew.
void Network::refresh(TokenId t) {
  const Token& token = tokens_[t];
  if (token.stage != kNone && stage_states_[token.stage].kind == StageKind::kBound) {
    const ChainPlan& chain = program_.chains[program_.stages[token.stage].chain];
    if (chain.end == ChainEnd::kSeen) mark_absence(chain.owner, root_tag(t));  // another description: silence starts anew
  }
  if (token.next == kNone) {
    end_touched(t);
    return;
  }
  if (stage_states_[token.next].kind == StageKind::kBound) {
    if (token.first_child != kNone) refresh(token.first_child);
    return;
  }
  delete_children(t);
  leave_left(t);
  left_activate(t);
}

// Fields of the fact of that name changed that only chains read that go on from these joins: of the matches behind the token, theirs are
// matched anew.
void Network::refresh_consumers(TokenId t, std::uint32_t binding, std::uint64_t changed) {
  for (TokenId child = tokens_[t].first_child; child != kNone; child = tokens_[child].next_sibling) {
    const Token& token = tokens_[child];
    if (token.witness) continue;
    const StagePlan& stage = program_.stages[token.stage];
    if (stage.kind != StageKind::kShared) {
      refresh_consumers(child, binding, changed);
      continue;
    }
    const auto reads = std::ranges::find(stage.reads, binding, &FieldReads::binding);
    if (reads != stage.reads.end() && (reads->mask & changed) != 0) refresh(child);
  }
}

TokenId Network::bind(ChainId chain, const FactId* facts, std::uint32_t tag) {
  const ChainPlan& plan = program_.chains[chain];
  const TokenId root = tokens_.make();
  tokens_[root].alive = true;
  tokens_[root].value = tag;
  tokens_[root].next = plan.count == 0 ? kNone : plan.first;
  tokens_[root].set_chain(chain);
  if (plan.count == 0) {
    end_made(root);
    return root;
  }
  TokenId t = root;
  for (std::uint32_t i = 0; i < plan.bound && t != kNone; ++i) t = make_token(plan.first + i, t, facts[i], kNone, Truth::kTrue, false);
  if (plan.bound == 0) left_activate(root);
  return root;
}

void Network::unbind(TokenId root) { delete_token(root); }

std::uint32_t Network::root_tag(TokenId t) const {
  while (tokens_[t].parent != kNone) t = tokens_[t].parent;
  return tokens_[t].stage == kNone ? tokens_[t].value : kNone;
}

FactId Network::fact_of(TokenId t, std::uint32_t binding) const {
  for (; t != kNone; t = tokens_[t].parent) {
    const Token& token = tokens_[t];
    if (token.stage == kNone) return kNone;
    const StageState& stage = stage_states_[token.stage];
    if (token.fact != kNone && stage.binding == binding) return token.fact;
    if (!stage.gated) continue;
    const bool first = token.parent == kNone || tokens_[token.parent].stage == kNone || stage.kind == StageKind::kShared;
    if (!first) continue;  // a root comes before all
    for (const std::uint32_t gate : program_.rules[program_.chains[stage.chain].owner].gates) {
      if (program_.gates[gate].binding == binding) return gate_fact(program_.gates[gate]);
    }
  }
  return kNone;
}

void Network::facts_of(TokenId t, std::span<const std::uint32_t> bindings, FactId* out) const {
  std::fill_n(out, bindings.size(), kNone);
  std::size_t left = bindings.size();
  for (TokenId at = t; at != kNone && left != 0 && tokens_[at].stage != kNone; at = tokens_[at].parent) {
    const Token& token = tokens_[at];
    if (token.fact == kNone) continue;
    const std::uint32_t binding = stage_states_[token.stage].binding;
    // Mostly the lines were joined as they are bound, and this is the last of those that are left.
    if (bindings[left - 1] == binding && out[left - 1] == kNone) {
      out[--left] = token.fact;
      continue;
    }
    for (std::size_t i = 0; i < bindings.size(); ++i) {
      if (bindings[i] != binding || out[i] != kNone) continue;
      out[i] = token.fact;
      --left;
    }
  }
}

// Of the left sides that have this one's facts: they stand, and one of those facts reads otherwise.
void Network::forget_totals_behind(TokenId t) {
  const Token& token = tokens_[t];
  if (token.next != kNone && stage_states_[token.next].kind == StageKind::kAggregate)
    aggregates_.doubt_total(program_.stages[token.next].node, t);
  for (TokenId child = token.first_child; child != kNone; child = tokens_[child].next_sibling) forget_totals_behind(child);
}

bool Network::is_of(TokenId t, FactTypeId type, FactId fact) const {
  for (; t != kNone; t = tokens_[t].parent) {
    if (tokens_[t].stage == kNone) return false;
    if (tokens_[t].fact == fact && stage_states_[tokens_[t].stage].type == type) return true;
  }
  return false;
}

void Network::load(TokenId t) {
  for (; t != kNone; t = tokens_[t].parent) {
    const Token& token = tokens_[t];
    if (token.stage == kNone) return;
    const StageState& stage = stage_states_[token.stage];
    if (token.fact != kNone) {
      frame_.set_row(stage.binding, stores_[stage.type].row(token.fact));
    } else if (token.value != kNone) {
      frame_.set_aggregate(stage.binding, values_[token.value]);
    }
  }
}

void Network::load_match(TokenId t, const RulePlan& rule) {
  load(t);
  for (const std::uint32_t id : rule.gates) {
    const GatePlan& gate = program_.gates[id];
    const FactId fact = gate_fact(gate);
    if (fact != kNone) frame_.set_row(gate.binding, stores_[gate.type].row(fact));
  }
}

std::uint32_t Network::tuple_hash(const StagePlan& stage, TokenId t) const {
  FactId facts[kMaxTuple];
  for (std::size_t i = 0; i < stage.tuple.size(); ++i) facts[i] = fact_of(t, stage.tuple[i]);
  return hash_facts(facts, static_cast<std::uint32_t>(stage.tuple.size()));
}

bool Network::tuple_is(const StagePlan& stage, TokenId t, const FactId* facts) const {
  for (std::size_t i = 0; i < stage.tuple.size(); ++i) {
    if (fact_of(t, stage.tuple[i]) != facts[i]) return false;
  }
  return true;
}

}  // namespace flyball::engine
