// Derive closure, semantics.md §7: the least fixpoint, from nothing, one group of mutually dependent types after the other.
#include <algorithm>

#include "model/check.h"
#include "tests/reference/naive/effects.h"

namespace flyball::reference {
namespace {

constexpr int kMaxRounds = 10'000;  // more: a recursion that makes ever new keys, which no test asks for

using Derived = std::map<FactTypeId, KeyMap<Fact>>;

bool has_unknown(const std::vector<Value>& values) {
  return std::any_of(values.begin(), values.end(), [](const Value& v) { return v.is_error(); });
}

// One more reason for a derived fact. Reasons come in their order, so the first true one gives the fields.
void add_reason(State& state, FactTypeId type, const std::vector<Value>& values, Truth reason, Derived& out) {
  const Key key = state.key_of(type, values);
  if (has_unknown(key)) return;
  if (has_unknown(values)) reason = truth_and(reason, Truth::kUnknown);
  Fact fact;
  fact.values = values;
  fact.stamp = state.now;
  fact.suspended = reason == Truth::kUnknown;
  const auto [at, is_first] = out.at(type).try_emplace(key, fact);
  const bool better = at->second.suspended && !fact.suspended;
  if (!is_first && (better || (state.is(Mutation::kDerivedFirstReasonLast) && !fact.suspended))) at->second = fact;
}

void add_reasons_of_matches(State& state, std::uint32_t rule, Derived& out) {
  const ast::RuleDecl& decl = *state.plan.rules[rule].rule;
  Scope scope = rule_scope(state, rule);
  for_each_match(state, rule, scope, [&](Truth t, const Key&) {
    for (const ast::Effect& e : decl.then) {
      if (out.contains(e.record.fact_type)) add_reason(state, e.record.fact_type, record_values(e.record, scope), t, out);
    }
    return true;
  });
}

void add_reasons_of_episodes(State& state, std::uint32_t rule, Derived& out) {
  const ast::RuleDecl& decl = *state.plan.rules[rule].rule;
  for (auto& [identity, episode] : state.episodes[rule]) {
    for (std::size_t i = 0; i < decl.then.size(); ++i) {
      const ast::Effect& e = decl.then[i];
      if (e.kind != ast::EffectKind::kDerive || !out.contains(e.record.fact_type)) continue;
      Scope scope = rule_scope(state, rule);
      if (bind_identity(state, rule, identity, scope)) {
        const std::vector<Value> values = record_values(e.record, scope);
        if (!has_unknown(values)) episode.last_derived[i] = values;
      }
      add_reason(state, e.record.fact_type, episode.last_derived.at(i), Truth::kTrue, out);
    }
  }
}

bool same_facts(const KeyMap<Fact>& a, const KeyMap<Fact>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.suspended == y.second.suspended && x.second.values == y.second.values;
  });
}

}  // namespace

std::vector<Value> record_values(const ast::Record& record, Scope& scope) {
  const FactType& type = scope.state.type(record.fact_type);
  std::vector<Value> values(type.declared_fields);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = type.fields[i].default_value.value_or(Value::null());
  for (const ast::RecordField& f : record.fields)
    values[f.field] = fitted(evaluate(f.value, scope), type.fields[f.field].type, scope.state);
  return values;
}

void derive_closure(State& state) {
  for (const std::vector<FactTypeId>& group : state.plan.strata) {
    for (FactTypeId t : group) state.facts[t].clear();
  }
  for (const std::vector<FactTypeId>& group : state.plan.strata) {
    for (int round = 0;; ++round) {
      FB_CHECK(round < kMaxRounds);
      Derived next;
      for (FactTypeId t : group) next.emplace(t, KeyMap<Fact>(KeyLess{state.in}));
      for (std::uint32_t rule : state.plan.by_priority) {
        if (state.plan.rules[rule].rule->mode_value != ast::Mode::kActive || state.off.contains(rule)) continue;
        if (state.plan.rules[rule].logical) {
          add_reasons_of_matches(state, rule, next);
        } else {
          add_reasons_of_episodes(state, rule, next);
        }
      }
      bool changed = false;
      for (auto& [type, facts] : next) {
        changed = changed || !same_facts(state.facts[type], facts);
        state.facts[type] = std::move(facts);
      }
      if (!changed) break;
    }
  }
}

void tell_derived(State& state) {
  for (FactTypeId type = 0; type < state.facts.size(); ++type) {
    if (state.type(type).role != Role::kDerived) continue;
    KeyMap<std::vector<Value>>& told = state.told[type];
    const KeyMap<Fact>& facts = state.facts[type];
    KeyMap<DerivedOutput> news(KeyLess{state.in});
    for (const auto& [key, values] : told) {
      if (!facts.contains(key)) news[key] = {state.now, type, false, values};
    }
    for (const auto& [key, fact] : facts) {
      if (fact.suspended) continue;
      const auto before = told.find(key);
      if (before == told.end() || before->second != fact.values) news[key] = {state.now, type, true, fact.values};
    }
    for (auto& [key, output] : news) {
      if (output.present) {
        told[key] = output.values;
      } else {
        told.erase(key);
      }
      state.out.derived.push_back(std::move(output));
    }
  }
}

}  // namespace flyball::reference
