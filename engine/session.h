// Session: working memory, matcher, time and agenda of one running Program.
//
// It never reads a clock, a socket or a file: facts, acknowledgements and ticks come in with their times, outputs go
// into an OutputSink. The same inputs give the same outputs byte for byte, however they are split over calls
// (docs/explanation/semantics.md says exactly what happens at one instant).
//
// Usage: put()/ack()/tick() any number of times; each call first closes every instant that its stamp closes, calling
// the sink as it goes. Not thread-safe: one thread per Session. The Interner is shared with the codecs of that thread.
//
// Limits: Limits below; each refusal is counted in Counters and reported by the call's Result.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/explain/explanation.h"
#include "engine/explain/moment.h"
#include "engine/insight.h"
#include "engine/program.h"
#include "model/fact.h"
#include "model/interner.h"
#include "model/result.h"

namespace flyball::engine {

// Of one rule, where it is to have others than Limits says.
struct RuleLimits {
  std::optional<std::size_t> firings_per_instant, matches_per_instant, bytes;
};

struct Limits {
  std::size_t firings_per_instant = 100'000;    // of one cascade; beyond it that is undone and a rule switched off
  std::size_t derived_per_instant = 5'000'000;  // derived facts made or changed; beyond it the rule that made most is switched off
  // Partial matches of one rule: made in one instant, and the memory of those there are; beyond it the rule is switched off and emptied.
  std::size_t matches_per_instant = 50'000'000;
  std::size_t rule_bytes = std::size_t{2} << 30;
  std::map<std::string, RuleLimits> rules;           // by qualified name
  std::map<std::string, std::size_t> facts_of_type;  // by qualified name: beyond it one more is refused, also to rules that assert it
  std::size_t facts = 50'000'000;                    // over all types; beyond it puts are refused, rules' own facts are not
  std::size_t pending_inputs = 1'000'000;            // facts ahead of engine time that wait
  std::size_t samples_per_key = 100'000;             // of one aggregate's window
  std::size_t explanations = 4'096;                  // of the newest actions, kept for `why`
  DurationNs ahead_max_ns = 0;                       // stamps further ahead of engine time are refused; 0: no limit
};

struct Counters {
  std::uint64_t facts_taken = 0, facts_unchanged = 0, facts_late_applied = 0, facts_late_dropped = 0, facts_late_diverted = 0;
  std::uint64_t facts_refused = 0, retracts = 0, expiries = 0, events = 0, samples_dropped = 0;
  std::uint64_t firings = 0, episodes_begun = 0, episodes_ended = 0, actions_sent = 0, actions_acked = 0, actions_failed = 0,
                acks_unmatched = 0;
  std::uint64_t actions_approved = 0, actions_rejected = 0, actions_unapproved = 0;  // the last: that wait for approval now
  std::uint64_t effect_errors = 0, runaways = 0, late_skipped = 0, instants = 0, decisions = 0, decision_conflicts = 0;
  std::uint64_t quarantined = 0;  // rules that are switched off now because they ran away
  std::uint64_t facts_live = 0, facts_stale = 0, tokens = 0, timers = 0, memory_bytes = 0;
};

// Receives what happens, in order, during put/ack/tick. Calls must not call back into the Session.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  virtual void on_action(const ActionOutput& action) = 0;
  virtual void on_derived(const DerivedOutput&) {}
  virtual void on_log(const LogOutput&) {}
  // One firing of a rule's `then` ("then") or `on clear` ("clear") block; for tests and tracing.
  virtual void on_firing(Timestamp, std::uint32_t /*rule*/, bool /*clear*/) {}
  // An action that was sent and not acknowledged ended without a word to its executor: its last try timed out, or a newer one of
  // its key took its place. Whoever carries it need not any more.
  virtual void on_action_gone(const std::string& /*id*/) {}
  // Something went wrong that no caller can be told directly (an effect that errs, a runaway): said once per cause and instant.
  virtual void on_trouble(Timestamp, const std::string& /*message*/) {}
  // A rule went into quarantine: said once for each.
  virtual void on_quarantine(Timestamp t, const std::string& message) { on_trouble(t, message); }
  // An input that put() took was refused at its turn (an incomplete patch of a fact that is not there); `origin` is the input's.
  virtual void on_refused(Timestamp t, std::uint64_t /*origin*/, const std::string& message) { on_trouble(t, message); }
  // An acknowledgement that ack() took met no waiting action at its turn (counted as acks_unmatched); `origin` is the input's.
  virtual void on_unmatched(std::uint64_t /*origin*/) {}
};

