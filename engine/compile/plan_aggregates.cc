// Aggregates: one node per (type, own tests, group, value, window), one use per place in a rule.
#include <algorithm>
#include <cstdint>

#include "engine/compile/plan_builder.h"
#include "model/check.h"

namespace flyball::engine {

namespace {

// Of an ewma (semantics.md §4): the newest n, where what came before them would weigh less than 2⁻⁶⁴.
std::size_t samples_that_count(double weight) {
  constexpr std::size_t kMax = std::size_t{1} << 20;  // if there would be more, all do
  std::size_t n = 0;
  for (double left = 1; left >= 0x1p-64; left *= 1 - weight) {
    if (n++ == kMax) return SIZE_MAX;
  }
  return n;
}

}  // namespace

// What of its tests is known before a fact is: they may say the same of the same facts for as long as those stand, and where facts lie.
void PlanBuilder::plan_judging(AggregateUse& use, const std::vector<const ast::Expr*>& residual, const RuleScope& scope) {
  AggregateNode& node = out_.nodes[use.node];
  if (use.residual.empty()) return;
  const auto lasts = [&](const Formula& f) {
    const auto& lets = out_.scopes[use.scope].lets;
    return f.aggregates.empty() && !f.code.uses_now() &&
           std::ranges::none_of(f.lets, [&](std::uint32_t let) { return lets[let].code.uses_now(); });
  };
  const auto key_lasts = [&](const KeyPart& part) { return part.left == nullptr || lasts(*part.left); };
  if (!std::ranges::all_of(use.residual, lasts) || !std::ranges::all_of(use.keys, key_lasts)) return;
  // A sum does not remember of which sample it has its newest.
  use.adds_up = !node.asks_newest && (node.fn == AggregateFn::kCount || node.fn == AggregateFn::kSum || node.fn == AggregateFn::kAvg);
  use.span = span_for(residual, scope, use.binding, true);
  // Another use of the node may have other conditions.
  if (use.span && node.lies.form != SpanFields::Form::kNowhere && node.lies != use.span->own) use.span.reset();
  if (use.span) node.lies = use.span->own;
  use.keeps_total = use.adds_up || use.span;
}

Result<std::uint32_t> PlanBuilder::use_for(std::uint32_t binding, const RuleScope& scope) {
  for (const auto& [b, use] : out_.scopes[scope.id].uses) {
    if (b == binding) return use;
  }
  if (const auto clock = scope.clocks.find(binding); clock != scope.clocks.end()) {
    AggregateUse use;
    use.scope = scope.id;
    use.binding = binding;
    use.clock = clock_plan(*clock->second, scope);
    const auto id = static_cast<std::uint32_t>(out_.uses.size());
    out_.uses.push_back(std::move(use));
    out_.scopes[scope.id].uses.emplace_back(binding, id);
    return id;
  }
  const auto found = scope.aggregates.find(binding);
  FB_CHECK(found != scope.aggregates.end());
  const ast::Aggregate& a = *found->second;
  SplitWhere split = split_where(a.where ? &*a.where : nullptr, scope, a.binding, true);
  if (split.keys.size() > 8) return fail("`" + scope.where + "` correlates an aggregate by more than 8 fields");

  AggregateNode node;
  node.fn = a.fn;
  node.type = a.fact_type;
  node.scope = scope.id;
  node.binding = a.binding;
  if (a.over) node.over_ns = duration(a.over);
  const auto number = [&](const ast::OptionalExpr& e) -> std::optional<std::int64_t> {
    if (!e) return std::nullopt;
    const Value v = constant_value(*e, context_);
    return v.is(Kind::kInt) ? std::optional(v.as_int()) : std::nullopt;
  };
  node.over_last = number(a.over_last);
  node.at_least = number(a.at_least);
  const FactType& counted = out_.rule_set.schema.types[a.fact_type];
  if (a.k) node.number = a.k->literal;
  if (node.fn == AggregateFn::kEwma) {
    node.weight = node.number.is(Kind::kDouble) ? node.number.as_double() : kDefaultWeight;
    node.reach = samples_that_count(node.weight);
  }
  // A count counts what was seen, and events are never stale.
  node.asks_newest = node.sampled() && node.fn != AggregateFn::kCount && !counted.is_event();
  node.one_series = counted.is_event() && !counted.has_key;
  if (node.over_last && counted.is_event() && !counted.has_key) {
    return fail("`" + scope.where + "` has a window of the last events of `" + counted.name +
                    "`, which has no key: each event would be its own last one, for ever",
                "give `" + counted.local + "` a key, or use a window of time (`over 5m`)");
  }
  if (a.value && a.fn != AggregateFn::kCount) {
    std::set<std::uint32_t> reads;
    collect_reads(*a.value, scope, reads);
    reads.erase(a.binding);
    const Formula value = formula(*a.value, scope);
    if (!reads.empty() || !value.aggregates.empty() || reads_input(*a.value, scope)) {
      return fail("`" + scope.where + "` aggregates an expression over other facts", "aggregate a field of the type itself");
    }
    node.value_type = a.value->type;
    if (const std::optional<Type> type = aggregate_type(a.fn, node.value_type.without_null())) node.result_kind = kind_of(*type);
    node.reads |= value.reads_of(a.binding);
  }
  node.text = std::to_string(static_cast<int>(a.fn)) + ":" + std::to_string(a.fact_type) + ":";
  std::set<std::string> tests;
  for (const ast::Expr* e : split.own) tests.insert(text_of(*e, scope, a.binding));
  for (const std::string& t : tests) node.text += t + ";";
  node.text += " group";
  for (const KeyPart& key : split.keys) {
    node.group.push_back(key.own_field);
    node.reads |= std::uint64_t{1} << key.own_field;
    node.text += " " + out_.rule_set.schema.types[a.fact_type].fields[key.own_field].name;
  }
  if (!node.number.is_null()) node.text += " by " + std::to_string(node.number.bits);
  if (a.value && a.fn != AggregateFn::kCount) node.text += " of " + text_of(*a.value, scope, a.binding);
  if (node.over_ns) node.text += " over " + std::to_string(*node.over_ns);
  if (node.over_last) node.text += " last " + std::to_string(*node.over_last);
  if (node.at_least) node.text += " at least " + std::to_string(*node.at_least);

  AggregateUse use;
  use.scope = scope.id;
  use.binding = a.binding;
  for (const ast::Expr* e : split.residual) use.residual.push_back(formula(*e, scope));
  for (const Formula& f : use.residual) node.reads |= f.reads_of(a.binding);
  node.keep_rows = !use.residual.empty() || a.fn == AggregateFn::kTopk;
  if (a.fn == AggregateFn::kTopk) {
    for (const Field& f : counted.fields) node.field_names.push_back(interner_.string(f.name));
    node.reads |= counted.fields.size() >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << counted.fields.size()) - 1;
  }
  // Uses that judge items one by one need more of them than a shared node keeps.
  if (!use.residual.empty()) node.text += " for " + scope.where + " " + std::to_string(a.binding);

