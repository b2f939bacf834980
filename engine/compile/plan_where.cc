// Conditions: which parts test one fact alone (alpha memories, shared and dispatched), which are equalities to join by
// (hash indexes), and which must be judged pair by pair (residual).
#include <algorithm>

#include "engine/compile/conditions.h"
#include "engine/compile/plan_builder.h"
#include "engine/network/thresholds.h"

namespace flyball::engine {

namespace {

bool same_hashable(const Type& a, const Type& b) { return is_hashable(a) && kind_of(a) == kind_of(b); }

bool is_own_field(const ast::Expr& e, std::uint32_t own) { return is_field(e) && e.ref.binding == own; }

}  // namespace

bool is_field(const ast::Expr& e) {
  return (e.kind == ast::ExprKind::kName || e.kind == ast::ExprKind::kSelect) && e.ref.kind == ast::RefKind::kField;
}

bool can_be_key(const ast::Expr& part) {
  return part.kind == ast::ExprKind::kBinary && part.op == ast::Op::kEqual && same_hashable(part.args[0].type, part.args[1].type);
}

Formula PlanBuilder::formula(const ast::Expr& e, const RuleScope& scope, const ast::Expr* clock) {
  Formula f;
  ExprContext context = context_;
  context.binding_types = &scope.binding_types;
  context.clock = clock;
  context.inlined = &scope.inlined;
  f.code = compile_expr(e, context);
  std::set<std::uint32_t> lets;
  std::map<std::uint32_t, std::uint64_t> reads;
  std::set<std::uint32_t> aggregates;
  const auto add = [&](const Code& code) {
    for (const Read& r : code.reads()) reads[r.binding] |= r.fields;
    aggregates.insert(code.aggregates().begin(), code.aggregates().end());
  };
  add(f.code);
  const ScopePlan& plan = out_.scopes[scope.id];
  for (const std::uint32_t let : f.code.lets()) {
    const Formula& value = plan.lets[let];
    lets.insert(value.lets.begin(), value.lets.end());
    lets.insert(let);
    for (const FieldReads& r : value.reads) reads[r.binding] |= r.mask;
    aggregates.insert(value.aggregates.begin(), value.aggregates.end());
  }
  f.lets.assign(lets.begin(), lets.end());
  for (const auto& [binding, mask] : reads) f.reads.push_back({binding, mask});
  f.aggregates.assign(aggregates.begin(), aggregates.end());
  f.text = text_of(e, scope, kNoId);
  return f;
}

std::string PlanBuilder::text_of(const ast::Expr& e, const RuleScope& scope, std::uint32_t own) const {
  TextContext context;
  context.schema = &out_.rule_set.schema;
  context.params = &out_.params;
  context.interner = &interner_;
  context.lets = &scope.lets;
  context.own = own;
  context.binding_types = &scope.binding_types;
  return expr_text(e, context);
}

// Every binding an expression names, directly, through lets, or inside aggregates.
void PlanBuilder::collect_reads(const ast::Expr& e, const RuleScope& scope, std::set<std::uint32_t>& out) const {
  if (e.ref.kind == ast::RefKind::kField || e.ref.kind == ast::RefKind::kFact) {
    out.insert(e.ref.binding);
    return;
  }
  if (e.ref.kind == ast::RefKind::kLet) {
    if (scope.lets[e.ref.index] != nullptr) collect_reads(*scope.lets[e.ref.index], scope, out);
    return;
  }
  for (const ast::Expr& a : e.args) collect_reads(a, scope, out);
  if (e.aggregate) {
    std::set<std::uint32_t> inside;
    if (e.aggregate->value) collect_reads(*e.aggregate->value, scope, inside);
    if (e.aggregate->where) collect_reads(*e.aggregate->where, scope, inside);
    inside.erase(e.aggregate->binding);
    out.insert(inside.begin(), inside.end());
  }
}

// A decision's input, anywhere inside: not to be tested once and for all questions.
bool PlanBuilder::reads_input(const ast::Expr& e, const RuleScope& scope) const {
  if (e.ref.kind == ast::RefKind::kInput) return true;
  if (e.ref.kind == ast::RefKind::kLet) return scope.lets[e.ref.index] != nullptr && reads_input(*scope.lets[e.ref.index], scope);
  return std::any_of(e.args.begin(), e.args.end(), [&](const ast::Expr& a) { return reads_input(a, scope); });
}

void PlanBuilder::collect_aggregates(const ast::Expr& e, RuleScope& scope) const {
  for (const ast::Expr& a : e.args) collect_aggregates(a, scope);
  if (e.clock != ast::kNoClock && !scope.inlined.contains(e.clock)) {
    scope.clocks[e.clock] = &e;
    if (scope.binding_types.size() <= e.clock) scope.binding_types.resize(e.clock + 1, kNoId);
  }
  if (!e.aggregate) return;
  const ast::Aggregate& a = *e.aggregate;
  scope.aggregates[a.binding] = &a;
  if (scope.binding_types.size() <= a.binding) scope.binding_types.resize(a.binding + 1, kNoId);
  scope.binding_types[a.binding] = a.fact_type;
  if (a.value) collect_aggregates(*a.value, scope);
  if (a.where) inline_clocks(*a.where, a.binding, scope);
  if (a.where) collect_aggregates(*a.where, scope);
}

SplitWhere PlanBuilder::split_where(const ast::Expr* where, const RuleScope& scope, std::uint32_t own, bool keys_from_anywhere) {
  return split_where(where == nullptr ? std::vector<const ast::Expr*>{} : conjuncts(*where), scope, own, keys_from_anywhere);
}

SplitWhere PlanBuilder::split_where(const std::vector<const ast::Expr*>& parts, const RuleScope& scope, std::uint32_t own,
                                    bool keys_from_anywhere) {
  SplitWhere split;
  for (const ast::Expr* part : parts) {
    std::set<std::uint32_t> reads;
    collect_reads(*part, scope, reads);
    const Formula whole = formula(*part, scope);
    const bool only_own = reads.empty() || (reads.size() == 1 && *reads.begin() == own);
    if (only_own && whole.aggregates.empty() && !reads_input(*part, scope)) {
      split.own.push_back(part);
      continue;
    }
    const bool equality = part->kind == ast::ExprKind::kBinary && part->op == ast::Op::kEqual && split.keys.size() < 8;
    if (equality && keys_from_anywhere) {
      const ast::Expr* mine = &part->args[0];
      const ast::Expr* other = &part->args[1];
      if (!is_own_field(*mine, own)) std::swap(mine, other);
      std::set<std::uint32_t> other_reads;
      collect_reads(*other, scope, other_reads);
      if (is_own_field(*mine, own) && !other_reads.contains(own) && same_hashable(mine->type, other->type)) {
        KeyPart key;
        key.own_field = mine->ref.field;
        key.null_joins = true;
        set_left(key, *other, scope);
        split.keys.push_back(std::move(key));
        split.keys_from.push_back(other);
        continue;
      }
    }
    split.residual.push_back(part);
  }
  return split;
}

void PlanBuilder::set_left(KeyPart& key, const ast::Expr& left, const RuleScope& scope) {
  if (is_field(left)) {
    key.left_binding = left.ref.binding;
    key.left_field = left.ref.field;
  } else {
    key.left = std::make_unique<const Formula>(formula(left, scope));
  }
}

// The binding of the one fact whose field the part compares with constants.
std::optional<std::uint32_t> PlanBuilder::movable_to(const ast::Expr& part, const RuleScope& scope) const {
  const std::optional<SimpleTest> simple = simple_test(part, context_);
  if (simple && (simple->form == SimpleTest::Form::kFieldConstant || simple->form == SimpleTest::Form::kFieldIn)) return simple->binding;
  return compared_binding(part, scope.lets, context_);
}

bool PlanBuilder::is_of_facts(const ast::Expr& part, const RuleScope& scope, bool of_input) {
  if (!of_input && reads_input(part, scope)) return false;
  const Formula f = formula(part, scope);
  return f.lets.empty() && f.aggregates.empty() && std::ranges::none_of(f.code.instructions(), [](const Instruction& i) {
           return i.op == Opcode::kNow || i.op == Opcode::kInCalendar;
         });
}

// In a rule's main chain the truth of all lines is joined by `and`, so that it does not matter at which of them a test of
// facts stands. Lines with a memory have chains of their own and do not see what is moved.
void PlanBuilder::move_checks(ChainDraft& chain, const RuleScope& scope, const Way& way) {
  std::set<std::uint32_t> bound;
  for (const LineInfo& line : scope.when) {
    if (!is_on(way, line)) continue;
    if (line.binds() && line.duration_ns == 0) bound.insert(line.line->pattern.binding);
    if (line.line->kind != ast::LineKind::kCheck || line.duration_ns != 0) continue;
    for (const ast::Expr* part : conjuncts(line.line->expr)) {
      if (const std::optional<std::uint32_t> binding = movable_to(*part, scope); binding && bound.contains(*binding)) {
        chain.moved[*binding].push_back(part);
        continue;
      }
      std::set<std::uint32_t> reads;
      collect_reads(*part, scope, reads);
      const auto is_bound = [&](std::uint32_t binding) { return bound.contains(binding); };
      if (reads.size() > 1 && std::ranges::all_of(reads, is_bound) && is_of_facts(*part, scope))
        chain.ties.push_back({part, std::move(reads)});
    }
  }
}

// Where facts must lie to pass the tests, and the first threshold among these. finish_types() chooses.
void PlanBuilder::set_dispatch(DispatchPlan& dispatch, const std::vector<const ast::Expr*>& tests, const RuleScope& scope,
                               std::uint32_t own) const {
  dispatch.reaches = reaches_of(tests, own, scope.lets, context_);
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const std::optional<SimpleTest> simple = simple_test(*tests[i], context_);
    if (!simple || simple->binding != own || simple->form != SimpleTest::Form::kFieldConstant) continue;
    const bool above = simple->op == Compare::kGreater || simple->op == Compare::kGreaterEqual;
    const bool below = simple->op == Compare::kLess || simple->op == Compare::kLessEqual;
    if (!above && !below) continue;
    if (simple->constant.kind != kind_of(simple->field_type) || !Thresholds::is_gate(simple->constant)) continue;
    const bool inclusive = simple->op == Compare::kGreaterEqual || simple->op == Compare::kLessEqual;
    dispatch.threshold = {
        simple->field, above, inclusive, null_fails(tests, own, simple->field, context_), simple->constant, static_cast<std::uint32_t>(i)};
    return;
  }
}

