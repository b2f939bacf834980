// Looking up what users name.
#include "app/explain/lookup.h"

#include <fmt/core.h>

#include "bus/codec/json_lines.h"
#include "model/suggest.h"
#include "model/text.h"

namespace flyball::app {
namespace {

Result<std::uint32_t> judged(const Schema::Lookup& found, std::string_view what, std::string_view name) {
  if (found.id != kNoId) return found.id;
  if (found.ambiguous) return fail(fmt::format("there are several {}s `{}`", what, name), "it could be " + listed(found.candidates));
  return fail(fmt::format("there is no {} `{}`", what, name), did_you_mean(found.candidates));
}

}  // namespace

Result<std::uint32_t> find_rule(const ast::RuleSet& rules, std::string_view name) {
  std::vector<std::string> all, same;
  std::uint32_t found = kNoId;
  for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
    const ast::RuleDecl& rule = rules.rules[i];
    if (rule.qualified == name) return i;
    all.push_back(rule.name.text);
    if (rule.name.text != name) continue;
    same.push_back(rule.qualified);
    found = i;
  }
  if (same.size() == 1) return found;
  if (same.size() > 1) return fail(fmt::format("there are several rules `{}`", name), "it could be " + listed(same));
  return fail(fmt::format("there is no rule `{}`", name), did_you_mean(nearest(name, all)));
}

Result<FactTypeId> find_fact_type(const Schema& schema, std::string_view name) { return judged(schema.find_type(name), "type", name); }
Result<DecisionId> find_decision(const Schema& schema, std::string_view name) {
  return judged(schema.find_decision(name), "decision", name);
}

Error no_such_action(std::string_view id, const std::vector<std::string>& known, bool forgotten) {
  constexpr std::size_t kPrefixMin = 4, kNearMax = 3;
  std::vector<std::string> near;
  for (const std::string& one : known) {
    if (id.size() >= kPrefixMin && one.starts_with(id)) near.push_back(one);
  }
  if (near.empty()) near = nearest(id, known);
  if (near.size() > kNearMax) near.resize(kNearMax);
  std::string message = known.empty() && !forgotten ? "no action was made" : fmt::format("no action with the id `{}` was made", id);
  if (forgotten) message = fmt::format("no action with the id `{}` is remembered: only the newest are", id);
  return {message, near.empty() ? "an id stands in each action's line; `last` is the newest action; `flyball why-not RULE` is about rules"
                                : did_you_mean(near)};
}

Result<std::vector<std::pair<std::string, Value>>> with_values(const ast::RuleSet& rules, std::uint32_t rule,
                                                               const std::vector<std::pair<std::string, std::string>>& texts,
                                                               Interner& interner) {
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& [name, text] : texts) {
    const Field* field = nullptr;
    std::vector<std::string> names;
    for (const FactTypeId id : rules.rules[rule].binding_types) {
      if (id == kNoId) continue;
      const FactType& type = rules.schema.types[id];
      if (const std::uint32_t index = type.field_index(name); index != kNoId && field == nullptr) field = &type.fields[index];
      for (const Field& f : type.fields) names.push_back(f.name);
    }
    if (field == nullptr)
      return fail(fmt::format("no fact of `{}` has a field `{}`", rules.rules[rule].qualified, name), did_you_mean(nearest(name, names)));
    Result<Value> value = bus::parse_json_as(text, field->type, interner);
    if (!value) value = bus::parse_json_as(quote(text), field->type, interner);
    if (!value) return fail(fmt::format("`{}` cannot be `{}`: it is {}", name, text, with_article(to_string(field->type))));
    out.emplace_back(name, *value);
  }
  return out;
}

}  // namespace flyball::app
