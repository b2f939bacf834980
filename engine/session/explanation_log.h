// ExplanationLog: what the newest actions were made for, as numbers, places in the plan and values: an action costs a few copies, and
// sentences are made when somebody asks (Explainer::tell). Records that are overwritten keep their room.
//
// Not thread-safe. Complexity: O(what is kept of one), but for an action that is made again, of which the former explanation is looked for.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/compile/explain_plan.h"
#include "engine/expr/eval.h"
#include "engine/network/id_table.h"
#include "engine/session/action_id.h"
#include "model/fact.h"

namespace flyball::engine {

// An action as it was made; its values are the caller's.
struct MadeAction {
  ActionId id;
  Timestamp time;
  FactTypeId type = kNoId;
  bool proposed = false, shadow = false;
  std::optional<Timestamp> was_due;
  std::span<const Value> data;
};

struct KeptExplanation {
  struct Fact {
    std::uint32_t name = kNone;  // of the identity; kNone: it has none
    FactTypeId type = kNoId;
    std::uint32_t each = kNoId;
    std::uint32_t values = 0;  // how many
    Timestamp stamp;
    bool stale = false, suspended = false;
  };
  struct Line {
    const ExplainLine* line = nullptr;
    Truth verdict = Truth::kTrue;
    bool reads = false;  // of every read of its conditions there is a value, and of one that is unknown its problem
    std::optional<Timestamp> since, due;
  };
  MadeAction made;
  std::uint32_t rule = 0;
  bool clear = false;
  Timestamp onset;
  std::optional<Truth> approval;
  std::vector<Fact> facts;
  std::vector<Line> lines;
  std::vector<Value> values;  // of the facts, one behind the other
  std::vector<Value> reads;   // of the lines, then of the approval
  std::vector<Value> data;    // of the action
};

class ExplanationLog {
 public:
  explicit ExplanationLog(std::size_t kept_max) : kept_max_(kept_max) {}

  // Nothing is kept: what goes into it need not be found out.
  bool is_off() const { return kept_max_ == 0; }
  // A record that is to be filled in, which is kept once its cascade has come to its end: of one that was taken back no action was sent.
  // Of more than can be kept the oldest goes. Not if it is off.
  KeptExplanation& add();
  void end_cascade();
  void take_back_cascade() { pending_count_ = 0; }
  const KeptExplanation* find(std::string_view id) const;  // "" and "last": the newest
  std::size_t size() const { return order_.size(); }
  // From the newest on, from 0.
  const KeptExplanation& newest(std::size_t place) const { return slots_[order_[order_.size() - 1 - place]]; }
  void mark(Interner& in) const;

 private:
  std::uint32_t slot_of(const ActionId& id) const {
    return by_id_.find(id.hash(), [&](std::uint32_t slot) { return slots_[slot].made.id == id; });
  }
  void keep(KeptExplanation& pending);

  std::size_t kept_max_;
  std::deque<KeptExplanation> slots_;
  std::deque<std::uint32_t> order_;  // oldest first
  IdTable by_id_;
  std::deque<KeptExplanation> pending_;  // of the cascade: a ring
  std::size_t pending_first_ = 0, pending_count_ = 0;
};

}  // namespace flyball::engine
