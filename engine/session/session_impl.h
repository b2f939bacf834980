// Session::Impl: the parts of a session and the order in which an instant goes through them. Its methods are told in
// inputs.cc (what arrives), instant.cc (steps 1 to 4 of semantics.md §6), recovery.cc (back after an absence, §11), effects.cc (what `then`
// and `on clear` do), quarantine.cc (rules that ran away), session.cc (the door), session_explain.cc (why, why not), takeover.cc (what goes
// on under other rules).
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/decide/decider.h"
#include "engine/fact_source.h"
#include "engine/network/journal.h"
#include "engine/network/network.h"
#include "engine/network/timer_queue.h"
#include "engine/session.h"
#include "engine/session/actions.h"
#include "engine/session/adoption.h"
#include "engine/session/derivation.h"
#include "engine/session/episodes.h"
#include "engine/session/explainer.h"
#include "engine/session/foresight.h"
#include "engine/session/inbox.h"
#include "engine/session/numbered_events.h"
#include "engine/session/outbox.h"
#include "engine/session/productions.h"
#include "engine/session/snapshot.h"
#include "engine/session/takeover.h"
#include "model/text.h"

namespace flyball::engine {

struct Session::Impl final : ChainEndHandler, FactSource {
  Impl(const Program& p, Interner& interner, OutputSink& sink, Limits l);

  // inputs.cc
  Result<PutOutcome> put(const FactInput& input);
  Error refusal_of(const FactInput& input) const;
  Result<void> ack(const AckInput& input);
  void tick(Timestamp t);
  void finish();
  Timestamp engine_time() const { return seen_any ? newest - data.lateness_max_ns : kTimestampMin; }
  void see_first(Timestamp stamp);
  bool is_too_far_ahead(Timestamp stamp) const { return limits.ahead_max_ns > 0 && seen_any && stamp - newest > limits.ahead_max_ns; }
  Error too_far_ahead(Timestamp stamp) const;
  bool admit(Timestamp stamp) {
    if (!seen_any) see_first(stamp);
    if (stamp <= closed) return true;
    newest = std::max(newest, stamp);
    close_through(stamp - data.lateness_max_ns - 1);
    return false;
  }
  void foresee(const FactInput& input);
  void look_ahead();
  void take_inputs(Timestamp t);
  void apply_event(const Pending& input);
  void remember_event(const FactInput& event, FactId f, FactTypeId remembered);
  void apply_state(const Pending& input);
  void make_or_patch(const Pending& input, FactId f);
  void write_fact(FactTypeId type, FactId fact, const Value* values, Timestamp stamp);
  void erase_fact(FactTypeId type, FactId fact, Timestamp stamp);
  void journal_fact(FactTypeId type, FactId fact);
  void restore_fact(const Journal::FactBefore& before, const Value* last_known);
  void arm_expiry(FactTypeId type, FactId fact);
  void pin_for_instant(FactTypeId type, FactId fact);

  // instant.cc
  void close_through(Timestamp limit) {
    for (;;) {
      const Timestamp due = std::min(next_due(), inbox.next());
      const Timestamp t = std::max(due, recovered_at);  // what was due while the engine was away is due when it is back
      if (t > limit || due == kTimestampMax) break;
      run_instant(t);
    }
    closed = std::max(closed, limit);
  }
  Timestamp next_due() { return timers.empty() ? kTimestampMax : next_timer(); }
  Timestamp next_timer();
  // What a timer that follows soon is about is on its way from memory meanwhile.
  void foresee_timer() const {
    if (const Timer* const timer = timers.ahead(kTimersAhead)) network.prefetch_due(*timer);
  }
  Timestamp real_due(const Timer& timer) const;
  void run_instant(Timestamp t);
  void say_dropping();
  void end_instant(Timestamp t);
  TakenOver take_over(Impl& former, bool anew);
  bool is_between_inputs() const;
  TakenOver adopt(Impl& former, Adoption& adoption);
  SessionParts parts() { return {data, network, episodes, productions, derivation, actions, inbox, timers}; }

