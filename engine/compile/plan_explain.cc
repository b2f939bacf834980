// PlanBuilder, the part that keeps a rule's lines as they are written, for `why` and `why-not`.
#include <algorithm>
#include <numeric>
#include <set>

#include "engine/compile/explain_plan.h"
#include "engine/compile/plan_builder.h"
#include "model/check.h"

namespace flyball::engine {

namespace {

// `count(Serving where …)`: enough to recognise it by; the line itself is shown beside.
std::string aggregate_name(const ast::Aggregate& a) {
  std::string out = std::string(info_of(a.fn).word) + "(" + a.type_name.text;
  if (a.value) out += a.value->kind == ast::ExprKind::kName ? "." + a.value->name : " by …";
  if (a.where) out += " where …";
  if (a.over || a.over_last) out += " over …";
  return out + ")";
}

std::string binding_name(std::uint32_t binding, const RuleScope& scope) {
  for (const std::vector<LineInfo>* lines : {&scope.when, &scope.until}) {
    for (const LineInfo& line : *lines) {
      if (line.is_pattern() && line.line->pattern.binding == binding && line.line->pattern.name) return line.line->pattern.name->text;
    }
  }
  return {};
}

}  // namespace

// The things `e` names, each once, in written order. What is inside an aggregate is the aggregate's own affair.
void PlanBuilder::collect_explain_reads(const ast::Expr& e, const RuleScope& scope, std::uint32_t own, std::vector<ExplainRead>& out) {
  std::string name;
  if (e.clock != ast::kNoClock && e.args[1].ref.kind == ast::RefKind::kCalendar) {
    name = "`now in " + out_.rule_set.schema.calendars[e.args[1].ref.index].local + "`";
  } else if (e.kind == ast::ExprKind::kAggregate) {
    name = aggregate_name(*e.aggregate);
  } else if (e.ref.kind == ast::RefKind::kField && (e.kind == ast::ExprKind::kName || e.kind == ast::ExprKind::kSelect)) {
    const FactType& type = out_.rule_set.schema.types[scope.binding_types[e.ref.binding]];
    const std::string bound = e.ref.binding == own ? "" : binding_name(e.ref.binding, scope);
    const bool is_value = out_.types[scope.binding_types[e.ref.binding]].each_of != kNoId;
    name = is_value ? bound : (bound.empty() ? "" : bound + ".") + type.fields[e.ref.field].name;
  } else if (e.ref.kind == ast::RefKind::kParam) {
    name = out_.rule_set.schema.params[e.ref.index].local;
  } else if (e.ref.kind == ast::RefKind::kLet) {
    name = e.name;
  } else {
    for (const ast::Expr& arg : e.args) collect_explain_reads(arg, scope, own, out);
    return;
  }
  for (const ExplainRead& r : out) {
    if (r.name == name) return;
  }
  const bool field = e.kind != ast::ExprKind::kAggregate && e.ref.kind == ast::RefKind::kField;
  if (field) {
    out.push_back({std::move(name), e.ref.binding, e.ref.field, nullptr});
  } else {
    out.push_back({std::move(name), kNoId, 0, std::make_unique<const Formula>(formula(e, scope))});
  }
}

ExplainLine PlanBuilder::explain_line(const LineInfo& info, const RuleScope& scope) {
  const ast::Line& line = *info.line;
  ExplainLine out;
  out.kind = plan_word(line.kind);
  out.span = line.span;
  out.hold_ns = info.duration_ns;
  out.absence = info.is_absence();
  const ast::Expr* condition = nullptr;
  std::uint32_t own = kNoId;
  if (line.kind == ast::LineKind::kPattern) {
    const ast::Pattern& p = line.pattern;
    out.quantifier = plan_word(p.quantifier);
    out.type = p.fact_type;
    out.binding = own = p.binding;
    if (p.name) out.name = p.name->text;
    for (const ast::Join& j : p.joins) out.joins.push_back({j.field, j.other, j.other_field});
    if (p.where) condition = &*p.where;
    if (p.satisfies) {  // `now >= m.at + D`
      const ast::Ref& at = p.satisfies->args[1].args[0].ref;
      out.decided_ns = duration(p.within);
      out.after = at.binding;
      out.after_field = at.field;
    }
  } else {
    condition = &line.expr;
    if (line.kind == ast::LineKind::kLet) out.name = line.let_name.text;
  }
  std::set<std::uint32_t> reads;
  if (condition != nullptr) collect_reads(*condition, scope, reads);
  for (const ExplainJoin& j : out.joins) reads.insert(j.other);
  for (const std::vector<LineInfo>* lines : {&scope.when, &scope.until}) {
    for (const LineInfo& binder : *lines) {
      const std::uint32_t binding = binder.line->pattern.binding;
      if (binder.binds() && binding != own && reads.contains(binding)) out.needs.push_back(binding);
    }
  }
  if (condition != nullptr) {
    std::vector<const ast::Expr*> parts =
        line.kind == ast::LineKind::kLet ? std::vector<const ast::Expr*>{condition} : conjuncts(*condition);
    for (const ast::Expr* part : parts) {
      ExplainCondition c;
      c.span = part->span;
      c.test = formula(*part, scope);
      collect_explain_reads(*part, scope, own, c.reads);
      out.conditions.push_back(std::move(c));
    }
  }
  return out;
}

// The table of a line with a memory, and the facts that name its entries.
void PlanBuilder::explain_table(ExplainLine& line, const LineInfo& info) const {
  if (line.hold_ns == 0) return;
  const auto known = tables_.find(std::pair(info.in_until, info.number));
  if (known == tables_.end()) return;
  line.table = known->second;
  line.tuple = info.reads;
  if (!line.absence && info.binds()) line.tuple.push_back(line.binding);
}

void PlanBuilder::plan_explain(std::uint32_t rule, const RuleScope& scope) {
  ExplainPlan plan;
  plan.scope = scope.id;
  const ast::RuleDecl& decl = out_.rule_set.rules[rule];
  for (const std::uint32_t binding : decl.identity) {
    plan.names.push_back(binding_name(binding, scope));
  }
  for (const LineInfo& line : scope.when) plan.when.push_back(explain_line(line, scope));
  std::vector<std::uint32_t> numbers(scope.when.size());
  std::iota(numbers.begin(), numbers.end(), 0U);
  const Result<std::vector<Way>> all = ways(numbers, scope);
  FB_CHECK(all.has_value());  // the chains were made of them
  for (const Way& way : *all) {
    plan.ways.emplace_back();
    for (const LineInfo& line : scope.when) {
      if (is_on(way, line)) plan.ways.back().push_back(line.number);
    }
  }
  for (const LineInfo& line : scope.until) plan.until.push_back(explain_line(line, scope));
  for (std::uint32_t i = 0; i < plan.when.size(); ++i) explain_table(plan.when[i], scope.when[i]);
  for (std::uint32_t i = 0; i < plan.until.size(); ++i) explain_table(plan.until[i], scope.until[i]);
  if (decl.approve) {
    plan.approve.emplace();
    plan.approve->span = decl.approve->span;
    plan.approve->test = formula(*decl.approve, scope);
    collect_explain_reads(*decl.approve, scope, kNoId, plan.approve->reads);
  }
  out_.explain.push_back(std::move(plan));
}

}  // namespace flyball::engine
