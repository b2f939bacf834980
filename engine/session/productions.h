// Productions: what the matches of rules in modules with a strategy lead to (semantics.md §12): each fires once, in the
// order of its module's strategy. No episodes, no times.
//
//   token at the end of a production's chain → activation → the queue of its (priority, module) → choose() → fired()
//                                                         → of a rule with gates: its own queues, whose turn comes while all gates are open
//
// The order consults stamps, priorities and the text of the rules, never the network. It is in productions_order.cc, gates are in
// productions_gates.cc. A gate that opens makes every match of its rule true at one moment: `ready` has those that were there then,
// ordered by stamps alone, and stays in order from one opening to the next; `fresh` has those that came since.
//
// Not thread-safe. Complexity: making an activation O(1), removing one and choose() what ActivationQueue says; that for which a stamp or a
// gate decides nothing is decided by the facts' keys. A gate that opens costs what came or fired since it opened before.
// INVARIANT: an activation stands in a queue exactly while it may still fire, as far as gates allow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/network/append_log.h"
#include "engine/network/network.h"
#include "engine/session/activation_queue.h"

namespace flyball::engine {

class Productions {
 public:
  Productions(const ProgramData& program, Network& network);

  // Ends of chains.
  void match_made(std::uint32_t rule, TokenId token);
  void match_gone(TokenId token);
  void gate_made(std::uint32_t gate, TokenId token);
  void gate_gone(std::uint32_t gate, TokenId token);

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
  // Whether it has fired as it is.
  bool has_fired(std::uint32_t rule, const FactId* identity) const { return has(rule, identity, &Activation::fired); }
  // The number of this firing among those of its rule, identity and instant: part of the ids of its actions.
  std::uint64_t count_run(std::uint32_t rule, std::vector<Value> identity);

