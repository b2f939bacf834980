// Members and samples in and out of groups, and the groups whose value changed. Windows evict by timer.
#include "engine/network/aggregates.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/network/network.h"
#include "engine/network/timer_queue.h"
#include "model/check.h"

namespace flyball::engine {

namespace {
constexpr std::size_t kBytesBeside = 64;  // of what stands in a table: its place there
constexpr std::uint32_t hash_of_fact(FactId fact) { return fold(mix(0, fact)); }
constexpr std::uint32_t kLeavingStep = 2;   // samples, for memory to come in
constexpr std::uint32_t kHintsFrom = 4096;  // groups: fewer are near anyway
}  // namespace

Aggregates::Aggregates(const ProgramData& program, const Interner& interner, TimerQueue& timers)
    : program_(program), timers_(timers), nodes_(program.nodes.size()), routes_(program, interner), sampled_(program.types.size()) {
  for (NodeId node = 0; node < nodes_.size(); ++node) {
    const AggregateNode& plan = program.nodes[node];
    nodes_[node].groups.add();
    const FactType& type = program.rule_set.schema.types[plan.type];
    nodes_[node].by_key = plan.sampled() && std::ranges::all_of(plan.group, [&](std::uint32_t f) { return type.is_key_field(f); });
    nodes_[node].one_fact = nodes_[node].by_key && std::ranges::all_of(type.key, [&](std::uint32_t f) {
                              return std::ranges::find(plan.group, f) != plan.group.end();
                            });
    nodes_[node].asks_newest = plan.asks_newest;
  }
  keeps_totals_.resize(program.uses.size());
  limits_.resize(program.uses.size());
  for (const StagePlan& stage : program.stages) {  // a decision's use has no left side that stands
    if (stage.kind != StageKind::kAggregate || !program.uses[stage.node].keeps_total) continue;
    keeps_totals_[stage.node] = true;
    limits_[stage.node] = limit_of(program.uses[stage.node]);
    nodes_[program.uses[stage.node].node].keeps_totals = true;
  }
  for (NodeId node = 0; node < nodes_.size(); ++node) make_near(node);
}

// --- items ---

std::uint32_t Aggregates::group_for(NodeState& state, const AggregateNode& plan, Row row) {
  key_.clear();
  for (const std::uint32_t field : plan.group) {
    if (row[field].is_error()) return kUnknownGroup;
    key_.push_back(row[field]);
  }
  return group_of_key(state, key_);
}

// Where the other samples of this one's fact are, if there are any. A window of time keeps none without a group.
std::uint32_t Aggregates::group_of_others(const NodeState& state, const AggregateNode& plan, std::uint32_t item) {
  if (!state.by_key) return kNone;
  if (plan.over_ns) return state.samples.group_of(state.items[item].fact);
  const std::span<const std::uint32_t> mine = state.samples.of(state.items[item].fact);
  if (mine.size() < 2) return kNone;
  return state.items[mine.back() != item ? mine.back() : mine[mine.size() - 2]].group;
}

std::uint32_t Aggregates::find_group(const NodeState& state, std::span<const Value> key) {
  return state.group_of.find(hash_of(key), [&](std::uint32_t id) { return std::ranges::equal(state.groups[id]->key, key); });
}

std::uint32_t Aggregates::group_of_key(NodeState& state, std::span<const Value> key) {
  std::uint32_t id = find_group(state, key);
  if (id != kNone) return id;
  if (!state.free_groups.empty()) {
    id = state.free_groups.back();
    state.free_groups.pop_back();
    *state.groups[id] = Group{};
  } else {
    id = state.groups.size();
    state.groups.add();
  }
  state.groups[id]->hash = hash_of(key);
  state.groups[id]->key.assign(key.begin(), key.end());
  state.group_of.insert(state.groups[id]->hash, id);
  return id;
}

void Aggregates::touch(NodeId node, std::uint32_t group) {
  NodeState& state = nodes_[node];
  if (group == kUnknownGroup) state.all_dirty = true;
  if (state.groups[group]->dirty) return;
  state.groups[group]->dirty = true;
  dirty_.emplace_back(node, group);
}

void Aggregates::place(NodeId node, std::uint32_t id, Truth truth, Row row, Network& network) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  Item& item = state.items[id];
  item.truth = truth;
  if (truth == Truth::kFalse) return;
  if (plan.value && plan.fn != AggregateFn::kCount) {
    network.frame().set_row(plan.binding, row);
    item.value = network.frame().value(*plan.value, plan.scope);
    // Nothing can be said of the order of what is not a number.
    const bool adds = plan.fn == AggregateFn::kSum || plan.fn == AggregateFn::kAvg;
    if (!adds && item.value.is(Kind::kDouble) && std::isnan(item.value.as_double())) item.value = Value::unknown();
  }
  const std::uint32_t near = group_of_others(state, plan, id);
  enter_group(node, id, near != kNone && near != kUnknownGroup ? near : group_for(state, plan, row), network);
}