enum class PutOutcome : std::uint8_t { kTaken, kLateApplied, kLateDropped, kLateDiverted, kPending };

struct DecisionAnswer {
  std::vector<Value> output;                 // one per output field; of a list, one output after the other
  std::string from;                          // case name, "row 3", "rows 1, 3", "no row" or "default"
  std::vector<std::uint32_t> rows;           // of the table that the answer is made of, from 0
  Timestamp as_of;                           // last closed instant
  std::uint64_t position = 0;                // number of inputs applied up to it
  std::vector<std::string> skipped_unknown;  // cases or rows that were unknown
};

// One fact as working memory has it.
struct FactView {
  FactTypeId type = kNoId;
  std::vector<Value> values;
  Timestamp stamp;
  std::optional<Timestamp> expires;
  bool stale = false;
  bool suspended = false;  // derived, all reasons unknown: it is unknown whether it holds (then `stale`, too)
};

// An action that waits for a person's approval.
struct ProposalView {
  std::string id;
  FactTypeId type = kNoId;
  std::uint32_t rule = kNoId;
  std::vector<Value> data;
  Timestamp since;
};

// What a rule exceeded.
enum class QuarantineReason : std::uint8_t { kFirings, kDerived, kMatches, kMemory };
std::string_view to_string(QuarantineReason reason);

// A rule that ran away, and is switched off until the rules are loaded again.
struct Quarantined {
  std::uint32_t rule = kNoId;
  std::string name;  // qualified
  QuarantineReason reason = QuarantineReason::kFirings;
  Timestamp since;
  std::string text;      // as it was said
  bool emptied = false;  // it matches nothing any more; else what it runs still ends
};

using WaitingInput = std::variant<FactInput, AckInput>;

// What take_over() found.
struct TakenOver {
  std::uint64_t facts = 0, facts_dropped = 0;        // dropped: they do not fit the new types
  std::map<std::string, std::uint64_t> dropped_of;   // by the name of their type
  std::uint64_t episodes = 0, episodes_dropped = 0;  // of rules that are gone, bind other facts, or have another mode
  std::uint64_t actions = 0, actions_dropped = 0;    // of rules or types that are gone
  std::vector<std::string> gone;                     // ids of the latter
  std::string anew;                                  // why everything was matched anew; empty: only what changed was
};

