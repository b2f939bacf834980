// Lines of `when` and `until` → stages of chains; lines with a memory → tables with chains of their own.
#include <algorithm>
#include <optional>

#include "engine/compile/plan_builder.h"
#include "engine/network/network.h"

namespace flyball::engine {

std::vector<LineInfo> PlanBuilder::read_lines(const ast::Block& block, bool until, const RuleScope& scope) const {
  std::vector<LineInfo> out;
  for (const ast::Line& line : block.lines) {
    LineInfo info;
    info.line = &line;
    info.in_until = until;
    info.number = static_cast<std::uint32_t>(out.size());
    info.duration_ns = duration(info.is_pattern() ? line.pattern.hold : line.hold);
    std::set<std::uint32_t> reads;
    if (info.is_pattern()) {
      for (const ast::Join& join : line.pattern.joins) reads.insert(join.other);
      if (line.pattern.where) collect_reads(*line.pattern.where, scope, reads);
    } else {
      collect_reads(line.expr, scope, reads);
    }
    const std::vector<LineInfo>& binders = until ? scope.when : out;
    std::set<std::uint32_t> bound_by;
    for (const LineInfo& binder : binders) {
      if (!binder.binds() || !reads.contains(binder.line->pattern.binding) || (!until && !ast::stand_together(*binder.line, line)))
        continue;
      info.reads.push_back(binder.line->pattern.binding);
      bound_by.insert(binder.number);
      bound_by.insert(binder.bound_by.begin(), binder.bound_by.end());
    }
    std::sort(info.reads.begin(), info.reads.end());
    info.reads.erase(std::unique(info.reads.begin(), info.reads.end()), info.reads.end());
    info.bound_by.assign(bound_by.begin(), bound_by.end());
    out.push_back(std::move(info));
  }
  return out;
}

ChainDraft PlanBuilder::draft(const RuleScope& scope, ChainEnd end, std::uint32_t owner) {
  ChainDraft chain;
  chain.plan.scope = scope.id;
  chain.plan.end = end;
  chain.plan.owner = owner;
  return chain;
}

// Numbers the stages, and works out which fields each stage's fact must be looked at again for.
Result<ChainId> PlanBuilder::finish(ChainDraft& chain, const RuleScope& scope) {
  if (chain.stages.size() > Network::kMaxStages) {
    return fail("`" + scope.where + "` has more than " + std::to_string(Network::kMaxStages) + " lines and aggregates",
                "split it with `derive`");
  }
  plan_closing(chain);
  const ChainId id = static_cast<ChainId>(out_.chains.size());
  chain.plan.first = static_cast<StageId>(out_.stages.size());
  chain.plan.count = static_cast<std::uint32_t>(chain.stages.size());
  chain.plan.rooted = !chain.driven && !chain.stages.empty() && chain.stages[0].kind != StageKind::kPattern;
  if (chain.stages.empty()) chain.plan.rooted = !chain.driven;
  std::map<std::uint32_t, std::uint64_t> later;
  for (const FieldReads& r : chain.end_reads) later[r.binding] |= r.mask;
  for (std::size_t i = chain.stages.size(); i-- > 0;) {
    StagePlan& stage = chain.stages[i];
    stage.chain = id;
    stage.last = i + 1 == chain.stages.size();
    if (stage.binding != kNoId && stage.kind != StageKind::kAggregate) stage.later_reads = later[stage.binding];
    const auto read = [&](const Formula& f) {
      for (const FieldReads& r : f.reads) later[r.binding] |= r.mask;
    };
    const auto read_keys = [&](const std::vector<KeyPart>& keys) {
      for (const KeyPart& key : keys) {
        if (key.left) {
          read(*key.left);
        } else {
          later[key.left_binding] |= std::uint64_t{1} << key.left_field;
        }
      }
    };
    read_keys(stage.keys);
    for (const Formula& f : stage.residual) read(f);
    if (stage.kind == StageKind::kAggregate) {
      const AggregateUse& use = out_.uses[stage.node];
      read_keys(use.keys);
      for (const Formula& f : use.residual) read(f);
      if (use.clock) read(use.clock->condition);
    }
    // The stage's own fields are its own_reads, not a later stage's.
    if (stage.binding != kNoId && stage.kind != StageKind::kBound) later.erase(stage.binding);
  }
  for (std::size_t i = 0; i < chain.stages.size(); ++i) {
    const StageId stage = chain.plan.first + static_cast<StageId>(i);
    StagePlan& plan = chain.stages[i];
    if (plan.alpha != kNoId) out_.alphas[plan.alpha].successors.push_back(stage);
    if (plan.kind == StageKind::kHold) out_.holds[plan.table].consumers.push_back(stage);
    if (plan.kind == StageKind::kAbsence) out_.absences[plan.table].consumers.push_back(stage);
    if (plan.kind == StageKind::kAggregate && !out_.uses[plan.node].clock) out_.nodes[out_.uses[plan.node].node].consumers.push_back(stage);
    out_.stages.push_back(std::move(plan));
  }
  out_.chains.push_back(std::move(chain.plan));
  return id;
}

Result<void> PlanBuilder::add_line(ChainDraft& chain, const LineInfo& line, const RuleScope& scope) {
  if (line.line->kind == ast::LineKind::kLet) return {};
  if (line.is_absence()) return add_absence(chain, line, scope);
  if (line.duration_ns > 0) return add_hold(chain, line, scope);
  return add_raw_line(chain, line, scope, false);
}

Result<void> PlanBuilder::add_raw_line(ChainDraft& chain, const LineInfo& line, const RuleScope& scope, bool fresh_truth) {
  if (line.is_pattern()) return add_pattern(chain, line, scope, fresh_truth, false);
  StagePlan stage;
  stage.kind = StageKind::kCheck;
  stage.line = line.number;
  stage.fresh_truth = fresh_truth;
  bool all_moved = !chain.moved.empty() || !chain.ties.empty();
  for (const ast::Expr* part : conjuncts(line.line->expr)) {
    if (chain.is_moved(part)) continue;
    all_moved = false;
    stage.residual.push_back(formula(*part, scope));
  }
  if (all_moved) return {};
  for (const Formula& f : stage.residual) {
    if (Result<void> r = need_aggregates(chain, f.aggregates, scope); !r) return r;
  }
  chain.stages.push_back(std::move(stage));
  return {};
}

// A pattern; `watch`: as what ends a silence, whatever its quantifier.
Result<void> PlanBuilder::add_pattern(ChainDraft& chain, const LineInfo& line, const RuleScope& scope, bool fresh_truth, bool watch) {
  const ast::Pattern& pattern = line.line->pattern;
  const std::uint32_t own = pattern.binding;
  const auto placed = chain.placed.find(own);
  const bool elsewhere = placed != chain.placed.end();
  std::vector<const ast::Expr*> conditions;
  std::vector<PlacedParts::Join> joins;
  if (elsewhere) {
    conditions = placed->second.conditions;
    joins = placed->second.joins;
  } else {
    if (pattern.where) conditions = conjuncts(*pattern.where);
    for (const ast::Join& join : pattern.joins) joins.push_back({join.field, join.other, join.other_field});
  }
  if (line.binds() && !watch) {
    chain.there.insert(own);
    for (ChainDraft::Tie& tie : chain.ties) {
      const bool is_whole = std::ranges::all_of(tie.reads, [&](std::uint32_t binding) { return chain.there.contains(binding); });
      if (tie.is_placed || !is_whole || !tie.reads.contains(own) || conditions.size() + joins.size() >= Network::kMaxKeyParts) continue;
      conditions.push_back(tie.part);
      tie.is_placed = true;
    }
  }
  SplitWhere split = split_where(conditions, scope, own, true);
  if (const auto moved = chain.moved.find(own); moved != chain.moved.end()) {
    split.own.insert(split.own.end(), moved->second.begin(), moved->second.end());
  }
  std::vector<KeyPart> keys;
  std::vector<KeyPart> loose;
  const FactType& type = out_.rule_set.schema.types[pattern.fact_type];
  for (const PlacedParts::Join& join : joins) {
    KeyPart key;
    key.own_field = join.field;
    key.left_binding = join.other;
    key.left_field = join.other_field;
    const Type& mine = type.fields[join.field].type;
    const Type& theirs = out_.rule_set.schema.types[scope.binding_types[join.other]].fields[join.other_field].type;
    key.hashed = kind_of(mine) == kind_of(theirs) && !mine.is(TypeTag::kDouble) && !mine.is(TypeTag::kDyn) && !mine.is(TypeTag::kList) &&
                 !mine.is(TypeTag::kMap);
    (key.hashed ? keys : loose).push_back(std::move(key));
  }
  for (KeyPart& key : split.keys) keys.push_back(std::move(key));
  for (KeyPart& key : loose) keys.push_back(std::move(key));
  if (keys.size() > Network::kMaxKeyParts) {
    return fail("`" + scope.where + "` joins a line by more than " + std::to_string(Network::kMaxKeyParts) + " fields");
  }

  StagePlan stage;
  stage.kind = watch || pattern.quantifier == ast::Quantifier::kOne ? StageKind::kPattern : StageKind::kExists;
  stage.negated = pattern.quantifier == ast::Quantifier::kNo || pattern.quantifier == ast::Quantifier::kEvery;
  stage.fresh_truth = fresh_truth;
  stage.binding = own;
  stage.type = pattern.fact_type;
  stage.line = line.number;
  StagePlan after;  // conditions on aggregates about the line's own fact
  after.kind = StageKind::kCheck;
  after.line = line.number;
  std::vector<std::uint32_t> aggregates_after;
  std::vector<const ast::Expr*> judged;  // what `residual` is of
  for (const KeyPart& key : keys) {
    stage.own_reads |= std::uint64_t{1} << key.own_field;
    if (!key.left) continue;
    if (Result<void> r = need_aggregates(chain, key.left->aggregates, scope); !r) return r;
  }
  for (const ast::Expr* part : split.residual) {
    Formula f = formula(*part, scope);
    bool own_aggregate = false;
    for (const std::uint32_t binding : f.aggregates) {
      std::set<std::uint32_t> reads;
      aggregate_reads(binding, scope, reads);
      own_aggregate = own_aggregate || reads.contains(own);
    }
    if (!own_aggregate) {
      if (Result<void> r = need_aggregates(chain, f.aggregates, scope); !r) return r;
      stage.own_reads |= f.reads_of(own);
      stage.residual.push_back(std::move(f));
      judged.push_back(part);
      continue;
    }
    if (stage.kind != StageKind::kPattern || watch) {
      return fail("`" + scope.where + "` has an aggregate about the fact of a `some` or `no` line",
                  "bind the fact with a name, or derive the aggregate as a fact first");
    }
    aggregates_after.insert(aggregates_after.end(), f.aggregates.begin(), f.aggregates.end());
    after.residual.push_back(std::move(f));
  }
  if (pattern.satisfies) {  // of `no … within … after`, when it is decided; of `every` it stands in `where`
    Formula over = formula(*pattern.satisfies, scope);
    aggregates_after.insert(aggregates_after.end(), over.aggregates.begin(), over.aggregates.end());
    after.residual.push_back(std::move(over));
  }
  if (watch) stage.own_reads = ~std::uint64_t{0};  // liveness itself is looked at
  stage.alpha = alpha_for(pattern.fact_type, split.own, scope, own);
  const bool first = chain.stages.empty() && !chain.driven && stage.kind == StageKind::kPattern;
  if (!first) {
    stage.span = span_for(judged, scope, own);
    stage.index = index_for(stage.alpha, keys, stage.span ? stage.span->own : SpanFields{});
  }
  stage.keys = std::move(keys);
  order_for(stage);
  chain.stages.push_back(std::move(stage));
  if (!after.residual.empty()) {
    if (Result<void> r = need_aggregates(chain, aggregates_after, scope); !r) return r;
    chain.stages.push_back(std::move(after));
  }
  return {};
}

void PlanBuilder::add_bound(ChainDraft& chain, std::uint32_t binding, const RuleScope& scope) {
  StagePlan stage;
  stage.kind = StageKind::kBound;
  stage.binding = binding;
  stage.type = scope.binding_types[binding];
  chain.stages.push_back(std::move(stage));
  ++chain.plan.bound;
}

// Every way through the `either`s that have a line among these (numbers in `when`): what each leads to is a chain.
Result<std::vector<Way>> PlanBuilder::ways(const std::vector<std::uint32_t>& lines, const RuleScope& scope) const {
  struct Choice {
    std::optional<ast::InBranch> inside;  // of another `either`, which has a lower number
    std::set<std::uint32_t> branches;
  };
  std::map<std::uint32_t, Choice> choices;  // by `either`
  for (const std::uint32_t number : lines) {
    std::optional<ast::InBranch> inside;
    for (const ast::InBranch& in : scope.when[number].line->branches) {
      Choice& choice = choices[in.either];
      choice.inside = inside;
      choice.branches.insert(in.branch);
      inside = in;
    }
  }
  std::vector<Way> out{{}};
  for (const auto& [either, choice] : choices) {
    std::vector<Way> longer;
    for (const Way& way : out) {
      if (choice.inside && !goes_through(way, *choice.inside)) {
        longer.push_back(way);
        continue;
      }
      for (const std::uint32_t branch : choice.branches) {
        longer.push_back(way);
        longer.back()[either] = branch;
      }
    }
    out = std::move(longer);
    if (out.size() > Network::kMaxWays) {
      return fail("`" + scope.where + "` has more than " + std::to_string(Network::kMaxWays) + " ways through its `either`s",
                  "split it with `derive`");
    }
  }
  return out;
}

// What binds the facts a line with a memory reads: given facts in `until`, else the `n:` lines of `when`.
Result<void> PlanBuilder::bind_lines(ChainDraft& chain, const LineInfo& line, const RuleScope& scope, const Way& way) {
  if (line.in_until) {
    if (line.reads.empty()) return {};
    chain.driven = true;
    for (const std::uint32_t binding : line.reads) add_bound(chain, binding, scope);
    return {};
  }
  std::vector<const LineInfo*> lines;
  for (const std::uint32_t number : line.bound_by) {
    if (is_on(way, scope.when[number])) lines.push_back(&scope.when[number]);
  }
  for (const LineInfo* binder : order_lines(chain, lines, scope)) {
    if (Result<void> r = add_line(chain, *binder, scope); !r) return r;
  }
  return {};
}

Result<TableId> PlanBuilder::projection(const LineInfo& line, const RuleScope& scope, ChainId chain, TableId absence) {
  ProjectionPlan plan;
  plan.rule = scope.rule;
  plan.chain = chain;
  plan.absence = absence;
  const std::vector<std::uint32_t>& identity = out_.rules[scope.rule].identity;
  for (const std::uint32_t binding : line.reads) {
    const auto at = std::find(identity.begin(), identity.end(), binding);
    FB_CHECK(at != identity.end());
    plan.places.push_back(static_cast<std::uint32_t>(at - identity.begin()));
  }
  const TableId id = static_cast<TableId>(out_.projections.size());
  out_.projections.push_back(std::move(plan));
  out_.rules[scope.rule].projections.push_back(id);
  return id;
}

Result<void> PlanBuilder::add_hold(ChainDraft& chain, const LineInfo& line, const RuleScope& scope) {
  // Several chains of a rule may contain the line; its memory is one.
  const auto key = std::pair(line.in_until, line.number);
  auto known = tables_.find(key);
  if (known == tables_.end()) {
    Result<std::vector<Way>> all = ways(line.in_until ? std::vector<std::uint32_t>{} : line.bound_by, scope);
    if (!all) return std::unexpected(all.error());
    HoldPlan plan;
    plan.hold_ns = line.duration_ns;
    plan.rule = scope.rule;
    plan.line = line.number;
    plan.in_until = line.in_until;
    plan.binds = line.binds();
    std::vector<std::uint32_t> tuple = line.reads;
    if (plan.binds) tuple.push_back(line.line->pattern.binding);
    for (const std::uint32_t binding : tuple) plan.types.push_back(scope.binding_types[binding]);
    plan.arity = static_cast<std::uint32_t>(tuple.size());
    if (plan.arity > Network::kMaxTuple) return fail("`" + scope.where + "` has a line that reads more than 32 facts");
    std::vector<ChainDraft> chains;
    for (const Way& way : *all) {
      chains.push_back(draft(scope, ChainEnd::kHold, 0));
      if (Result<void> r = bind_lines(chains.back(), line, scope, way); !r) return r;
      if (Result<void> r = add_raw_line(chains.back(), line, scope, true); !r) return r;
      chains.back().plan.tuple = tuple;
    }
    const TableId table = static_cast<TableId>(out_.holds.size());
    out_.holds.push_back(std::move(plan));
    for (ChainDraft& own : chains) {
      own.plan.owner = table;
      Result<ChainId> id = finish(own, scope);
      if (!id) return std::unexpected(id.error());
      out_.holds[table].chain = *id;
      if (line.in_until && !line.reads.empty()) {
        Result<TableId> p = projection(line, scope, *id, kNoId);
        if (!p) return std::unexpected(p.error());
      }
    }
    known = tables_.emplace(key, table).first;
  }
  StagePlan stage;
  stage.kind = StageKind::kHold;
  stage.table = known->second;
  stage.tuple = line.reads;
  stage.line = line.number;
  if (line.binds()) {
    stage.binding = line.line->pattern.binding;
    stage.type = line.line->pattern.fact_type;
  }
  chain.stages.push_back(std::move(stage));
  return {};
}

Result<void> PlanBuilder::add_absence(ChainDraft& chain, const LineInfo& line, const RuleScope& scope) {
  const auto key = std::pair(line.in_until, line.number);
  auto known = tables_.find(key);
  if (known == tables_.end()) {
    const TableId table = static_cast<TableId>(out_.absences.size());
    AbsencePlan plan;
    plan.silence_ns = line.duration_ns;
    plan.rule = scope.rule;
    plan.line = line.number;
    plan.in_until = line.in_until;
    plan.arity = static_cast<std::uint32_t>(line.reads.size());
    plan.watched = line.line->pattern.fact_type;
    plan.of_event = out_.rule_set.schema.types[line.line->pattern.fact_type].is_event();
    for (const std::uint32_t binding : line.reads) plan.types.push_back(scope.binding_types[binding]);
    if (plan.arity > Network::kMaxTuple) return fail("`" + scope.where + "` has a line that reads more than 32 facts");
    out_.absences.push_back(std::move(plan));

    ChainDraft watch = draft(scope, ChainEnd::kSeen, table);
    watch.driven = true;
    for (const std::uint32_t binding : line.reads) add_bound(watch, binding, scope);
    if (Result<void> r = add_pattern(watch, line, scope, true, true); !r) return r;
    Result<ChainId> watch_id = finish(watch, scope);
    if (!watch_id) return std::unexpected(watch_id.error());
    out_.absences[table].watch_chain = *watch_id;

    if (!line.reads.empty() && line.in_until) {
      Result<TableId> p = projection(line, scope, kNoId, table);
      if (!p) return std::unexpected(p.error());
    } else if (!line.reads.empty()) {
      Result<std::vector<Way>> all = ways(line.bound_by, scope);
      if (!all) return std::unexpected(all.error());
      for (const Way& way : *all) {
        ChainDraft binders = draft(scope, ChainEnd::kAbsence, table);
        if (Result<void> r = bind_lines(binders, line, scope, way); !r) return r;
        binders.plan.tuple = line.reads;
        Result<ChainId> id = finish(binders, scope);
        if (!id) return std::unexpected(id.error());
      }
    }
    known = tables_.emplace(key, table).first;
  }
  StagePlan stage;
  stage.kind = StageKind::kAbsence;
  stage.table = known->second;
  stage.tuple = line.reads;
  stage.line = line.number;
  chain.stages.push_back(std::move(stage));
  return {};
}

}  // namespace flyball::engine