void Aggregates::enter_group(NodeId node, std::uint32_t id, std::uint32_t group_id, Network& network) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  Item& item = state.items[id];
  item.group = group_id;
  Group& group = *state.groups[group_id];
  ++state.work.puts;
  if (state.by_key && plan.over_ns) state.samples.note_group(item.fact, group_id);
  item.prev = kNone;
  item.next = group.first;
  if (group.first != kNone) state.items[group.first].prev = id;
  group.first = id;
  if (item.truth == Truth::kTrue) {
    ++group.count_true;
    if (item.value.is_error()) {
      ++group.value_unknown;
    } else if (!item.value.is_null()) {
      if (!group.values.add(plan, observation(item, id))) begin_ordered(node, group);
    }
  } else {
    ++group.count_unknown;
  }
  if (state.asks_newest && !state.one_fact) {
    if (group.by_stamp == nullptr) group.by_stamp = std::make_unique<StampQueue>();
    group.by_stamp->push(id, item.stamp, [&state](std::uint32_t i) -> QueuePlace& { return state.items[i].in_group; });
  }
  if (state.keeps_totals || state.near) judge_for_totals(node, id, true, network);
  touch(node, item.group);
}

// The items of a group no longer leave in the order in which they came: their values in another way.
void Aggregates::begin_ordered(NodeId node, Group& group) {
  const NodeState& state = nodes_[node];
  group.values.begin_ordered();
  for (std::uint32_t id = group.first; id != kNone; id = state.items[id].next) {
    const Item& item = state.items[id];
    if (item.truth == Truth::kTrue && !item.value.is_error() && !item.value.is_null()) group.values.add_ordered(item.value);
  }
}

void Aggregates::displace(NodeId node, std::uint32_t id, Network& network) {
  NodeState& state = nodes_[node];
  Item& item = state.items[id];
  if (item.group == kNone) return;
  ++state.work.removals;
  if (state.keeps_totals || state.near) judge_for_totals(node, id, false, network);
  Group& group = *state.groups[item.group];
  (item.prev != kNone ? state.items[item.prev].next : group.first) = item.next;
  if (item.next != kNone) state.items[item.next].prev = item.prev;
  if (item.truth == Truth::kTrue) {
    --group.count_true;
    if (item.value.is_error()) {
      --group.value_unknown;
    } else if (!item.value.is_null()) {
      if (!group.values.subtract(program_.nodes[node], observation(item, id))) begin_ordered(node, group);
    }
  } else {
    --group.count_unknown;
  }
  if (state.asks_newest && !state.one_fact) group.by_stamp->erase(id, item.stamp, item.in_group);
  touch(node, item.group);
  item.group = kNone;
}