class Session {
 public:
  // `program` and `interner` must outlive the session; `sink` too.
  Session(const Program& program, Interner& interner, OutputSink& sink, Limits limits = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // O(changes) amortised. Errors: unknown key on patch, stamp too far ahead, a limit; nothing is changed then.
  Result<PutOutcome> put(const FactInput& input);
  // A hint that this input will be put when kForesight others have been: whoever has a batch says it of each, ahead of putting them, and
  // among many facts no put waits for memory. It changes nothing; what was said need not come. O(1).
  static constexpr std::size_t kForesight = 10;
  void foresee(const FactInput& input);
  // Error when certainly no such action is waiting at its turn (counted; nothing is changed then); what finds none at its
  // turn is counted, too; a second acknowledgement of the same action changes nothing.
  Result<void> ack(const AckInput& input);
  // A recorded tick: closes all instants up to t (less lateness).
  void tick(Timestamp t);
  // The engine was away since the last instant it closed, and is back at `t` (semantics.md §11): what was due meanwhile happens at
  // that instant, once, together with what is put until it closes. False: that time is over already, and nothing was missed.
  bool recovered(Timestamp t);
  // Closes everything given so far, as if a tick came at the largest stamp plus the largest lateness: end of a recording.
  void finish();

  // Goes on where `former` is, under this session's program (semantics.md §10); what the new rules make of it happens at the
  // last instant of `former`, and is said. Only before the first input. `former` is of no use afterwards.
  // Where this session's program was compiled with `running` and what both have in common can be known, that changes hands untouched, at
  // the cost of what changed; else, or if `anew`, all facts and what was going on are fed in again. Both come to the same.
  TakenOver take_over(Session& former, bool anew = false);

  // All that this session is in the middle of, in bytes (docs/reference/snapshots.md). Between any two calls. O(what there is).
  std::string snapshot() const;
  // Goes on where the session was of which `bytes` are a snapshot, as if it were that one; of the same rules, else it is refused.
  // Only before the first input; on an error this session is of no use any more. Nothing is said.
  Result<void> restore(std::string_view bytes);

  // The inputs that were taken and whose instant has not come, in order of arrival.
  std::vector<WaitingInput> waiting() const;

  // Inputs that `former` counted count here; for a session that was fed with its facts anew.
  void count_inputs_of(const Session& former);

  Timestamp now() const;                           // engine time
  std::optional<Timestamp> next_deadline() const;  // earliest timer or waiting input, in engine time
  const Counters& counters() const;
  // What every node of the network did and holds, since this session began. O(nodes).
  Insight insight() const;
  // What its facts are like, for compiling the program that is to go on after this one. O(types), of a sample.
  Statistics statistics() const;
  // Rules that looked at many pairs, and would look at far fewer in an order that the next program will have; the greatest gain first.
  std::vector<JoinAdvice> join_advice() const;
  // Where it is at work: for who samples it by a clock, from this session's thread.
  const WorkPlace& work_place() const;

  Result<DecisionAnswer> decide(DecisionId decision, const std::vector<Value>& input);
  // The same without allocating: `output` gets one Value per output field. Returns the index of the case (cases first,
  // then rows, of several the first), -1 for the default, -2 if no row holds and nothing is an answer, or an Error.
  // Not for decisions whose answer is a list.
  Result<int> decide_into(DecisionId decision, const Value* input, Value* output);

  // Facts of a type in key order (stale, suspended, derived and action facts included): the first `at_most`. O(facts of the type) with
  // little for each; memory and copies for those given.
  std::vector<FactView> facts(FactTypeId type, std::size_t at_most = SIZE_MAX) const;
  // How many there are in all. O(1).
  std::size_t fact_count(FactTypeId type) const;

  // Rules that are switched off because they ran away, in that order.
  const std::vector<Quarantined>& quarantined() const;

  // What waits for approval, oldest first; at most `n`.
  std::vector<ProposalView> proposals(std::size_t n) const;

  // What is under way beside facts: the first `at_most` of each. O(what there is).
  Moment moment(std::size_t at_most) const;

  // Why an action was sent: nothing if it is unknown or too old. "last" names the newest.
  std::optional<Explanation> why(const std::string& action_id) const;
  // The explanations kept, newest first; at most `n`.
  std::vector<Explanation> explanations(std::size_t n) const;
  // The ids of the actions that these are of, newest first.
  std::vector<std::string> explained() const;
  // Why a rule does not run now: the closest partial match and the first line not met. `with` fixes key fields by name.
  WhyNot why_not(std::uint32_t rule, const std::vector<std::pair<std::string, Value>>& with) const;

  // Frees interned content that nothing here refers to. Values held outside must be marked by `mark_others`.
  std::size_t collect(const std::function<void(Interner&)>& mark_others = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball::engine
