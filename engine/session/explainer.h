// Explainer: judges the lines of a rule one by one over working memory, for people. `why` asks when an action is made
// (all rows are at hand), `why-not` whenever somebody wonders (it looks for the closest match itself).
//
// It reads the session and changes nothing but the shared frame, as evaluating a condition does. Not thread-safe.
// Limits: kMaxLooks facts and kMaxTokens tokens looked at for one question; past them the answer is the closest so far.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/explain/explanation.h"
#include "engine/network/network.h"
#include "engine/session/episodes.h"
#include "engine/session/explanation_log.h"
#include "engine/session/firing.h"
#include "engine/session/productions.h"

namespace flyball::engine {

class Explainer {
 public:
  static constexpr std::size_t kMaxLooks = 1'000'000;
  static constexpr std::size_t kMaxLooksBeside = 100'000;  // where the network's tokens say what goes furthest: for what they do not know
  static constexpr std::size_t kMaxTokens = 20'000'000;    // records of tokens looked at
  static constexpr std::size_t kMaxClosest = 64;           // partial matches that go furthest, judged one by one
  static constexpr std::size_t kMaxComplete = 1'000;       // complete matches whose episodes are asked for
  static constexpr std::size_t kMaxRunning = 1'000;        // running episodes that are told from those that are missing; `either` only
  static constexpr std::size_t kMaxWitnessLooks = 1'000;   // when an action is made: a witness for `some` is a courtesy

  Explainer(const ProgramData& program, Network& network, Episodes& episodes, const Productions& productions, std::size_t kept_max)
      : data_(program), network_(network), episodes_(episodes), productions_(productions), log_(kept_max) {}

  // Finds out what the actions of this firing are explained by; keep() is called for each of them next.
  void firing(const Firing& firing);
  // Why a person must approve them; after firing(), whose facts it reads.
  void approval(std::uint32_t rule);
  // Keeps the explanation under its action's id; of more than kept_max the oldest goes. Only once its cascade has come to its
  // end: of one that was taken back no action was sent.
  void keep(const MadeAction& made);
  void end_cascade() { log_.end_cascade(); }
  void take_back_cascade() { log_.take_back_cascade(); }
  std::optional<Explanation> find(const std::string& id) const;  // "" and "last": the newest
  std::vector<Explanation> newest(std::size_t n) const;
  std::vector<std::string> ids() const;  // of all that are kept, newest first
  WhyNot why_not(std::uint32_t rule, const std::vector<std::pair<std::string, Value>>& with);
  void mark(Interner& in) const { log_.mark(in); }

 private:
  struct Judged {
    Truth truth = Truth::kTrue;
    std::size_t met = 0;  // conditions met before the first that is not
    const ExplainCondition* failing = nullptr;
    bool joined = true;
    bool waits = false;  // true, but not yet for long enough
    std::optional<Timestamp> since, due;
    FactId witness = kNone;  // of `some`, or what is in the way of `no`
  };
  struct Search;

  std::uint32_t way_of(TokenId t) const;
  TokenId first_met(const Firing& firing) const;
  FactId witness_of_match(const Firing& firing, std::uint32_t binding) const;
  void set_row(const ExplainLine& line, FactId fact);
  static FactTypeId after_type(const ExplainPlan& plan, const ExplainLine& line);
  Truth truth(const Formula& formula, std::uint32_t scope);
  Value value(const ExplainRead& read, std::uint32_t scope);
  Judged judge_fact(const ExplainPlan& plan, const ExplainLine& line, FactId fact);
  Judged judge(const ExplainPlan& plan, const ExplainLine& line, std::size_t& looks);
  void look_up_memory(const ExplainLine& line, Judged& judged) const;
  void keep_line_of(const Firing& firing, const ExplainPlan& plan, const ExplainLine& line);
  KeptExplanation::Line kept_line(const ExplainPlan& plan, const ExplainLine& line, const Judged& judged, std::vector<Value>& reads);
  KeptExplanation::Fact kept_fact(std::uint32_t name, FactTypeId type, FactId fact, std::vector<Value>& values) const;
  // Of a line that is unknown, the error that its condition gives; unknown() if what it reads is.
  Value problem(const ExplainPlan& plan, const Judged& judged);
  // In words; what they read is taken from the front.
  LineExplained told(const KeptExplanation::Line& line, std::span<const Value>& reads) const;
  static FactUsed told(const KeptExplanation::Fact& fact, std::string name, Timestamp at, std::span<const Value>& values);
  Explanation told(const KeptExplanation& kept) const;
  LineExplained line_explained(const ExplainPlan& plan, const ExplainLine& line, const Judged& judged);
  FactUsed fact_used(const std::string& name, FactTypeId type, FactId fact) const;
  void search(Search& s, std::size_t depth);
  void search_from_tokens(Search& s);  // closest.cc
  bool fails_by_witness(Search& s, TokenId token, std::size_t depth);
  std::size_t score_of(const ExplainPlan& plan, const ExplainLine& line, const Judged& judged);
  void failed(Search& s, std::size_t depth, const Judged& judged, FactId candidate, std::size_t score);
  bool runs_anyway(const Search& s, const ExplainLine& line, FactId candidate) const;
  bool is_wanted(const Search& s, const std::string& binding, FactTypeId type, FactId fact) const;
  EntryId running_episode(const Search& s) const;
  // A hold or an absence of a rule outside its calendars: nobody can say when it is met.
  template <typename Plan>
  bool waits_for_calendar(const Plan& plan) const {
    return !plan.in_until && network_.is_shut(plan.rule);
  }
  void say_outside(std::uint32_t rule, bool otherwise, WhyNot& out) const;
  std::string sentence(const ExplainPlan& plan, const ExplainLine& line, std::size_t number, const Judged& judged, const Search& s);
  std::string fact_text(FactTypeId type, FactId fact) const;

  const ProgramData& data_;
  Network& network_;
  Episodes& episodes_;
  const Productions& productions_;
  std::vector<FactId> facts_;  // by binding: what the frame's rows are of
  KeptExplanation because_;    // of the firing
  ExplanationLog log_;
};

}  // namespace flyball::engine
