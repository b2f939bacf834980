// The carrying.
#include "app/service/carry_over.h"

#include <algorithm>

namespace flyball::app {

std::vector<FactInput> carry_over(const engine::Session& from, const Schema& schema) {
  std::vector<FactInput> carried;
  for (FactTypeId id = 0; id < schema.types.size(); ++id) {
    const FactType& type = schema.types[id];
    if (type.role != Role::kFact && type.role != Role::kMutable) continue;
    for (engine::FactView& view : from.facts(id)) {
      FactInput& input = carried.emplace_back();
      input.type = id;
      input.stamp = view.stamp;
      input.values = std::move(view.values);
      input.values.resize(type.declared_fields);
      for (std::uint32_t i = 0; i < type.declared_fields; ++i) input.present |= std::uint64_t{1} << i;
    }
  }
  std::stable_sort(carried.begin(), carried.end(), [](const FactInput& a, const FactInput& b) { return a.stamp < b.stamp; });
  return carried;
}

}  // namespace flyball::app
