// Productions: what the matches of rules in modules with a strategy lead to (semantics.md §12): each fires once, in the
// order of its module's strategy. No episodes, no times.
//
//   token at the end of a production's chain → activation → a queue per (priority, module) → choose() → fired()
//
// The order consults stamps, priorities and the text of the rules, never the network. A queue is a heap by the two numbers that
// nearly always decide; those for which they are equal are taken out together, when their turn comes, and sorted by all the rest.
// Activations that went are dropped when they come to the front, or when they are the greater part.
//
// Not thread-safe. Complexity: making and removing an activation O(log n); choose() O(1), but for what is dropped, and O(k log k) where a
// tie of k is sorted.
// INVARIANT: an activation stands in its queue, in the heap or in a tie, exactly while it may still fire.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/network/network.h"

namespace flyball::engine {

using ActivationId = std::uint32_t;

class Productions {
 public:
  Productions(const ProgramData& program, Network& network);

  // Ends of chains.
  void match_made(std::uint32_t rule, TokenId token);
  void match_gone(TokenId token);

  struct Choice {
    std::uint32_t rule = 0;
    ActivationId activation = kNone;
    TokenId token = kNone;
  };
  // What fires next; nothing if none can.
  std::optional<Choice> choose();
  // It fires, or cannot be fired: it does so no more. Before its effects are applied.
  void fired(ActivationId activation, bool evaluated);
  // Whether the match has been passed over because its effects could not be evaluated; O(number of activations).
  bool is_unable(std::uint32_t rule, const FactId* identity) const { return has(rule, identity, &Activation::unable); }
  // Whether it is true and has not fired yet.
  bool is_waiting(std::uint32_t rule, const FactId* identity) const { return has(rule, identity, &Activation::waits); }
  // The number of this firing among those of its rule, identity and instant: part of the ids of its actions.
  std::uint64_t count_run(std::uint32_t rule, std::vector<Value> identity);

  void begin_cascade();
  // Everything the network holds is as before the cascade: activations that were there then are as they were.
  void take_back_cascade();
  void end_cascade();
  // An instant may be gone through twice.
  void start_instant() {
    if (runs_at_ != network_.now()) runs_.clear();
    runs_at_ = network_.now();
  }
  void switch_off(std::uint32_t rule);

  // The facts of an activation's identity, in order.
  void identity_of(std::uint32_t rule, TokenId token, FactId* out) const;

  TokenId first_token(ActivationId activation) const { return activations_[activation].token; }
  bool empty() const { return queues_.empty(); }
  std::size_t waiting() const { return waiting_; }
  std::size_t bytes() const;
  void mark(Interner& in) const;

 private:
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  struct Activation {
    std::uint32_t rule = 0;
    TokenId token = kNone;    // the first of its tokens, which Token::left links; kNone: not in use
    std::uint64_t since = 0;  // the moment it became true
    bool fired = false;
    bool unable = false;  // its effects could not be evaluated
    bool waits = false;   // stands in its heap
  };
  struct Item {
    std::uint64_t first = 0, second = 0;  // the greater goes first
    ActivationId activation = kNone;
    std::uint32_t serial = 0;  // of the activation, when this was put here
  };
  struct Tie {  // items with the same two numbers, the one that goes first at the end
    std::uint64_t first = 0, second = 0;
    std::vector<Item> items;
  };
  struct Queue {
    std::int64_t priority = 0;
    std::uint32_t first_rule = 0;  // of its module, in rule order
    Strategy strategy = Strategy::kDepth;
    std::vector<Item> heap;
    std::vector<Tie> ties;  // the greatest at the end; what is less than all of them, and what came since, is in the heap
    std::size_t waiting = 0;
  };
  // A match as its rule's text knows it.
  struct Key {
    std::uint32_t rule = 0;
    std::vector<FactId> facts;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const;
  };
  // One as its actions' ids know it.
  struct Run {
    std::uint32_t rule = 0;
    std::vector<Value> identity;
    friend bool operator==(const Run&, const Run&) = default;
  };
  struct RunHash {
    std::size_t operator()(const Run& r) const;
  };
  struct Lost {
    std::uint64_t since = 0;
    bool fired = false;
    std::vector<std::uint64_t> stamps;
    std::vector<Value> values;
  };

  // An activation, as another session can find it.
  struct Standing {
    Key key;
    std::uint64_t since = 0;
    bool fired = false;
  };
  std::vector<Standing> standing() const;
  // This is the image of former productions: it has no matches, and these are what standing() gives.
  void be_image(std::vector<Standing> of) { image_ = std::move(of); }

  bool has(std::uint32_t rule, const FactId* identity, bool Activation::* what) const;
  Key key_of(std::uint32_t rule, TokenId token) const;
  // By bound fact, in order.
  void stamps_of(std::uint32_t rule, TokenId token, std::vector<std::uint64_t>& out) const;
  void stamps_were_restored();
  void values_of(TokenId token, std::vector<Value>& out) const;
  ActivationId make(std::uint32_t rule, TokenId token);
  void remove(ActivationId id);
  void put_into_heap(ActivationId id);
  void forget_waiting(ActivationId id);  // it has fired
  void compact(Queue& queue);
  bool is_current(const Item& item) const { return serials_[item.activation] == item.serial && activations_[item.activation].waits; }
  static bool is_less(const Item& a, const Item& b);
  const Item* front(Queue& queue);
  void open_tie(Queue& queue);
  bool goes_after(const Item& a, const Item& b) const;  // of current ones, in a tie
  Queue& queue_of(std::uint32_t rule) { return queues_[queue_by_rule_[rule]]; }

  const ProgramData& program_;
  Network& network_;
  std::vector<Queue> queues_;  // the first that has something goes first
  std::vector<std::uint32_t> queue_by_rule_;
  std::vector<bool> off_;
  Slab<Activation> activations_;
  std::vector<std::uint32_t> serials_;  // by activation: how often it was put into a heap
  std::size_t waiting_ = 0;

  std::unordered_map<Key, ActivationId, KeyHash> shared_;  // of rules whose matches may have several tokens
  // Of rules whose matches may fall and stand again within one moment: what they were made of, and what fell in this one.
  std::unordered_map<ActivationId, Lost> made_of_;
  std::unordered_map<Key, Lost, KeyHash> lost_;
  std::uint64_t lost_in_ = 0;
  // What the cascade changed of activations that were there before it.
  std::uint64_t cascade_began_ = 0;
  std::unordered_map<Key, Lost, KeyHash> journalled_;
  std::vector<Standing> image_;
  Timestamp runs_at_ = kTimestampMin;
  std::unordered_map<Run, std::uint64_t, RunHash> runs_, runs_before_;  // of this instant; before the cascade
};

}  // namespace flyball::engine
