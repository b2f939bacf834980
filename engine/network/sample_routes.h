// SampleRoutes: from a put to the few windows that it may be a sample of, as AlphaTables is from a fact to its alphas:
// by hash where a window's `where` names the values of a field, by order where it compares one with a constant.
//
// A window left out is one whose `where` is certainly false of the row. Those of the last N of each key count what their
// `where` refuses, too: they have a way of their own only by key fields, which all samples of a key share.
// Immutable but for the list that it answers with, which the next question overwrites. Not thread-safe.
#pragma once

#include <span>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/network/dispatch.h"
#include "engine/network/thresholds.h"

namespace flyball::engine {

class SampleRoutes {
 public:
  static constexpr std::size_t kThresholdsMin = 4;  // fewer constants are tried one by one

  explicit SampleRoutes(const ProgramData& program);

  // The windows that may take the row; each once, ascending.
  std::span<const NodeId> taking(FactTypeId type, const Value* row) { return find(types_[type], row, false); }
  // The windows in which samples of a fact with that key may stand; likewise.
  std::span<const NodeId> holding(FactTypeId type, const Value* key) { return find(types_[type], key, true); }
  // Some windows ask for a field that may differ from sample to sample of one key.
  bool by_content(FactTypeId type) const { return !types_[type].by_content.empty(); }

 private:
  struct ByValue {
    std::uint32_t field = 0;
    bool is_key = false;
    Dispatch dispatch;
  };
  struct ByOrder {
    Thresholds thresholds;
    bool is_key = false;
  };
  struct Type {
    std::vector<NodeId> always;
    std::vector<ByValue> by_value;
    std::vector<ByOrder> by_order;
    std::vector<NodeId> by_content;  // of those two, the ones that do not go by a key field
  };
  void plan_type(FactTypeId id, const ProgramData& program);
  std::span<const NodeId> find(const Type& type, const Value* row, bool key_only);

  std::vector<Type> types_;
  std::vector<NodeId> found_;
};

}  // namespace flyball::engine