// Of its tests in the order of their texts, so that rules that ask the same share one.
std::string PlanBuilder::alpha_text(const std::vector<const ast::Expr*>& tests, const RuleScope& scope, std::uint32_t own) const {
  std::set<std::string> texts;
  for (const ast::Expr* test : tests) texts.insert(text_of(*test, scope, own));
  std::string out;
  for (const std::string& t : texts) out += (out.empty() ? "" : " and ") + t;
  return out;
}

AlphaId PlanBuilder::alpha_for(FactTypeId type, const std::vector<const ast::Expr*>& tests, const RuleScope& scope, std::uint32_t own) {
  std::map<std::string, const ast::Expr*> by_text;
  for (const ast::Expr* test : tests) by_text.emplace(text_of(*test, scope, own), test);
  std::string text;
  for (const auto& [t, e] : by_text) text += (text.empty() ? "" : " and ") + t;
  const std::string key = std::to_string(type) + ":" + text;
  if (const auto found = alphas_.find(key); found != alphas_.end()) return found->second;

  const AlphaId id = static_cast<AlphaId>(out_.alphas.size());
  alphas_.emplace(key, id);
  AlphaPlan alpha;
  alpha.type = type;
  alpha.scope = scope.id;
  alpha.binding = own;
  alpha.text = text;
  std::vector<const ast::Expr*> in_order;
  for (const auto& [t, e] : by_text) {
    alpha.tests.push_back(formula(*e, scope));
    alpha.reads |= alpha.tests.back().reads_of(own);
    in_order.push_back(e);
    plan_fact_clocks(type, *e, scope, own);
  }
  set_dispatch(alpha.dispatch, in_order, scope, own);
  out_.types[type].alphas.push_back(id);
  out_.alphas.push_back(std::move(alpha));
  return id;
}

