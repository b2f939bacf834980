// Rules that make more partial matches than they may: how they are stopped in the middle of an update, and emptied after it.
//
//   make_token: the budget is used up → stopped: it makes no token more, whoever asks → … the update comes to its end,
//   other rules are served as ever → the session empties the rule: no token is left, none is made
//
// A stopped rule's tokens are properly linked but not complete: they are good for nothing but to be deleted.
#include "engine/compile/node_words.h"
#include "engine/network/network.h"
#include "model/check.h"

namespace flyball::engine {

// A match costs more than its token: an entry of the episode, a reason, an activation; or an entry of a table.
std::uint64_t Network::cost_of(const StagePlan& stage) const {
  static constexpr std::uint64_t kLink = 16;      // its place in an index
  static constexpr std::uint64_t kEpisode = 192;  // Episodes' entry, its identity and its place on the agenda
  static constexpr std::uint64_t kReason = 96;    // Derivation's, or Productions' activation
  static constexpr std::uint64_t kEntry = 128;    // of a table
  const ChainPlan& chain = program_.chains[stage.chain];
  const std::uint64_t token = sizeof(Token) + kLink;
  if (!stage.last) {
    const StagePlan& next = (&stage)[1];
    return next.kind == StageKind::kAggregate && aggregates_.keeps_total(next.node) ? token + Aggregates::kTotalBytes : token;
  }
  switch (chain.end) {
    case ChainEnd::kRule: return token + (chain.logical || program_.rules[chain.owner].is_production() ? kReason : kEpisode);
    case ChainEnd::kHold:
    case ChainEnd::kAbsence: return token + kEntry;
    case ChainEnd::kSeen:
    case ChainEnd::kShared:
    case ChainEnd::kUntil:
    case ChainEnd::kGate:
    case ChainEnd::kWatch: break;
  }
  return token;
}

void Network::set_matches_max(std::uint32_t rule, std::uint64_t per_instant, std::uint64_t bytes) {
  budgets_[rule].made_max = per_instant;
  budgets_[rule].bytes_max = bytes;
}

// The rule of this stage wanted one token more than it may have. Of joins that are shared: all who begin with them.
void Network::exhausted(StageId id) {
  const ChainPlan& chain = program_.chains[stage_states_[id].chain];
  const std::uint32_t owner = rule_of(program_, chain);
  if (budgets_[owner].stopped) return;
  const bool in_instant = budgets_[owner].made_too_many();
  stop_rule(owner);
  for (const std::uint32_t rule : rules_of(program_, chain)) {
    if (budgets_[rule].stopped && rule != owner) continue;
    exhausted_.push_back({rule, id, in_instant});
    stop_rule(rule);
  }
}

void Network::stop_rule(std::uint32_t rule) {
  RuleBudget& budget = budgets_[rule];
  budget.stopped = true;
  budget.left = 0;  // of what was given for this instant
  // Facts that come to it are not compared with what waits there any more: make_token refuses.
  for (StageId s = 0; s < stage_states_.size(); ++s) {
    if (stage_states_[s].budget == &budget && program_.stages[s].alpha != kNoId) stage_states_[s].first = true;
  }
  // Shared joins that nobody goes on from any more.
  for (const ChainPlan& chain : program_.chains) {
    if (chain.shared == kNoId || rule_of(program_, chain) != rule) continue;
    const ChainPlan& joins = program_.chains[chain.shared];
    const std::vector<std::uint32_t> sharers = rules_of(program_, joins);
    const bool all = std::ranges::all_of(sharers, [&](std::uint32_t r) { return budgets_[r].stopped; });
    if (all && !budgets_[joins.owner].stopped) stop_rule(joins.owner);
  }
}

std::vector<Network::Exhausted> Network::take_exhausted() {
  std::vector<Exhausted> out;
  out.swap(exhausted_);
  return out;
}

// No token of the rules stays but the roots that others made, and will unbind; nor of shared joins that were stopped with them.
void Network::empty_rules(const std::vector<std::uint32_t>& rules) {
  std::vector<bool> emptied(budgets_.size(), false);
  for (const std::uint32_t rule : rules) {
    FB_CHECK(budgets_[rule].stopped);
    emptied[rule] = true;
  }
  for (const ChainPlan& chain : program_.chains) {
    if (chain.shared == kNoId || !emptied[rule_of(program_, chain)]) continue;
    const std::uint32_t joins = program_.chains[chain.shared].owner;
    if (budgets_[joins].stopped) emptied[joins] = true;
  }
  for (TokenId t = 0; t < tokens_.end(); ++t) {
    if (!tokens_[t].alive) continue;
    const bool goes_on = tokens_[t].stage != kNone && stage_states_[tokens_[t].stage].kind == StageKind::kShared;
    if (tokens_[t].parent != kNone && !goes_on) continue;
    const ChainPlan& chain = chain_of(t);
    if (!emptied[rule_of(program_, chain)]) continue;
    if (tokens_[t].stage != kNone || chain.rooted) {
      delete_token(t);
    } else {
      delete_children(t);
      if (chain.bound == 0 && chain.count != 0) leave_left(t);
    }
  }
  for (const std::uint32_t rule : rules) FB_CHECK(budgets_[rule].bytes == 0);
}

}  // namespace flyball::engine
