// Members and samples in and out of groups, and the groups whose value changed. Windows evict by timer.
#include "engine/network/aggregates.h"

#include <algorithm>
#include <cmath>

#include "engine/network/network.h"
#include "engine/network/timer_queue.h"

namespace flyball::engine {

namespace {
constexpr std::uint32_t kUnknownGroup = 0;
}

Aggregates::Aggregates(const ProgramData& program, TimerQueue& timers) : program_(program), timers_(timers), nodes_(program.nodes.size()) {
  for (NodeState& state : nodes_) state.groups.push_back(std::make_unique<Group>());
}

// --- items ---

std::uint32_t Aggregates::group_for(NodeState& state, const AggregateNode& plan, const Value* row) {
  std::vector<Value> key;
  key.reserve(plan.group.size());
  for (const std::uint32_t field : plan.group) {
    if (row[field].is_error()) return kUnknownGroup;
    key.push_back(row[field]);
  }
  return group_of_key(state, std::move(key));
}

std::uint32_t Aggregates::group_of_key(NodeState& state, std::vector<Value> key) {
  const auto found = state.group_of.find(key);
  if (found != state.group_of.end()) return found->second;
  std::uint32_t id = 0;
  if (!state.free_groups.empty()) {
    id = state.free_groups.back();
    state.free_groups.pop_back();
    *state.groups[id] = Group{};
  } else {
    id = static_cast<std::uint32_t>(state.groups.size());
    state.groups.push_back(std::make_unique<Group>());
  }
  state.groups[id]->hash = fold(KeyHash{}(key));
  state.groups[id]->key = key;
  state.group_of.emplace(std::move(key), id);
  return id;
}

void Aggregates::touch(NodeId node, std::uint32_t group) {
  NodeState& state = nodes_[node];
  if (group == kUnknownGroup) state.all_dirty = true;
  if (state.groups[group]->dirty) return;
  state.groups[group]->dirty = true;
  dirty_.emplace_back(node, group);
}

void Aggregates::place(NodeId node, std::uint32_t id, Truth truth, const Value* row, Network& network) {
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
  enter_group(node, id, group_for(state, plan, row));
}

void Aggregates::enter_group(NodeId node, std::uint32_t id, std::uint32_t group_id) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  Item& item = state.items[id];
  item.group = group_id;
  Group& group = *state.groups[group_id];
  ++state.work.puts;
  item.prev = kNone;
  item.next = group.first;
  if (group.first != kNone) state.items[group.first].prev = id;
  group.first = id;
  if (item.truth == Truth::kTrue) {
    ++group.count_true;
    if (item.value.is_error()) {
      ++group.value_unknown;
    } else if (!item.value.is_null()) {
      group.values.add(plan, observation(item, id));
    }
  } else {
    ++group.count_unknown;
  }
  if (plan.sampled()) group.by_stamp.emplace(item.stamp, id);
  touch(node, item.group);
}

void Aggregates::displace(NodeId node, std::uint32_t id) {
  NodeState& state = nodes_[node];
  Item& item = state.items[id];
  if (item.group == kNone) return;
  ++state.work.removals;
  Group& group = *state.groups[item.group];
  (item.prev != kNone ? state.items[item.prev].next : group.first) = item.next;
  if (item.next != kNone) state.items[item.next].prev = item.prev;
  if (item.truth == Truth::kTrue) {
    --group.count_true;
    if (item.value.is_error()) {
      --group.value_unknown;
    } else if (!item.value.is_null()) {
      group.values.subtract(program_.nodes[node], observation(item, id));
    }
  } else {
    --group.count_unknown;
  }
  group.by_stamp.erase({item.stamp, id});
  touch(node, item.group);
  item.group = kNone;
}

void Aggregates::put(NodeId node, FactId fact, Truth truth, const Value* row, Network& network) {
  NodeState& state = nodes_[node];
  const auto [at, is_new] = state.live.try_emplace(fact, kNone);
  if (is_new) {
    at->second = state.items.make();
    state.items[at->second].fact = fact;
  } else {
    displace(node, at->second);
  }
  place(node, at->second, truth, row, network);
}

void Aggregates::remove(NodeId node, FactId fact) {
  NodeState& state = nodes_[node];
  const auto at = state.live.find(fact);
  if (at == state.live.end()) return;
  displace(node, at->second);
  state.items.free(at->second);
  state.live.erase(at);
}

