// Reading the plan off the checked rules.
#include "tests/reference/naive/plan.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "model/check.h"

namespace flyball::reference {
namespace {

using Bindings = std::set<std::uint32_t>;

// Every binding an expression names, directly or through a `let`.
void collect_reads(const ast::Expr& e, const std::vector<const ast::Expr*>& lets, Bindings& out) {
  if (e.ref.kind == ast::RefKind::kField || e.ref.kind == ast::RefKind::kFact) {
    out.insert(e.ref.binding);
    return;  // the arguments of such a node are for spans only
  }
  if (e.ref.kind == ast::RefKind::kLet) {
    if (lets[e.ref.index] != nullptr) collect_reads(*lets[e.ref.index], lets, out);
    return;
  }
  for (const ast::Expr& a : e.args) collect_reads(a, lets, out);
  if (e.aggregate) {
    if (e.aggregate->value) collect_reads(*e.aggregate->value, lets, out);
    if (e.aggregate->where) collect_reads(*e.aggregate->where, lets, out);
  }
}

using Fields = std::set<std::pair<std::uint32_t, std::uint32_t>>;

// The same, field by field. Facts compared as such are compared by their keys, which do not change.
void collect_fields(const ast::Expr& e, const std::vector<const ast::Expr*>& lets, Fields& out) {
  if (e.kind == ast::ExprKind::kStale) return;
  if (e.ref.kind == ast::RefKind::kField) out.emplace(e.ref.binding, e.ref.field);
  if (e.ref.kind == ast::RefKind::kField || e.ref.kind == ast::RefKind::kFact) return;
  if (e.ref.kind == ast::RefKind::kLet) {
    if (lets[e.ref.index] != nullptr) collect_fields(*lets[e.ref.index], lets, out);
    return;
  }
  for (const ast::Expr& a : e.args) collect_fields(a, lets, out);
  if (e.aggregate && e.aggregate->value) collect_fields(*e.aggregate->value, lets, out);
  if (e.aggregate && e.aggregate->where) collect_fields(*e.aggregate->where, lets, out);
}

Bindings reads_of_line(const ast::Line& line, const std::vector<const ast::Expr*>& lets) {
  Bindings out;
  if (line.kind == ast::LineKind::kPattern) {
    for (const ast::Join& j : line.pattern.joins) out.insert(j.other);
    if (line.pattern.after) out.insert(line.pattern.after_binding);
    if (line.pattern.where) collect_reads(*line.pattern.where, lets, out);
    if (line.pattern.satisfies) collect_reads(*line.pattern.satisfies, lets, out);
  } else {
    collect_reads(line.expr, lets, out);
  }
  return out;
}

DurationNs duration_of(const ast::OptionalExpr& e) { return e ? constant_duration(*e) : 0; }

void collect_lets(const ast::Block& block, std::vector<const ast::Expr*>& lets) {
  for (const ast::Line& line : block.lines) {
    if (line.kind == ast::LineKind::kLet) {
      if (lets.size() <= line.let_index) lets.resize(line.let_index + 1, nullptr);
      lets[line.let_index] = &line.expr;
    }
  }
}

bool of_two_branches(const ast::Line& a, const ast::Line& b) {
  for (const ast::InBranch& x : a.branches) {
    for (const ast::InBranch& y : b.branches) {
      if (x.either == y.either && x.branch != y.branch) return true;
    }
  }
  return false;
}

// `when` is the plan of the rule's when-block: its `n:` lines are what can be bound.
std::vector<LinePlan> plan_lines(const ast::Block& block, const std::vector<const ast::Expr*>& lets, const std::vector<LinePlan>* when) {
  std::vector<LinePlan> out;
  for (const ast::Line& line : block.lines) {
    LinePlan plan;
    plan.line = &line;
    const bool pattern = line.kind == ast::LineKind::kPattern;
    plan.duration_ns = duration_of(pattern ? line.pattern.hold : line.hold);
    plan.absence = pattern && line.pattern.quantifier == ast::Quantifier::kNo && plan.duration_ns != 0;
    const Bindings reads = reads_of_line(line, lets);
    const std::vector<LinePlan>& binders = when != nullptr ? *when : out;
    for (std::size_t i = 0; i < binders.size(); ++i) {
      if (!binders[i].binds() || !reads.contains(binders[i].line->pattern.binding)) continue;
      if (when == nullptr && of_two_branches(*binders[i].line, line)) continue;
      plan.reads.push_back(binders[i].line->pattern.binding);
      plan.bound_by.push_back(i);
      plan.bound_by.insert(plan.bound_by.end(), binders[i].bound_by.begin(), binders[i].bound_by.end());
    }
    std::sort(plan.reads.begin(), plan.reads.end());
    plan.reads.erase(std::unique(plan.reads.begin(), plan.reads.end()), plan.reads.end());
    if (plan.absence) {
      Fields fields;
      for (const ast::Join& j : line.pattern.joins) fields.emplace(j.other, j.other_field);
      if (line.pattern.where) collect_fields(*line.pattern.where, lets, fields);
      for (const auto& field : fields) {
        if (std::find(plan.reads.begin(), plan.reads.end(), field.first) != plan.reads.end()) plan.fields.push_back(field);
      }
    }
    std::sort(plan.bound_by.begin(), plan.bound_by.end());
    plan.bound_by.erase(std::unique(plan.bound_by.begin(), plan.bound_by.end()), plan.bound_by.end());
    out.push_back(std::move(plan));
  }
  return out;
}

// A line's own `within`; else the longest of the lines that come after it.
void collect_remembered(const ast::RuleDecl& rule, const Schema& schema, std::map<std::uint32_t, DurationNs>& out) {
  std::vector<const ast::Pattern*> patterns;
  for (const ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
    if (block == nullptr) continue;
    for (const ast::Line& line : block->lines) {
      if (line.kind == ast::LineKind::kPattern) patterns.push_back(&line.pattern);
    }
  }
  for (const ast::Pattern* p : patterns) {
    if (p->within && !(p->quantifier == ast::Quantifier::kNo && p->after)) out[p->binding] = constant_duration(*p->within);
  }
  for (const ast::Pattern* p : patterns) {
    if (p->within || !schema.types[p->fact_type].is_event()) continue;
    for (const ast::Pattern* later : patterns) {
      if (!later->after || later->after_binding != p->binding) continue;
      // Silence is decided in the instant at which D is over.
      const DurationNs needed = constant_duration(*later->within) + (later->quantifier == ast::Quantifier::kNo ? 1 : 0);
      out[p->binding] = std::max(out[p->binding], needed);
    }
  }
  for (const ast::Pattern* p : patterns) {
    if (p->quantifier == ast::Quantifier::kNo && p->after) out[p->binding] = out.at(p->after_binding);
  }
}

bool is_logical(const ast::RuleDecl& r) {
  const bool only_derives =
      std::all_of(r.then.begin(), r.then.end(), [](const ast::Effect& e) { return e.kind == ast::EffectKind::kDerive; });
  return only_derives && !r.then.empty() && !r.until && r.on_clear.empty() && !r.cooldown && !r.keep && !r.repeat && !r.late_skip &&
         r.during.empty();
}

void collect_types(const ast::Expr& e, std::set<FactTypeId>& out) {
  for (const ast::Expr& a : e.args) collect_types(a, out);
  if (e.aggregate) {
    out.insert(e.aggregate->fact_type);
    if (e.aggregate->value) collect_types(*e.aggregate->value, out);
    if (e.aggregate->where) collect_types(*e.aggregate->where, out);
  }
}

// The types whose facts decide what a rule derives.
std::set<FactTypeId> types_read(const ast::RuleDecl& rule) {
  std::set<FactTypeId> out;
  for (const ast::Line& line : rule.when.lines) {
    if (line.kind == ast::LineKind::kPattern) {
      out.insert(line.pattern.fact_type);
      if (line.pattern.where) collect_types(*line.pattern.where, out);
      if (line.pattern.satisfies) collect_types(*line.pattern.satisfies, out);
    } else {
      collect_types(line.expr, out);
    }
  }
  for (const ast::Effect& e : rule.then) {
    for (const ast::RecordField& f : e.record.fields) collect_types(f.value, out);
  }
  return out;
}

// Derived types in groups: those that depend on each other together, every group after those it depends on.
std::vector<std::vector<FactTypeId>> make_strata(const ast::RuleSet& rules) {
  const std::size_t n = rules.schema.types.size();
  std::vector<std::vector<bool>> needs(n, std::vector<bool>(n, false));
  std::set<FactTypeId> derived;
  for (const ast::RuleDecl& rule : rules.rules) {
    const std::set<FactTypeId> reads = types_read(rule);
    for (const ast::Effect& e : rule.then) {
      if (e.kind != ast::EffectKind::kDerive) continue;
      derived.insert(e.record.fact_type);
      for (FactTypeId t : reads) needs[e.record.fact_type][t] = true;
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) needs[i][j] = needs[i][j] || (needs[i][k] && needs[k][j]);
    }
  }
  std::vector<std::vector<FactTypeId>> out;
  std::set<FactTypeId> done;
  while (done.size() < derived.size()) {
    for (FactTypeId d : derived) {
      if (done.contains(d)) continue;
      const bool ready =
          std::all_of(derived.begin(), derived.end(), [&](FactTypeId o) { return !needs[d][o] || done.contains(o) || needs[o][d]; });
      if (!ready) continue;
      std::vector<FactTypeId> group;
      for (FactTypeId o : derived) {
        if (o == d || (needs[d][o] && needs[o][d])) group.push_back(o);
      }
      done.insert(group.begin(), group.end());
      out.push_back(std::move(group));
    }
  }
  return out;
}

void collect_windows(const ast::Expr& e, std::vector<std::vector<DurationNs>>& out) {
  for (const ast::Expr& a : e.args) collect_windows(a, out);
  if (!e.aggregate) return;
  if (e.aggregate->over) out[e.aggregate->fact_type].push_back(constant_duration(*e.aggregate->over));
  if (e.aggregate->value) collect_windows(*e.aggregate->value, out);
  if (e.aggregate->where) collect_windows(*e.aggregate->where, out);
}

void collect_windows(const ast::Block& block, std::vector<std::vector<DurationNs>>& out) {
  for (const ast::Line& line : block.lines) {
    collect_windows(line.expr, out);
    if (line.pattern.where) collect_windows(*line.pattern.where, out);
    if (line.pattern.satisfies) collect_windows(*line.pattern.satisfies, out);
  }
}

// What the conditions of a production read, and how many they are.
struct Reader {
  RulePlan& plan;