void Aggregates::put(NodeId node, FactId fact, Truth truth, Row row, Network& network) {
  NodeState& state = nodes_[node];
  std::uint32_t id = live_item(state, fact);
  if (id == kNone) {
    id = state.items.make();
    state.items[id].fact = fact;
    state.live.insert(hash_of_fact(fact), id);
  } else if (state.keeps_totals && stays(node, id, truth, row)) {
    judge_again(node, id, row, network);
    return;
  } else {
    displace(node, id, network);
  }
  // What it is judged by when it leaves: the fact's own row is another then.
  if (state.keeps_totals) row.assign_to(state.rows[id], network.store(program_.nodes[node].type).slots());
  place(node, id, truth, row, network);
}

void Aggregates::remove(NodeId node, FactId fact, Network& network) {
  NodeState& state = nodes_[node];
  const std::uint32_t id = live_item(state, fact);
  if (id == kNone) return;
  displace(node, id, network);
  if (state.keeps_totals) state.rows.erase(id);
  state.live.erase(hash_of_fact(fact), id);
  state.items.free(id);
}

std::uint32_t Aggregates::live_item(const NodeState& state, FactId fact) {
  return state.live.find(hash_of_fact(fact), [&](std::uint32_t id) { return state.items[id].fact == fact; });
}

// --- samples ---

std::span<const NodeId> Aggregates::concerned_by_sample(FactTypeId type, FactId fact, Timestamp stamp, Row row) {
  const std::vector<Sampled>& sampled = sampled_[type];
  const bool may_replace = fact < sampled.size() && sampled[fact].count != 0 && stamp <= sampled[fact].newest;
  return may_replace ? std::span<const NodeId>(program_.types[type].sample_nodes) : routes_.taking(type, row);
}

std::span<const NodeId> Aggregates::holding_samples(FactTypeId type, FactId fact, Row key) {
  if (routes_.by_content(type) && (fact >= sampled_[type].size() || sampled_[type][fact].count == 0)) return {};
  return routes_.holding(type, key);
}

std::size_t Aggregates::place_in(const NodeState& state, std::span<const std::uint32_t> list, Timestamp stamp) {
  if (list.empty() || state.items[list.back()].stamp < stamp) return list.size();
  const auto at =
      std::lower_bound(list.begin(), list.end(), stamp, [&](std::uint32_t id, Timestamp wanted) { return state.items[id].stamp < wanted; });
  return static_cast<std::size_t>(at - list.begin());
}

Aggregates::SavedSample Aggregates::saved(NodeId node, std::uint32_t id) const {
  const NodeState& state = nodes_[node];
  SavedSample out;
  out.item = state.items[id];
  if (out.item.group != kNone) out.group = state.groups[out.item.group]->key.values();
  if (const auto row = state.rows.find(id); row != state.rows.end()) out.row = row->second;
  return out;
}

void Aggregates::list_sample(NodeId node, std::uint32_t id, Network& network) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  const Item& item = state.items[id];
  const std::span<const std::uint32_t> mine = state.samples.of(item.fact);
  if (mine.empty()) network.store(plan.type).pin(item.fact);
  state.samples.insert(item.fact, place_in(state, mine, item.stamp), id);
  if (plan.over_ns) state.by_stamp.push(id, item.stamp, [&state](std::uint32_t i) -> QueuePlace& { return state.items[i].in_node; });
  if (!routes_.by_content(plan.type)) return;
  std::vector<Sampled>& sampled = sampled_[plan.type];
  if (sampled.size() <= item.fact) sampled.resize(std::size_t{item.fact} + 1);
  Sampled& all = sampled[item.fact];
  all.newest = all.count++ == 0 ? item.stamp : std::max(all.newest, item.stamp);
}

void Aggregates::unlist_sample(NodeId node, std::uint32_t id, Network& network) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  const Item& item = state.items[id];
  const std::span<const std::uint32_t> mine = state.samples.of(item.fact);
  const bool last = mine.size() == 1;
  state.samples.erase(item.fact, mine.front() == id ? 0 : place_in(state, mine, item.stamp));
  if (plan.over_ns) state.by_stamp.erase(id, item.stamp, item.in_node);
  if (routes_.by_content(plan.type)) --sampled_[plan.type][item.fact].count;
  if (last) network.store(plan.type).unpin(item.fact);
}

