// The value of an aggregate for one left side: its group's, or, where a use has tests of its own, what passes them.
//
// A left side that stands keeps such a total, and what comes to its group or leaves it is judged once for each: O(left sides of the
// group) for a change, where going over the items for each would be O(left sides × items). Rows are judged as they came, so that what is
// taken away is what was added. A left side whose facts change is another: it leaves, and its total with it. Items whose group is unknown
// are in nobody's total: while there are any, all are looked at. So they are for what is as large as the items themselves (the least, the
// greatest, percentiles, different values): a total of each left side would be left sides times items of memory.
#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "engine/expr/order_place.h"
#include "engine/network/network.h"
#include "model/check.h"

namespace flyball::engine {

// Whether its tests say the same of the same facts for as long as those stand.
bool Aggregates::may_keep_totals(const AggregateUse& use) const {
  if (use.node == kNoId || use.clock || use.residual.empty() || nodes_[use.node].asks_newest) return false;
  const AggregateFn fn = program_.nodes[use.node].fn;
  if (fn != AggregateFn::kCount && fn != AggregateFn::kSum && fn != AggregateFn::kAvg) return false;
  const auto lasts = [&](const Formula& f) {
    const auto& lets = program_.scopes[use.scope].lets;
    return f.aggregates.empty() && !f.code.uses_now() &&
           std::ranges::none_of(f.lets, [&](std::uint32_t let) { return lets[let].code.uses_now(); });
  };
  return std::ranges::all_of(use.residual, lasts) &&
         std::ranges::all_of(use.keys, [&](const KeyPart& part) { return part.left == nullptr || lasts(*part.left); });
}

Aggregates::Limit Aggregates::limit_of(const AggregateUse& use) {
  for (const Formula& test : use.residual) {
    const Code& code = test.code;
    if (!code.is_comparisons() || code.instructions().size() != 2) continue;
    const Instruction& compare = code.instructions()[0];
    if (compare.op != Opcode::kCompareBits && compare.op != Opcode::kCompareDouble) continue;
    if (compare.a.space != Space::kRow || compare.b.space != Space::kRow || !has_own_place(compare.kind)) continue;
    const bool own_first = compare.a.binding == use.binding;
    if (own_first == (compare.b.binding == use.binding)) continue;
    const Operand& own = own_first ? compare.a : compare.b;
    const Operand& left = own_first ? compare.b : compare.a;
    if (own.index >= 64) continue;  // beyond what masks know
    const auto reads_it = [&](const Formula& f) { return &f != &test && (f.reads_of(use.binding) >> own.index & 1U) != 0; };
    if (std::ranges::any_of(use.residual, reads_it)) continue;  // there are other limits to pass
    return {own.index, left.binding, left.index, compare.kind};
  }
  return {};
}

// As it is judged by; null: of a sample whose row nobody needs.
Row Aggregates::row_of(const AggregateNode& plan, const NodeState& state, std::uint32_t id, const Network& network) {
  if (const auto kept = plan.sampled() || state.keeps_totals ? state.rows.find(id) : state.rows.end(); kept != state.rows.end())
    return kept->second.data();
  return plan.sampled() ? Row() : network.store(plan.type).row(state.items[id].fact);
}

// Judges one item that comes, or leaves, for one left side, key fields included where `judge_keys`. False: it means nothing to it.
bool Aggregates::take_item(const AggregateUse& use, const AggregateNode& plan, const NodeState& state, std::uint32_t id, Row row,
                           std::span<const Value> left, bool judge_keys, FrameBuffer& frame, const Network& network, Total& total,
                           bool comes) const {
  const Item& item = state.items[id];
  Truth truth = item.truth;
  if (judge_keys) {
    // A sample's row is its own; without one its group fields are known from its group.
    const GroupKey& known = state.groups[item.group]->key;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const Value mine = row ? row[plan.group[i]] : known.empty() ? Value::unknown() : known[i];
      if (left[i].is_error() || mine.is_error()) {
        truth = truth_and(truth, Truth::kUnknown);
      } else if (left[i] != mine) {
        return false;
      }
    }
  }
  if (!use.residual.empty()) {
    frame.set_row(use.binding, row);
    for (const Formula& test : use.residual) {
      truth = truth_and(truth, frame.truth(test, use.scope));
      if (truth == Truth::kFalse) return false;
    }
  }
  const std::int64_t one = comes ? 1 : -1;
  if (truth == Truth::kTrue) {
    total.count_true += one;
    if (item.value.is_error()) {
      total.value_unknown += one;
    } else if (!item.value.is_null()) {
      const Observation o = observation(item, id);
      const bool kept = comes ? total.values.add(plan, o) : total.values.subtract(plan, o);
      FB_CHECK(kept);  // in any order
    }
  } else {
    total.count_unknown += one;
  }
  if (!plan.sampled()) return true;
  const bool stale = network.store(plan.type).meta(item.fact).status == FactStatus::kStale;
  if (item.stamp > total.newest) {
    total.newest = item.stamp;
    total.newest_stale = stale;
  } else if (item.stamp == total.newest) {
    total.newest_stale = total.newest_stale || stale;
  }
  return true;
}