// --- samples ---

std::size_t Aggregates::place_in(const NodeState& state, const SampleList& list, Timestamp stamp) {
  if (list.empty() || state.items[list[list.size() - 1]].stamp < stamp) return list.size();
  const auto at =
      std::lower_bound(list.begin(), list.end(), stamp, [&](std::uint32_t id, Timestamp wanted) { return state.items[id].stamp < wanted; });
  return static_cast<std::size_t>(at - list.begin());
}

Aggregates::SavedSample Aggregates::saved(NodeId node, std::uint32_t id) const {
  const NodeState& state = nodes_[node];
  SavedSample out;
  out.item = state.items[id];
  if (out.item.group != kNone) out.group = state.groups[out.item.group]->key;
  if (const auto row = state.rows.find(id); row != state.rows.end()) out.row = row->second;
  return out;
}

// Out of everything but its fact's list.
void Aggregates::leave_node(NodeId node, std::uint32_t id) {
  NodeState& state = nodes_[node];
  displace(node, id);
  if (program_.nodes[node].over_ns) state.by_stamp.erase({state.items[id].stamp, id});
  state.rows.erase(id);
  state.items.free(id);
}

void Aggregates::sample(NodeId node, FactId fact, Timestamp stamp, const Value* row, Network& network, std::vector<SavedSample>* gone) {
  NodeState& state = nodes_[node];
  const AggregateNode& plan = program_.nodes[node];
  if (plan.over_ns && stamp <= network.now() - *plan.over_ns) return;  // too old for the window already
  const FactStore& store = network.store(plan.type);
  std::size_t slots = store.width();
  if (store.has_liveness_slot()) {  // a sample is never stale
    sample_row_.assign(row, row + slots++);
    sample_row_.push_back(Value::null());
    row = sample_row_.data();
  }
  SampleList& mine = state.samples[fact];
  if (mine.empty()) network.store(plan.type).pin(fact);
  const std::size_t place_at = place_in(state, mine, stamp);
  // One sample per key and stamp: the later one.
  if (place_at < mine.size() && state.items[mine[place_at]].stamp == stamp) {
    const std::uint32_t old = mine[place_at];
    if (gone != nullptr) gone->push_back(saved(node, old));
    mine.erase(place_at);
    leave_node(node, old);
  }
  const std::uint32_t id = state.items.make();
  Item& item = state.items[id];
  item.fact = fact;
  item.stamp = stamp;
  item.arrival = arrivals_++;
  mine.insert(place_at, id);
  if (plan.keep_rows) state.rows[id].assign(row, row + slots);

  Truth truth = Truth::kTrue;
  network.frame().set_row(plan.binding, row);
  for (const Formula& test : plan.tests) {
    truth = truth_and(truth, network.frame().truth(test, plan.scope));
    if (truth == Truth::kFalse) break;
  }
  place(node, id, truth, row, network);
  if (plan.over_ns) {
    state.by_stamp.emplace(stamp, id);
    arm(node);
  }
  const std::size_t most = plan.over_last ? static_cast<std::size_t>(*plan.over_last) : samples_per_key_max_;
  while (mine.size() > most) {
    if (!plan.over_last) {
      ++samples_dropped_;
      if (!state.dropped) dropping_.push_back(node);
      state.dropped = true;
    }
    const std::uint32_t oldest = mine[0];
    if (gone != nullptr && oldest != id) gone->push_back(saved(node, oldest));
    mine.erase(0);
    leave_node(node, oldest);
  }
}

// Takes a sample out of everything, its fact's list included.
void Aggregates::drop_sample(NodeId node, std::uint32_t id, Network& network, std::vector<SavedSample>* gone) {
  NodeState& state = nodes_[node];
  if (gone != nullptr) gone->push_back(saved(node, id));
  const FactId fact = state.items[id].fact;
  const auto mine = state.samples.find(fact);
  mine->second.erase(place_in(state, mine->second, state.items[id].stamp));
  leave_node(node, id);
  if (!mine->second.empty()) return;
  state.samples.erase(mine);
  network.store(program_.nodes[node].type).unpin(fact);
}

