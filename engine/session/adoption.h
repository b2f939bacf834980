// Adoption: a session goes on under rules that are mostly the same with what another session has built: its facts, tokens, tables, windows,
// episodes and timers change hands as they lie. Only rules that are new or otherwise are matched, and only those that are gone or otherwise
// are taken out. What comes of it is what a Takeover (takeover.h), which feeds everything anew, comes to; where that is not certain there
// is an obstacle, and the Takeover does it.
//
//   look: what is the same (plan_print.h, under the same numbers: align.h) → obstacles: nothing is touched yet
//   run:  out of the old session go rules that are not the same → the rest changes hands → new alphas, aggregates and chains are filled
//
// Complexity: O(programs + matches of the rules that changed), and one pass over the facts of each type for which there is a new alpha, or
// one whose index or place in the dispatch changed. Not thread-safe. INVARIANT: run() cannot fail: an obstacle is known before anything is
// moved.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/compile/plan_print.h"
#include "engine/session/takeover.h"

namespace flyball::engine {

class Adoption {
 public:
  Adoption(const SessionParts& from, const SessionParts& to);

  // Why the Takeover must do it; empty: nothing stands in the way.
  const std::string& obstacle() const { return obstacle_; }
  // Which of the old rules this one is, unchanged; kNoId: none.
  std::uint32_t former_of(std::uint32_t rule) const { return former_[rule]; }
  // The new network's `now` is set. What is to be fired now is not done yet. `from` is of no use afterwards.
  // `settle` is derive closure and judgement of the new session.
  TakenOver run(const std::function<void()>& settle);

 private:
  static constexpr std::size_t kFewRules = 16;  // as many may change in any program

  // adoption.cc
  void look();
  std::string types_differ() const;
  void match_rules();
  bool is_same(std::uint32_t before, std::uint32_t now) const;
  bool same_chain(ChainId before, ChainId now) const;
  std::string derived_no_more() const;
  std::string windows_differ() const;
  std::string is_busy() const;
  bool order_differs() const;

  // adoption_remove.cc
  void remove();
  void remove_tokens();
  void note_under_way();
  void drop_episodes(std::uint32_t rule);
  void unpin_entries(std::uint32_t rule, Network& network);
  void remove_items();
  bool remove_item(FactTypeId type, std::uint32_t item);
  void remove_samples(NodeId node);

  // adoption_move.cc
  void move_facts();
  void move_alphas();
  bool must_reindex(AlphaId alpha) const;
  void move_chains();
  void move_aggregates();
  void move_stamps();
  void move_timers();
  void move_episodes();
  void move_derivation();
  void move_productions();
  void move_actions();
  void withdraw_actions();
  std::uint64_t renamed(std::uint64_t rule_and_entry) const;

  // adoption_fill.cc
  struct TypeWork;
  struct Waiting {  // a fact for the first stage of a new chain
    StageId stage = 0;
    FactId fact = 0;
    std::uint32_t item = 0;
    Truth truth = Truth::kTrue;
  };
  void fill();
  void go_on_from_joins();
  void keep_shut();
  bool closings_moved() const;
  void fill_type(FactTypeId type);
  bool plan_work(FactTypeId type, TypeWork& work) const;
  bool same_seats(FactTypeId type) const;
  void fill_fact(TypeWork& work, FactId fact);
  void visit_kept(const TypeWork& work, FactId fact, std::uint32_t item);
  void find_new(TypeWork& work, FactId fact);
  void seat(TypeWork& work, FactId fact);
  void reindex(AlphaId alpha, std::uint32_t item, Row row);

  SessionParts from_, to_;
  std::string obstacle_;
  PlanPrints before_, now_;
  std::vector<std::uint32_t> rules_;              // by old rule: the new one that is the same, or kNoId
  std::vector<std::uint32_t> former_;             // by new rule: the old one that is the same, or kNoId
  std::vector<std::uint32_t> namesakes_;          // by new rule: the old one of its name, or kNoId
  std::vector<bool> kept_alphas_, kept_nodes_;    // by number: the same in both
  std::vector<bool> kept_chains_;                 // by new number
  std::vector<bool> kept_holds_, kept_absences_;  // by number: of a rule that stays
  std::vector<bool> changed_;                     // by old rule: its namesake is another
  Takeover::UnderWay under_way_;                  // in those
  bool same_rule_numbers_ = true;
  std::vector<Waiting> waiting_;
  std::vector<FactGates> old_gates_;  // of the type that is filled
  TakenOver taken_;
};

}  // namespace flyball::engine