bool Aggregates::left_key(const AggregateUse& use, FrameBuffer& frame, std::span<Value> out) {
  bool known = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const KeyPart& part = use.keys[i];
    out[i] = part.left ? frame.value(*part.left, use.scope) : frame.row(part.left_binding)[part.left_field];
    known = known && !out[i].is_error();
  }
  return known;
}

Value Aggregates::value(std::uint32_t use_id, FrameBuffer& frame, const Network& network, std::uint32_t likely) const {
  const AggregateUse& use = program_.uses[use_id];
  if (use.clock) return frame.value(use.clock->condition, use.scope);
  const AggregateNode& plan = program_.nodes[use.node];
  const NodeState& state = nodes_[use.node];
  ++state.work.values;
  const Observed observed{network.store(plan.type), plan.sampled() ? &state.rows : nullptr, network.interner()};
  const Group& loose = *state.groups[kUnknownGroup];
  const auto of_group = [&](const Group& group) {
    const bool stale = state.asks_newest && newest_is_stale(plan, state, group, network);
    return result(plan, group.count_true, group.count_unknown, group.value_unknown, group.values, stale, observed);
  };
  // Most ask for the group that they are told of.
  const auto is_named_by = [&](const Group& group) {
    for (std::size_t i = 0; i < use.keys.size(); ++i) {
      const KeyPart& part = use.keys[i];
      if (part.left || frame.row(part.left_binding)[part.left_field] != group.key[i]) return false;
    }
    return true;
  };
  const bool is_group = use.residual.empty() && loose.first == kNone;
  if (is_group && likely != kNone && is_named_by(*state.groups[likely])) return of_group(*state.groups[likely]);
  std::array<Value, kGroupFieldsMax> fields;
  const std::span<Value> left(fields.data(), use.keys.size());
  const bool known = left_key(use, frame, left);
  if (is_group && known) {
    const std::uint32_t found = find_group(state, left);
    return found == kNone ? result(plan, 0, 0, 0, Accumulator{}, false, observed) : of_group(*state.groups[found]);
  }
  Total total;
  const auto take_group = [&](const Group& group, bool judge_keys) {
    for (std::uint32_t id = group.first; id != kNone; id = state.items[id].next)
      take_item(use, plan, state, id, row_of(plan, state, id, network), left, judge_keys, frame, network, total);
  };
  if (known) {
    const std::uint32_t found = find_group(state, left);
    if (found != kNone) take_group(*state.groups[found], false);
    take_group(loose, true);
  } else {
    for (std::uint32_t i = 0; i < state.groups.size(); ++i) take_group(*state.groups[i], true);
  }
  const bool stale = plan.sampled() && total.newest_stale;
  return result(plan, total.count_true, total.count_unknown, total.value_unknown, total.values, stale, observed);
}

