// The value of an aggregate for one left side: its group's, or, where a use has tests of its own, what passes them.
//
// A left side that stands keeps such a total, and what comes to its group or leaves it is judged once for each: O(left sides of the
// group) for a change, where going over the items for each would be O(left sides × items). Rows are judged as they came, so that what is
// taken away is what was added. A left side whose facts change is another: it leaves, and its total with it. Items whose group is unknown
// are in nobody's total: while there are any, all are looked at. So they are for what is as large as the items themselves (the least, the
// greatest, percentiles, different values): a total of each left side would be left sides times items of memory.
//
// Where the tests say where items lie, both sides stand in cells (Nearness): an item is judged for the left sides near it, and those are
// told. What does not add up is then computed from the items near the left side.
#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <tuple>

#include "engine/expr/order_place.h"
#include "engine/network/network.h"
#include "model/check.h"

namespace flyball::engine {

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
                           Judged as) const {
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
    ++state.work.judged;
    frame.set_row(use.binding, row);
    for (const Formula& test : use.residual) {
      truth = truth_and(truth, frame.truth(test, use.scope));
      if (truth == Truth::kFalse) return false;
    }
  }
  if (as == Judged::kTold) return true;
  const bool comes = as == Judged::kComes;
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
      take_item(use, plan, state, id, row_of(plan, state, id, network), left, judge_keys, frame, network, total, Judged::kComes);
  };
  if (known) {
    const std::uint32_t found = find_group(state, left);
    if (found != kNone && use.span) {
      const auto take = [&](std::uint32_t id) {
        return take_item(use, plan, state, id, row_of(plan, state, id, network), left, false, frame, network, total, Judged::kComes);
      };
      each_near_item(use, state, found, frame, network, take);
    } else if (found != kNone) {
      take_group(*state.groups[found], false);
    }
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
  if (!is && !plan.sampled()) state.rows.clear();
  const FactStore& store = network.store(plan.type);
  if (is && !plan.sampled()) {
    state.live.for_each([&](std::uint32_t id) {
      const Row row = store.row(state.items[id].fact);
      state.rows[id] = row.values(store.slots());
    });
  }
  if (!make_near(node)) return;
  for (std::uint32_t g = kUnknownGroup + 1; g < state.groups.size(); ++g) {
    for (std::uint32_t id = state.groups[g]->first; id != kNone; id = state.items[id].next)
      state.near->items.insert(id, state.groups[g]->hash, lies(state, row_of(plan, state, id, network), network));
  }
}

// Who can mean something to whom is known where the residual tests say where items lie. True: its items are to be told of.
bool Aggregates::make_near(NodeId node) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  if (plan.lies.form == SpanFields::Form::kNowhere) state.near.reset();
  if (plan.lies.form == SpanFields::Form::kNowhere || (state.near && state.near->own == plan.lies)) return false;
  state.near = std::make_unique<Nearness>(plan.lies, !plan.group.empty());
  return true;
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
  Total& total = state.totals[left_side];
  if (total.again) begin_total(use_id, left_side, left, frame, network, total);
  total.news = false;
  if (!use.adds_up) return value(use_id, frame, network, likely);
  const Observed observed{network.store(plan.type), plan.sampled() ? &state.rows : nullptr, network.interner()};
  return result(plan, total.count_true, total.count_unknown, total.value_unknown, total.values, false, observed);
}

template <typename Take>
void Aggregates::each_near_item(const AggregateUse& use, const NodeState& state, std::uint32_t group, FrameBuffer& frame,
                                const Network& network, Take take) const {
  const std::optional<Span> span = network.asked_span(*use.span, use.scope, frame);
  near_.clear();
  state.near->items.find(state.groups[group]->hash, span, near_);
  const auto matched = std::ranges::count_if(near_, [&](std::uint32_t id) { return state.items[id].group == group && take(id); });
  state.near->items.note(span, near_.size(), static_cast<std::size_t>(matched));
}

