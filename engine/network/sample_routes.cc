// Which way leads to which window, and going it.
#include "engine/network/sample_routes.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace flyball::engine {

SampleRoutes::SampleRoutes(const ProgramData& program, const Interner& interner) : interner_(interner) {
  types_.resize(program.types.size());
  for (FactTypeId id = 0; id < program.types.size(); ++id) plan_type(id, program);
}

void SampleRoutes::plan_type(FactTypeId id, const ProgramData& program) {
  Type& type = types_[id];
  const std::vector<NodeId>& nodes = program.types[id].sample_nodes;
  if (nodes.empty()) return;
  const FactType& schema = program.rule_set.schema.types[id];
  const auto is_key = [&](std::uint32_t field) { return schema.is_key_field(field); };

  std::map<std::pair<std::uint32_t, Reach::Form>, std::vector<NodeId>> by_index;
  using Side = std::tuple<std::uint32_t, bool, Kind, bool>;
  std::map<Side, std::vector<NodeId>> by_order;
  for (const NodeId n : nodes) {
    const DispatchPlan& plan = program.nodes[n].dispatch;
    const DispatchPlan::Threshold& t = plan.threshold;
    if (const Reach* reach = plan.reach()) {
      by_index[{reach->field, reach->form}].push_back(n);
    } else if (t.field != kNoId) {
      by_order[{t.field, t.above, t.constant.kind, t.null_fails}].push_back(n);
    } else {
      type.always.push_back(n);
    }
  }
  for (const auto& [way, members] : by_index) {
    ByField by{FieldIndex(*program.nodes[members.front()].dispatch.reach()), is_key(way.first)};
    for (const NodeId n : members) by.index.add(*program.nodes[n].dispatch.reach(), n);
    by.index.seal();
    if (!by.is_key) type.by_content.insert(type.by_content.end(), members.begin(), members.end());
    type.by_index.push_back(std::move(by));
  }
  for (const auto& [side, members] : by_order) {
    if (members.size() < kThresholdsMin) {
      type.always.insert(type.always.end(), members.begin(), members.end());
      continue;
    }
    const auto& [field, above, kind, null_fails] = side;
    ByOrder by{Thresholds(field, above, kind, null_fails), is_key(field)};
    for (const NodeId n : members) {
      const DispatchPlan::Threshold& t = program.nodes[n].dispatch.threshold;
      by.thresholds.add(t.constant, t.inclusive, n);
    }
    by.thresholds.seal();
    if (!by.is_key) type.by_content.insert(type.by_content.end(), members.begin(), members.end());
    type.by_order.push_back(std::move(by));
  }
  std::sort(type.always.begin(), type.always.end());
}

std::span<const NodeId> SampleRoutes::find(const Type& type, Row row, bool key_only) {
  if (type.by_index.empty() && type.by_order.empty()) return type.always;
  found_.assign(type.always.begin(), type.always.end());
  if (key_only) found_.insert(found_.end(), type.by_content.begin(), type.by_content.end());
  for (const ByField& by : type.by_index) {
    if (key_only && !by.is_key) continue;
    by.index.find(row[by.index.field()], interner_, [&](NodeId n) { found_.push_back(n); });
  }
  for (const ByOrder& by : type.by_order) {
    if (key_only && !by.is_key) continue;
    const std::uint32_t open = by.thresholds.position(row[by.thresholds.field()], 0).value_or(by.thresholds.size());
    for (std::uint32_t gate = 0; gate < open; ++gate) found_.push_back(by.thresholds.alpha(gate));
  }
  std::sort(found_.begin(), found_.end());
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  return found_;
}

}  // namespace flyball::engine
