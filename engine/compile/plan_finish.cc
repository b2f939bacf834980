// What is known only when everything is planned: dispatch per type, fields read, ranks, and the strata of derivation.
#include <algorithm>
#include <map>
#include <numeric>

#include "engine/compile/plan_builder.h"
#include "model/components.h"

namespace flyball::engine {

void PlanBuilder::finish_types() {
  choose_dispatch();
  for (AlphaId id = 0; id < out_.alphas.size(); ++id) {
    AlphaPlan& alpha = out_.alphas[id];
    TypePlan& type = out_.types[alpha.type];
    std::sort(alpha.successors.begin(), alpha.successors.end(), std::greater<>());
    type.reads |= alpha.reads;
    for (const std::vector<std::uint32_t>& fields : alpha.indexes) {
      for (const std::uint32_t field : fields) type.reads |= std::uint64_t{1} << field;
    }
    for (const SpanFields& span : alpha.index_spans) {
      if (span.form != SpanFields::Form::kNowhere) type.reads |= std::uint64_t{1} << span.low | std::uint64_t{1} << span.high;
    }
    for (const NodeId node : alpha.nodes) type.reads |= out_.nodes[node].reads;
    if (alpha.dispatch.reaches.empty()) type.always.push_back(id);
  }
  for (const StagePlan& stage : out_.stages) {
    if (stage.type != kNoId) out_.types[stage.type].reads |= stage.own_reads | stage.later_reads;
  }
  for (const ScopePlan& scope : out_.scopes) {
    out_.frame_bindings = std::max(out_.frame_bindings, scope.binding_count);
    out_.frame_lets = std::max(out_.frame_lets, static_cast<std::uint32_t>(scope.lets.size()));
  }
  for (RulePlan& rule : out_.rules) {
    for (const ChainId chain : rule.chains) out_.chains[chain].logical = rule.logical;
    // Whatever rule asks: what changes with time alone is matched anew.
    const auto has_clock = [&](FactTypeId type) { return !out_.types[type].clocks.empty(); };
    rule.may_stand_again =
        rule.may_stand_again || (rule.is_production() && std::any_of(rule.identity_types.begin(), rule.identity_types.end(), has_clock));
  }
  for (const FactType& type : out_.rule_set.schema.types) out_.lateness_max_ns = std::max(out_.lateness_max_ns, type.lateness_ns);
}

void PlanBuilder::plan_ranks() {
  std::vector<std::uint32_t> order(out_.rules.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return out_.rules[a].priority > out_.rules[b].priority; });
  for (std::uint32_t i = 0; i < order.size(); ++i) out_.rules[order[i]].rank = i;
  std::map<std::string, std::uint32_t> first_of_module;
  for (std::uint32_t i = 0; i < out_.rules.size(); ++i) {
    const std::string module = out_.rules[i].name.substr(0, out_.rules[i].name.rfind('.'));
    out_.rules[i].module_first = first_of_module.try_emplace(module, i).first->second;
  }
}

// What a rule that derives reads: the types of its patterns and aggregates.
void PlanBuilder::note_needs(std::uint32_t rule) {
  const ast::RuleDecl& decl = out_.rule_set.rules[rule];
  const auto derives = [](const ast::Effect& e) { return e.kind == ast::EffectKind::kDerive; };
  if (std::none_of(decl.then.begin(), decl.then.end(), derives)) return;
  std::set<FactTypeId> read;
  RuleScope scope;
  for (const ast::Line& line : decl.when.lines) {
    if (line.kind == ast::LineKind::kPattern) {
      read.insert(line.pattern.fact_type);
      if (line.pattern.where) collect_aggregates(*line.pattern.where, scope);
    } else {
      collect_aggregates(line.expr, scope);
    }
  }
  for (const ast::Effect& effect : decl.then) {
    for (const ast::RecordField& field : effect.record.fields) collect_aggregates(field.value, scope);
  }
  for (const auto& [binding, aggregate] : scope.aggregates) read.insert(aggregate->fact_type);
  for (const ast::Effect& effect : decl.then) {
    if (!derives(effect)) continue;
    TypePlan& type = out_.types[effect.record.fact_type];
    if (type.deriving_rules.empty() || type.deriving_rules.back() != rule) type.deriving_rules.push_back(rule);
    std::vector<FactTypeId>& needs = needs_[effect.record.fact_type];
    needs.insert(needs.end(), read.begin(), read.end());
  }
}

// Derived types in the order in which they can be computed: strongly connected groups, those that others need
// first. A group of more than one type, or a type that needs itself, is recursive.
void PlanBuilder::plan_strata() {
  const Components strata = strong_components(needs_);
  std::vector<std::size_t> members(strata.count, 0);
  for (const std::uint32_t stratum : strata.of) ++members[stratum];
  for (FactTypeId t = 0; t < out_.types.size(); ++t) {
    out_.types[t].stratum = strata.of[t];
    out_.types[t].recursive = members[strata.of[t]] > 1 || std::find(needs_[t].begin(), needs_[t].end(), t) != needs_[t].end();
  }
  out_.stratum_count = strata.count;
}

}  // namespace flyball::engine
