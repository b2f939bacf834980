// PlanBuilder: from a checked RuleSet to the network plan of a ProgramData. The order of its passes is in program.cc;
// the parts are plan_where.cc (conditions → tests, joins, residuals), plan_lines.cc (lines → stages and tables),
// plan_aggregates.cc, plan_rules.cc (rules, effects), plan_finish.cc (what is known only when all is planned).
//
// Not thread-safe; used once. Errors: limits, and what the language has but this engine does not run yet.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/compile/expr_compiler.h"
#include "engine/compile/expr_text.h"
#include "engine/compile/from_ast.h"
#include "engine/compile/program_data.h"
#include "engine/compile/span_ties.h"
#include "model/compare.h"
#include "model/result.h"
#include "model/text.h"

namespace flyball::engine {

// What a line reads and which lines bind that (semantics.md §3).
struct LineInfo {
  const ast::Line* line = nullptr;
  bool in_until = false;
  std::uint32_t number = 0;             // in its block
  std::vector<std::uint32_t> reads;     // bindings of `n:` lines of `when`, ascending
  std::vector<std::uint32_t> bound_by;  // numbers of the lines of `when` that bind them, or what those read
  DurationNs duration_ns = 0;           // `for D`; 0: none
  bool is_pattern() const { return line->kind == ast::LineKind::kPattern; }
  bool binds() const { return is_pattern() && line->pattern.quantifier == ast::Quantifier::kOne; }
  bool is_absence() const { return is_pattern() && line->pattern.quantifier == ast::Quantifier::kNo && duration_ns > 0; }
};

// A way through a rule's `either`s: which branch of each, by its number.
using Way = std::map<std::uint32_t, std::uint32_t>;

// The rule (or case) being planned.
struct RuleScope {
  std::uint32_t id = 0;  // of its ScopePlan
  std::uint32_t rule = 0;
  std::vector<FactTypeId> binding_types;                      // by binding, aggregates included
  std::vector<const ast::Expr*> lets;                         // by let index
  std::map<std::uint32_t, const ast::Aggregate*> aggregates;  // by binding
  std::map<std::uint32_t, const ast::Expr*> clocks;           // conditions on `now`, by binding
  std::set<std::uint32_t> inlined;                            // those about a fact without a name: an alpha tests them
  std::vector<LineInfo> when, until;
  std::string where;  // for errors: the rule's name
};

// What stands at a pattern if the lines are not joined as they are written: of its own line and of others.
struct PlacedParts {
  struct Join {
    std::uint32_t field = 0, other = 0, other_field = 0;
  };
  std::vector<Join> joins;
  std::vector<const ast::Expr*> conditions;
};

// A chain under construction.
struct ChainDraft {
  ChainPlan plan;
  std::vector<StagePlan> stages;
  std::set<std::uint32_t> aggregates;  // bindings whose values are there
  std::vector<FieldReads> end_reads;
  bool driven = false;  // bound from outside, even with no facts
  // Parts of `check` lines that test one field of one fact: they stand in the pattern that binds it, and are dispatched.
  std::map<std::uint32_t, std::vector<const ast::Expr*>> moved;  // by binding
  std::map<std::uint32_t, PlacedParts> placed;                   // by binding: where another order was chosen
  // Parts of `check` lines that tie several facts: they stand in the last of the patterns that bind these, and may be what it is joined by.
  struct Tie {
    const ast::Expr* part = nullptr;
    std::set<std::uint32_t> reads;  // bindings
    bool is_placed = false;
  };
  std::vector<Tie> ties;
  std::set<std::uint32_t> there;  // bindings of its patterns
  bool is_moved(const ast::Expr* part) const {
    if (std::ranges::any_of(ties, [&](const Tie& tie) { return tie.is_placed && tie.part == part; })) return true;
    for (const auto& [binding, parts] : moved) {
      if (std::find(parts.begin(), parts.end(), part) != parts.end()) return true;
    }
    return false;
  }
};

// A join or a conjunct of a pattern in a JoinRun.
struct RunPart {
  std::uint64_t needs = 0;  // patterns, by place
  std::uint32_t owner = 0;  // whose it is as it is written
  const ast::Expr* condition = nullptr;
  const ast::Join* join = nullptr;
};

// `==` of two values that are equal just when they are the same Value.
bool can_be_key(const ast::Expr& part);
bool is_field(const ast::Expr& e);

// The parts of a condition on one fact.
struct SplitWhere {
  std::vector<const ast::Expr*> own;  // tests on its own fields
  std::vector<KeyPart> keys;
  std::vector<const ast::Expr*> keys_from;
  std::vector<const ast::Expr*> residual;
};

class PlanBuilder {
 public:
  PlanBuilder(ProgramData& out, Interner& interner, const JoinOptions& joins);
  // `running`: of which rules that stay keep the form in which they are joined (share_joins.cc); null: none.
  Result<void> run(const std::vector<std::pair<std::uint32_t, Value>>& params, Trees trees, const ProgramData* running);

