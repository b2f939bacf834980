// Indexes by where something lies: of a rule's lines, and of what decisions look facts up by.
#include "engine/compile/plan_builder.h"

namespace flyball::engine {

std::optional<SpanTie> PlanBuilder::span_tie(const std::vector<const ast::Expr*>& parts, const RuleScope& scope, std::uint32_t own,
                                             bool of_input) {
  const auto is_own = [&](const ast::Expr& e) { return is_field(e) && e.ref.binding == own; };
  // It may be computed when a left side comes, and stays as it is until one of its facts changes.
  const auto is_left = [&](const ast::Expr& e) {
    std::set<std::uint32_t> reads;
    collect_reads(e, scope, reads);
    return !reads.contains(own) && is_of_facts(e, scope, of_input);
  };
  return find_span_tie(parts, is_own, is_left);
}

// Null: no condition of the line says so.
std::unique_ptr<const JoinSpan> PlanBuilder::span_for(const std::vector<const ast::Expr*>& parts, const RuleScope& scope, std::uint32_t own,
                                                      bool of_input) {
  const std::optional<SpanTie> tie = span_tie(parts, scope, own, of_input);
  if (!tie) return nullptr;
  auto span = std::make_unique<JoinSpan>();
  span->own = tie->own;
  set_left(span->low, *tie->low, scope);
  if (tie->high != nullptr) set_left(span->high, *tie->high, scope);
  return span;
}

// What decisions ask for is in no rule's memory: all facts of the type stand in an index of their own, by equality or by where they lie.
void PlanBuilder::plan_lookups() {
  const RuleScope nobody;
  for (const DecisionPlan& decision : out_.decisions->plans) {
    for (const CasePlan& plan : decision.cases) {
      for (const CaseLine& line : plan.lines) {
        if (line.type == kNoId) continue;
        const FactType& type = out_.rule_set.schema.types[line.type];
        if (type.has_key && line.lookup_fields == type.key) continue;  // the store knows
        if (!line.lookup_fields.empty()) {
          closing_index(alpha_for(line.type, {}, nobody, 0), line.lookup_fields);
        } else if (line.around) {
          index_for(alpha_for(line.type, {}, nobody, 0), {}, line.around->own);
        }
      }
    }
  }
}

}  // namespace flyball::engine