  // session_snapshot.cc
  std::string snapshot() const;
  Result<void> restore(std::string_view bytes);
  void read_clock(SnapshotReader& from);
  void read_quarantine(SnapshotReader& from);
  void next_moment() {
    if (!productions.empty() && !one_moment) begin_moment();
  }
  void begin_moment();
  void run_due(Timestamp t);
  bool has_due_actions() const { return !due_actions.empty() || actions.has_waiting(); }
  void run_due_actions();
  void expire(FactTypeId type, FactId fact);
  void closure();
  void close_derivation();
  void judge();
  void run_steps();
  void run_agenda();
  // Nothing is left to be done in this instant.
  bool is_quiet() const {
    return derivation.is_closed() && !episodes.has_watched() && !network.needs_judging() && is_at_rest() && events.empty() &&
           due_later.empty() && !network.has_due_absences();
  }
  // Nothing can fire, and nothing has to be looked at before that is known.
  bool is_at_rest() const {
    return !network.has_exhausted() && productions.waiting() == 0 && episodes.is_reviewed() && !episodes.any_to_run();
  }
  void bring_up_to_date();
  void run_cascade();
  void end_cascade();
  void take_back_cascade();
  void switch_off_runaway(const std::map<std::uint32_t, std::uint64_t>& by_rule, std::uint32_t last);
  std::optional<std::uint32_t> run_next();
  bool events_leave();
  void compact_timers();

  // recovery.cc
  bool recovered(Timestamp t);
  bool opens_recovery() const { return closed < recovered_at; }
  std::optional<Timestamp> if_missed(Timestamp due) const;
  std::optional<Timestamp> missed_of_run(std::uint32_t rule, EntryId entry) const;
  std::optional<Timestamp> missed_of_end(std::uint32_t rule, EntryId entry) const;
  Timestamp due_of_way(TokenId end) const;
  bool skip_late(std::uint32_t rule, EntryId entry, Timestamp due);
  void say_skipped();

  // quarantine.cc
  void set_rule_limits();
  bool has_room(FactTypeId type) const;
  void refuse_assert(FactTypeId type);
  std::string too_many(const FactType& type, FactTypeId id) const;
  void note_fired(std::uint32_t rule) { fired_rules[fired++ % kFiredKept] = rule; }
  std::string fired_last() const;
  std::string input_text(const FactInput& input) const;
  std::string line_of(std::uint32_t rule, StageId stage) const;
  void switch_off(std::uint32_t rule, QuarantineReason reason, std::string text);
  void put_into_quarantine(std::uint32_t rule, QuarantineReason reason, std::string text);
  void empty(const std::vector<std::uint32_t>& rules);
  void quarantine_exhausted(const std::string& after);
  void quarantine_quietly(const Quarantined& of);

  // effects.cc
  struct Evaluated {
    const EffectPlan* effect = nullptr;
    std::uint32_t index = 0;
    std::vector<Value> values;
    std::string text;
  };
  bool evaluate_effects(const std::vector<EffectPlan>& effects, std::uint32_t scope);
  std::string unevaluated() const;  // what was last found to have no value, as messages say it
  void apply_effects(const Firing& firing, std::optional<Timestamp> was_due, bool asks);
  Firing firing_of(std::uint32_t rule, EntryId entry, bool clear) const;
  void identity_values(const Firing& firing, std::vector<Value>& out) const;
  bool fire(const Productions::Choice& choice);
  bool start(std::uint32_t rule, EntryId entry);
  void end(std::uint32_t rule, EntryId entry);
  bool follow_derives(bool of_values);
  void journal_reasons(std::uint32_t rule, EntryId entry);
  void load_identity(std::uint32_t rule, EntryId entry);
  void fill_aggregates(std::span<const EffectPlan> effects, std::uint32_t scope);
  void trouble(std::string message) { outbox.add(TroubleOutput{network.now(), std::move(message)}); }

  // ChainEndHandler
  void token_made(const ChainPlan& chain, TokenId token) override;
  void token_gone(const ChainPlan& chain, TokenId token) override;
  void token_touched(const ChainPlan& chain, TokenId token) override;
  void bound_fact_gone(const ChainPlan& chain, TokenId token) override;