void Aggregates::begin_total(std::uint32_t use_id, TokenId left_side, std::span<const Value> left, FrameBuffer& frame,
                             const Network& network, Total& total) {
  const AggregateUse& use = program_.uses[use_id];
  const AggregateNode& plan = program_.nodes[use.node];
  NodeState& state = nodes_[use.node];
  total = Total{};
  total.again = false;
  total.key.assign(left.begin(), left.end());
  if (const Limit& limit = limits_[use_id]; limit.own_field != kNoId) {
    const Value v = frame.row(limit.left_binding)[limit.left_field];
    if (v.is(limit.kind) && !is_nan(v)) total.limit_kind = v.kind, total.limit = order_place(v);
  }
  const auto take = [&](std::uint32_t id) {
    return take_item(use, plan, state, id, row_of(plan, state, id, network), left, false, frame, network, total, Judged::kComes);
  };
  const std::uint32_t found = find_group(state, left);
  // Without a span it may mean something to it wherever it lies.
  if (state.near)
    state.near->lefts.insert(left_side, hash_of(left), use.span ? network.asked_span(*use.span, use.scope, frame) : std::nullopt);
  if (found == kNone || !use.adds_up) return;
  if (use.span) {
    each_near_item(use, state, found, frame, network, take);
  } else {
    for (std::uint32_t id = state.groups[found]->first; id != kNone; id = state.items[id].next) take(id);
  }
}

bool Aggregates::take_news(NodeId node, std::vector<TokenId>& out) {
  NodeState& state = nodes_[node];
  if (!state.near || state.groups[kUnknownGroup]->first != kNone) return false;
  out.clear();
  for (const TokenId t : state.near->news) {
    const auto total = state.totals.find(t);
    if (total != state.totals.end() && total->second.news) out.push_back(t);
  }
  state.near->news.clear();
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return true;
}

bool Aggregates::has_news(std::uint32_t use, TokenId left) const {
  if (!keeps_totals_[use]) return true;
  const NodeState& state = nodes_[program_.uses[use].node];
  const auto total = state.totals.find(left);
  return total == state.totals.end() || total->second.news || total->second.again || state.groups[kUnknownGroup]->first != kNone;
}

void Aggregates::tell(NodeState& state, TokenId left, Total& total) {
  if (total.news) return;
  total.news = true;
  if (state.near) state.near->news.push_back(left);
}

void Aggregates::forget_total(std::uint32_t use, TokenId left) {
  if (!keeps_totals_[use]) return;
  NodeState& state = nodes_[program_.uses[use].node];
  state.totals.erase(left);
  if (state.near) state.near->lefts.erase(left);
}

void Aggregates::doubt_total(std::uint32_t use, TokenId left) {
  if (!keeps_totals_[use]) return;
  NodeState& state = nodes_[program_.uses[use].node];
  const auto at = state.totals.find(left);
  if (at == state.totals.end()) return;
  at->second.again = true;
  if (state.near) state.near->lefts.insert(left, hash_of({at->second.key.begin(), at->second.key.end()}), std::nullopt);
}

std::uint32_t Aggregates::use_of(TokenId left, const Network& network) const { return program_.stages[network.tokens_[left].next].node; }

// What an item that lies there, or lay, may mean something to: f(total, its left side) with that group.
template <typename F>
void Aggregates::each_total(NodeId node, const Group& group, std::initializer_list<std::optional<Span>> lies, const Network& network, F f) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  const auto meet = [&](TokenId t, Total& total) { return std::ranges::equal(total.key, group.key) && f(t, total); };
  if (state.near) {
    near_.clear();
    for (const std::optional<Span>& span : lies) state.near->lefts.find(group.hash, span, near_);
    if (lies.size() > 1) {
      std::ranges::sort(near_);
      near_.erase(std::unique(near_.begin(), near_.end()), near_.end());
    }
    const auto matched = std::ranges::count_if(near_, [&](TokenId t) { return meet(t, state.totals.at(t)); });
    state.near->lefts.note(*std::prev(lies.end()), near_.size(), static_cast<std::size_t>(matched));
    return;
  }
  for (const StageId stage : plan.consumers) {
    if (!keeps_totals_[program_.stages[stage].node]) continue;
    const BucketIndex& lefts = network.stage_states_[stage].left;
    for (TokenId t = lefts.bucket(group.hash); t != kNone; t = network.tokens_[t].left.next) {
      const auto at = network.tokens_[t].left.hash == group.hash ? state.totals.find(t) : state.totals.end();
      if (at != state.totals.end()) meet(t, at->second);
    }
  }
}

std::optional<Span> Aggregates::lies(const NodeState& state, Row row, const Network& network) const {
  return state.near && row ? network.own_span(state.near->own, row) : std::nullopt;
}