// Another network goes on with the node's items; its rules may ask other things of them. Rows are as facts are now: in what those rules
// that stay ask for they are as they were.
void Aggregates::keep_totals(NodeId node, bool is, const Network& network) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  state.keeps_totals = is;
  if (!is) state.totals.clear();
  if (plan.sampled()) return;
  if (!is) return state.rows.clear();
  const FactStore& store = network.store(plan.type);
  state.live.for_each([&](std::uint32_t id) {
    const Row row = store.row(state.items[id].fact);
    state.rows[id] = row.values(store.slots());
  });
}

Value Aggregates::value_for(std::uint32_t use_id, TokenId left_side, FrameBuffer& frame, const Network& network, std::uint32_t likely) {
  if (!keeps_totals_[use_id]) return value(use_id, frame, network, likely);
  const AggregateUse& use = program_.uses[use_id];
  const AggregateNode& plan = program_.nodes[use.node];
  NodeState& state = nodes_[use.node];
  std::array<Value, kGroupFieldsMax> fields;
  const std::span<Value> left(fields.data(), use.keys.size());
  if (!left_key(use, frame, left) || state.groups[kUnknownGroup]->first != kNone) return value(use_id, frame, network, likely);
  ++state.work.values;
  const auto [at, is_new] = state.totals.try_emplace(left_side);
  Total& total = at->second;
  total.news = false;
  if (is_new) {
    total.key.assign(left.begin(), left.end());
    if (const Limit& limit = limits_[use_id]; limit.own_field != kNoId) {
      const Value v = frame.row(limit.left_binding)[limit.left_field];
      if (v.is(limit.kind) && !is_nan(v)) total.limit_kind = v.kind, total.limit = order_place(v);
    }
    if (const std::uint32_t found = find_group(state, left); found != kNone) {
      for (std::uint32_t id = state.groups[found]->first; id != kNone; id = state.items[id].next)
        take_item(use, plan, state, id, row_of(plan, state, id, network), left, false, frame, network, total);
    }
  }
  const Observed observed{network.store(plan.type), plan.sampled() ? &state.rows : nullptr, network.interner()};
  return result(plan, total.count_true, total.count_unknown, total.value_unknown, total.values, false, observed);
}

bool Aggregates::has_news(std::uint32_t use, TokenId left) const {
  if (!keeps_totals_[use]) return true;
  const NodeState& state = nodes_[program_.uses[use].node];
  const auto total = state.totals.find(left);
  return total == state.totals.end() || total->second.news || state.groups[kUnknownGroup]->first != kNone;
}

// An item has come to its group, or is about to leave it: the totals of the left sides that have that group.
void Aggregates::judge_for_totals(NodeId node, std::uint32_t id, bool comes, Network& network) {
  NodeState& state = nodes_[node];
  const std::uint32_t group_id = state.items[id].group;
  if (group_id == kUnknownGroup || state.totals.empty()) return;
  const Group& group = *state.groups[group_id];
  const AggregateNode& plan = program_.nodes[node];
  const Row row = row_of(plan, state, id, network);
  for (const StageId stage : plan.consumers) {
    const std::uint32_t use = program_.stages[stage].node;
    if (!keeps_totals_[use]) continue;
    const BucketIndex& lefts = network.stage_states_[stage].left;
    for (TokenId t = lefts.bucket(group.hash); t != kNone; t = network.tokens_[t].left.next) {
      const auto at = network.tokens_[t].left.hash == group.hash ? state.totals.find(t) : state.totals.end();
      if (at == state.totals.end() || !std::ranges::equal(at->second.key, group.key)) continue;
      // The fact is on its left side, too: what was judged there was another row. It is looked at again from the beginning.
      if (!plan.sampled() && network.is_of(t, plan.type, state.items[id].fact)) {
        state.totals.erase(at);
        continue;
      }
      network.load(t);
      if (take_item(program_.uses[use], plan, state, id, row, {}, false, network.frame(), network, at->second, comes))
        at->second.news = true;
    }
  }
}

