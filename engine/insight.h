// Insight: what a session's network has done, how much it holds, and where it is at work: plain values for `top`, `profile`
// and `graph --live`. Counters are exact and count from when the session began; sizes are records times their size, plus
// indexes. The engine keeps no time: whoever wants it samples WorkPlace by a clock of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/schema.h"

namespace flyball::engine {

// Where the engine is at work now.
enum class WorkPart : std::uint8_t {
  kIdle,        // not in the session
  kInputs,      // putting facts in order, working memory, timers
  kAlpha,       // of a type: which facts pass the tests on their own fields
  kStage,       // of a stage: joins, `some`, `no`, checks, holds; tokens
  kAggregate,   // of a node
  kDerivation,  // what is derived follows
  kAgenda,      // what is to start or end
  kEffects,     // of a rule: `then` and `on clear`
  kDecision,    // of a decision
};
inline constexpr std::size_t kWorkParts = 9;

// Written by the engine as it goes, and by nobody else; volatile, because a signal's handler of the same thread may read it.
class WorkPlace {
 public:
  static constexpr std::uint32_t kIdBits = 28;
  static constexpr std::uint32_t kIdMask = (std::uint32_t{1} << kIdBits) - 1;
  void at(WorkPart part, std::uint32_t id = 0) { word_ = static_cast<std::uint32_t>(part) << kIdBits | (id & kIdMask); }
  std::uint32_t word() const { return word_; }
  static WorkPart part(std::uint32_t word) { return static_cast<WorkPart>(word >> kIdBits); }
  static std::uint32_t id(std::uint32_t word) { return word & kIdMask; }

 private:
  volatile std::uint32_t word_ = 0;
};

// A stage of a rule's own; its alphas and aggregates may be shared, and stand by themselves.
struct StageView {
  std::uint32_t rule = kNoId;  // kNoId: a number that nothing has now
  std::uint32_t stage = 0;
  std::string what;  // "join Link by device", "no Link by device", "check"
  bool in_until = false;
  std::uint32_t line = kNoId;  // of its block, from 0; kNoId: none
  std::uint64_t left = 0, right = 0, pairs = 0, made = 0, deleted = 0;
  std::uint64_t standing() const { return made - deleted; }
  std::uint64_t bytes = 0;
};

struct AlphaView {
  std::uint32_t alpha = 0;
  FactTypeId type = kNoId;
  std::string text;  // its tests; empty: every fact
  std::uint64_t tests = 0, came = 0, went = 0;
  std::uint64_t standing() const { return came - went; }
  std::uint64_t bytes = 0;
  std::vector<std::uint32_t> rules;  // that it feeds
};

struct AggregateView {
  std::uint32_t node = 0;
  FactTypeId type = kNoId;
  std::string what;  // "count Link by device"
  std::uint64_t puts = 0, removals = 0, values = 0, judged = 0, standing = 0, groups = 0;
  std::uint64_t bytes = 0;
  std::vector<std::uint32_t> rules;
};

// Rules that the compiler made among them, and one for all joins that several rules begin with alike.
struct RuleView {
  std::string name;
  std::uint64_t left = 0, right = 0, pairs = 0, made = 0, deleted = 0;  // of its stages
  std::uint64_t matches = 0;                                            // standing at the ends of its chains
  std::uint64_t matches_made = 0;
  std::uint64_t starts = 0, repeats = 0, ends = 0, fired = 0, effect_errors = 0;
  std::uint64_t tests = 0;         // of the alphas it reads, shared ones too
  std::uint64_t bytes = 0;         // that only it needs
  std::uint64_t shared_bytes = 0;  // of alphas and aggregates that others read, too, in full
  bool off = false;
  bool shared_joins = false;  // no rule, but what several begin with
  std::uint64_t standing() const { return made - deleted; }
  std::uint64_t firings() const { return starts + repeats + ends + fired; }
};

struct TypeView {
  FactTypeId type = kNoId;
  std::string name;           // of those that the compiler made, what they hold
  std::uint64_t updates = 0;  // that went into the network
  std::uint64_t live = 0, stale = 0;
  std::uint64_t bytes = 0;        // its facts; not what the rules make of them
  std::uint64_t spare_bytes = 0;  // of those: room that facts left which are gone; it is used again, and not given back
};

struct Insight {
  std::vector<RuleView> rules;    // by rule, those that the compiler made last
  std::vector<StageView> stages;  // by stage
  std::vector<AlphaView> alphas;
  std::vector<AggregateView> aggregates;
  std::vector<TypeView> types;
  std::uint64_t bytes = 0;        // all, as Counters::memory_bytes
  std::uint64_t other_bytes = 0;  // of no rule, type or node: agenda, reasons, actions, timers, room to spare
};

}  // namespace flyball::engine
