// SampleRoutes: from a put to the few windows that it may be a sample of, as AlphaTables is from a fact to its alphas:
// by an index where a window's `where` says where a field must lie, by order where it compares one with a constant.
//
// A window left out is one whose `where` is certainly false of the row. Those of the last N of each key count what their
// `where` refuses, too: they have a way of their own only by key fields, which all samples of a key share.
// Immutable but for the list that it answers with, which the next question overwrites. Not thread-safe.
#pragma once

#include <span>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/expr/row.h"
#include "engine/network/field_index.h"
#include "engine/network/thresholds.h"

namespace flyball::engine {

class SampleRoutes {
 public:
  static constexpr std::size_t kThresholdsMin = 4;  // fewer constants are tried one by one

  SampleRoutes(const ProgramData& program, const Interner& interner);

  // The windows that may take the row; each once, ascending.
  std::span<const NodeId> taking(FactTypeId type, Row row) { return find(types_[type], row, false); }
  // The windows in which samples of a fact with that key may stand; likewise.
  std::span<const NodeId> holding(FactTypeId type, Row key) { return find(types_[type], key, true); }
  // Some windows ask for a field that may differ from sample to sample of one key.
  bool by_content(FactTypeId type) const { return !types_[type].by_content.empty(); }

 private:
  struct ByField {
    FieldIndex index;
    bool is_key = false;
  };
  struct ByOrder {
    Thresholds thresholds;
    bool is_key = false;
  };
  struct Type {
    std::vector<NodeId> always;
    std::vector<ByField> by_index;
    std::vector<ByOrder> by_order;
    std::vector<NodeId> by_content;  // of those two, the ones that do not go by a key field
  };
  void plan_type(FactTypeId id, const ProgramData& program);
  std::span<const NodeId> find(const Type& type, Row row, bool key_only);

  const Interner& interner_;
  std::vector<Type> types_;
  std::vector<NodeId> found_;
};

}  // namespace flyball::engine
