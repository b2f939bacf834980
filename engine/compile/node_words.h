// What the nodes of a plan are called, for people: by the outline and by insight.
#pragma once

#include <functional>
#include <string>

#include "engine/compile/program_data.h"

namespace flyball::engine {

// "join Link by device", "no Link by device", "check".
std::string stage_label(const ProgramData& data, const StagePlan& stage);
// "count Link by device over 5m".
std::string aggregate_label(const ProgramData& data, const AggregateNode& node);
// "found by hash of `site`", "found by order of `load`", empty: it is tried on every fact; `field`: how a field is written.
std::string way_words(const DispatchPlan& plan, const std::function<std::string(std::uint32_t)>& field);
// The rule that runs the chain; of shared joins the one that stands for them.
std::uint32_t rule_of(const ProgramData& data, const ChainPlan& chain);
// The rules that it runs for: of shared joins all that go on from them.
std::vector<std::uint32_t> rules_of(const ProgramData& data, const ChainPlan& chain);
// Its stages that bind, test or ask something, those of the shared joins first.
std::vector<StageId> path_of(const ProgramData& data, const ChainPlan& chain);
// "net.down"; of shared joins "joins of net.down, net.hot and 3 more".
std::string rule_label(const ProgramData& data, std::uint32_t rule);
// The line that a stage stands for; empty: none.
ast::Span line_of(const ProgramData& data, const ChainPlan& chain, const StagePlan& stage);
// Whether its lines are those of `until`.
bool is_in_until(const ProgramData& data, const ChainPlan& chain);

}  // namespace flyball::engine
