// What the network did and holds, put together from the counters of its nodes; see engine/insight.h. O(nodes and tables).
#include <algorithm>

#include "engine/compile/node_words.h"
#include "engine/network/network.h"

namespace flyball::engine {

void Network::look_into(Insight& out) const {
  out.rules.resize(program_.rules.size());
  for (std::uint32_t r = 0; r < out.rules.size(); ++r) {
    out.rules[r].name = rule_label(program_, r);
    out.rules[r].shared_joins = program_.is_shared_joins(r);
  }

  for (FactTypeId t = 0; t < stores_.size(); ++t) {
    TypeView& type = out.types.emplace_back();
    type.type = t;
    const auto named = [&](FactTypeId id) { return program_.rule_set.schema.types[id].name; };
    type.name = named(t);
    if (program_.types[t].remembers != kNoId) type.name = "remembered " + named(program_.types[t].remembers);
    if (program_.types[t].each_of != kNoId) type.name = "values of " + named(program_.types[t].each_of);
    type.updates = type_states_[t].updates;
    type.live = stores_[t].live();
    type.stale = stores_[t].stale();
    type.bytes = type_bytes(t);
    type.spare_bytes = stores_[t].spare_bytes();
  }

  // A stage's alpha, and what its aggregate reads: by whom.
  std::vector<std::vector<std::uint32_t>> alpha_rules(program_.alphas.size()), node_rules(program_.nodes.size());
  const auto note = [](std::vector<std::uint32_t>& rules, std::uint32_t rule) {
    if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
  };
  out.stages.resize(program_.stages.size());
  for (StageId id = 0; id < program_.stages.size(); ++id) {
    const StagePlan& plan = program_.stages[id];
    const ChainPlan& chain = program_.chains[plan.chain];
    const StageState& state = stage_states_[id];
    StageView& view = out.stages[id];
    if (chain.vacant) continue;
    view.rule = engine::rule_of(program_, chain);
    view.stage = id;
    view.what = stage_label(program_, plan);
    view.in_until = is_in_until(program_, chain);
    view.line = plan.line;
    view.left = state.work.left;
    view.right = state.work.right;
    view.pairs = state.work.pairs;
    view.made = state.work.made;
    view.deleted = state.work.deleted;
    view.bytes = view.standing() * sizeof(Token) + state.left.bytes() + state.met.bytes();
    if (plan.kind == StageKind::kAggregate) {
      view.bytes += view.standing() * sizeof(Value);
      if (program_.uses[plan.node].node != kNoId) note(node_rules[program_.uses[plan.node].node], view.rule);
    }
    if (plan.alpha != kNoId) {
      for (const std::uint32_t rule : rules_of(program_, chain)) note(alpha_rules[plan.alpha], rule);
    }
    RuleView& rule = out.rules[view.rule];
    rule.left += view.left;
    rule.right += view.right;
    rule.pairs += view.pairs;
    rule.made += view.made;
    rule.deleted += view.deleted;
    rule.bytes += view.bytes;
    if (plan.last && chain.end == ChainEnd::kRule) {
      rule.matches += view.standing();
      rule.matches_made += view.made;
    }
  }
  for (TableId t = 0; t < holds_.size(); ++t) out.rules[program_.holds[t].rule].bytes += holds_[t].bytes();
  for (TableId t = 0; t < absences_.size(); ++t) out.rules[program_.absences[t].rule].bytes += absences_[t].bytes();
  for (TableId t = 0; t < projections_.size(); ++t) out.rules[program_.projections[t].rule].bytes += projections_[t].bytes();

  const auto charge = [&](const std::vector<std::uint32_t>& rules, std::uint64_t bytes) {
    for (const std::uint32_t rule : rules) (rules.size() == 1 ? out.rules[rule].bytes : out.rules[rule].shared_bytes) += bytes;
  };
  for (NodeId id = 0; id < program_.nodes.size(); ++id) {
    AggregateView& view = out.aggregates.emplace_back();
    view.node = id;
    if (program_.nodes[id].vacant) continue;
    view.type = program_.nodes[id].type;
    view.what = aggregate_label(program_, program_.nodes[id]);
    aggregates_.look_into(id, view);
    view.rules = node_rules[id];
    charge(view.rules, view.bytes);
    // What an aggregate reads, those do who ask it.
    if (program_.nodes[id].alpha == kNoId) continue;
    for (const std::uint32_t rule : view.rules) note(alpha_rules[program_.nodes[id].alpha], rule);
  }
  for (AlphaId id = 0; id < program_.alphas.size(); ++id) {
    const AlphaPlan& plan = program_.alphas[id];
    if (plan.vacant) continue;
    AlphaView& view = out.alphas.emplace_back();
    view.alpha = id;
    view.type = plan.type;
    view.text = plan.text;
    view.tests = alpha_work_[id].tests;
    view.came = alpha_work_[id].came;
    view.went = alpha_work_[id].went;
    const AlphaState& state = alphas_[id];
    view.bytes = view.standing() * std::max<std::uint64_t>(state.index_count, 1) * sizeof(AlphaItem);
    for (std::uint32_t i = 0; i < state.index_count; ++i) view.bytes += alphas_.index(state, i).bucket.bytes();
    view.rules = alpha_rules[id];
    std::sort(view.rules.begin(), view.rules.end());
    charge(view.rules, view.bytes);
    for (const std::uint32_t rule : view.rules) out.rules[rule].tests += view.tests;
  }
}

std::size_t Network::type_bytes(FactTypeId type) const {
  return stores_[type].bytes() + gates_[type].capacity() * sizeof(FactGates) + stamps_[type].bytes() +
         fact_dues_[type].capacity() * sizeof(Timestamp);
}

void Aggregates::look_into(NodeId node, AggregateView& out) const {
  const NodeState& state = nodes_[node];
  out.puts = state.work.puts;
  out.removals = state.work.removals;
  out.values = state.work.values;
  out.judged = state.work.judged;
  out.standing = state.items.used();
  out.groups = state.group_of.size();
  out.bytes = node_bytes(node);
}

}  // namespace flyball::engine
