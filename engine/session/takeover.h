// Takeover: what a session was in the middle of, put into one that goes on under other rules: facts, samples of windows,
// holds, absences, episodes, cooldowns, actions, what subscribers were told, and inputs that still wait. What each part
// means under the new rules is docs/explanation/semantics.md §10.
//
//   facts, samples, actions → closure and judgement → holds, absences, episodes as they were → … until nothing is left
//
// A rule is the same if it has its name; a line with a memory is the same if it has its text; a fact if it has its type and key.
// Not thread-safe. INVARIANT: nothing is said here; the agenda runs afterwards, when all is in place.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/network/network.h"
#include "engine/network/timer_queue.h"
#include "engine/session.h"
#include "engine/session/actions.h"
#include "engine/session/derivation.h"
#include "engine/session/episodes.h"
#include "engine/session/inbox.h"
#include "engine/session/productions.h"

namespace flyball::engine {

// Closures and judgements of one takeover; as many as derived facts hang on each other's holds, so some. Beyond, what stands stays.
inline constexpr std::size_t kMaxPasses = 10'000;

// The parts of a session that hold what it is in the middle of.
struct SessionParts {
  const ProgramData& data;
  Network& network;
  Episodes& episodes;
  Productions& productions;
  Derivation& derivation;
  Actions& actions;
  Inbox& inbox;
  TimerQueue& timers;
};

class Takeover {
 public:
  Takeover(const SessionParts& from, const SessionParts& to) : from_(from), to_(to) { map_types(), map_rules({}); }
  // What is under way in one rule, as it was in the old session when the rest changed hands (adoption.h).
  struct Reason {  // of an episode
    FactTypeId type = kNoId;
    std::uint32_t effect = 0;
    std::vector<Value> values;
  };
  struct UnderWay {
    std::map<std::pair<std::uint32_t, EntryId>, std::vector<Reason>> reasons;
    std::vector<Productions::Standing> standing;
    std::vector<std::pair<ActionNumber, std::uint64_t>> of_episode;
  };
  // Of the rules that `only` says (by old number), whose tables are in `from` still, and no others; facts have the same handles in both.
  Takeover(const SessionParts& from, const SessionParts& to, const std::vector<bool>& only, UnderWay under_way)
      : from_(from), to_(to), same_facts_(true), under_way_(std::move(under_way)) {
    map_types(), map_rules(only);
  }
  void run_changed(const std::function<void()>& settle);
  const TakenOver& taken() const { return taken_; }

  // `settle` is derive closure and judgement of the new session. Its network has started.
  void run(const std::function<void()>& settle);
  // Inputs that wait for their instant. Gives what was taken in all.
  const TakenOver& take_inbox();
  static bool same_samples(const AggregateNode& before, const AggregateNode& now);
  // Actions wait for a rate that is another now: there may be room for them, and no timer says when there will be.
  bool rates_changed() const { return rates_changed_; }
  // Handles that were kept for the taking.
  void unpin();

 private:
  struct TypeMap {
    FactTypeId id = kNoId;             // in the new schema
    bool same = false;                 // all fields alike: rows need no conversion
    std::vector<std::uint32_t> field;  // by new declared field: the old one, or kNoId
    std::unordered_map<FactId, FactId> facts;
  };
  using Tables = std::vector<std::pair<TableId, TableId>>;  // old, new

  void map_types();
  void map_rules(const std::vector<bool>& only);
  // Whether the fact existed in the old session.
  bool existed(FactTypeId old_type, FactId old_fact) const {
    return (same_facts_ ? to_.network.store(types_[old_type].id) : from_.network.store(old_type)).exists(old_fact);
  }
  std::vector<Reason> reasons_of(std::uint32_t old_rule, EntryId old_entry) const;
  void map_lines(std::uint32_t old_rule, std::uint32_t new_rule);
  bool convert(FactTypeId old_type, Row row, std::vector<Value>& out) const;
  FactId handle(FactTypeId old_type, FactId old_fact);
  bool handles(const std::vector<FactTypeId>& types, const FactId* facts, std::vector<FactId>& out);

  void take_told();
  void take_facts();
  void count_dropped(FactTypeId old_type) {
    ++taken_.facts_dropped;
    ++taken_.dropped_of[from_.data.rule_set.schema.types[old_type].name];
  }
  void take_samples();
  void take_samples_of(NodeId old_node, NodeId new_node);
  void take_actions();
  enum class Memories { kJudged, kUnjudged };  // unjudged: as the facts lie, before the first judgement
  bool take_holds(Memories which);
  bool take_absences(Memories which);
  bool take_episodes(bool all);
  void adopt(std::uint32_t old_rule, EntryId old_entry, std::uint32_t new_rule, const FactId* facts);
  void take_groups(std::uint32_t old_rule, std::uint32_t new_rule);
  void give_episodes_to_actions();
  void take_stamps();
  void take_productions();

  SessionParts from_, to_;
  bool same_facts_ = false;
  bool rates_changed_ = false;
  UnderWay under_way_;  // if so
  TakenOver taken_;
  std::vector<TypeMap> types_;        // by old type
  std::vector<std::uint32_t> rules_;  // by old rule: the new one of its name
  std::vector<bool> goes_on_;         // by old rule: its episodes mean the same
  Tables holds_, absences_;
  std::set<std::pair<std::uint32_t, EntryId>> episodes_done_;
  std::unordered_map<std::uint64_t, std::uint64_t> episode_of_;     // (rule, entry), old → new
  std::vector<std::pair<ActionNumber, std::uint64_t>> of_episode_;  // new action, old episode
  std::vector<std::pair<FactTypeId, FactId>> pinned_;
};

}  // namespace flyball::engine
