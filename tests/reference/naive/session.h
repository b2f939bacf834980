// NaiveSession: the semantics of docs/explanation/semantics.md, written to be read beside that page, paragraph by
// paragraph, and to be compared with engine/session.h after every step. Slow on purpose: it keeps every input that still
// matters, and at every instant computes from scratch which matches are true, false or unknown.
//
// §1 truth.h, evaluate.cc, operators.cc   §2 facts.cc               §3 matcher.cc   §4 aggregate.cc
// §5 session.cc (time)   §6 session.cc, agenda.cc   §7 closure.cc, agenda.cc   §8 actions.cc   decisions: decision.cc
#pragma once

#include <string>
#include <vector>

#include "model/result.h"
#include "tests/reference/naive/state.h"

namespace flyball::reference {

struct NaiveAnswer {
  std::vector<Value> output;
  std::string from;
  std::vector<std::string> skipped_unknown;
};

struct NaiveFact {
  std::vector<Value> values;
  Timestamp stamp;
  std::optional<Timestamp> expires;
  bool stale = false;
};

class NaiveSession {
 public:
  NaiveSession(const ast::RuleSet& rules, Interner& interner, const std::vector<Value>& params, std::size_t firings_max,
               Mutation mutation = Mutation::kNone);

  void put(const FactInput& input);
  void ack(const AckInput& input);  // ids are "1", "2", … in order of making
  void tick(Timestamp t);
  void recovered(Timestamp t);
  void finish();

  Result<NaiveAnswer> decide(DecisionId decision, const std::vector<Value>& input);
  std::vector<NaiveFact> facts(FactTypeId type) const;
  const Transcript& transcript() const { return state_.out; }
  std::uint64_t runaways() const { return state_.runaways; }
  Timestamp engine_time() const;

 private:
  struct Waiting {
    Timestamp at;  // its stamp, or the instant at which it is taken late
    std::uint64_t arrival = 0;
    bool is_ack = false;
    FactInput fact;
    AckInput ack;
  };

  bool admit(Timestamp stamp, Waiting& waiting);
  void close_through(Timestamp limit);
  void begin(Timestamp stamp);
  Timestamp next_instant();
  void pass_through(Timestamp t);

  State state_;
  DurationNs lateness_ = 0;
  std::optional<Timestamp> newest_;      // max of stamps and ticks
  Timestamp closed_ = kTimestampMin;     // every instant up to here is closed
  Timestamp passed_ = kTimestampMin;     // the last instant passed through
  Timestamp recovered_ = kTimestampMin;  // the instant that the last recovery opened
  std::uint64_t arrivals_ = 0;
  std::vector<Waiting> waiting_;
};

}  // namespace flyball::reference
