// Productions, semantics.md §12: after every moment all matches anew, compared with those there were.
#include <algorithm>

#include "tests/reference/naive/effects.h"

namespace flyball::reference {
namespace {

void look_at_facts(State& state) {
  for (FactTypeId type = 0; type < state.facts.size(); ++type) {
    KeyMap<SeenFact>& seen = state.seen[type];
    std::erase_if(seen, [&](const auto& entry) { return !state.facts[type].contains(entry.first); });
    for (const auto& [key, fact] : state.facts[type]) {
      const bool hidden = fact.suspended || state.is_stale(fact);
      const auto [at, is_new] = seen.try_emplace(key);
      SeenFact& s = at->second;
      s.changed.resize(fact.values.size());
      if (is_new) s.born = state.moment;
      for (std::size_t f = 0; f < fact.values.size(); ++f) {
        const bool otherwise = s.hidden != hidden && !state.type(type).is_key_field(static_cast<std::uint32_t>(f));
        if (is_new || otherwise || s.values[f] != fact.values[f]) s.changed[f] = state.moment;
      }
      s.values = fact.values;
      s.hidden = hidden;
    }
  }
}

std::vector<std::uint64_t> stamps_of(State& state, const RulePlan& plan, const Key& identity) {
  std::vector<std::uint64_t> out;
  auto at = identity.begin();
  for (const std::uint32_t b : plan.rule->identity) {
    const FactTypeId type = plan.rule->binding_types[b];
    const auto end = at + static_cast<std::ptrdiff_t>(state.key_length(&plan, b, type));
    const SeenFact& fact = state.seen[type].at(Key(at, end));
    at = end;
    std::uint64_t stamp = fact.born;
    const auto reads = plan.reads.find(b);
    if (reads != plan.reads.end()) {
      for (const std::uint32_t f : reads->second) stamp = std::max(stamp, fact.changed[f]);
    }
    out.push_back(stamp);
  }
  return out;
}

std::vector<Value> values_of(const RulePlan& plan, Scope& scope) {
  std::vector<Value> out;
  for (const ast::Expr* e : plan.aggregates) {
    if (const std::optional<CountInterval> count = count_interval(*e, scope)) {
      out.push_back(Value::integer(count->low));
      out.push_back(Value::integer(count->high));
    } else {
      out.push_back(evaluate(*e, scope));
    }
  }
  return out;
}

// Whether `a` goes before `b`, which is another.
struct Candidate {
  std::uint32_t rule = 0;
  const Key* identity = nullptr;
  const Activation* activation = nullptr;
};

bool goes_before(const State& state, const Candidate& a, const Candidate& b) {
  const ast::RuleDecl& x = *state.plan.rules[a.rule].rule;
  const ast::RuleDecl& y = *state.plan.rules[b.rule].rule;
  if (x.priority_value != y.priority_value) return x.priority_value > y.priority_value;
  const Activation& p = *a.activation;
  const Activation& q = *b.activation;
  // One module: the packages of the tests have no other.
  switch (x.strategy) {
    case ast::Strategy::kDepth:
      if (p.since != q.since) return state.is(Mutation::kDepthIsBreadth) ? p.since < q.since : p.since > q.since;
      break;
    case ast::Strategy::kBreadth:
      if (p.since != q.since) return p.since < q.since;
      break;
    case ast::Strategy::kMea: {
      const std::uint64_t first = p.stamps.empty() ? 0 : p.stamps[0];
      const std::uint64_t other = q.stamps.empty() ? 0 : q.stamps[0];
      if (first != other) return first > other;
      break;
    }
    default: break;
  }
  std::vector<std::uint64_t> left = p.stamps;
  std::vector<std::uint64_t> right = q.stamps;
  std::sort(left.rbegin(), left.rend());
  std::sort(right.rbegin(), right.rend());
  for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
    if (left[i] != right[i]) return left[i] > right[i];
  }
  if (left.size() != right.size()) return left.size() > right.size();
  if (state.plan.rules[a.rule].tests != state.plan.rules[b.rule].tests)
    return state.plan.rules[a.rule].tests > state.plan.rules[b.rule].tests;
  if (a.rule != b.rule) return a.rule < b.rule;
  return compare_keys(*a.identity, *b.identity, *state.in) < 0;
}

}  // namespace

void end_moment(State& state) {
  if (!state.plan.has_productions) return;
  ++state.moment;
  look_at_facts(state);
  for (std::uint32_t rule = 0; rule < state.plan.rules.size(); ++rule) {
    const RulePlan& plan = state.plan.rules[rule];
    if (!plan.production) continue;
    KeyMap<Activation> now(KeyLess{state.in});
    Scope scope = rule_scope(state, rule);
    for_each_match(state, rule, scope, [&](Truth t, const Key& identity) {
      if (t != Truth::kTrue) return true;
      Scope own = rule_scope(state, rule);
      bind_identity(state, rule, identity, own);
      now.try_emplace(identity, Activation{state.moment, stamps_of(state, plan, identity), values_of(plan, own), false});
      return true;
    });
    for (auto& [identity, activation] : now) {
      const auto before = state.activations[rule].find(identity);
      if (before == state.activations[rule].end() || before->second.stamps != activation.stamps ||
          before->second.values != activation.values)
        continue;
      activation.since = before->second.since;
      activation.fired = before->second.fired && !state.is(Mutation::kNoRefraction);
    }
    state.activations[rule] = std::move(now);
  }
}

std::optional<std::pair<std::uint32_t, Key>> next_production(State& state) {
  std::optional<Candidate> best;
  for (std::uint32_t rule = 0; rule < state.plan.rules.size(); ++rule) {
    const RulePlan& plan = state.plan.rules[rule];
    if (!plan.production || plan.rule->mode_value == ast::Mode::kOff || state.off.contains(rule)) continue;
    for (const auto& [identity, activation] : state.activations[rule]) {
      const Candidate candidate{rule, &identity, &activation};
      if (!activation.fired && (!best || goes_before(state, candidate, *best))) best = candidate;
    }
  }
  if (!best) return std::nullopt;
  return std::pair(best->rule, *best->identity);
}

}  // namespace flyball::reference