// `where` is judged once: nothing that it may read of a sample changes. A window of time does without samples of which it is
// false, but they take the place of others, as all do.
void Aggregates::sample(NodeId node, FactId fact, Timestamp stamp, Row row, Network& network, std::vector<SavedSample>* gone) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  if (plan.over_ns && stamp <= network.now() - *plan.over_ns) return;  // too old for the window already
  const FactStore& store = network.store(plan.type);
  std::size_t slots = store.width();
  if (store.has_liveness_slot()) {  // a sample is never stale
    row.assign_to(sample_row_, slots);
    sample_row_.push_back(Value::null());
    ++slots;
    row = sample_row_.data();
  }
  Truth truth = Truth::kTrue;
  network.frame().set_row(plan.binding, row);
  for (const Formula& test : plan.tests) {
    truth = truth_and(truth, network.frame().truth(test, plan.scope));
    if (truth == Truth::kFalse) break;
  }
  // One sample per key and stamp: the later one.
  std::uint32_t replaced = kNone;
  if (const std::span<const std::uint32_t> mine = state.samples.of(fact); !mine.empty()) {
    const std::size_t at = place_in(state, mine, stamp);
    if (at < mine.size() && state.items[mine[at]].stamp == stamp) replaced = mine[at];
  }
  if (replaced != kNone) drop_sample(node, replaced, network, gone);
  if (truth == Truth::kFalse && plan.over_ns) return;
  const std::uint32_t id = state.items.make();
  Item& item = state.items[id];
  item.fact = fact;
  item.stamp = stamp;
  item.arrival = arrivals_++;
  if (plan.keep_rows) state.rows[id] = row.values(slots);
  list_sample(node, id, network);
  place(node, id, truth, row, network);
  if (plan.over_ns) arm(node);
  const std::size_t most = plan.over_last ? static_cast<std::size_t>(*plan.over_last) : samples_per_key_max_;
  for (std::span<const std::uint32_t> mine = state.samples.of(fact); mine.size() > most; mine = state.samples.of(fact)) {
    if (!plan.over_last) {
      ++samples_dropped_;
      if (!state.dropped) dropping_.push_back(node);
      state.dropped = true;
    }
    drop_sample(node, mine[0], network, mine[0] == id ? nullptr : gone);
  }
}

// Takes a sample out of everything.
void Aggregates::drop_sample(NodeId node, std::uint32_t id, Network& network, std::vector<SavedSample>* gone) {
  NodeState& state = nodes_[node];
  if (gone != nullptr) gone->push_back(saved(node, id));
  displace(node, id, network);
  unlist_sample(node, id, network);
  if (!state.rows.empty()) state.rows.erase(id);
  state.items.free(id);
}

void Aggregates::end_samples(NodeId node, FactId fact, Timestamp up_to, Network& network, std::vector<SavedSample>* gone) {
  const NodeState& state = nodes_[node];
  for (;;) {
    const std::span<const std::uint32_t> mine = state.samples.of(fact);
    if (mine.empty() || state.items[mine[0]].stamp > up_to) return;
    drop_sample(node, mine[0], network, gone);
  }
}

void Aggregates::take_out_sample(NodeId node, FactId fact, Timestamp stamp, Network& network) {
  const NodeState& state = nodes_[node];
  const std::span<const std::uint32_t> mine = state.samples.of(fact);
  const std::size_t i = place_in(state, mine, stamp);
  if (i < mine.size() && state.items[mine[i]].stamp == stamp) drop_sample(node, mine[i], network);
}

void Aggregates::put_back_samples(NodeId node, const std::vector<SavedSample>& samples, Network& network) {
  NodeState& state = nodes_[node];
  for (const SavedSample& saved : samples) {
    const std::uint32_t id = state.items.make();
    Item& item = state.items[id];
    item = saved.item;
    item.group = item.next = item.prev = kNone;
    if (!saved.row.empty()) state.rows[id] = saved.row;
    list_sample(node, id, network);
    if (saved.item.group == kNone) continue;  // its `where` is false
    enter_group(node, id, saved.item.group == kUnknownGroup ? kUnknownGroup : group_of_key(state, saved.group), network);
  }
  if (program_.nodes[node].over_ns) arm(node);
}