  // For decisions: makes the scope of a case (lets, aggregates as uses) and returns its id.
  Result<std::uint32_t> plan_case_scope(const ast::Case& decl);

 private:
  // plan_where.cc
  Formula formula(const ast::Expr& e, const RuleScope& scope, const ast::Expr* clock = nullptr);
  std::string text_of(const ast::Expr& e, const RuleScope& scope, std::uint32_t own) const;
  void collect_reads(const ast::Expr& e, const RuleScope& scope, std::set<std::uint32_t>& out) const;
  bool reads_input(const ast::Expr& e, const RuleScope& scope) const;
  void collect_aggregates(const ast::Expr& e, RuleScope& scope) const;
  SplitWhere split_where(const ast::Expr* where, const RuleScope& scope, std::uint32_t own, bool keys_from_anywhere);
  SplitWhere split_where(const std::vector<const ast::Expr*>& parts, const RuleScope& scope, std::uint32_t own, bool keys_from_anywhere);
  std::string alpha_text(const std::vector<const ast::Expr*>& tests, const RuleScope& scope, std::uint32_t own) const;
  AlphaId alpha_for(FactTypeId type, const std::vector<const ast::Expr*>& tests, const RuleScope& scope, std::uint32_t own);
  std::uint32_t index_for(AlphaId alpha, const std::vector<KeyPart>& keys, const SpanFields& span);
  void set_left(KeyPart& key, const ast::Expr& left, const RuleScope& scope);
  void order_for(StagePlan& stage);

  // plan_span.cc
  void plan_lookups();
  // `of_input`: what a decision is asked may be on the left.
  std::optional<SpanTie> span_tie(const std::vector<const ast::Expr*>& parts, const RuleScope& scope, std::uint32_t own,
                                  bool of_input = false);
  std::unique_ptr<const JoinSpan> span_for(const std::vector<const ast::Expr*>& parts, const RuleScope& scope, std::uint32_t own,
                                           bool of_input = false);

  // plan_closing.cc
  void plan_closing(ChainDraft& chain);
  std::uint32_t closing_index(AlphaId alpha, std::vector<std::uint32_t> fields, bool is_private = false);
  void set_dispatch(DispatchPlan& dispatch, const std::vector<const ast::Expr*>& tests, const RuleScope& scope, std::uint32_t own) const;
  std::optional<std::uint32_t> movable_to(const ast::Expr& part, const RuleScope& scope) const;
  // It is the same for the same facts: it reads fields of theirs, and nothing else.
  bool is_of_facts(const ast::Expr& part, const RuleScope& scope, bool of_input = false);
  DurationNs duration(const ast::OptionalExpr& e) const;

  // expand_within.cc
  Result<void> expand_within();
  Result<void> expand_within(ast::RuleDecl& rule);
  FactTypeId remembered_type(FactTypeId event, DurationNs ns, bool all);

  // expand_each.cc
  void expand_each();
  FactTypeId each_type(FactTypeId of, std::uint32_t field);
  FactTypeId each_event_type(FactTypeId event, std::uint32_t field, DurationNs ns);

  // plan_lines.cc
  std::vector<LineInfo> read_lines(const ast::Block& block, bool until, const RuleScope& scope) const;
  void plan_lets(const ast::Block& block, RuleScope& scope);
  Result<void> add_line(ChainDraft& chain, const LineInfo& line, const RuleScope& scope);
  Result<void> add_raw_line(ChainDraft& chain, const LineInfo& line, const RuleScope& scope, bool fresh_truth);
  Result<void> add_pattern(ChainDraft& chain, const LineInfo& line, const RuleScope& scope, bool fresh_truth, bool watch);
  Result<void> add_hold(ChainDraft& chain, const LineInfo& line, const RuleScope& scope);
  Result<void> add_absence(ChainDraft& chain, const LineInfo& line, const RuleScope& scope);
  Result<std::vector<Way>> ways(const std::vector<std::uint32_t>& lines, const RuleScope& scope) const;
  static bool goes_through(const Way& way, const ast::InBranch& in) {
    const auto chosen = way.find(in.either);
    return chosen != way.end() && chosen->second == in.branch;
  }
  static bool is_on(const Way& way, const LineInfo& line) {
    const std::vector<ast::InBranch>& in = line.line->branches;
    return std::all_of(in.begin(), in.end(), [&](const ast::InBranch& b) { return goes_through(way, b); });
  }
  Result<void> bind_lines(ChainDraft& chain, const LineInfo& line, const RuleScope& scope, const Way& way);
  void add_bound(ChainDraft& chain, std::uint32_t binding, const RuleScope& scope);
  ChainDraft draft(const RuleScope& scope, ChainEnd end, std::uint32_t owner);
  Result<ChainId> finish(ChainDraft& chain, const RuleScope& scope);
  Result<TableId> projection(const LineInfo& line, const RuleScope& scope, ChainId chain, TableId absence);

