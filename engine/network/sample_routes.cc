// Which way leads to which window, and going it.
#include "engine/network/sample_routes.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace flyball::engine {

SampleRoutes::SampleRoutes(const ProgramData& program) {
  types_.resize(program.types.size());
  for (FactTypeId id = 0; id < program.types.size(); ++id) plan_type(id, program);
}

void SampleRoutes::plan_type(FactTypeId id, const ProgramData& program) {
  Type& type = types_[id];
  const std::vector<NodeId>& nodes = program.types[id].sample_nodes;
  if (nodes.empty()) return;
  const FactType& schema = program.rule_set.schema.types[id];
  const auto is_key = [&](std::uint32_t field) { return schema.is_key_field(field); };
  // Windows of time do without what they refuse.
  const auto may_skip = [&](const AggregateNode& node, std::uint32_t field) { return node.over_ns || is_key(field); };

  std::map<std::uint32_t, std::vector<NodeId>> by_value;
  using Side = std::tuple<std::uint32_t, bool, Kind>;
  std::map<Side, std::vector<NodeId>> by_order;
  for (const NodeId n : nodes) {
    const AggregateNode& node = program.nodes[n];
    const AlphaPlan::Threshold& t = node.threshold;
    if (node.dispatch_field != kNoId && may_skip(node, node.dispatch_field)) {
      by_value[node.dispatch_field].push_back(n);
    } else if (t.field != kNoId && may_skip(node, t.field)) {
      by_order[{t.field, t.above, t.constant.kind}].push_back(n);
    } else {
      type.always.push_back(n);
    }
  }
  for (const auto& [field, members] : by_value) {
    ByValue by{field, is_key(field), {}};
    for (const NodeId n : members) {
      for (const Value& v : program.nodes[n].dispatch_values) by.dispatch.add(v, n);
    }
    by.dispatch.seal();
    if (!by.is_key) type.by_content.insert(type.by_content.end(), members.begin(), members.end());
    type.by_value.push_back(std::move(by));
  }
  for (const auto& [side, members] : by_order) {
    if (members.size() < kThresholdsMin) {
      type.always.insert(type.always.end(), members.begin(), members.end());
      continue;
    }
    const auto& [field, above, kind] = side;
    ByOrder by{Thresholds(field, above, kind), is_key(field)};
    for (const NodeId n : members) by.thresholds.add(program.nodes[n].threshold.constant, program.nodes[n].threshold.inclusive, n);
    by.thresholds.seal();
    if (!by.is_key) type.by_content.insert(type.by_content.end(), members.begin(), members.end());
    type.by_order.push_back(std::move(by));
  }
  std::sort(type.always.begin(), type.always.end());
}

std::span<const NodeId> SampleRoutes::find(const Type& type, const Value* row, bool key_only) {
  if (type.by_value.empty() && type.by_order.empty()) return type.always;
  found_.assign(type.always.begin(), type.always.end());
  if (key_only) found_.insert(found_.end(), type.by_content.begin(), type.by_content.end());
  for (const ByValue& by : type.by_value) {
    if (key_only && !by.is_key) continue;
    const Value& v = row[by.field];
    const std::span<const NodeId> nodes = v.is_error() ? by.dispatch.all() : by.dispatch.find(v);
    found_.insert(found_.end(), nodes.begin(), nodes.end());
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