bool Aggregates::stays(NodeId node, std::uint32_t id, Truth truth, Row row) const {
  const NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  const Item& item = state.items[id];
  if (item.group == kNone || item.group == kUnknownGroup || item.truth != truth) return false;
  const std::vector<Value>& before = state.rows.at(id);
  const auto is_same = [&](std::uint32_t field) { return row.has(field, before[field]); };
  for (std::uint32_t f = 0; f < before.size(); ++f) {
    if (before[f].is_error() != row[f].is_error()) return false;  // it became stale, or known again
  }
  if (!std::ranges::all_of(plan.group, is_same)) return false;
  if (!plan.value || plan.fn == AggregateFn::kCount) return true;
  if (plan.value->code.uses_now() || !plan.value->lets.empty() || before.size() > 64) return false;
  const std::uint64_t reads = plan.value->reads_of(plan.binding);
  for (std::uint32_t f = 0; f < before.size(); ++f) {
    if ((reads >> f & 1U) != 0 && !is_same(f)) return false;
  }
  return true;
}

// Where a use's tests read no field that changed, its totals are what they were. Where they read one that is compared with a limit, and no
// other, so are those of all left sides whose limit it did not pass: they are passed over, without a look at their facts.
void Aggregates::judge_again(NodeId node, std::uint32_t id, Row row, Network& network) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  const Group& group = *state.groups[state.items[id].group];
  std::vector<Value>& before = state.rows.at(id);
  ++state.work.puts;
  ++state.work.removals;
  const auto changed = [&](std::uint64_t reads) {
    for (std::uint32_t f = 0; f < before.size(); ++f) {
      if (f < 64 && (reads >> f & 1U) != 0 && row.has(f, before[f])) reads &= ~(std::uint64_t{1} << f);
    }
    return reads;
  };
  bool concerned = false;  // somebody
  for (const StageId stage : plan.consumers) {
    const std::uint32_t use = program_.stages[stage].node;
    concerned = concerned || !keeps_totals_[use];
    if (!keeps_totals_[use]) continue;
    std::uint64_t reads = 0;
    for (const Formula& test : program_.uses[use].residual) reads |= test.reads_of(program_.uses[use].binding);
    reads = changed(reads);
    if (reads == 0) continue;
    const Limit& limit = limits_[use];
    std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
    if (limit.own_field < 64 && reads == std::uint64_t{1} << limit.own_field) {
      const Value was = before[limit.own_field], is = row[limit.own_field];
      if (was.is(limit.kind) && is.is(limit.kind) && !is_nan(was) && !is_nan(is))
        std::tie(low, high) = std::minmax({order_place(was), order_place(is)});
    }
    const BucketIndex& lefts = network.stage_states_[stage].left;
    // Who has no total, or may not go by it, looks at all items.
    concerned = concerned || state.groups[kUnknownGroup]->first != kNone || lefts.unknown() != kNone;
    for (TokenId t = lefts.bucket(group.hash); t != kNone; t = network.tokens_[t].left.next) {
      if (network.tokens_[t].left.hash != group.hash) continue;
      const auto at = state.totals.find(t);
      if (at == state.totals.end()) {
        concerned = true;
        continue;
      }
      if (!std::ranges::equal(at->second.key, group.key)) continue;
      Total& total = at->second;
      if (network.is_of(t, plan.type, state.items[id].fact)) {  // as in judge_for_totals()
        concerned = true;
        state.totals.erase(at);
        continue;
      }
      if (total.limit_kind != Kind::kNull && (total.limit < low || total.limit > high)) continue;
      network.load(t);
      for (const bool comes : {false, true}) {
        const Row which = comes ? row : Row(before.data());
        if (take_item(program_.uses[use], plan, state, id, which, {}, false, network.frame(), network, total, comes)) total.news = true;
      }
      concerned = concerned || total.news;
    }
  }
  row.assign_to(before, before.size());
  if (concerned) touch(node, state.items[id].group);
}

}  // namespace flyball::engine