void Aggregates::arm(NodeId node) {
  NodeState& state = nodes_[node];
  if (state.by_stamp.empty()) return;
  const auto stamp_of = [&state](std::uint32_t id) { return state.items[id].stamp; };
  const std::uint32_t oldest = state.by_stamp.oldest(stamp_of);
  // What leaves next, and its group; those after it follow.
  if (const std::uint32_t group = state.items[oldest].group; group != kNone) __builtin_prefetch(state.groups[group]);
  if (const std::uint32_t next = state.by_stamp.near(1); next != kNone) __builtin_prefetch(&state.items[next]);
  const Timestamp due = stamp_of(oldest) + *program_.nodes[node].over_ns;
  if (due >= state.armed) return;
  state.armed = due;
  timers_.add({due, TimerKind::kWindow, node, 0});
}

bool Aggregates::timer_is_live(NodeId node, Timestamp due) const {
  const NodeState& state = nodes_[node];
  return state.armed == due;
}

void Aggregates::evict(NodeId node, Timestamp now, Network& network) {
  NodeState& state = nodes_[node];
  const DurationNs over = *program_.nodes[node].over_ns;
  state.armed = kTimestampMax;
  const auto stamp_of = [&state](std::uint32_t id) { return state.items[id].stamp; };
  // What leaves is known long before: of the samples that follow, what they will touch is on its way from memory, the further behind the
  // less.
  const auto behind = [&state](std::uint32_t steps) -> const Item* {
    const std::uint32_t id = state.by_stamp.near(steps * kLeavingStep);
    return id == kNone ? nullptr : &state.items[id];
  };
  const auto foresee = [&] {
    if (const Item* const item = behind(4); item != nullptr) __builtin_prefetch(item);
    if (const Item* const item = behind(3); item != nullptr && item->group != kNone) {
      state.samples.prefetch(item->fact);
      const auto* const group = reinterpret_cast<const std::byte*>(state.groups[item->group]);
      for (std::size_t line = 0; line < sizeof(Group); line += 64) __builtin_prefetch(group + line);
    }
    if (const Item* const item = behind(2); item != nullptr && item->group != kNone) {
      state.samples.prefetch_list(item->fact);
      network.foresee_lefts(node, state.groups[item->group]->hash, true);
    }
    if (const Item* const item = behind(1); item != nullptr && item->group != kNone)
      network.foresee_lefts(node, state.groups[item->group]->hash, false);
  };
  while (!state.by_stamp.empty()) {
    const std::uint32_t id = state.by_stamp.oldest(stamp_of);
    if (stamp_of(id) + over > now) break;
    foresee();
    drop_sample(node, id, network);
  }
  arm(node);
}

bool Aggregates::begin_hint(NodeId node, Row row, Hint& hint) const {
  const NodeState& state = nodes_[node];
  if (!state.by_key || state.groups.size() < kHintsFrom) return false;
  std::array<Value, kGroupFieldsMax> key;
  const std::vector<std::uint32_t>& fields = program_.nodes[node].group;
  for (std::size_t i = 0; i < fields.size(); ++i) key[i] = row[fields[i]];
  hint = {node, hash_of({key.data(), fields.size()}), kNone};
  return true;
}

void Aggregates::go_on_with(Hint& hint, FactId fact, std::uint32_t step) const {
  const NodeState& state = nodes_[hint.node];
  switch (step) {
    case 1: state.samples.prefetch(fact); return;
    case 2:
      hint.group = state.samples.prefetch_list(fact);
      if (hint.group != kNone) {
        const auto* const group = reinterpret_cast<const std::byte*>(state.groups[hint.group]);
        for (std::size_t line = 0; line < sizeof(Group); line += 64) __builtin_prefetch(group + line);
      }
      return;
    case 3:
      if (hint.group != kNone && state.groups[hint.group]->first != kNone)
        __builtin_prefetch(&state.items[state.groups[hint.group]->first]);
      return;
    default: return;
  }
}

