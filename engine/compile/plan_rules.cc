// Rules → chains, effects and options. Params → values.
#include <algorithm>
#include <numeric>

#include "engine/compile/plan_builder.h"
#include "engine/network/network.h"
#include "model/suggest.h"
#include "parser/ast/rule_form.h"

namespace flyball::engine {

Result<RuleScope> PlanBuilder::make_scope(const ast::Block& when, const ast::Block* until, std::uint32_t let_count, std::uint32_t rule,
                                          std::string name) {
  RuleScope scope;
  scope.id = static_cast<std::uint32_t>(out_.scopes.size());
  scope.rule = rule;
  scope.where = std::move(name);
  out_.scopes.emplace_back();
  out_.scopes.back().lets.resize(let_count);
  scope.lets.resize(let_count, nullptr);
  const auto type_of = [&](std::uint32_t binding, FactTypeId type) {
    if (scope.binding_types.size() <= binding) scope.binding_types.resize(binding + 1, kNoId);
    scope.binding_types[binding] = type;
  };
  for (const ast::Block* block : {&when, until}) {
    if (block == nullptr) continue;
    for (const ast::Line& line : block->lines) {
      if (line.kind == ast::LineKind::kPattern) {
        type_of(line.pattern.binding, line.pattern.fact_type);
        if (line.pattern.where && line.pattern.quantifier != ast::Quantifier::kOne)
          inline_clocks(*line.pattern.where, line.pattern.binding, scope);
        if (line.pattern.where) collect_aggregates(*line.pattern.where, scope);
        if (line.pattern.satisfies) collect_aggregates(*line.pattern.satisfies, scope);
      } else {
        collect_aggregates(line.expr, scope);
      }
      if (line.kind == ast::LineKind::kLet) scope.lets[line.let_index] = &line.expr;
    }
  }
  for (std::uint32_t i = 0; i < let_count; ++i) {
    // In order: a let reads only those before it.
    if (scope.lets[i] != nullptr) out_.scopes[scope.id].lets[i] = formula(*scope.lets[i], scope);
  }
  scope.when = read_lines(when, false, scope);
  if (until != nullptr) scope.until = read_lines(*until, true, scope);
  return scope;
}

void PlanBuilder::add_reads(std::vector<FieldReads>& to, const std::vector<FieldReads>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void PlanBuilder::effect_formulas(const std::vector<EffectPlan>& effects, bool derives_only, std::vector<const Formula*>& out) {
  for (const EffectPlan& effect : effects) {
    if (derives_only && effect.kind != EffectKind::kDerive) continue;
    for (const FieldSource& field : effect.fields) {
      if (field.formula) out.push_back(&*field.formula);
    }
    if (effect.text) out.push_back(&*effect.text);
  }
}

Result<std::vector<EffectPlan>> PlanBuilder::plan_effects(const std::vector<ast::Effect>& effects, const RuleScope& scope) {
  std::vector<EffectPlan> out;
  for (const ast::Effect& effect : effects) {
    EffectPlan plan;
    plan.kind = plan_word(effect.kind);
    plan.binding = effect.binding;
    if (effect.kind == ast::EffectKind::kLog) {
      if (effect.text) plan.text = formula(*effect.text, scope);
    } else if (effect.kind != ast::EffectKind::kRetract) {
      plan.type = effect.kind == ast::EffectKind::kSet ? scope.binding_types[effect.binding] : effect.record.fact_type;
      const FactType& type = out_.rule_set.schema.types[plan.type];
      plan.fields.resize(type.declared_fields);
      for (std::size_t i = 0; i < plan.fields.size(); ++i) plan.fields[i].value = type.fields[i].default_value.value_or(Value::null());
      for (const ast::RecordField& field : effect.record.fields) {
        plan.fields[field.field].formula = std::make_unique<const Formula>(formula(field.value, scope));
        plan.fields[field.field].fit = field_fit(field.value, type.fields[field.field].type);
        plan.given |= std::uint64_t{1} << field.field;
      }
    } else {
      plan.type = scope.binding_types[effect.binding];
    }
    out.push_back(std::move(plan));
  }
  return out;
}

Result<void> PlanBuilder::plan_main_chain(RulePlan& plan, const RuleScope& scope) {
  std::vector<std::uint32_t> numbers(scope.when.size());
  std::iota(numbers.begin(), numbers.end(), 0U);
  Result<std::vector<Way>> all = ways(numbers, scope);
  if (!all) return std::unexpected(all.error());
  std::vector<const Formula*> read_at_end;
  // What a production's effects read is looked up when it fires: it makes no other match.
  if (!plan.is_production()) effect_formulas(plan.then, false, read_at_end);
  std::vector<std::uint32_t> gates;
  if (plan.is_production() && all->size() == 1) gates = gate_lines(scope);
  for (const Formula& f : plan.per) read_at_end.push_back(&f);
  for (std::uint32_t way = 0; way < all->size(); ++way) {
    ChainDraft chain = draft(scope, ChainEnd::kRule, scope.rule);
    chain.plan.way = way;
    move_checks(chain, scope, (*all)[way]);
    std::vector<const LineInfo*> lines;
    for (const LineInfo& line : scope.when) {
      if (!is_on((*all)[way], line)) continue;
      const bool is_gate = std::find(gates.begin(), gates.end(), line.number) != gates.end();
      if (!is_gate) lines.push_back(&line);
      if (Result<void> r = is_gate ? plan_gate(plan, line, scope) : Result<void>{}; !r) return r;
    }
    for (const LineInfo* line : order_lines(chain, lines, scope)) {
      if (Result<void> r = add_line(chain, *line, scope); !r) return r;
    }
    for (const Formula* f : read_at_end) {
      if (Result<void> r = need_aggregates(chain, f->aggregates, scope); !r) return r;
      add_reads(chain.end_reads, f->reads);
    }
    Result<ChainId> id = finish(chain, scope);
    if (!id) return std::unexpected(id.error());
    plan.chains.push_back(*id);
  }
  return {};
}

// What runs beside the matches: the exit condition, and what the derives of a running episode read.
Result<void> PlanBuilder::plan_side_chains(RulePlan& plan, const ast::RuleDecl& decl, const RuleScope& scope) {
  if (decl.until) {
    // A chain for each way through its `either`s: one that is true is enough.
    RuleScope lines = scope;
    lines.when = scope.until;
    std::vector<std::uint32_t> numbers(scope.until.size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    Result<std::vector<Way>> all = ways(numbers, lines);
    if (!all) return std::unexpected(all.error());
    for (const Way& way : *all) {
      ChainDraft chain = draft(scope, ChainEnd::kUntil, scope.rule);
      chain.driven = true;
      for (const std::uint32_t binding : plan.identity) add_bound(chain, binding, scope);
      for (const LineInfo& line : scope.until) {
        if (!is_on(way, line)) continue;
        if (Result<void> r = add_line(chain, line, scope); !r) return r;
      }
      Result<ChainId> id = finish(chain, scope);
      if (!id) return std::unexpected(id.error());
      if (plan.until_chain == kNoId) plan.until_chain = *id;
    }
  }
  const bool derives = std::any_of(plan.then.begin(), plan.then.end(), [](const EffectPlan& e) { return e.kind == EffectKind::kDerive; });
  if (plan.logical || !derives) return {};
  ChainDraft chain = draft(scope, ChainEnd::kWatch, scope.rule);
  chain.driven = true;
  for (const std::uint32_t binding : plan.identity) add_bound(chain, binding, scope);
  std::vector<const Formula*> formulas;
  effect_formulas(plan.then, true, formulas);
  for (const Formula* f : formulas) {
    if (Result<void> r = need_aggregates(chain, f->aggregates, scope); !r) return r;
    add_reads(chain.end_reads, f->reads);
  }
  Result<ChainId> id = finish(chain, scope);
  if (!id) return std::unexpected(id.error());
  plan.watch_chain = *id;
  return {};
}

// How much a rule asks: its patterns, the fields they join by, and the parts of its conditions.
std::uint32_t PlanBuilder::count_tests(const ast::Block& when) {
  std::size_t count = 0;
  for (const ast::Line& line : when.lines) {
    if (line.kind == ast::LineKind::kCheck) count += conjuncts(line.expr).size();
    if (line.kind != ast::LineKind::kPattern) continue;
    count += 1 + line.pattern.joins.size();
    if (line.pattern.where) count += conjuncts(*line.pattern.where).size();
  }
  return static_cast<std::uint32_t>(count);
}

// Lines `n: T where …`, T without key fields, that no other line reads. Something else must be left that binds a fact.
std::vector<std::uint32_t> PlanBuilder::gate_lines(const RuleScope& scope) {
  std::vector<std::uint32_t> out;
  std::size_t binders = 0;
  for (const LineInfo& line : scope.when) {
    if (!line.binds()) continue;
    ++binders;
    const ast::Pattern& pattern = line.line->pattern;
    const FactType& type = out_.rule_set.schema.types[pattern.fact_type];
    if (pattern.local) return {};  // of one match there may be several tokens
    if (line.duration_ns > 0 || !pattern.joins.empty() || !type.has_key || !type.key.empty() || type.is_event()) continue;
    const SplitWhere split = split_where(pattern.where ? &*pattern.where : nullptr, scope, pattern.binding, true);
    if (!split.keys.empty() || !split.residual.empty()) continue;
    const auto is_read = [&](const LineInfo& other) {
      return std::find(other.reads.begin(), other.reads.end(), pattern.binding) != other.reads.end();
    };
    bool read = std::any_of(scope.when.begin(), scope.when.end(), is_read);
    for (const auto& [binding, aggregate] : scope.aggregates) {
      std::set<std::uint32_t> reads;
      aggregate_reads(binding, scope, reads);
      read = read || reads.contains(pattern.binding);
    }
    if (!read) out.push_back(line.number);
  }
  if (!out.empty() && out.size() == binders) out.pop_back();
  return out;
}

Result<void> PlanBuilder::plan_gate(RulePlan& plan, const LineInfo& line, const RuleScope& scope) {
  ChainDraft chain = draft(scope, ChainEnd::kGate, scope.rule);
  chain.plan.gate = static_cast<std::uint32_t>(out_.gates.size());
  if (Result<void> r = add_line(chain, line, scope); !r) return r;
  Result<ChainId> id = finish(chain, scope);
  if (!id) return std::unexpected(id.error());
  plan.gates.push_back(static_cast<std::uint32_t>(out_.gates.size()));
  out_.gates.push_back({scope.rule, line.line->pattern.binding, line.line->pattern.fact_type, *id});
  return {};
}

// Any change in a field that `when` reads makes another match of a production, whatever comes of it; of all others it learns nothing.
void PlanBuilder::plan_production(RulePlan& plan, const ast::RuleDecl& decl, const RuleScope& scope) {
  std::map<std::uint32_t, std::uint64_t> reads;
  const auto each_pattern = [&](auto f) {
    std::vector<ChainId> chains = plan.chains;
    for (const std::uint32_t gate : plan.gates) chains.push_back(out_.gates[gate].chain);
    for (const ChainId id : chains) {
      const ChainPlan& chain = out_.chains[id];
      for (StageId s = chain.first; s < chain.first + chain.count; ++s) {
        if (out_.stages[s].kind == StageKind::kPattern) f(out_.stages[s]);
      }
    }
  };
  each_pattern([&](StagePlan& stage) { reads[stage.binding] |= stage.own_reads | stage.later_reads | out_.alphas[stage.alpha].reads; });
  each_pattern([&](StagePlan& stage) {
    stage.own_reads = reads[stage.binding];
    stage.later_reads = 0;
  });
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    std::vector<std::uint64_t>& masks = out_.types[plan.identity_types[i]].stamp_masks;
    const std::uint64_t mask = reads[plan.identity[i]];
    const auto at = std::find(masks.begin(), masks.end(), mask);
    plan.stamps.push_back(static_cast<std::uint32_t>(at - masks.begin()));
    if (at == masks.end()) masks.push_back(mask);
    const auto gate =
        std::find_if(plan.gates.begin(), plan.gates.end(), [&](std::uint32_t g) { return out_.gates[g].binding == plan.identity[i]; });
    plan.identity_gates.push_back(gate == plan.gates.end() ? kNoId : *gate);
  }
  plan.tests = count_tests(decl.when);
  plan.shares_matches = plan.chains.size() > 1;
  plan.may_stand_again = !scope.aggregates.empty();
  for (const ast::Line& line : decl.when.lines) {
    if (line.kind != ast::LineKind::kPattern) continue;
    plan.shares_matches = plan.shares_matches || line.pattern.local;
    const FactTypeId type = line.pattern.fact_type;
    plan.may_stand_again =
        plan.may_stand_again || out_.rule_set.schema.types[type].role == Role::kDerived || out_.rule_set.schema.types[type].ttl_ns;
  }
  plan.may_stand_again = plan.may_stand_again || plan.shares_matches;
}

Result<void> PlanBuilder::plan_rule(std::uint32_t rule) {
  const ast::RuleDecl& decl = out_.rule_set.rules[rule];
  tables_.clear();
  Result<RuleScope> made = make_scope(decl.when, decl.until ? &*decl.until : nullptr, decl.let_count, rule, decl.qualified);
  if (!made) return std::unexpected(made.error());
  RuleScope& scope = *made;
  for (const std::vector<ast::Effect>* effects : {&decl.then, &decl.on_clear}) {
    for (const ast::Effect& effect : *effects) {
      for (const ast::RecordField& field : effect.record.fields) collect_aggregates(field.value, scope);
      if (effect.text) collect_aggregates(*effect.text, scope);
    }
  }
  for (const ast::Expr& e : decl.cooldown_per) collect_aggregates(e, scope);
  if (decl.approve) collect_aggregates(*decl.approve, scope);

  RulePlan& plan = out_.rules[rule];
  plan.name = decl.qualified;
  plan.scope = scope.id;
  plan.priority = decl.priority_value;
  plan.mode = plan_word(decl.mode_value);
  plan.identity = decl.identity;
  for (const std::uint32_t binding : plan.identity) {
    const FactTypeId type = scope.binding_types[binding];
    plan.identity_types.push_back(type);
    plan.of_event = plan.of_event || out_.rule_set.schema.types[type].is_event() || out_.types[type].remembers != kNoId;
  }
  if (plan.identity.size() > Network::kMaxTuple) return fail("`" + scope.where + "` binds more than 32 facts", "split it with `derive`");
  Result<std::vector<EffectPlan>> then = plan_effects(decl.then, scope);
  if (!then) return std::unexpected(then.error());
  plan.then = std::move(*then);
  Result<std::vector<EffectPlan>> clear = plan_effects(decl.on_clear, scope);
  if (!clear) return std::unexpected(clear.error());
  plan.on_clear = std::move(*clear);
  plan.cooldown_ns = duration(decl.cooldown);
  for (const ast::Expr& e : decl.cooldown_per) plan.per.push_back(formula(e, scope));
  plan.cooldown_by_identity = plan.per.empty();
  for (const ast::During& during : decl.during) plan.during.emplace_back(during.id, during.negated);
  if (decl.approve) plan.approve = formula(*decl.approve, scope);
  plan.keep_ns = duration(decl.keep);
  plan.repeat_ns = duration(decl.repeat);
  if (decl.late_skip) plan.late_skip_ns = duration(decl.late_skip);
  plan.logical = ast::is_logical(decl);
  plan.strategy = plan_word(decl.strategy);

  if (Result<void> r = plan_main_chain(plan, scope); !r) return r;
  if (Result<void> r = plan_side_chains(plan, decl, scope); !r) return r;
  if (plan.is_production()) plan_production(plan, decl, scope);
  // Aggregates that only `on clear`, `approve when` or the effects of a production read are asked for when it runs.
  std::vector<const Formula*> clear_formulas;
  effect_formulas(plan.on_clear, false, clear_formulas);
  if (plan.is_production()) effect_formulas(plan.then, false, clear_formulas);
  if (plan.approve) clear_formulas.push_back(&*plan.approve);
  for (const Formula* f : clear_formulas) {
    if (Result<void> r = use_aggregates(f->aggregates, scope); !r) return r;
  }
  for (const auto& [binding, aggregate] : scope.aggregates) {
    out_.scopes[scope.id].binding_count = std::max(out_.scopes[scope.id].binding_count, binding + 1);
  }
  const std::uint32_t bindings = std::max(static_cast<std::uint32_t>(scope.binding_types.size()), decl.binding_count);
  out_.scopes[scope.id].binding_count = std::max(out_.scopes[scope.id].binding_count, bindings);
  plan_explain(rule, scope);
  return {};
}

Result<std::uint32_t> PlanBuilder::plan_case_scope(const ast::Case& decl) {
  Result<RuleScope> scope = make_scope(decl.when, nullptr, decl.let_count, kNoId, decl.name.text);
  if (!scope) return std::unexpected(scope.error());
  for (const ast::RecordField& field : decl.output.fields) collect_aggregates(field.value, *scope);
  for (const auto& [binding, aggregate] : scope->aggregates) {
    if (Result<std::uint32_t> use = use_for(binding, *scope); !use) return std::unexpected(use.error());
  }
  ScopePlan& plan = out_.scopes[scope->id];
  plan.binding_count = std::max(static_cast<std::uint32_t>(scope->binding_types.size()), decl.binding_count);
  return scope->id;
}

Result<void> PlanBuilder::plan_params(const std::vector<std::pair<std::uint32_t, Value>>& overrides) {
  const Schema& schema = out_.rule_set.schema;
  for (const Param& param : schema.params) out_.params.push_back(param.default_value);
  for (const auto& [id, value] : overrides) {
    if (id >= schema.params.size()) return fail("there is no param " + std::to_string(id));
    const Param& param = schema.params[id];
    if (!value_matches(value, param.type, interner_)) {
      return fail("param `" + param.name + "` is " + with_article(to_string(param.type)), "give it a value of that type");
    }
    const auto beyond = [&](const std::optional<Value>& bound, bool below) {
      if (!bound) return false;
      const int order = compare_total(value, *bound, interner_);
      return below ? order < 0 : order > 0;
    };
    if (beyond(param.minimum, true) || beyond(param.maximum, false)) {
      return fail("param `" + param.name + "` is out of its range",
                  "its range is " + to_source(*param.minimum, interner_) + ".." + to_source(*param.maximum, interner_));
    }
    out_.params[id] = value;
  }
  return {};
}

}  // namespace flyball::engine