  void read(const ast::Expr& e) {
    if (e.kind == ast::ExprKind::kStale) return;  // about the fact, whichever field is named
    if (e.ref.kind == ast::RefKind::kField) plan.reads[e.ref.binding].insert(e.ref.field);
    if (e.ref.kind == ast::RefKind::kLet && plan.lets[e.ref.index] != nullptr) read(*plan.lets[e.ref.index]);
    if (e.aggregate) {
      plan.aggregates.push_back(&e);
      if (e.aggregate->where) read(*e.aggregate->where);
      if (e.aggregate->value) read(*e.aggregate->value);
    }
    for (const ast::Expr& a : e.args) read(a);
  }
  static std::size_t parts(const ast::Expr& e) {
    if (e.kind != ast::ExprKind::kAnd) return 1;
    std::size_t sum = 0;
    for (const ast::Expr& a : e.args) sum += parts(a);
    return sum;
  }
  void read(const ast::Block& when) {
    for (const ast::Line& line : when.lines) {
      if (line.kind == ast::LineKind::kLet) continue;
      if (line.kind == ast::LineKind::kCheck) {
        read(line.expr);
        plan.tests += parts(line.expr);
        continue;
      }
      const ast::Pattern& p = line.pattern;
      plan.tests += 1 + p.joins.size() + (p.where ? parts(*p.where) : 0) + (p.satisfies ? 1 : 0);
      for (const ast::Join& j : p.joins) {
        plan.reads[p.binding].insert(j.field);
        plan.reads[j.other].insert(j.other_field);
      }
      if (p.where) read(*p.where);
      if (p.satisfies) read(*p.satisfies);
    }
  }
};

}  // namespace

