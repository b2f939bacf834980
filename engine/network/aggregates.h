// Aggregates: what `count`, `avg`, `p99` and the others stand for, kept by delta: items (facts, or samples in a window) in groups.
//
// A node belongs to (type, own tests, group fields, value, window) and may serve many lines; a use is one line's way to
// find its group and to judge items against its own facts. Groups that change are remembered; Network::settle asks for
// the new values once, when all facts of the moment have been applied.
//
//   fact or sample → item (group, truth, value) → group (counts, sum, ordered values) → value for one left side
//
// Items whose group field is unknown may belong to any group: they stand in a group of their own and are judged against
// each left side. Where a use has residual tests, its value is computed by going over the group's items.
//
// Thread safety: none.
// INVARIANT: a fact with samples is pinned in its store until the last of them leaves.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/network/accumulator.h"
#include "engine/network/fact_store.h"
#include "engine/network/frame_buffer.h"
#include "engine/network/sample_list.h"
#include "engine/network/slab.h"
#include "engine/network/work.h"

namespace flyball::engine {

class Network;
class TimerQueue;

class Aggregates {
 public:
  Aggregates(const ProgramData& program, TimerQueue& timers);

  // A live fact passes the node's own tests (with `truth`), or no longer.
  void put(NodeId node, FactId fact, Truth truth, const Value* row, Network& network);
  void remove(NodeId node, FactId fact);
  // A put that was taken, also an unchanged one. Both leave in `gone`, if there is one, the samples that this put out.
  struct SavedSample;
  void sample(NodeId node, FactId fact, Timestamp stamp, const Value* row, Network& network, std::vector<SavedSample>* gone = nullptr);
  void end_samples(NodeId node, FactId fact, Timestamp up_to, Network& network, std::vector<SavedSample>* gone = nullptr);
  // The inverses: the sample of that stamp goes, if it is there; those that it put out are there again.
  void take_out_sample(NodeId node, FactId fact, Timestamp stamp, Network& network);
  void put_back_samples(NodeId node, FactId fact, const std::vector<SavedSample>& samples, Network& network);
  void evict(NodeId node, Timestamp now, Network& network);
  // The fact became live, stale or absent: values whose newest sample is its may change.
  void liveness_changed(NodeId node, FactId fact);

  // For the left side in `frame`. Count: see count_interval.h.
  Value value(std::uint32_t use, FrameBuffer& frame, const Network& network) const;

  struct Dirty {
    NodeId node = 0;
    bool all = false;        // any left side may be concerned
    std::uint32_t hash = 0;  // else those whose group has it
  };
  // What changed since the last call.
  std::vector<Dirty> take_dirty();
  bool has_dirty() const { return !dirty_.empty(); }
  bool timer_is_live(NodeId node, Timestamp due) const;
  std::uint64_t samples_dropped() const { return samples_dropped_; }
  // Nodes that began to drop samples since the last call; each comes once in a session.
  std::vector<NodeId> take_dropping() { return std::exchange(dropping_, {}); }
  void set_samples_max(std::size_t n) { samples_per_key_max_ = n; }

  std::size_t bytes() const;
  std::size_t node_bytes(NodeId node) const;
  void look_into(NodeId node, AggregateView& out) const;
  void mark(Interner& in) const;

 private:
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  struct Item {
    FactId fact = 0;
    std::uint32_t group = kNone;
    std::uint32_t next = kNone, prev = kNone;  // in the group
    Truth truth = Truth::kFalse;
    Value value;
    Timestamp stamp;
    std::uint64_t arrival = 0;
  };
  static Observation observation(const Item& item, std::uint32_t id) { return {item.value, item.fact, item.stamp, item.arrival, id}; }
  struct Group {
    std::vector<Value> key;
    std::uint32_t hash = 0;
    std::uint32_t first = kNone;
    std::int64_t count_true = 0, count_unknown = 0, value_unknown = 0;
    Accumulator values;
    std::set<std::pair<Timestamp, std::uint32_t>> by_stamp;  // samples only
    bool dirty = false;
  };
  struct KeyHash {
    std::size_t operator()(const std::vector<Value>& key) const {
      std::uint64_t h = 0;
      for (const Value& v : key) h = mix(h, hash_value(v));
      return h;
    }
  };
  struct NodeState {
    Slab<Item> items;
    std::vector<std::unique_ptr<Group>> groups;  // 0: those of unknown group
    std::vector<std::uint32_t> free_groups;
    std::unordered_map<std::vector<Value>, std::uint32_t, KeyHash> group_of;
    std::unordered_map<FactId, std::uint32_t> live;              // fact → item
    std::unordered_map<FactId, SampleList> samples;              // fact → items by stamp, each stamp once
    std::set<std::pair<Timestamp, std::uint32_t>> by_stamp;      // all samples of a window
    std::unordered_map<std::uint32_t, std::vector<Value>> rows;  // item → the sample's row, where uses need it
    Timestamp armed = kTimestampMax;                             // a timer is set for then
    bool all_dirty = false;
    bool dropped = false;  // samples, for want of room
    mutable AggregateWork work;
  };

  void place(NodeId node, std::uint32_t item, Truth truth, const Value* row, Network& network);
  void displace(NodeId node, std::uint32_t item);
  std::uint32_t group_for(NodeState& state, const AggregateNode& plan, const Value* row);
  std::uint32_t group_of_key(NodeState& state, std::vector<Value> key);
  void enter_group(NodeId node, std::uint32_t item, std::uint32_t group);
  void touch(NodeId node, std::uint32_t group);
  void drop_sample(NodeId node, std::uint32_t item, Network& network, std::vector<SavedSample>* gone = nullptr);
  SavedSample saved(NodeId node, std::uint32_t item) const;
  // Where the samples of a list with at least that stamp begin.
  static std::size_t place_in(const NodeState& state, const SampleList& list, Timestamp stamp);
  void leave_node(NodeId node, std::uint32_t item);
  void arm(NodeId node);
  struct Total;
  void take_item(const AggregateUse& use, const AggregateNode& plan, const NodeState& state, std::uint32_t item,
                 const std::vector<Value>& left, bool judge_keys, FrameBuffer& frame, const Network& network, Total& total) const;
  Value result(const AggregateNode& plan, std::int64_t count_true, std::int64_t count_unknown, std::int64_t value_unknown,
               const Accumulator& values, bool newest_stale, const Observed& observed) const;
  bool newest_is_stale(const AggregateNode& plan, const NodeState& state, const Group& group, const Network& network) const;

  const ProgramData& program_;
  TimerQueue& timers_;
  std::vector<NodeState> nodes_;
  std::vector<std::pair<NodeId, std::uint32_t>> dirty_;
  std::vector<Value> sample_row_;  // scratch
  std::uint64_t arrivals_ = 0;
  std::uint64_t samples_dropped_ = 0;
  std::vector<NodeId> dropping_;
  std::size_t samples_per_key_max_ = 100'000;
};

struct Aggregates::SavedSample {
  Item item;
  std::vector<Value> group;  // its key
  std::vector<Value> row;    // where rows are kept
};

}  // namespace flyball::engine
