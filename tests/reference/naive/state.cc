// Keys, and an empty State.
#include "tests/reference/naive/state.h"

#include <algorithm>

namespace flyball::reference {

int compare_keys(const Key& a, const Key& b, const Interner& in) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const int c = compare_total(a[i], b[i], in);
    if (c != 0) return c;
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

State::State(const ast::RuleSet& set, Interner& interner, const std::vector<Value>& param_values)
    : rules(&set), schema(&set.schema), in(&interner), plan(make_plan(set)), params(param_values) {
  const KeyLess less{&interner};
  facts.assign(schema->types.size(), KeyMap<Fact>(less));
  gone.assign(schema->types.size(), KeyMap<std::vector<Value>>(less));
  samples.resize(schema->types.size());
  past.resize(schema->types.size());
  sends.resize(schema->types.size());
  told.assign(schema->types.size(), KeyMap<std::vector<Value>>(less));
  seen.assign(schema->types.size(), KeyMap<SeenFact>(less));
  activations.assign(set.rules.size(), KeyMap<Activation>(less));
  episodes.assign(set.rules.size(), KeyMap<Episode>(less));
  skipped.assign(set.rules.size(), std::set<Key, KeyLess>(less));
  cooldowns.assign(set.rules.size(), KeyMap<Timestamp>(less));
  shut.resize(plan.rules.size(), false);
  shut_since.resize(plan.rules.size(), kTimestampMin);
  for (std::uint32_t rule = 0; rule < plan.rules.size(); ++rule) {
    for (const bool until : {false, true}) {
      const std::vector<LinePlan>& lines = until ? plan.rules[rule].until : plan.rules[rule].when;
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].is_timed()) continue;
        if (lines[i].absence) {
          absences.emplace(LinePlace{rule, until, i}, KeyMap<Absence>(less));
        } else {
          holds.emplace(LinePlace{rule, until, i}, KeyMap<Hold>(less));
        }
      }
    }
  }
  for (FactTypeId id = 0; id < plan.remembered.size(); ++id) {
    for (const DurationNs d : plan.remembered[id]) {
      remembered.try_emplace({id, d}, KeyLess{in});
      remembered_all.try_emplace({id, d}, KeyLess{in});
    }
  }
}

const KeyMap<Fact>& State::facts_of(const RulePlan* rule, std::uint32_t binding, FactTypeId id) const {
  if (rule != nullptr && rule->each.contains(binding)) {
    // What is bound to it stays where it is to the end of the instant.
    const auto window = rule->each_within.find(binding);
    const bool of_past = window != rule->each_within.end();
    std::list<KeyMap<Fact>>& known = each_values[{id, rule->each.at(binding), of_past ? window->second : 0}];
    KeyMap<Fact> now_there = of_past ? past_values_of(id, rule->each.at(binding), window->second) : values_of(id, rule->each.at(binding));
    const auto same = [](const auto& a, const auto& b) {
      return a.first == b.first && a.second.values == b.second.values && a.second.suspended == b.second.suspended;
    };
    if (known.empty() || !std::equal(known.back().begin(), known.back().end(), now_there.begin(), now_there.end(), same))
      known.push_back(std::move(now_there));
    return known.back();
  }
  if (rule == nullptr || !rule->within.contains(binding)) return facts[id];
  const bool all = type(id).has_key && rule->silences.contains(binding);
  return (all ? remembered_all : remembered).at({id, rule->within.at(binding)});
}

KeyMap<Fact> State::values_of(FactTypeId id, std::uint32_t field) const {
  KeyMap<Fact> all(KeyLess{in});
  for (const auto& [key, fact] : facts[id]) {
    const Value v = fact.values[field];
    if (v.is_null() || ((fact.suspended || is_stale(fact)) && !type(id).is_key_field(field))) continue;
    std::vector<Value> row(fact.values.size(), Value::null());
    row[field] = v;
    const auto known = all.try_emplace({v}, Fact{row, now, kTimestampMax, fact.suspended}).first;
    known->second.suspended = known->second.suspended && fact.suspended;
  }
  return all;
}

KeyMap<Fact> State::past_values_of(FactTypeId id, std::uint32_t field, DurationNs d) const {
  KeyMap<Fact> all(KeyLess{in});
  for (const auto& [key, event] : past[id]) {
    const Value v = event.values[field];
    if (v.is_null() || (is(Mutation::kEachOneLate) ? event.stamp + d < now : event.stamp + d <= now)) continue;
    std::vector<Value> row(event.values.size(), Value::null());
    row[field] = v;
    all.try_emplace({v}, Fact{row, now, kTimestampMax, false});
  }
  return all;
}

// Of each key the newest event, of equal stamps the later, while it is not D old.
void State::remember() {
  for (FactTypeId id = 0; id < plan.remembered.size(); ++id) {
    for (const DurationNs d : plan.remembered[id]) {
      KeyMap<Fact>& newest = remembered.insert_or_assign({id, d}, KeyMap<Fact>(KeyLess{in})).first->second;
      KeyMap<Fact>& all = remembered_all.insert_or_assign({id, d}, KeyMap<Fact>(KeyLess{in})).first->second;
      for (const auto& [key, event] : past[id]) {
        const bool over = is(Mutation::kWithinOneLate) ? event.stamp + d < now : event.stamp + d <= now;
        if (over) continue;
        Key with_stamp = key;
        with_stamp.push_back(Value::integer(event.stamp.ns));
        all.insert_or_assign(std::move(with_stamp), event);
        const auto known = newest.find(key);
        if (known == newest.end() || known->second.stamp <= event.stamp) newest.insert_or_assign(key, event);
      }
    }
  }
}

Key State::key_of(FactTypeId id, const std::vector<Value>& values) const {
  const FactType& t = type(id);
  if (!t.has_key && t.role == Role::kAction) return {values[t.action_field(ActionField::kId)]};
  if (!t.has_key) return values;
  Key key;
  for (std::uint32_t f : t.key) key.push_back(values[f]);
  return key;
}

std::size_t State::key_length(const RulePlan* rule, std::uint32_t binding, FactTypeId id) const {
  if (rule != nullptr && rule->each.contains(binding)) return 1;
  const FactType& t = type(id);
  if (t.has_key) return t.key.size();
  if (t.is_event()) return 2;
  return t.role == Role::kAction ? 1 : t.fields.size();
}

}  // namespace flyball::reference