std::uint32_t PlanBuilder::index_for(AlphaId id, const std::vector<KeyPart>& keys, const SpanFields& span) {
  AlphaPlan& alpha = out_.alphas[id];
  std::vector<std::uint32_t> fields;
  std::uint32_t null_joins = 0;
  for (const KeyPart& key : keys) {
    if (!key.hashed) continue;
    if (key.null_joins) null_joins |= 1U << fields.size();
    fields.push_back(key.own_field);
  }
  for (std::uint32_t i = 0; i < alpha.indexes.size(); ++i) {
    if (alpha.indexes[i] == fields && alpha.index_null_joins[i] == null_joins && alpha.index_span(i) == span) return i;
  }
  alpha.indexes.push_back(std::move(fields));
  alpha.index_null_joins.push_back(null_joins);
  if (span != SpanFields{}) {
    alpha.index_spans.resize(alpha.indexes.size());
    alpha.index_spans.back() = span;
  }
  return static_cast<std::uint32_t>(alpha.indexes.size() - 1);
}

// Where `some` or `no` compares a field of its own with one of an earlier line, by order: the greatest, or the least, is asked first.
void PlanBuilder::order_for(StagePlan& stage) {
  if (stage.kind != StageKind::kExists || stage.index == kNoId || stage.span) return;
  for (std::uint32_t i = 0; i < stage.residual.size(); ++i) {
    const Code& code = stage.residual[i].code;
    if (!code.is_comparisons() || code.instructions().size() != 2) continue;
    const Instruction& test = code.instructions()[0];
    if (test.op != Opcode::kCompareBits || test.a.space != Space::kRow || test.b.space != Space::kRow) continue;
    const bool own_left = test.a.binding == stage.binding;
    if (own_left == (test.b.binding == stage.binding)) continue;
    const auto op = static_cast<Compare>(test.sub);
    const bool greater = op == Compare::kGreater || op == Compare::kGreaterEqual, less = op == Compare::kLess || op == Compare::kLessEqual;
    if (!greater && !less) continue;
    const AlphaPlan::Order order{stage.index, own_left ? test.a.index : test.b.index, test.kind, own_left ? greater : less};
    std::vector<AlphaPlan::Order>& orders = out_.alphas[stage.alpha].orders;
    const auto at = std::find(orders.begin(), orders.end(), order);
    stage.order = static_cast<std::uint32_t>(at - orders.begin());
    stage.order_test = i;
    if (at == orders.end()) orders.push_back(order);
    return;
  }
}

DurationNs PlanBuilder::duration(const ast::OptionalExpr& e) const {
  if (!e) return 0;
  const Value v = constant_value(*e, context_);
  return v.is(Kind::kDuration) ? v.as_int() : 0;
}

}  // namespace flyball::engine
