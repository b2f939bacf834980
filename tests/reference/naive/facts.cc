// Facts as they come, semantics.md §2 and §5: put, patch, retract, events; from outside or by a rule (§7).
#include "tests/reference/naive/effects.h"

namespace flyball::reference {
namespace {

void add_sample(State& state, FactTypeId type, const Key& key, Timestamp stamp, const std::vector<Value>& values) {
  std::vector<Sample>& all = state.samples[type];
  std::erase_if(all, [&](const Sample& s) { return s.stamp == stamp && compare_keys(s.key, key, *state.in) == 0; });
  all.push_back({key, stamp, values});
}

}  // namespace

void take_input(State& state, const FactInput& input) {
  const FactType& type = state.type(input.type);
  KeyMap<Fact>& facts = state.facts[input.type];
  if (type.is_event()) {
    Key key;
    if (type.has_key) {
      key = state.key_of(input.type, input.values);
    } else if (!input.source.is_null() && input.seq != 0) {
      key = {input.source, Value::uinteger(input.seq)};
    } else {
      key = {Value::null(), Value::uinteger(state.unkeyed_events++)};
    }
    const auto other = facts.find(key);
    if (other == facts.end() || other->second.stamp <= input.stamp)
      facts.insert_or_assign(key, Fact{input.values, input.stamp, kTimestampMax, false});
    add_sample(state, input.type, key, input.stamp, input.values);
    if (!state.plan.remembered[input.type].empty() || !state.plan.each_within[input.type].empty())
      state.past[input.type].emplace_back(key, Fact{input.values, input.stamp, kTimestampMax, false});
    return;
  }
  const Key key = state.key_of(input.type, input.values);
  const auto known = facts.find(key);
  const bool newer_news = known != facts.end() && known->second.stamp > input.stamp && !state.is(Mutation::kLateOverwrites);
  if (input.op == FactOp::kRetract) {
    if (!state.is(Mutation::kRetractKeepsSamples)) {
      std::erase_if(state.samples[input.type],
                    [&](const Sample& s) { return s.stamp <= input.stamp && compare_keys(s.key, key, *state.in) == 0; });
    }
    if (newer_news || known == facts.end()) return;
    state.gone[input.type].insert_or_assign(key, known->second.values);
    facts.erase(known);
    return;
  }
  std::vector<Value> values = input.values;
  if (input.op == FactOp::kPatch) {
    const std::uint64_t all = type.declared_fields == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << type.declared_fields) - 1;
    if (known == facts.end() && (input.present & all) != all) return;  // refused
    for (std::size_t f = 0; f < values.size(); ++f) {
      if ((input.present >> f & 1) == 0) values[f] = known->second.values[f];
    }
  }
  add_sample(state, input.type, key, input.stamp, values);
  if (newer_news) return;
  const bool unchanged = known != facts.end() && known->second.values == values && !state.is_stale(known->second);
  if (unchanged && state.is(Mutation::kUnchangedKeepsTtl)) return;
  facts.insert_or_assign(key, Fact{values, input.stamp, type.ttl_ns ? input.stamp + *type.ttl_ns : kTimestampMax, false});
}

}  // namespace flyball::reference
