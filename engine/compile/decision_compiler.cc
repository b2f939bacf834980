// See decision_compiler.h.
#include "engine/compile/decision_compiler.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/compile/span_ties.h"

namespace flyball::engine {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

AnswerPlan compile_answer(const ast::Record& record, const DecisionType& type, const ExprContext& context) {
  AnswerPlan out;
  bool constant = true;
  for (std::size_t i = 0; i < type.output.size(); ++i) {
    const auto it = std::find_if(record.fields.begin(), record.fields.end(), [&](const ast::RecordField& f) { return f.field == i; });
    if (it != record.fields.end()) {
      out.fields.push_back(compile_expr(it->value, context));
      out.fits.push_back(field_fit(it->value, type.output[i].type));
    } else {
      Expr missing;
      missing.kind = ExprKind::kLiteral;
      missing.literal = type.output[i].default_value.value_or(Value::null());
      out.fields.push_back(compile_expr(missing, context));
      out.fits.emplace_back();
    }
    const Value* v = out.fields.back().constant();
    out.constants.push_back(v != nullptr ? out.fits.back().take(*v, *context.interner) : Value::unknown());
    constant = constant && !out.constants.back().is_error();
  }
  if (!constant) out.constants.clear();
  return out;
}

bool reads_binding(const Expr& e, std::uint32_t binding) {
  if ((e.ref.kind == RefKind::kField || e.ref.kind == RefKind::kFact) && e.ref.binding == binding) return true;
  // An aggregate's own conditions may look at any fact bound so far.
  if (e.kind == ExprKind::kAggregate) return true;
  return std::any_of(e.args.begin(), e.args.end(), [&](const Expr& a) { return reads_binding(a, binding); });
}

// Equality that is identity: only then may an index answer it.
bool identity_equality(const Expr& a, const Expr& b) {
  const Kind k = kind_of(a.type);
  return k == kind_of(b.type) && k != Kind::kError && k != Kind::kDouble && k != Kind::kList && k != Kind::kMap && k != Kind::kOptional;
}

void add_parts(CaseLine& line, const ast::Pattern& pattern, const FactType& type, const ExprContext& context) {
  for (const ast::Join& j : pattern.joins) {
    Expr other;
    other.kind = ExprKind::kName;
    other.ref = {RefKind::kField, j.other, j.other_field, 0};
    line.parts.push_back({j.field, compile_expr(other, context), true});
  }
  if (pattern.where) {
    for (const Expr* c : conjuncts(*pattern.where)) {
      if (c->kind != ExprKind::kBinary || c->op != Op::kEqual || !identity_equality(c->args[0], c->args[1])) continue;
      const Expr *own = &c->args[0], *other = &c->args[1];
      const auto is_own = [&](const Expr* e) { return e->ref.kind == RefKind::kField && e->ref.binding == pattern.binding; };
      if (!is_own(own)) std::swap(own, other);
      if (!is_own(own) || reads_binding(*other, pattern.binding)) continue;
      line.parts.push_back({own->ref.field, compile_expr(*other, context), false});
    }
  }
  // By the whole key if that is known, else by all that is.
  const auto part_of = [&](std::uint32_t field) {
    for (std::uint32_t i = 0; i < line.parts.size(); ++i) {
      if (line.parts[i].field == field) return i;
    }
    return kNoId;
  };
  const bool whole_key =
      !type.key.empty() && std::all_of(type.key.begin(), type.key.end(), [&](std::uint32_t f) { return part_of(f) != kNoId; });
  if (whole_key) {
    for (const std::uint32_t f : type.key) {
      line.lookup.push_back(part_of(f));
      line.lookup_fields.push_back(f);
    }
    return;
  }
  for (std::uint32_t i = 0; i < line.parts.size(); ++i) {
    if (std::find(line.lookup_fields.begin(), line.lookup_fields.end(), line.parts[i].field) != line.lookup_fields.end()) continue;
    line.lookup.push_back(i);
    line.lookup_fields.push_back(line.parts[i].field);
  }
  if (!line.lookup.empty() || !pattern.where) return;
  const auto is_own = [&](const Expr& e) { return e.ref.kind == RefKind::kField && e.ref.binding == pattern.binding; };
  const auto is_left = [&](const Expr& e) { return !reads_binding(e, pattern.binding); };
  if (const std::optional<SpanTie> tie = find_span_tie(conjuncts(*pattern.where), is_own, is_left)) {
    line.around = CaseLine::Around{tie->own, compile_expr(*tie->low, context), {}, tie->high != nullptr};
    if (tie->high != nullptr) line.around->high = compile_expr(*tie->high, context);
  }
}

// The lines that stand in the same branches of every `either` they share: one way through them all.
void add_ways(const CasePlan& plan, std::size_t line, std::map<std::uint32_t, std::uint32_t>& through, std::vector<std::uint32_t>& so_far,
              std::vector<std::vector<std::uint32_t>>& out) {
  if (out.size() > CasePlan::kMaxWays) return;
  if (line == plan.lines.size()) {
    out.push_back(so_far);
    return;
  }
  // A branch is chosen where its `either` is met first; lines of other branches are passed over.
  for (const auto& [either, branch] : plan.lines[line].branches) {
    const auto chosen = through.find(either);
    if (chosen != through.end() && chosen->second == branch) continue;
    if (chosen != through.end()) return add_ways(plan, line + 1, through, so_far, out);
    std::set<std::uint32_t> branches;
    for (const CaseLine& l : plan.lines) {
      for (const auto& [other, its] : l.branches) {
        if (other == either) branches.insert(its);
      }
    }
    for (const std::uint32_t each : branches) {
      through[either] = each;
      add_ways(plan, line, through, so_far, out);
    }
    through.erase(either);
    return;
  }
  so_far.push_back(static_cast<std::uint32_t>(line));
  add_ways(plan, line + 1, through, so_far, out);
  so_far.pop_back();
}

Result<void> plan_ways(const ast::Case& decl, CasePlan& plan) {
  const auto binds = [](const CaseLine& l) { return l.kind == CaseLineKind::kOne && !l.branches.empty(); };
  if (std::none_of(plan.lines.begin(), plan.lines.end(), binds)) return {};
  std::map<std::uint32_t, std::uint32_t> through;
  std::vector<std::uint32_t> so_far;
  add_ways(plan, 0, through, so_far, plan.ways);
  if (plan.ways.size() > CasePlan::kMaxWays) {
    return fail("case `" + decl.name.text + "` has more than " + std::to_string(CasePlan::kMaxWays) + " ways through its `either`s",
                "write more cases");
  }
  for (const std::uint32_t binding : decl.identity) {
    const auto line = std::find_if(plan.lines.begin(), plan.lines.end(),
                                   [&](const CaseLine& l) { return l.kind == CaseLineKind::kOne && l.binding == binding; });
    plan.identity.emplace_back(binding, line->key);
  }
  return {};
}

Result<CasePlan> compile_case(const ast::Case& decl, const DecisionType& type, ExprContext context) {
  context.binding_types = &decl.binding_types;
  CasePlan plan;
  plan.name = decl.name.text;
  for (const ast::Line& line : decl.when.lines) {
    CaseLine out;
    for (const ast::InBranch& in : line.branches) out.branches.emplace_back(in.either, in.branch);
    switch (line.kind) {
      case ast::LineKind::kLet:
        out.kind = CaseLineKind::kLet;
        out.let_index = line.let_index;
        out.code = compile_expr(line.expr, context);
        break;
      case ast::LineKind::kCheck:
        if (line.hold) return fail("case `" + decl.name.text + "` holds a condition `for` a time", "a decision looks at one moment");
        out.code = compile_expr(line.expr, context);
        break;
      case ast::LineKind::kPattern: {
        const ast::Pattern& p = line.pattern;
        if (p.hold || p.within) return fail("case `" + decl.name.text + "` asks about a length of time", "a decision looks at one moment");
        out.kind = p.quantifier == ast::Quantifier::kOne    ? CaseLineKind::kOne
                   : p.quantifier == ast::Quantifier::kSome ? CaseLineKind::kSome
                                                            : CaseLineKind::kNo;
        out.type = p.fact_type;
        out.binding = p.binding;
        const FactType& fact = context.schema->types[p.fact_type];
        out.key = fact.key;
        if (p.where) out.code = compile_expr(*p.where, context);
        add_parts(out, p, fact, context);
        break;
      }
    }
    plan.lines.push_back(std::move(out));
  }
  if (Result<void> r = plan_ways(decl, plan); !r) return std::unexpected(r.error());
  plan.answer = compile_answer(decl.output, type, context);
  return plan;
}

}  // namespace