  void begin_cascade();
  // Everything the network holds is as before the cascade: activations that were there then are as they were.
  void take_back_cascade();
  void end_cascade();
  // An instant may be gone through twice.
  void start_instant() {
    if (runs_at_ != network_.now() && !runs_.empty()) runs_.clear();
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
  friend class Adoption;
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  enum class In : std::uint8_t { kNowhere, kReady, kFresh, kFired };
  struct Activation {
    std::uint64_t since = 0;  // the moment it became true, but for gates
    std::uint32_t rule = 0;
    TokenId token = kNone;      // the first of its tokens, which Token::left links; kNone: not in use
    std::uint32_t place = 0;    // in its queue, or among those that fired
    std::uint32_t row = kNone;  // of its stamps, among rows of that width; kNone: nobody has asked for them
    In in = In::kNowhere;
    bool fired = false;
    bool unable = false;  // its effects could not be evaluated
    bool noted = false;   // it fired, in the cascade that goes on; of one that was there before it
    bool fired_before = false;
  };
  // Of one width: the stamp of the first pattern (0: that is a gate), then those of all, the greatest first.
  struct StampRows {
    PagedVector<std::uint64_t> stamps;
    std::vector<std::uint32_t> free;
  };
  // Of a rule that has some.
  struct Gates {
    std::size_t of = 0;  // how many there are
    std::size_t open = 0;
    std::uint64_t opened_at = 0;        // the moment the last of them did
    std::uint64_t shut_in = 0;          // the moment the first of them shut again
    std::vector<std::uint64_t> stamps;  // of their facts, the greatest first, when they were all open last
    std::uint64_t first = 0;            // the stamp of the rule's first pattern, if that is one of them
    ActivationQueue ready, fresh;
    std::vector<ActivationId> fired;  // since they opened
    // Before the cascade that goes on: whether all were open, and since when. Nothing: as they are.
    std::optional<std::pair<bool, std::uint64_t>> before;
  };
  struct Queue {  // of one (priority, module)
    std::int64_t priority = 0;
    std::uint32_t first_rule = 0;  // of its module, in rule order
    Strategy strategy = Strategy::kDepth;
    ActivationQueue ungated;
    std::vector<std::uint32_t> gated;  // of its rules with gates, by which of gates_
    std::size_t waiting = 0;           // for which all gates are open
  };
  struct RuleState {
    std::uint32_t queue = kNone;  // kNone: it is no production
    std::uint32_t gates = kNone;  // kNone: it has none
    std::uint32_t width = 0;      // patterns that are no gates
    bool off = false;
    bool keeps_stamps = false;  // those of one token may change while another of the same match stands
  };
  // How a queue finds and orders its activations.
  struct Order {
    Productions& productions;
    bool by_time;
    std::uint32_t& place(ActivationId id) const { return productions.activations_[id].place; }
    std::uint64_t key(ActivationId id) const { return productions.queue_key(id, by_time); }
    void settle(ActivationId id) const { (void)productions.stamps(productions.activations_[id]); }
    bool goes_before(ActivationId a, ActivationId b) const { return productions.goes_before(a, b, by_time); }
    void arrange(std::span<ActivationId> of, std::size_t wanted) const { productions.arrange(of, wanted); }
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
  // Those are what stood in another session that this one goes on from.
  void go_on_from(const std::vector<Standing>& former);
  bool has(std::uint32_t rule, const FactId* identity, bool Activation::* what) const;
  void stamps_were_restored();
  // Puts all activations where they belong.
  void place_all();

  // Without the facts of gates: they mean the same from one opening to the next.
  Key key_of(std::uint32_t rule, TokenId token) const;
  void stamps_of(const Activation& a, std::vector<std::uint64_t>& out) const;
  void values_of(TokenId token, std::vector<Value>& out) const;
  ActivationId make(std::uint32_t rule, TokenId token);
  void remove(ActivationId id);
  bool was_there_before_cascade(const Activation& a) const { return cascade_began_ != 0 && a.since <= cascade_began_; }
  std::uint64_t true_since_before_cascade(const Activation& a) const;
  void note_before_cascade(ActivationId id);
  void note_gone(const Activation& a);

  // productions_order.cc
  const std::uint64_t* row_of(Activation& a) {
    if (a.row == kNone) write_stamps(a);
    const std::uint32_t width = rules_[a.rule].width;
    return rows_[width].stamps.data() + std::size_t{a.row} * (width + 1);
  }
  const std::uint64_t* stamps(Activation& a) { return row_of(a) + 1; }
  std::uint64_t first_stamp(Activation& a) { return *row_of(a); }
  void take_row(Activation& a);
  void free_row(const Activation& a);
  void write_stamps(Activation& a);
  void place(ActivationId id);
  void displace(ActivationId id);
  std::uint64_t queue_key(ActivationId id, bool by_time);
  bool goes_before(ActivationId a, ActivationId b, bool by_time);
  // A match's rule, and the facts of its identity.
  struct Text {
    std::uint32_t rule = 0;
    const FactId* facts = nullptr;
  };
  bool goes_before_by_text(Text a, Text b) const;
  bool goes_before_by_text(const Activation& a, const Activation& b) const;
  void arrange(std::span<ActivationId> of, std::size_t wanted);
  // An activation beside others of one time, with what decides between them near.
  struct Gathered {
    std::uint64_t greatest = 0, second = 0;  // of its stamps; 0: it has none
    ActivationId id = kNone;
    std::uint32_t rule = 0;
    std::uint32_t stamps = 0, facts = 0;  // where they are
  };
  static constexpr std::size_t kGatheredKept = 4096;  // whose room is kept for the next
  bool goes_before(const Gathered& a, const Gathered& b) const;
  std::uint64_t sort_stamps(const RulePlan& plan, const FactId* facts, std::uint64_t* out) const;
  bool goes_before_across(ActivationId a, ActivationId b);
  std::uint64_t time_of(Activation& a, std::uint64_t since, std::uint64_t gate_first);
  Queue& queue_of(std::uint32_t rule) { return queues_[rules_[rule].queue]; }
  const Queue& queue_of(std::uint32_t rule) const { return queues_[rules_[rule].queue]; }
  ActivationQueue& waiting_in(const Activation& a);
  bool by_time(const Activation& a) const;
  ActivationId front(const Queue& queue, Gates& gates);

  // productions_gates.cc
  Gates* gates_of(std::uint32_t rule) { return rules_[rule].gates == kNone ? nullptr : &gates_[rules_[rule].gates]; }
  const Gates* gates_of(std::uint32_t rule) const { return rules_[rule].gates == kNone ? nullptr : &gates_[rules_[rule].gates]; }
  static bool are_open(const Gates& gates) { return gates.open == gates.of; }
  bool may_fire(const Activation& a) const {
    const Gates* gates = gates_of(a.rule);
    return gates == nullptr || are_open(*gates);
  }
  // Since when it may fire.
  std::uint64_t true_since(const Activation& a) const {
    const Gates* gates = gates_of(a.rule);
    return gates == nullptr ? a.since : std::max(a.since, gates->opened_at);
  }
  void note_before_cascade(Gates& gates);
  void write_stamps(std::uint32_t rule, Gates& gates);
  void open(std::uint32_t rule, Gates& gates);
  void count_waiting(std::uint32_t rule, const Gates& gates, bool come);

  const ProgramData& program_;
  Network& network_;
  std::vector<Queue> queues_;  // the first that has something goes first
  std::vector<Gates> gates_;
  std::vector<RuleState> rules_;
  std::vector<TokenId> gate_tokens_;  // by gate: kNone: it is shut
  std::vector<StampRows> rows_;       // by width
  Slab<Activation> activations_;
  std::size_t waiting_ = 0;
  std::vector<Gathered> gathered_;  // for arrange()
  std::vector<std::uint64_t> gathered_stamps_;
  std::vector<FactId> gathered_facts_;

  std::unordered_map<Key, ActivationId, KeyHash> shared_;  // of rules whose matches may have several tokens
  // Of rules whose matches may fall and stand again within one moment: what they were made of, and what fell in this one.
  std::unordered_map<ActivationId, Lost> made_of_;
  std::unordered_map<Key, Lost, KeyHash> lost_;
  std::uint64_t lost_in_ = 0;
  // Of activations that were there before the cascade: those that fired in it, and what those were that went, as often as they did (the
  // first counts). Written at every firing, and read only if the cascade is taken back.
  struct Before {
    std::uint64_t since = 0;
    std::size_t facts = 0;  // where its identity is among journalled_facts_
    std::uint32_t rule = 0;
    bool fired = false;
  };
  std::uint64_t cascade_began_ = 0;
  AppendLog<ActivationId> noted_;
  AppendLog<Before> journalled_;
  AppendLog<FactId> journalled_facts_;
  std::vector<Standing> image_;
  Timestamp runs_at_ = kTimestampMin;
  std::unordered_map<Run, std::uint64_t, RunHash> runs_, runs_before_;  // of this instant; before the cascade
};

}  // namespace flyball::engine
