// Aggregates: what `count`, `avg`, `p99` and the others stand for, kept by delta: items (facts, or samples in a window) in groups.
//
// A node belongs to (type, own tests, group fields, value, window) and may serve many lines; a use is one line's way to
// find its group and to judge items against its own facts. Groups that change are remembered; Network::settle asks for
// the new values once, when all facts of the moment have been applied.
//
//   fact or sample → item (group, truth, value) → group (counts, sum, ordered values) → value for one left side
//
// Items whose group field is unknown may belong to any group: they stand in a group of their own and are judged against
// each left side. Where a use has residual tests, each left side has a total of its own where that is small (counts, sums, means), and an
// item that comes or leaves is judged once for each (totals.cc); else the value is computed by going over the group's items.
//
// Thread safety: none.
// INVARIANT: a fact with samples is pinned in its store until the last of them leaves.
#pragma once

#include <bit>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/network/accumulator.h"
#include "engine/network/fact_store.h"
#include "engine/network/frame_buffer.h"
#include "engine/network/group_key.h"
#include "engine/network/id_table.h"
#include "engine/network/record_chunks.h"
#include "engine/network/sample_routes.h"
#include "engine/network/sample_table.h"
#include "engine/network/slab.h"
#include "engine/network/span_index.h"
#include "engine/network/stamp_queue.h"
#include "engine/network/token.h"
#include "engine/network/work.h"

namespace flyball::engine {

class Network;
class TimerQueue;

class Aggregates {
 public:
  Aggregates(const ProgramData& program, const Interner& interner, TimerQueue& timers);

  // A live fact passes the node's own tests (with `truth`), or no longer.
  void put(NodeId node, FactId fact, Truth truth, Row row, Network& network);
  void remove(NodeId node, FactId fact, Network& network);
  // Which nodes a put concerns: those that take it, and those in which it takes the place of another. Ascending; the list is
  // overwritten by the next call.
  std::span<const NodeId> concerned_by_sample(FactTypeId type, FactId fact, Timestamp stamp, Row row);
  // In which nodes samples of the fact may stand; likewise.
  std::span<const NodeId> holding_samples(FactTypeId type, FactId fact, Row key);
  // A put that was taken, also an unchanged one. Both leave in `gone`, if there is one, the samples that this put out.
  struct SavedSample;
  void sample(NodeId node, FactId fact, Timestamp stamp, Row row, Network& network, std::vector<SavedSample>* gone = nullptr);
  void end_samples(NodeId node, FactId fact, Timestamp up_to, Network& network, std::vector<SavedSample>* gone = nullptr);
  // The inverses: the sample of that stamp goes, if it is there; those that it put out are there again.
  void take_out_sample(NodeId node, FactId fact, Timestamp stamp, Network& network);
  void put_back_samples(NodeId node, const std::vector<SavedSample>& samples, Network& network);
  void evict(NodeId node, Timestamp now, Network& network);
  // The fact became live, stale or absent: values whose newest sample is its may change.
  void liveness_changed(FactTypeId type, FactId fact, Row key, const Network& network);

  // Hints for a put that is about to come: what it will touch in this node is on its way from memory meanwhile, step by step, each of
  // which reads what the one before it asked for. Of nodes whose groups are named by key fields.
  static constexpr std::uint32_t kHintSteps = 4;
  struct Hint {
    NodeId node = 0;
    std::uint32_t hash = 0;  // of the group
    std::uint32_t group = kNone;
  };
  bool begin_hint(NodeId node, Row row, Hint& hint) const;
  void go_on_with(Hint& hint, FactId fact, std::uint32_t step) const;

  static constexpr std::size_t kGroupFieldsMax = 8;  // the compiler refuses more
  // The key of the group that the left side in `frame` asks for; false: something of it is unknown.
  static bool left_key(const AggregateUse& use, FrameBuffer& frame, std::span<Value> out);
  static std::uint32_t hash_of(std::span<const Value> key) {
    std::uint64_t h = 0;
    for (std::size_t i = 0; i + 1 < key.size(); ++i) h = mix(h, hash_value(key[i]));
    if (key.empty()) return fold(h);
    Value last = key.back();
    const auto bits = std::bit_cast<std::uint64_t>(std::exchange(last.bits, 0));
    return fold_near(mix(h, hash_value(last)), bits);
  }
  // For the left side in `frame`. Count: see count_interval.h. `group`: the one that it is likely to ask for.
  Value value(std::uint32_t use, FrameBuffer& frame, const Network& network, std::uint32_t group = kNone) const;
  // For a left side that stands: as value(), but of a use with residual tests what is in is judged once and remembered.
  Value value_for(std::uint32_t use, TokenId left, FrameBuffer& frame, const Network& network, std::uint32_t group = kNone);
  // Whether what changed in the left side's group, and nowhere else, may mean something to it.
  bool has_news(std::uint32_t use, TokenId left) const;
  // What a total is worth of a rule's memory, at most but for its group's key.
  static constexpr std::size_t kTotalBytes = 512;
  bool keeps_total(std::uint32_t use) const { return keeps_totals_[use]; }
  void forget_total(std::uint32_t use, TokenId left);
  // The left side stands, and something of it reads otherwise.
  void doubt_total(std::uint32_t use, TokenId left);
  // The left sides that may have other values now, where that is known; false: all of a group that changed (has_news).
  bool take_news(NodeId node, std::vector<TokenId>& out);

