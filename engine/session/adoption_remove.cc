// What goes out of the old session, under its own program: the tokens, entries, items and samples that no rule asks for any more.
#include <algorithm>

#include "engine/compile/node_words.h"
#include "engine/session/adoption.h"

namespace flyball::engine {

void Adoption::remove() {
  remove_tokens();
  for (std::uint32_t r = 0; r < rules_.size(); ++r) {
    if (rules_[r] != kNoId) continue;
    drop_episodes(r);
    if (!changed_[r]) unpin_entries(r, from_.network);
  }
  for (NodeId n = 0; n < from_.data.nodes.size(); ++n) {
    if (!from_.data.nodes[n].vacant && !kept_nodes_[n] && from_.data.nodes[n].sampled()) remove_samples(n);
  }
  remove_items();
}

// The youngest first: a rule that came last is found at once. What they were the reason of is dirty then.
void Adoption::remove_tokens() {
  Network& network = from_.network;
  std::vector<bool> of_chain(from_.data.chains.size()), of_stage(from_.data.stages.size());
  std::vector<std::uint32_t> left;  // rules that have tokens
  bool any_roots = false;
  for (std::uint32_t r = 0; r < rules_.size(); ++r) {
    if (rules_[r] != kNoId) continue;
    if (network.budgets_[r].bytes != 0) left.push_back(r);
    for (const ChainId c : before_.parts[r].chains) {
      const ChainPlan& chain = from_.data.chains[c];
      of_chain[c] = true;
      for (StageId s = chain.first; s < chain.first + chain.count; ++s) of_stage[s] = true;
      any_roots = any_roots || chain.count == 0 || (chain.shared == kNoId && !network.stage_states_[chain.first].first);
    }
    network.stop_rule(r);
  }
  for (TokenId t = network.tokens_.end(); t-- > 0 && (any_roots || !left.empty());) {
    const Token& token = network.tokens_[t];
    if (!token.alive) continue;
    const bool is_root = token.stage == kNone;
    const bool goes_on = !is_root && network.stage_states_[token.stage].kind == StageKind::kShared;
    if (token.parent != kNone && !goes_on) continue;
    if (is_root ? !of_chain[token.chain()] : !of_stage[token.stage]) continue;
    network.delete_token(t);
    std::erase_if(left, [&](std::uint32_t r) { return network.budgets_[r].bytes == 0; });
  }
}

void Adoption::drop_episodes(std::uint32_t rule) {
  const TupleTable<RuleEntry>& episodes = from_.episodes.tables_[rule];
  for (EntryId e = 0; e < episodes.end(); ++e) {
    if (!episodes.in_use(e)) continue;
    if (episodes[e].active && !changed_[rule]) ++taken_.episodes_dropped;
    from_.derivation.drop_episode_reasons(rule, e);
  }
}

// The facts that entries of the old tables have pinned.
void Adoption::unpin_entries(std::uint32_t rule, Network& network) {
  const RulePlan& plan = from_.data.rules[rule];
  const auto unpin = [&](const auto& table, const std::vector<FactTypeId>& types) {
    for (std::uint32_t e = 0; e < table.end(); ++e) {
      if (!table.in_use(e)) continue;
      for (std::size_t i = 0; i < types.size(); ++i) network.store(types[i]).unpin(table.facts_of(e)[i]);
    }
  };
  unpin(from_.episodes.tables_[rule], plan.identity_types);
  for (const TableId t : before_.parts[rule].holds) unpin(from_.network.holds_[t], from_.data.holds[t].types);
  for (const TableId t : before_.parts[rule].absences) unpin(from_.network.absences_[t], from_.data.absences[t].types);
  for (const TableId t : before_.parts[rule].projections) {
    std::vector<FactTypeId> types;
    for (const std::uint32_t place : from_.data.projections[t].places) types.push_back(plan.identity_types[place]);
    unpin(from_.network.projections_[t], types);
  }
}

// What rules that are otherwise take along, and would be lost with their tokens.
void Adoption::note_under_way() {
  bool productions = false;
  for (std::uint32_t r = 0; r < changed_.size(); ++r) {
    if (!changed_[r]) continue;
    productions = productions || from_.data.rules[r].is_production();
    const TupleTable<RuleEntry>& episodes = from_.episodes.tables_[r];
    for (EntryId e = 0; e < episodes.end(); ++e) {
      if (!episodes.in_use(e)) continue;
      for (auto& [effect, values] : from_.derivation.episode_reasons(r, e))
        under_way_.reasons[{r, e}].push_back({from_.data.rules[r].then[effect].type, effect, std::move(values)});
    }
  }
  if (productions) {
    under_way_.standing = from_.productions.standing();
    std::erase_if(under_way_.standing, [&](const Productions::Standing& s) { return !changed_[s.key.rule]; });
  }
  from_.actions.records_.for_each([&](const ActionRecord& record) {
    if (record.episode != kNoEpisode && changed_[record.rule]) under_way_.of_episode.emplace_back(record.number, record.episode);
  });
  std::sort(under_way_.of_episode.begin(), under_way_.of_episode.end());  // in the order in which they were made
}

void Adoption::remove_samples(NodeId node) {
  Aggregates& aggregates = from_.network.aggregates_;
  const FactTypeId type = from_.data.nodes[node].type;
  const bool counted = aggregates.routes_.by_content(type);
  aggregates.nodes_[node].samples.for_each([&](FactId fact, std::span<const std::uint32_t> samples) {
    if (counted) aggregates.sampled_[type][fact].count -= static_cast<std::uint32_t>(samples.size());
    from_.network.store(type).unpin(fact);
  });
}

// Items of alphas that are gone, where the others keep their places; else fill_type() meets them.
void Adoption::remove_items() {
  Network& network = from_.network;
  std::vector<std::uint64_t> left(from_.data.alphas.size(), 0);  // by alpha that is gone: facts in it
  std::uint64_t all = 0;
  for (AlphaId a = 0; a < from_.data.alphas.size(); ++a) {
    const AlphaPlan& plan = from_.data.alphas[a];
    if (plan.vacant || kept_alphas_[a] || !same_seats(plan.type)) continue;
    left[a] = network.alpha_work_[a].came - network.alpha_work_[a].went;
    all += left[a];
  }
  for (std::uint32_t id = network.items_.end(); id-- > 0 && all > 0;) {
    const AlphaItem& item = network.items_[id];
    const AlphaId alpha = item.alpha;
    if (item.further || alpha >= left.size() || left[alpha] == 0) continue;
    if (!remove_item(from_.data.alphas[alpha].type, id)) continue;
    --left[alpha];
    --all;
  }
}

// False: that place is free, and has been this item's.
bool Adoption::remove_item(FactTypeId type, std::uint32_t id) {
  Network& network = from_.network;
  FactStore& store = network.store(type);
  if (network.items_[id].fact >= store.end()) return false;
  FactMeta& meta = store.meta(network.items_[id].fact);
  if (!meta.used) return false;
  for (std::uint32_t* place = &meta.items; *place != kNone; place = &network.items_[*place].next) {
    if (*place != id) continue;
    *place = network.items_[id].next;
    const std::uint32_t bit = network.alphas_[network.items_[id].alpha].bit;
    if (bit < AlphaTables::kOwnBits) meta.members &= ~(std::uint32_t{1} << bit);
    network.free_item(id);
    return true;
  }
  return false;
}

}  // namespace flyball::engine
