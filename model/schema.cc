// Name lookups of the Schema; see schema.h.
#include "model/schema.h"

#include <algorithm>

#include "model/suggest.h"

namespace flyball {

std::uint32_t FactType::field_index(std::string_view field_name) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field_name) return static_cast<std::uint32_t>(i);
  }
  return kNoId;
}

bool FactType::is_key_field(std::uint32_t index) const { return std::find(key.begin(), key.end(), index) != key.end(); }

namespace {

// Both names of an entry lead to it; a qualified name without a dot is its own local name and is entered once.
void enter(std::unordered_map<std::string, std::vector<std::uint32_t>>& names, const std::string& qualified, const std::string& local,
           std::size_t i) {
  const auto id = static_cast<std::uint32_t>(i);
  names[qualified].push_back(id);
  if (local != qualified) names[local].push_back(id);
}

Schema::Lookup look_up(const std::unordered_map<std::string, std::vector<std::uint32_t>>& names, std::string_view name,
                       const auto& entries) {
  Schema::Lookup out;
  const auto it = names.find(std::string(name));
  if (it != names.end()) {
    // A qualified name wins over another module's local name that reads the same.
    for (const std::uint32_t id : it->second) {
      if (entries[id].name == name) return {id, false, {}};
    }
    if (it->second.size() == 1) return {it->second.front(), false, {}};
    out.ambiguous = true;
    for (const std::uint32_t id : it->second) out.candidates.push_back(entries[id].name);
    std::sort(out.candidates.begin(), out.candidates.end());
    return out;
  }
  std::vector<std::string> all;
  all.reserve(entries.size());
  const bool qualified = name.find('.') != std::string_view::npos;
  for (const auto& e : entries) all.push_back(qualified ? e.name : e.local);
  out.candidates = nearest(name, all);
  return out;
}

}  // namespace

void Schema::index() {
  type_names_.clear();
  decision_names_.clear();
  param_names_.clear();
  for (std::size_t i = 0; i < types.size(); ++i) enter(type_names_, types[i].name, types[i].local, i);
  for (std::size_t i = 0; i < decisions.size(); ++i) enter(decision_names_, decisions[i].name, decisions[i].local, i);
  for (std::size_t i = 0; i < params.size(); ++i) enter(param_names_, params[i].name, params[i].local, i);
}

Schema::Lookup Schema::find_type(std::string_view name) const { return look_up(type_names_, name, types); }
Schema::Lookup Schema::find_decision(std::string_view name) const { return look_up(decision_names_, name, decisions); }
Schema::Lookup Schema::find_param(std::string_view name) const { return look_up(param_names_, name, params); }

std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& names) {
  const std::string plain = lower_case(word);
  std::size_t best = word.size() < 3 ? 0 : word.size() < 6 ? 1 : word.size() < 9 ? 2 : 3;
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const std::size_t d = edit_distance(plain, lower_case(name), best);
    if (d > best) continue;
    if (d < best) out.clear();
    best = d;
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace flyball