  struct Dirty {
    NodeId node = 0;
    bool all = false;        // any left side may be concerned
    std::uint32_t hash = 0;  // else those whose group has it
    std::uint32_t group = kNone;
  };
  std::size_t dirty_count() const { return dirty_.size(); }
  // f(node, hash) of each group that changed since then.
  template <typename F>
  void for_each_dirty(F f) const {
    for (const auto& [node, group] : dirty_) f(node, nodes_[node].groups[group]->hash);
  }
  // What changed since the last call, in `out`, instead of what is there.
  void take_dirty(std::vector<Dirty>& out);
  bool has_dirty() const { return !dirty_.empty(); }
  bool timer_is_live(NodeId node, Timestamp due) const;
  std::uint64_t samples_dropped() const { return samples_dropped_; }
  // Nodes that began to drop samples since the last call; each comes once in a session.
  bool has_dropping() const { return !dropping_.empty(); }
  std::vector<NodeId> take_dropping() { return std::exchange(dropping_, {}); }
  void set_samples_max(std::size_t n) { samples_per_key_max_ = n; }

  std::size_t bytes() const;
  std::size_t node_bytes(NodeId node) const;
  void look_into(NodeId node, AggregateView& out) const;
  void mark(Interner& in) const;

 private:
  friend class Adoption;
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  static constexpr std::uint32_t kUnknownGroup = 0;
  struct Item {
    FactId fact = 0;
    std::uint32_t group = kNone;
    std::uint32_t next = kNone, prev = kNone;  // in the group
    QueuePlace in_node, in_group;              // of samples: their places in by_stamp
    Truth truth = Truth::kFalse;
    Value value;
    Timestamp stamp;
    std::uint64_t arrival = 0;
  };
  static_assert(sizeof(Item) == 64);  // one line
  static Observation observation(const Item& item, std::uint32_t id) { return {item.value, item.fact, item.stamp, item.arrival, id}; }
  // What every put needs stands together.
  struct alignas(64) Group {
    std::uint32_t hash = 0;
    std::uint32_t first = kNone;
    std::int64_t count_true = 0, count_unknown = 0;
    bool dirty = false;
    GroupKey key;
    Accumulator values;
    std::int64_t value_unknown = 0;
    std::unique_ptr<StampQueue> by_stamp;  // samples of what may be stale; without if they are all of one fact
  };
  // What a use comes to for one left side; what newest_stale needs is known only where all items were looked at.
  struct Total {
    Total() { values.begin_ordered(); }
    GroupKey key;  // of its group; of those that are kept
    bool news = false;
    bool again = true;              // to be computed from the beginning
    Kind limit_kind = Kind::kNull;  // kNull: it has no limit
    std::int64_t limit = 0;         // the place of the left side's field in the order of its kind
    std::int64_t count_true = 0, count_unknown = 0, value_unknown = 0;
    Accumulator values;
    Timestamp newest = kTimestampMin;
    bool newest_stale = false;
  };
  // Of a node whose items are tied to left sides by where they lie: who can mean something to whom (near_totals.cc).
  struct Nearness {
    Nearness(const SpanFields& by, bool any_equal) : own(by), lefts(!by.is_span, !any_equal), items(by.is_span, !any_equal) {}
    SpanFields own;
    SpanIndex lefts;  // that have totals
    SpanIndex items;  // of known groups
    std::vector<TokenId> news;
  };
  struct NodeState {
    Slab<Item> items;
    RecordChunks<Group> groups;  // 0: those of unknown group
    std::vector<std::uint32_t> free_groups;
    IdTable group_of;                                            // by key
    IdTable live;                                                // items by fact
    SampleTable samples;                                         // fact → items by stamp, each stamp once
    StampQueue by_stamp;                                         // all samples of a window
    std::unordered_map<std::uint32_t, std::vector<Value>> rows;  // item → its row as it came, where uses need it
    std::unordered_map<TokenId, Total> totals;                   // by left side
    bool keeps_totals = false;                                   // a use of it does
    std::unique_ptr<Nearness> near;                              // of totals
    Timestamp armed = kTimestampMax;                             // a timer is set for then
    bool all_dirty = false;
    bool dropped = false;      // samples, for want of room
    bool asks_newest = false;  // whether the newest sample is of a stale fact decides something
    bool by_key = false;       // the group fields are of the key: all samples of a fact are in one group
    bool one_fact = false;     // they are the whole key: and no others
    mutable AggregateWork work;
  };