void Aggregates::end_samples(NodeId node, FactId fact, Timestamp up_to, Network& network, std::vector<SavedSample>* gone) {
  NodeState& state = nodes_[node];
  const auto mine = state.samples.find(fact);
  if (mine == state.samples.end()) return;
  std::vector<std::uint32_t> ended;
  for (const std::uint32_t id : mine->second) {
    if (state.items[id].stamp > up_to) break;
    ended.push_back(id);
  }
  for (const std::uint32_t id : ended) drop_sample(node, id, network, gone);
}

void Aggregates::take_out_sample(NodeId node, FactId fact, Timestamp stamp, Network& network) {
  const NodeState& state = nodes_[node];
  const auto mine = state.samples.find(fact);
  if (mine == state.samples.end()) return;
  const std::size_t i = place_in(state, mine->second, stamp);
  if (i < mine->second.size() && state.items[mine->second[i]].stamp == stamp) drop_sample(node, mine->second[i], network);
}

void Aggregates::put_back_samples(NodeId node, FactId fact, const std::vector<SavedSample>& samples, Network& network) {
  if (samples.empty()) return;
  NodeState& state = nodes_[node];
  SampleList& mine = state.samples[fact];
  if (mine.empty()) network.store(program_.nodes[node].type).pin(fact);
  for (const SavedSample& saved : samples) {
    const std::uint32_t id = state.items.make();
    Item& item = state.items[id];
    item = saved.item;
    item.group = item.next = item.prev = kNone;
    mine.insert(place_in(state, mine, item.stamp), id);
    if (!saved.row.empty()) state.rows[id] = saved.row;
    if (program_.nodes[node].over_ns) state.by_stamp.emplace(item.stamp, id);
    if (saved.item.group == kNone) continue;  // its `where` is false
    enter_group(node, id, saved.item.group == kUnknownGroup ? kUnknownGroup : group_of_key(state, saved.group));
  }
  if (program_.nodes[node].over_ns) arm(node);
}

void Aggregates::arm(NodeId node) {
  NodeState& state = nodes_[node];
  if (state.by_stamp.empty()) return;
  const Timestamp due = state.by_stamp.begin()->first + *program_.nodes[node].over_ns;
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
  while (!state.by_stamp.empty() && state.by_stamp.begin()->first + over <= now) drop_sample(node, state.by_stamp.begin()->second, network);
  arm(node);
}

void Aggregates::liveness_changed(NodeId node, FactId fact) {
  NodeState& state = nodes_[node];
  const auto mine = state.samples.find(fact);
  if (mine == state.samples.end()) return;
  for (const std::uint32_t id : mine->second) {
    if (state.items[id].group != kNone) touch(node, state.items[id].group);
  }
}

// --- values ---

bool Aggregates::newest_is_stale(const AggregateNode& plan, const NodeState& state, const Group& group, const Network& network) const {
  if (group.by_stamp.empty()) return false;
  const Timestamp newest = group.by_stamp.rbegin()->first;
  for (auto at = group.by_stamp.rbegin(); at != group.by_stamp.rend() && at->first == newest; ++at) {
    if (network.store(plan.type).meta(state.items[at->second].fact).status == FactStatus::kStale) return true;
  }
  return false;
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

struct Aggregates::Total {
  std::int64_t count_true = 0, count_unknown = 0, value_unknown = 0;
  Accumulator values;
  Timestamp newest = kTimestampMin;
  bool newest_stale = false;
};

// Judges one item for one left side, key fields included where `judge_keys`.
void Aggregates::take_item(const AggregateUse& use, const AggregateNode& plan, const NodeState& state, std::uint32_t id,
                           const std::vector<Value>& left, bool judge_keys, FrameBuffer& frame, const Network& network,
                           Total& total) const {
  const Item& item = state.items[id];
  const Value* row = nullptr;
  if (plan.sampled()) {
    if (const auto kept = state.rows.find(id); kept != state.rows.end()) row = kept->second.data();
  } else {
    row = network.store(plan.type).row(item.fact);
  }
  Truth truth = item.truth;
  if (judge_keys) {
    // A sample's row is its own; without one its group fields are known from its group.
    const std::vector<Value>& known = state.groups[item.group]->key;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const Value mine = row != nullptr ? row[plan.group[i]] : known.empty() ? Value::unknown() : known[i];
      if (left[i].is_error() || mine.is_error()) {
        truth = truth_and(truth, Truth::kUnknown);
      } else if (left[i] != mine) {
        return;
      }
    }
  }
  if (!use.residual.empty()) {
    frame.set_row(use.binding, row);
    for (const Formula& test : use.residual) {
      truth = truth_and(truth, frame.truth(test, use.scope));
      if (truth == Truth::kFalse) return;
    }
  }
  if (truth == Truth::kTrue) {
    ++total.count_true;
    if (item.value.is_error()) {
      ++total.value_unknown;
    } else if (!item.value.is_null()) {
      total.values.add(plan, observation(item, id));
    }
  } else {
    ++total.count_unknown;
  }
  if (!plan.sampled()) return;
  const bool stale = network.store(plan.type).meta(item.fact).status == FactStatus::kStale;
  if (item.stamp > total.newest) {
    total.newest = item.stamp;
    total.newest_stale = stale;
  } else if (item.stamp == total.newest) {
    total.newest_stale = total.newest_stale || stale;
  }
}