  // FactSource
  void visit_all(FactTypeId type, FactVisitor& visitor) const override;
  void visit_around(FactTypeId type, const SpanFields& own, const Value& low, const Value& high, FactVisitor& visitor) const override;
  void visit_these(FactTypeId type, const std::vector<FactId>& facts, FactVisitor& visitor) const;
  void visit_equal(FactTypeId type, std::span<const std::uint32_t> fields, std::span<const Value> values,
                   FactVisitor& visitor) const override;
  Value aggregate_value(std::uint32_t aggregate, const Frame& frame) const override;
  Timestamp decision_time() const override;

  const Program& program;
  const ProgramData& data;
  Interner& in;
  Limits limits;
  mutable Counters counters;
  std::vector<RuleWork> rule_work;  // what was taken back counts, too: it was work
  TimerQueue timers;
  Journal journal;
  Outbox outbox;
  Network network;
  Episodes episodes;
  Productions productions;
  Derivation derivation;
  Actions actions;
  Explainer explainer;
  Inbox inbox;
  Decider decider;
  mutable FrameBuffer asked;  // scratch for the aggregates of a decision, which only reads

  struct LimitsOfRule {
    std::size_t firings = 0, matches = 0, bytes = 0;
  };
  // What every put asks of its type, together.
  struct Door {
    std::uint32_t fields = 0;
    bool open = false;  // to what comes from outside
    bool is_event = false;
    LatePolicy late = LatePolicy::kApply;
  };
  std::vector<Door> doors;                // by type
  std::vector<LimitsOfRule> rule_limits;  // by rule
  std::vector<std::size_t> facts_max;     // by type
  std::vector<FactTypeId> said_full;      // in this instant
  std::vector<Quarantined> quarantined;
  static constexpr std::size_t kTimersAhead = 4;
  static constexpr std::size_t kFiredKept = 12;  // firings that a runaway names
  std::uint32_t fired_rules[kFiredKept] = {};
  std::size_t fired = 0;        // in this cascade
  bool in_cascade = false;      // what runs away now is taken back
  std::string exhausted_after;  // the input that a rule had too many matches for

  bool seen_any = false;
  Timestamp newest;                                // largest stamp or tick
  Timestamp first_seen;                            // the first
  Timestamp closed = kTimestampMin;                // every instant up to here is
  Timestamp passed = kTimestampMin;                // the last instant gone through
  Timestamp recovered_at = kTimestampMin;          // the instant that the last recovery opened
  Timestamp away_since = kTimestampMin;            // the last instant closed before it
  std::map<std::uint32_t, std::uint64_t> skipped;  // by rule: what `late skip` dropped in this instant
  std::uint64_t position = 0;                      // inputs applied
  std::uint64_t unkeyed_events = 0;
  std::vector<std::pair<FactTypeId, FactId>> events;  // of this instant
  NumberedEvents numbered_events;
  struct Pinned {
    FactTypeId type = kNoId;
    FactId fact = kNone;
  };
  AppendLog<Pinned> pinned;        // until its end
  bool one_moment = false;         // a reload, with all that follows from it
  std::vector<Timer> due_actions;  // time-outs, tries and retains of this instant
  std::vector<Timer> due_later;    // step 3 of this instant
  Foresight foresight;
  FactTypeId ahead_type = kNoId;  // what the last put is likely to be about; a hint
  std::uint32_t ahead_hash = 0;
  FactId ahead = kNone;
  bool is_item_ahead = false;   // its first alpha item is to be asked for
  std::vector<Pending*> taken;  // scratch: inputs of this instant
  std::vector<Value> row;       // scratch
  std::vector<Value> identity;  // scratch: of what fires
  std::string id_room;          // scratch
  std::vector<Evaluated> evaluated_room;
  std::span<const Evaluated> evaluated;  // effects that fire, or up to the one that cannot be evaluated
};

}  // namespace flyball::engine