  if (const auto known = nodes_.find(node.text); known != nodes_.end()) {
    use.node = known->second;
  } else {
    use.node = static_cast<NodeId>(out_.nodes.size());
    nodes_.emplace(node.text, use.node);
    // Whatever the rule calls the fact that is compiled first: who goes on with its samples compares the texts.
    const auto own_formula = [&](const ast::Expr& e) {
      Formula f = formula(e, scope);
      f.text = text_of(e, scope, a.binding);
      return f;
    };
    if (a.value && a.fn != AggregateFn::kCount) node.value = own_formula(*a.value);
    if (node.sampled()) {
      for (const ast::Expr* e : split.own) node.tests.push_back(own_formula(*e));
      set_dispatch(node.dispatch, split.own, scope, a.binding);
      out_.types[a.fact_type].sample_nodes.push_back(use.node);
    } else {
      node.alpha = alpha_for(a.fact_type, split.own, scope, a.binding);
      out_.alphas[node.alpha].nodes.push_back(use.node);
    }
    out_.nodes.push_back(std::move(node));
  }
  use.keys = std::move(split.keys);
  plan_judging(use, split.residual, scope);
  const std::uint32_t id = static_cast<std::uint32_t>(out_.uses.size());
  out_.uses.push_back(std::move(use));
  out_.scopes[scope.id].uses.emplace_back(binding, id);
  return id;
}

// The bindings that the value of an aggregate, or of a condition on `now`, depends on.
void PlanBuilder::aggregate_reads(std::uint32_t binding, const RuleScope& scope, std::set<std::uint32_t>& out) const {
  if (const auto clock = scope.clocks.find(binding); clock != scope.clocks.end()) {
    collect_reads(*clock->second, scope, out);
  } else if (const ast::Aggregate& a = *scope.aggregates.at(binding); a.where) {
    collect_reads(*a.where, scope, out);
  }
}

// Uses without a stage: for what asks at its own time.
Result<void> PlanBuilder::use_aggregates(const std::vector<std::uint32_t>& bindings, const RuleScope& scope) {
  for (const std::uint32_t binding : bindings) {
    if (Result<std::uint32_t> use = use_for(binding, scope); !use) return std::unexpected(use.error());
    if (scope.clocks.contains(binding)) continue;
    const ast::Aggregate& a = *scope.aggregates.at(binding);
    if (!a.where) continue;
    if (Result<void> r = use_aggregates(formula(*a.where, scope).aggregates, scope); !r) return r;
  }
  return {};
}

// Stages for aggregates that what follows in the chain will read.
Result<void> PlanBuilder::need_aggregates(ChainDraft& chain, const std::vector<std::uint32_t>& bindings, const RuleScope& scope) {
  for (const std::uint32_t binding : bindings) {
    if (!chain.aggregates.insert(binding).second) continue;
    // Its own condition may read aggregates, too.
    if (const auto clock = scope.clocks.find(binding); clock != scope.clocks.end()) {
      if (Result<void> r = need_aggregates(chain, formula(*clock->second, scope, clock->second).aggregates, scope); !r) return r;
    } else if (const ast::Aggregate& a = *scope.aggregates.at(binding); a.where) {
      const Formula where = formula(*a.where, scope);
      for (const std::uint32_t inner : where.aggregates) {
        std::set<std::uint32_t> reads;
        aggregate_reads(inner, scope, reads);
        if (reads.contains(binding)) {
          return fail("`" + scope.where + "` has an aggregate inside another that reads the outer one's facts",
                      "derive the inner value as a fact first");
        }
      }
      if (Result<void> r = need_aggregates(chain, where.aggregates, scope); !r) return r;
    }
    Result<std::uint32_t> use = use_for(binding, scope);
    if (!use) return std::unexpected(use.error());
    StagePlan stage;
    stage.kind = StageKind::kAggregate;
    stage.binding = binding;
    stage.node = *use;
    chain.stages.push_back(std::move(stage));
  }
  return {};
}

}  // namespace flyball::engine