DurationNs constant_duration(const ast::Expr& e) {
  FB_CHECK(e.kind == ast::ExprKind::kLiteral && e.literal.is(Kind::kDuration));
  return e.literal.bits;
}

Plan make_plan(const ast::RuleSet& set) {
  Plan plan;
  plan.windows.resize(set.schema.types.size());
  plan.remembered.resize(set.schema.types.size());
  plan.each_within.resize(set.schema.types.size());
  for (const ast::RuleDecl& rule : set.rules) {
    RulePlan r;
    r.rule = &rule;
    r.lets.resize(rule.let_count, nullptr);
    collect_lets(rule.when, r.lets);
    if (rule.until) collect_lets(*rule.until, r.lets);
    r.when = plan_lines(rule.when, r.lets, nullptr);
    if (rule.until) r.until = plan_lines(*rule.until, r.lets, &r.when);
    r.logical = is_logical(rule);
    r.production = rule.strategy != ast::Strategy::kEpisodes && !r.logical;
    if (r.production) Reader{r}.read(rule.when);
    plan.has_productions = plan.has_productions || r.production;
    r.cooldown_ns = duration_of(rule.cooldown);
    r.keep_ns = duration_of(rule.keep);
    r.repeat_ns = duration_of(rule.repeat);
    if (rule.late_skip) r.late_skip_ns = duration_of(rule.late_skip);
    for (const ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
      if (block == nullptr) continue;
      for (const ast::Line& line : block->lines) {
        if (line.kind == ast::LineKind::kPattern && line.pattern.quantifier == ast::Quantifier::kNo && line.pattern.after)
          r.silences.insert(line.pattern.binding);
        if (line.pattern.each) r.each[line.pattern.binding] = line.pattern.each_field;
        if (!line.pattern.each || !set.schema.types[line.pattern.fact_type].is_event()) continue;
        r.each_within[line.pattern.binding] = line.pattern.each_window_ns;
        plan.each_within[line.pattern.fact_type].insert(line.pattern.each_window_ns);
      }
    }
    collect_remembered(rule, set.schema, r.within);
    for (const auto& [binding, window] : r.within) plan.remembered[rule.binding_types[binding]].insert(window);
    plan.rules.push_back(std::move(r));
    collect_windows(rule.when, plan.windows);
    if (rule.until) collect_windows(*rule.until, plan.windows);
    if (rule.approve) collect_windows(*rule.approve, plan.windows);
    for (const std::vector<ast::Effect>* effects : {&rule.then, &rule.on_clear}) {
      for (const ast::Effect& e : *effects) {
        for (const ast::RecordField& f : e.record.fields) collect_windows(f.value, plan.windows);
        if (e.text) collect_windows(*e.text, plan.windows);
      }
    }
  }
  plan.by_priority.resize(set.rules.size());
  std::iota(plan.by_priority.begin(), plan.by_priority.end(), 0U);
  std::stable_sort(plan.by_priority.begin(), plan.by_priority.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return set.rules[a].priority_value > set.rules[b].priority_value; });
  for (const ast::DecisionDecl& d : set.decisions) {
    std::vector<CasePlan> cases;
    for (const ast::Case& c : d.cases) {
      CasePlan p;
      p.decl = &c;
      p.lets.resize(c.let_count, nullptr);
      collect_lets(c.when, p.lets);
      p.when = plan_lines(c.when, p.lets, nullptr);
      cases.push_back(std::move(p));
      collect_windows(c.when, plan.windows);
    }
    plan.cases.push_back(std::move(cases));
  }
  plan.strata = make_strata(set);
  return plan;
}

}  // namespace flyball::reference