  // plan_order.cc
  std::vector<const LineInfo*> order_lines(ChainDraft& chain, const std::vector<const LineInfo*>& lines, const RuleScope& scope);
  std::vector<const LineInfo*> order_run(ChainDraft& chain, const std::vector<const LineInfo*>& lines, const RuleScope& scope);
  std::vector<std::uint32_t> order_now(const JoinRun& run) const;
  void read_run(const std::vector<const LineInfo*>& patterns, const RuleScope& scope, const ChainDraft& chain, JoinRun& run,
                std::vector<RunPart>& parts);

  // plan_aggregates.cc
  Result<void> need_aggregates(ChainDraft& chain, const std::vector<std::uint32_t>& bindings, const RuleScope& scope);
  Result<void> use_aggregates(const std::vector<std::uint32_t>& bindings, const RuleScope& scope);
  void aggregate_reads(std::uint32_t binding, const RuleScope& scope, std::set<std::uint32_t>& out) const;
  void plan_judging(AggregateUse& use, const std::vector<const ast::Expr*>& residual, const RuleScope& scope);
  Result<std::uint32_t> use_for(std::uint32_t binding, const RuleScope& scope);

  // plan_clocks.cc
  Result<void> plan_calendars();
  ClockPlan clock_plan(const ast::Expr& e, const RuleScope& scope);
  static void inline_clocks(const ast::Expr& where, std::uint32_t own, RuleScope& scope);
  void plan_fact_clocks(FactTypeId type, const ast::Expr& test, const RuleScope& scope, std::uint32_t own);

  // plan_rules.cc
  static std::uint32_t count_tests(const ast::Block& when);
  std::vector<std::uint32_t> gate_lines(const RuleScope& scope);
  Result<void> plan_gate(RulePlan& plan, const LineInfo& line, const RuleScope& scope);
  void plan_production(RulePlan& plan, const ast::RuleDecl& decl, const RuleScope& scope);
  Result<void> plan_rule(std::uint32_t rule);
  void move_checks(ChainDraft& chain, const RuleScope& scope, const Way& way);
  Result<void> plan_main_chain(RulePlan& plan, const RuleScope& scope);
  Result<void> plan_side_chains(RulePlan& plan, const ast::RuleDecl& decl, const RuleScope& scope);
  Result<std::vector<EffectPlan>> plan_effects(const std::vector<ast::Effect>& effects, const RuleScope& scope);
  Result<void> plan_params(const std::vector<std::pair<std::uint32_t, Value>>& overrides);
  Result<RuleScope> make_scope(const ast::Block& when, const ast::Block* until, std::uint32_t let_count, std::uint32_t rule,
                               std::string name);
  static void add_reads(std::vector<FieldReads>& to, const std::vector<FieldReads>& from);
  static void effect_formulas(const std::vector<EffectPlan>& effects, bool derives_only, std::vector<const Formula*>& out);

  // plan_explain.cc
  void plan_explain(std::uint32_t rule, const RuleScope& scope);
  ExplainLine explain_line(const LineInfo& info, const RuleScope& scope);
  void explain_table(ExplainLine& line, const LineInfo& info) const;
  void collect_explain_reads(const ast::Expr& e, const RuleScope& scope, std::uint32_t own, std::vector<ExplainRead>& out);

  // plan_dispatch.cc
  void choose_dispatch();

  // share_joins.cc
  void share_joins(const ProgramData* running);

  // plan_finish.cc
  void finish_types();
  void plan_ranks();
  void note_needs(std::uint32_t rule);
  void plan_strata();

  ProgramData& out_;
  Interner& interner_;
  const JoinOptions& joins_;
  ExprContext context_;
  std::map<std::string, AlphaId> alphas_;
  std::map<std::string, NodeId> nodes_;
  std::vector<std::vector<FactTypeId>> needs_;                // by derived type: what the rules that derive it read
  std::map<std::pair<bool, std::uint32_t>, TableId> tables_;  // of the rule being planned: (in until, line)
};

}  // namespace flyball::engine