void Aggregates::liveness_changed(FactTypeId type, FactId fact, Row key, const Network& network) {
  if (program_.rule_set.schema.types[type].is_event()) return;
  for (const NodeId node : holding_samples(type, fact, key)) {
    const NodeState& state = nodes_[node];
    if (!state.asks_newest) continue;
    for (const std::uint32_t id : state.samples.of(fact)) {
      if (state.items[id].group == kNone) continue;
      touch(node, state.items[id].group);
      if (state.near) tell_near(node, id, network);
      if (state.by_key && !state.near) break;
    }
  }
}

// --- values ---

bool Aggregates::newest_is_stale(const AggregateNode& plan, const NodeState& state, const Group& group, const Network& network) const {
  const FactStore& store = network.store(plan.type);
  if (state.one_fact) return group.first != kNone && store.meta(state.items[group.first].fact).status == FactStatus::kStale;
  if (group.by_stamp == nullptr) return false;
  return group.by_stamp->any_newest([&state](std::uint32_t id) { return state.items[id].stamp; },
                                    [&](std::uint32_t id) { return store.meta(state.items[id].fact).status == FactStatus::kStale; });
}

Value Aggregates::result(const AggregateNode& plan, std::int64_t count_true, std::int64_t count_unknown, std::int64_t value_unknown,
                         const Accumulator& values, bool newest_stale, const Observed& observed) const {
  if (plan.fn == AggregateFn::kCount) {
    if (plan.at_least && count_true < *plan.at_least) return Value::unknown();
    return count_value(count_true, count_unknown);
  }
  if (count_unknown > 0 || value_unknown > 0 || newest_stale) return Value::unknown();
  if (plan.at_least && values.count() < *plan.at_least) return Value::unknown();
  return values.result(plan, observed);
}

void Aggregates::take_dirty(std::vector<Dirty>& out) {
  out.clear();
  for (const auto& [node, group] : dirty_) {
    NodeState& state = nodes_[node];
    Group& g = *state.groups[group];
    g.dirty = false;
    const bool empty = group != kUnknownGroup && g.first == kNone;
    out.push_back({node, state.all_dirty, g.hash, empty || group == kUnknownGroup ? kNone : group});
    if (empty) {
      state.group_of.erase(g.hash, group);
      state.free_groups.push_back(group);
    }
  }
  for (const auto& [node, group] : dirty_) nodes_[node].all_dirty = false;
  dirty_.clear();
}

std::size_t Aggregates::bytes() const {
  std::size_t total = 0;
  for (NodeId node = 0; node < nodes_.size(); ++node) total += node_bytes(node);
  return total;
}

std::size_t Aggregates::node_bytes(NodeId node) const {
  const NodeState& state = nodes_[node];
  return state.items.bytes() + state.groups.bytes() + state.live.bytes() + state.samples.bytes() + state.by_stamp.bytes() +
         state.totals.size() * (sizeof(Total) + kBytesBeside) + (state.near ? state.near->lefts.bytes() + state.near->items.bytes() : 0) +
         state.rows.size() * (program_.rule_set.schema.types[program_.nodes[node].type].fields.size() * sizeof(Value) + kBytesBeside);
}

void Aggregates::mark(Interner& in) const {
  for (const NodeState& state : nodes_) {
    for (std::uint32_t i = 0; i < state.groups.size(); ++i) {
      const Group* const group = state.groups[i];
      for (const Value& v : group->key) in.mark(v);
      for (std::uint32_t id = group->first; id != kNone; id = state.items[id].next) in.mark(state.items[id].value);
      group->values.mark(in);
    }
    for (const auto& [id, row] : state.rows) {
      for (const Value& v : row) in.mark(v);
    }
    for (const auto& [left, total] : state.totals) {
      for (const Value& v : total.key) in.mark(v);
    }
  }
}

}  // namespace flyball::engine
