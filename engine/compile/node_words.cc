// What the nodes of a plan are called. See node_words.h.
#include "engine/compile/node_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/aggregates.h"
#include "model/text.h"

namespace flyball::engine {

std::string stage_label(const ProgramData& data, const StagePlan& stage) {
  const auto local = [&](FactTypeId type) { return data.rule_set.schema.types[data.written_type(type)].local; };
  std::string label;
  switch (stage.kind) {
    case StageKind::kPattern: label = "join " + local(stage.type); break;
    case StageKind::kExists: label = (stage.negated ? "no " : "some ") + local(stage.type); break;
    case StageKind::kCheck: label = "check"; break;
    case StageKind::kAggregate: label = "value of"; break;
    case StageKind::kHold: label = "held"; break;
    case StageKind::kAbsence: label = "silent"; break;
    case StageKind::kShared: label = "shared joins"; break;
    case StageKind::kBound: break;
  }
  for (std::size_t i = 0; i < stage.keys.size(); ++i)
    label += (i == 0 ? " by " : ", ") + data.rule_set.schema.types[stage.type].fields[stage.keys[i].own_field].name;
  if (stage.span) {
    const std::vector<Field>& fields = data.rule_set.schema.types[stage.type].fields;
    label += (stage.keys.empty() ? " by " : ", ") + fields[stage.span->own.low].name;
    if (stage.span->own.high != stage.span->own.low) label += ".." + fields[stage.span->own.high].name;
  }
  return label;
}

std::string aggregate_label(const ProgramData& data, const AggregateNode& node) {
  const FactType& type = data.rule_set.schema.types[node.type];
  std::string name = fmt::format("{} {}", kAggregates[static_cast<std::size_t>(node.fn)].word, type.local);
  for (std::size_t i = 0; i < node.group.size(); ++i) name += (i == 0 ? " by " : ", ") + type.fields[node.group[i]].name;
  if (node.over_ns) name += " over " + format_duration_human(*node.over_ns);
  if (node.over_last) name += fmt::format(" over last {}", *node.over_last);
  return name;
}

std::string way_words(const DispatchPlan& plan, const std::function<std::string(std::uint32_t)>& field) {
  if (plan.threshold.field != kNoId) return "found by order of " + field(plan.threshold.field);
  const Reach* reach = plan.reach();
  if (reach == nullptr) return {};
  switch (reach->form) {
    case Reach::Form::kValues: return "found by hash of " + field(reach->field);
    case Reach::Form::kNetworks: return "found by the prefixes that " + field(reach->field) + " lies in";
    case Reach::Form::kHeads: return "found by what " + field(reach->field) + " begins with";
    case Reach::Form::kTails: return "found by what " + field(reach->field) + " ends with";
    case Reach::Form::kIntervals: return "found by the intervals that " + field(reach->field) + " lies in";
  }
  return {};
}

std::uint32_t rule_of(const ProgramData& data, const ChainPlan& chain) {
  switch (chain.end) {
    case ChainEnd::kHold: return data.holds[chain.owner].rule;
    case ChainEnd::kAbsence:
    case ChainEnd::kSeen: return data.absences[chain.owner].rule;
    default: return chain.owner;
  }
}

std::vector<std::uint32_t> rules_of(const ProgramData& data, const ChainPlan& chain) {
  if (chain.end != ChainEnd::kShared) return {rule_of(data, chain)};
  std::vector<std::uint32_t> out;
  out.reserve(chain.consumers.size());
  for (const StageId stage : chain.consumers) out.push_back(rule_of(data, data.chains[data.stages[stage].chain]));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<StageId> path_of(const ProgramData& data, const ChainPlan& chain) {
  std::vector<StageId> out;
  if (chain.shared != kNoId) out = path_of(data, data.chains[chain.shared]);
  for (StageId id = chain.first; id < chain.first + chain.count; ++id) {
    const StageKind kind = data.stages[id].kind;
    if (kind != StageKind::kBound && kind != StageKind::kShared) out.push_back(id);
  }
  return out;
}

std::string rule_label(const ProgramData& data, std::uint32_t rule) {
  static constexpr std::size_t kNamed = 2;  // of the rules that share joins
  if (!data.is_shared_joins(rule)) return data.rules[rule].name;
  const std::vector<std::uint32_t> rules = rules_of(data, data.chains[data.rules[rule].chains.front()]);
  std::string out = "joins of ";
  for (std::size_t i = 0; i < rules.size() && i < kNamed; ++i) out += (i == 0 ? "" : ", ") + data.rules[rules[i]].name;
  if (rules.size() > kNamed) out += fmt::format(" and {} more", rules.size() - kNamed);
  return out;
}

bool is_in_until(const ProgramData& data, const ChainPlan& chain) {
  switch (chain.end) {
    case ChainEnd::kUntil: return true;
    case ChainEnd::kHold: return data.holds[chain.owner].in_until;
    case ChainEnd::kAbsence:
    case ChainEnd::kSeen: return data.absences[chain.owner].in_until;
    default: return false;
  }
}

ast::Span line_of(const ProgramData& data, const ChainPlan& chain, const StagePlan& stage) {
  const std::vector<std::uint32_t> rules = rules_of(data, chain);
  if (rules.empty()) return {};
  const ast::RuleDecl& rule = data.rule_set.rules[rules.front()];
  const bool in_until = is_in_until(data, chain);
  if (in_until && !rule.until) return {};
  const std::vector<ast::Line>& lines = in_until ? rule.until->lines : rule.when.lines;
  return stage.line < lines.size() ? lines[stage.line].span : ast::Span{};
}

}  // namespace flyball::engine
