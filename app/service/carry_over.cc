// The carrying.
#include "app/service/carry_over.h"

#include <algorithm>

namespace flyball::app {
namespace {

bool is_published(const FactType& type) { return type.role == Role::kFact || type.role == Role::kMutable; }

// False when the fact has no place in the new type.
bool convert(const engine::FactView& view, const FactType& from, const FactType& to, const Interner& interner, FactInput& out) {
  for (std::uint32_t i = 0; i < to.declared_fields; ++i) {
    const std::uint32_t old = from.field_index(to.fields[i].name);
    Value& value = out.values.emplace_back(Value::null());
    if (old < view.values.size() && value_matches(view.values[old], to.fields[i].type, interner))
      value = view.values[old];
    else if (old == kNoId && to.fields[i].default_value)
      value = *to.fields[i].default_value;
    else if (old != kNoId || !to.fields[i].type.nullable)
      return false;
    out.present |= std::uint64_t{1} << i;
  }
  return true;
}

}  // namespace

CarriedFacts carry_over(const engine::Session& from, const Schema& old_schema, const Schema& new_schema, const Interner& interner) {
  CarriedFacts carried;
  for (FactTypeId old = 0; old < old_schema.types.size(); ++old) {
    const FactType& type = old_schema.types[old];
    if (!is_published(type)) continue;
    const std::vector<engine::FactView> facts = from.facts(old);
    const FactTypeId id = new_schema.find_type(type.name).id;
    if (id == kNoId || new_schema.types[id].name != type.name || !is_published(new_schema.types[id])) {
      carried.dropped += facts.size();
      continue;
    }
    for (const engine::FactView& view : facts) {
      FactInput input;
      input.type = id;
      input.stamp = view.stamp;
      if (convert(view, type, new_schema.types[id], interner, input))
        carried.facts.push_back(std::move(input));
      else
        ++carried.dropped;
    }
  }
  std::stable_sort(carried.facts.begin(), carried.facts.end(), [](const FactInput& a, const FactInput& b) { return a.stamp < b.stamp; });
  return carried;
}

}  // namespace flyball::app