Result<std::unique_ptr<DecisionPlans>> compile_decisions(const ast::RuleSet& rules, const ExprContext& context,
                                                         const std::vector<std::vector<AggregateUses>>& aggregates) {
  auto out = std::make_unique<DecisionPlans>();
  for (std::size_t d = 0; d < rules.decisions.size(); ++d) {
    const ast::DecisionDecl& decl = rules.decisions[d];
    const DecisionType& type = rules.schema.decisions[decl.id];
    DecisionPlan plan;
    plan.name = decl.qualified;
    plan.inputs = type.input.size();
    plan.outputs = type.output.size();
    plan.fail_on_unknown = decl.fail_on_unknown;
    for (std::size_t c = 0; c < decl.cases.size(); ++c) {
      auto compiled = compile_case(decl.cases[c], type, context);
      if (!compiled) return std::unexpected(compiled.error());
      if (d < aggregates.size() && c < aggregates[d].size()) compiled->aggregates = aggregates[d][c];
      out->bindings = std::max<std::size_t>(out->bindings, decl.cases[c].binding_count);
      out->lets = std::max<std::size_t>(out->lets, decl.cases[c].let_count);
      out->lines = std::max(out->lines, compiled->lines.size());
      plan.cases.push_back(std::move(*compiled));
    }
    plan.list = type.list;
    if (decl.table) {
      plan.table = compile_table(*decl.table, type, context);
      out->tests = std::max(out->tests, plan.table->tests.size());
    }
    if (decl.fallback) plan.fallback = compile_answer(*decl.fallback, type, context);
    out->places = std::max(out->places, plan.cases.size() + (plan.table ? plan.table->rows : 0));
    out->plans.push_back(std::move(plan));
  }
  return out;
}

}  // namespace flyball::engine
