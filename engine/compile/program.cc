// compile(): the whole order of passes.
//
//   params → rules (scopes → lines → chains, tables, aggregates → effects) → decisions → what needs all of it: joins that
//   are shared, dispatch, ranks, strata
#include "engine/program.h"

#include "engine/compile/align.h"
#include "engine/compile/decision_compiler.h"
#include "engine/compile/plan_builder.h"

namespace flyball::engine {

namespace {

// `every T where w satisfies e` is `no T where w and not e`: so it runs, and so its conditions stand in the plan.
void fold_every(ast::Block& block) {
  for (ast::Line& line : block.lines) {
    if (line.kind != ast::LineKind::kPattern || line.pattern.quantifier != ast::Quantifier::kEvery) continue;
    const auto make = [](ast::ExprKind kind, const ast::Expr& like) {
      ast::Expr e;
      e.kind = kind;
      e.span = like.span;
      e.type = Type::of(TypeTag::kBool);
      return e;
    };
    ast::Pattern& p = line.pattern;
    ast::Expr fails = make(ast::ExprKind::kUnary, *p.satisfies);
    fails.op = ast::Op::kNot;
    fails.args.push_back(std::move(*p.satisfies));
    p.satisfies.reset();
    if (p.where) {
      ast::Expr both = make(ast::ExprKind::kAnd, *p.where);
      both.args.push_back(std::move(*p.where));
      both.args.push_back(std::move(fails));
      p.where = std::move(both);
    } else {
      p.where = std::move(fails);
    }
  }
}

// The lines and effects stay, with their places, types and names; what they compare and compute goes.
void free_trees(ast::RuleDecl& rule) {
  for (ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
    if (block == nullptr) continue;
    for (ast::Line& line : block->lines) {
      line.expr = {};
      line.hold.reset();
      line.pattern.where.reset();
      line.pattern.satisfies.reset();
      line.pattern.within.reset();
      line.pattern.hold.reset();
    }
  }
  for (std::vector<ast::Effect>* effects : {&rule.then, &rule.on_clear}) {
    for (ast::Effect& effect : *effects) {
      effect.record.fields = {};
      effect.text.reset();
    }
  }
  rule.cooldown_per = {};
  rule.approve.reset();
}

}  // namespace

ProgramData::ProgramData(ast::RuleSet checked) : rule_set(std::move(checked)) {
  for (ast::RuleDecl& rule : rule_set.rules) {
    fold_every(rule.when);
    if (rule.until) fold_every(*rule.until);
  }
  for (ast::DecisionDecl& decision : rule_set.decisions) {
    for (ast::Case& c : decision.cases) fold_every(c.when);
  }
}

ProgramData::~ProgramData() = default;

PlanBuilder::PlanBuilder(ProgramData& out, Interner& interner, const JoinOptions& joins) : out_(out), interner_(interner), joins_(joins) {
  context_.schema = &out.rule_set.schema;
  context_.params = &out.params;
  context_.interner = &interner;
  context_.calendars = &out.calendars;
}

Result<void> PlanBuilder::run(const std::vector<std::pair<std::uint32_t, Value>>& params, Trees trees, const ProgramData* running) {
  if (Result<void> r = plan_params(params); !r) return r;
  if (Result<void> r = plan_calendars(); !r) return r;
  if (Result<void> r = expand_within(); !r) return r;
  expand_each();
  out_.types.resize(out_.rule_set.schema.types.size());
  for (const RememberedPlan& r : out_.remembered) {
    out_.types[r.event].remembered_as.push_back(r.type);
    out_.types[r.type].remembers = r.event;
    out_.types[r.type].remembers_all = r.all;
    if (r.each != kNoId) out_.types[r.type].each_of = r.event;
  }
  for (const EachPlan& e : out_.each) out_.types[e.type].each_of = e.of;
  out_.rules.resize(out_.rule_set.rules.size());
  needs_.resize(out_.types.size());
  for (std::uint32_t rule = 0; rule < out_.rules.size(); ++rule) {
    if (Result<void> r = plan_rule(rule); !r) return r;
    note_needs(rule);
    if (trees == Trees::kFree) free_trees(out_.rule_set.rules[rule]);
  }
  for (const ast::DecisionDecl& decision : out_.rule_set.decisions) {
    out_.case_scopes.emplace_back();
    for (const ast::Case& c : decision.cases) {
      Result<std::uint32_t> scope = plan_case_scope(c);
      if (!scope) return std::unexpected(scope.error());
      out_.case_scopes.back().push_back(*scope);
    }
  }
  std::vector<std::vector<AggregateUses>> uses;
  for (const std::vector<std::uint32_t>& scopes : out_.case_scopes) {
    uses.emplace_back();
    for (const std::uint32_t scope : scopes) uses.back().push_back(out_.scopes[scope].uses);
  }
  Result<std::unique_ptr<DecisionPlans>> decisions = compile_decisions(out_.rule_set, context_, uses);
  if (!decisions) return std::unexpected(decisions.error());
  out_.decisions = std::move(*decisions);
  plan_lookups();
  if (joins_.share) share_joins(running);
  finish_types();
  plan_ranks();
  plan_strata();
  return {};
}

Program::Program(std::unique_ptr<ProgramData> data) : data_(std::move(data)) {}
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

const Schema& Program::schema() const { return data_->rules_written().schema; }
const ast::RuleSet& Program::rules() const { return data_->rules_written(); }
void Program::hold(std::vector<Value> constants) { data_->constants = std::move(constants); }
Value Program::param_value(std::uint32_t param) const { return data_->params[param]; }

Result<Program> compile(ast::RuleSet rules, Interner& interner, const std::vector<std::pair<std::uint32_t, Value>>& params, Trees trees,
                        const Program* running, const JoinOptions& joins) {
  auto data = std::make_unique<ProgramData>(std::move(rules));
  PlanBuilder builder(*data, interner, joins);
  if (Result<void> r = builder.run(params, trees, running == nullptr ? nullptr : &running->data()); !r) return std::unexpected(r.error());
  if (running != nullptr) align(*data, running->data());
  return Program(std::move(data));
}

}  // namespace flyball::engine