Value Aggregates::value(std::uint32_t use_id, FrameBuffer& frame, const Network& network) const {
  const AggregateUse& use = program_.uses[use_id];
  if (use.clock) return frame.value(use.clock->condition, use.scope);
  const AggregateNode& plan = program_.nodes[use.node];
  const NodeState& state = nodes_[use.node];
  ++state.work.values;
  const Observed observed{network.store(plan.type), plan.sampled() ? &state.rows : nullptr, network.interner()};
  std::vector<Value> left(use.keys.size());
  bool known = true;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const KeyPart& part = use.keys[i];
    left[i] = part.left ? frame.value(*part.left, use.scope) : frame.row(part.left_binding)[part.left_field];
    known = known && !left[i].is_error();
  }
  const Group& loose = *state.groups[kUnknownGroup];
  if (known && use.residual.empty() && loose.first == kNone) {
    const auto found = state.group_of.find(left);
    if (found == state.group_of.end()) return result(plan, 0, 0, 0, Accumulator{}, false, observed);
    const Group& group = *state.groups[found->second];
    const bool stale = plan.sampled() && newest_is_stale(plan, state, group, network);
    return result(plan, group.count_true, group.count_unknown, group.value_unknown, group.values, stale, observed);
  }
  Total total;
  const auto take_group = [&](const Group& group, bool judge_keys) {
    for (std::uint32_t id = group.first; id != kNone; id = state.items[id].next)
      take_item(use, plan, state, id, left, judge_keys, frame, network, total);
  };
  if (known) {
    const auto found = state.group_of.find(left);
    if (found != state.group_of.end()) take_group(*state.groups[found->second], false);
    take_group(loose, true);
  } else {
    for (const auto& group : state.groups) take_group(*group, true);
  }
  const bool stale = plan.sampled() && total.newest_stale;
  return result(plan, total.count_true, total.count_unknown, total.value_unknown, total.values, stale, observed);
}

std::vector<Aggregates::Dirty> Aggregates::take_dirty() {
  std::vector<Dirty> out;
  for (const auto& [node, group] : dirty_) {
    NodeState& state = nodes_[node];
    Group& g = *state.groups[group];
    g.dirty = false;
    out.push_back({node, state.all_dirty, g.hash});
    if (group != kUnknownGroup && g.first == kNone) {
      state.group_of.erase(g.key);
      state.free_groups.push_back(group);
    }
  }
  for (const auto& [node, group] : dirty_) nodes_[node].all_dirty = false;
  dirty_.clear();
  return out;
}

std::size_t Aggregates::bytes() const {
  std::size_t total = 0;
  for (NodeId node = 0; node < nodes_.size(); ++node) total += node_bytes(node);
  return total;
}

std::size_t Aggregates::node_bytes(NodeId node) const {
  const NodeState& state = nodes_[node];
  return state.items.bytes() + state.groups.size() * sizeof(Group) + (state.live.size() + state.samples.size()) * 64 +
         state.by_stamp.size() * 64;
}

void Aggregates::mark(Interner& in) const {
  for (const NodeState& state : nodes_) {
    for (const auto& group : state.groups) {
      for (const Value& v : group->key) in.mark(v);
      for (std::uint32_t id = group->first; id != kNone; id = state.items[id].next) in.mark(state.items[id].value);
      group->values.mark(in);
    }
    for (const auto& [id, row] : state.rows) {
      for (const Value& v : row) in.mark(v);
    }
  }
}

}  // namespace flyball::engine