// An item has come to its group, or is about to leave it: the totals of the left sides that have that group.
void Aggregates::judge_for_totals(NodeId node, std::uint32_t id, bool comes, Network& network) {
  NodeState& state = nodes_[node];
  const std::uint32_t group_id = state.items[id].group;
  if (group_id == kUnknownGroup) return;
  const Group& group = *state.groups[group_id];
  const AggregateNode& plan = program_.nodes[node];
  const Row row = row_of(plan, state, id, network);
  const std::optional<Span> where = lies(state, row, network);
  if (state.near && comes) state.near->items.insert(id, group.hash, where);
  if (state.near && !comes) state.near->items.erase(id);
  if (state.totals.empty()) return;
  each_total(node, group, {where}, network, [&](TokenId t, Total& total) {
    // The fact is on its left side, too: what was judged there was another row. It is looked at again from the beginning.
    total.again = total.again || (!plan.sampled() && network.is_of(t, plan.type, state.items[id].fact));
    if (!total.again) network.load(t);
    const AggregateUse& use = program_.uses[use_of(t, network)];
    const bool takes = !total.again && take_item(use, plan, state, id, row, {}, false, network.frame(), network, total, judged(use, comes));
    if (takes || total.again) tell(state, t, total);
    return takes;
  });
}

void Aggregates::tell_near(NodeId node, std::uint32_t id, const Network& network) {
  NodeState& state = nodes_[node];
  const std::uint32_t group = state.items[id].group;
  if (group == kUnknownGroup) return;
  const Row row = row_of(program_.nodes[node], state, id, network);
  each_total(node, *state.groups[group], {lies(state, row, network)}, network, [&](TokenId t, Total& total) {
    tell(state, t, total);
    return true;
  });
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
  if (plan.fn == AggregateFn::kTopk) return false;  // it shows all fields
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
  // What each use asks of the fields that changed, and which limits they passed.
  struct Asks {
    std::uint32_t use = 0;
    std::uint64_t reads = 0;
    std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
  };
  std::vector<Asks> asks;
  bool concerned = state.groups[kUnknownGroup]->first != kNone;  // somebody; who may not go by a total looks at all items
  for (const StageId stage : plan.consumers) {
    Asks a{program_.stages[stage].node};
    concerned = concerned || !keeps_totals_[a.use] || network.stage_states_[stage].left.has_unknown();
    for (const Formula& test : program_.uses[a.use].residual) a.reads |= test.reads_of(program_.uses[a.use].binding);
    a.reads = changed(a.reads);
    const Limit& limit = limits_[a.use];
    if (limit.own_field < 64 && a.reads == std::uint64_t{1} << limit.own_field) {
      const Value was = before[limit.own_field], is = row[limit.own_field];
      if (was.is(limit.kind) && is.is(limit.kind) && !is_nan(was) && !is_nan(is))
        std::tie(a.low, a.high) = std::minmax({order_place(was), order_place(is)});
    }
    if (a.reads != 0 && keeps_totals_[a.use]) asks.push_back(a);
  }
  if (!asks.empty()) {
    const std::optional<Span> was = lies(state, Row(before.data()), network), is = lies(state, row, network);
    if (state.near) state.near->items.insert(id, group.hash, is);
    each_total(node, group, {was, is}, network, [&](TokenId t, Total& total) {
      const auto a = std::ranges::find(asks, use_of(t, network), &Asks::use);
      if (a == asks.end()) return false;
      total.again = total.again || network.is_of(t, plan.type, state.items[id].fact);  // as in judge_for_totals()
      if (total.again) {
        tell(state, t, total);
      } else {
        if (total.limit_kind != Kind::kNull && (total.limit < a->low || total.limit > a->high)) return false;
        network.load(t);
        for (const bool comes : {false, true}) {
          const Row which = comes ? row : Row(before.data());
          const AggregateUse& use = program_.uses[a->use];
          if (take_item(use, plan, state, id, which, {}, false, network.frame(), network, total, judged(use, comes))) tell(state, t, total);
        }
      }
      concerned = concerned || total.news;
      return total.news;
    });
  }
  row.assign_to(before, before.size());
  if (concerned) touch(node, state.items[id].group);
}

}  // namespace flyball::engine