  void keep_totals(NodeId node, bool is, const Network& network);
  static std::uint32_t live_item(const NodeState& state, FactId fact);
  void place(NodeId node, std::uint32_t item, Truth truth, Row row, Network& network);
  void displace(NodeId node, std::uint32_t item, Network& network);
  static std::uint32_t group_of_others(const NodeState& state, const AggregateNode& plan, std::uint32_t item);
  std::uint32_t group_for(NodeState& state, const AggregateNode& plan, Row row);
  static std::uint32_t find_group(const NodeState& state, std::span<const Value> key);
  std::uint32_t group_of_key(NodeState& state, std::span<const Value> key);
  void enter_group(NodeId node, std::uint32_t item, std::uint32_t group, Network& network);
  void touch(NodeId node, std::uint32_t group);
  void drop_sample(NodeId node, std::uint32_t item, Network& network, std::vector<SavedSample>* gone = nullptr);
  SavedSample saved(NodeId node, std::uint32_t item) const;
  // Where the samples of a list with at least that stamp begin.
  static std::size_t place_in(const NodeState& state, std::span<const std::uint32_t> list, Timestamp stamp);
  // The sample stands in its fact's list, and by stamp; or in neither any more.
  void list_sample(NodeId node, std::uint32_t item, Network& network);
  void unlist_sample(NodeId node, std::uint32_t item, Network& network);
  void begin_ordered(NodeId node, Group& group);
  void arm(NodeId node);
  // totals.cc
  // A test of a use that compares one field of its facts, which no other test reads, with one of the left side's: its limit.
  struct Limit {
    std::uint32_t own_field = kNoId;  // kNoId: there is no such test
    std::uint32_t left_binding = 0, left_field = 0;
    Kind kind = Kind::kNull;
  };
  static Limit limit_of(const AggregateUse& use);
  // A fact that was put again is in its group as it was: only the totals' tests may say otherwise of it.
  std::uint32_t use_of(TokenId left, const Network& network) const;
  bool stays(NodeId node, std::uint32_t item, Truth truth, Row row) const;
  void judge_again(NodeId node, std::uint32_t item, Row row, Network& network);
  void judge_for_totals(NodeId node, std::uint32_t item, bool comes, Network& network);
  void begin_total(std::uint32_t use, TokenId left, std::span<const Value> key, FrameBuffer& frame, const Network& network, Total& total);
  static void tell(NodeState& state, TokenId left, Total& total);
  // All that it may mean something to.
  void tell_near(NodeId node, std::uint32_t item, const Network& network);
  template <typename F>
  void each_total(NodeId node, const Group& group, std::initializer_list<std::optional<Span>> lies, const Network& network, F f);
  std::optional<Span> lies(const NodeState& state, Row row, const Network& network) const;
  bool make_near(NodeId node);
  static Row row_of(const AggregateNode& plan, const NodeState& state, std::uint32_t item, const Network& network);
  // A total adds an item that comes and subtracts one that leaves; what does not add up is only told.
  enum class Judged : std::uint8_t { kComes, kLeaves, kTold };
  static Judged judged(const AggregateUse& use, bool comes) {
    return !use.adds_up ? Judged::kTold : comes ? Judged::kComes : Judged::kLeaves;
  }
  bool take_item(const AggregateUse& use, const AggregateNode& plan, const NodeState& state, std::uint32_t item, Row row,
                 std::span<const Value> left, bool judge_keys, FrameBuffer& frame, const Network& network, Total& total, Judged as) const;
  // What is in the group near the left side in the frame: take(item).
  template <typename Take>
  void each_near_item(const AggregateUse& use, const NodeState& state, std::uint32_t group, FrameBuffer& frame, const Network& network,
                      Take take) const;
  Value result(const AggregateNode& plan, std::int64_t count_true, std::int64_t count_unknown, std::int64_t value_unknown,
               const Accumulator& values, bool newest_stale, const Observed& observed) const;
  bool newest_is_stale(const AggregateNode& plan, const NodeState& state, const Group& group, const Network& network) const;

  const ProgramData& program_;
  TimerQueue& timers_;
  std::vector<NodeState> nodes_;
  std::vector<bool> keeps_totals_;  // by use
  std::vector<Limit> limits_;       // likewise
  std::vector<std::pair<NodeId, std::uint32_t>> dirty_;
  // How many samples of a fact there are, and since there are some the greatest stamp: of types whose windows ask for what may
  // differ from sample to sample. A put with a greater stamp takes the place of none.
  struct Sampled {
    std::uint32_t count = 0;
    Timestamp newest = kTimestampMin;
  };
  SampleRoutes routes_;
  std::vector<std::vector<Sampled>> sampled_;  // by type, by fact
  std::vector<Value> sample_row_, key_;        // scratch
  mutable std::vector<std::uint32_t> near_;
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
