// State: all that the naive matcher remembers. Facts and samples as given, and the few things that cannot be computed
// from them because they are history: holds, episodes, cooldowns, actions (semantics.md §3, §7, §8).
//
// Everything else (matches, derived facts, aggregates) is computed anew whenever it is asked for.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "model/compare.h"
#include "model/fact.h"
#include "model/interner.h"
#include "parser/ast/ast.h"
#include "tests/reference/naive/mutation.h"
#include "tests/reference/naive/plan.h"
#include "tests/reference/transcript.h"

namespace flyball::reference {

using Key = std::vector<Value>;

int compare_keys(const Key& a, const Key& b, const Interner& in);

struct KeyLess {
  const Interner* in = nullptr;
  bool operator()(const Key& a, const Key& b) const { return compare_keys(a, b, *in) < 0; }
};
template <typename T>
using KeyMap = std::map<Key, T, KeyLess>;

struct Fact {
  std::vector<Value> values;
  Timestamp stamp;
  Timestamp expires = kTimestampMax;  // stale from then on
  bool suspended = false;             // derived, for unknown reasons only
};

struct Sample {
  Key key;
  Timestamp stamp;
  std::vector<Value> values;
};

// A line `… for D` for one choice of the facts it reads. No Hold: the line was false at the last judgement.
struct Hold {
  bool counting = false;  // true at the last judgement, since onset
  bool held = false;      // and for D
  bool was_held = false;  // held before it became unknown
  Timestamp onset;
};

// A line `no … for D` for one choice of the facts it reads.
struct Absence {
  std::vector<Value> reads;  // what the line reads of its facts, as last judged
  Timestamp since;           // counted from here
  bool present = false;      // a live fact of that description at the last judgement
  bool due_now = false;      // since + D is this very instant
};

struct Episode {
  Key identity;
  Timestamp onset;
  std::vector<std::vector<Value>> last_values;             // by place in the identity: the fact's last known values
  std::map<std::size_t, std::vector<Value>> last_derived;  // by effect index: fields as last known
  Timestamp last_run;
  std::optional<Timestamp> false_since;  // its match, as judged; for `keep`
  std::vector<std::uint64_t> actions;    // numbers of the actions it made
  bool of_event = false;
};

// A match of a production, while it is true (semantics.md §12).
struct Activation {
  std::uint64_t since = 0;            // the moment it became true
  std::vector<std::uint64_t> stamps;  // of its facts, in order
  std::vector<Value> values;          // of the aggregates that its rule asks
  bool fired = false;
};

// A fact as it was at the end of the last moment, and when that came about.
struct SeenFact {
  std::vector<Value> values;
  bool hidden = false;
  std::uint64_t born = 0;              // when it appeared
  std::vector<std::uint64_t> changed;  // by field
};

struct Action {
  std::uint64_t number = 0;  // in order of making, from 1
  FactTypeId type = kNoId;
  std::uint32_t rule = kNoId;
  Key key;
  std::vector<Value> data;
  ActionState state = ActionState::kSent;
  Timestamp at;
  std::uint32_t tries = 0;
  Value result;
  bool of_event = false;
  bool unapproved = false;              // waits for somebody's word
  bool abandoned = false;               // its episode is over
  bool forgotten = false;               // a newer one of its key took its place
  std::optional<std::uint64_t> ticket;  // waits for the rate: its place in the queue
  std::optional<Timestamp> next_try;    // after a failure: when to send again
  std::optional<Timestamp> gives_up;    // when this try times out
};

struct State {
  State(const ast::RuleSet& rules, Interner& interner, const std::vector<Value>& param_values);

  const ast::RuleSet* rules;
  const Schema* schema;
  Interner* in;
  Plan plan;
  std::vector<Value> params;
  Mutation mutation = Mutation::kNone;

  Timestamp now;                   // the instant being passed through
  bool recovering = false;         // it is that of a recovery (§11)
  Timestamp away_since;            // the last instant before it
  std::optional<Timestamp> start;  // the first input's stamp

  std::vector<KeyMap<Fact>> facts;               // by type: absent facts are not in it
  std::vector<KeyMap<std::vector<Value>>> gone;  // by type: what retracted facts were at last
  std::vector<std::vector<Sample>> samples;      // by type
  std::uint64_t unkeyed_events = 0;
  std::vector<std::vector<std::pair<Key, Fact>>> past;                       // by type: every event that was ever taken
  std::map<std::pair<FactTypeId, DurationNs>, KeyMap<Fact>> remembered;      // those of the last D, as of this instant
  std::map<std::pair<FactTypeId, DurationNs>, KeyMap<Fact>> remembered_all;  // and also what another of its key replaced

  std::map<LinePlace, KeyMap<Hold>> holds;
  std::map<LinePlace, KeyMap<Absence>> absences;

  std::vector<KeyMap<Episode>> episodes;        // by rule, by identity
  std::vector<std::set<Key, KeyLess>> skipped;  // by rule: matches that `late skip` dealt with
  std::vector<KeyMap<Timestamp>> cooldowns;     // by rule, by group: over at
  std::uint64_t moment = 0;
  std::vector<KeyMap<SeenFact>> seen;           // by type; only if there are productions
  std::vector<KeyMap<Activation>> activations;  // by rule, by identity
  std::vector<Action> actions;                  // all ever made
  std::uint64_t tickets = 0;
  std::vector<std::vector<Timestamp>> sends;  // by action type, for `rate`
  std::vector<Timestamp> room_at;             // by action type: the first send leaves the rate's period
  std::optional<Timestamp> was_due;           // of what is said now: when it should have been, while away

  std::vector<bool> shut;  // by rule: outside its calendars
  std::vector<Timestamp> shut_since;

  std::set<std::uint32_t> off;  // rules that ran away
  std::size_t firings_max = 0;  // of one cascade
  std::uint64_t runaways = 0;

  Transcript out;
  std::vector<KeyMap<std::vector<Value>>> told;  // derived facts as subscribers were last told

  bool is(Mutation m) const { return mutation == m; }
  const FactType& type(FactTypeId id) const { return schema->types[id]; }
  // At a recovery: a deadline that passed while the engine was away.
  std::optional<Timestamp> if_missed(Timestamp due) const {
    return recovering && due > away_since && due < now ? std::optional(due) : std::nullopt;
  }
  bool is_stale(const Fact& f) const { return is(Mutation::kTtlOneLate) ? f.expires < now : f.expires <= now; }
  // The facts that a pattern of the rule may be bound to.
  const KeyMap<Fact>& facts_of(const RulePlan* rule, std::uint32_t binding, FactTypeId type) const;
  // The values of a field of all facts there are now; unknown and null are none.
  KeyMap<Fact> values_of(FactTypeId type, std::uint32_t field) const;
  // The same of the events of the last D.
  KeyMap<Fact> past_values_of(FactTypeId type, std::uint32_t field, DurationNs d) const;
  mutable std::map<std::tuple<FactTypeId, std::uint32_t, DurationNs>, std::list<KeyMap<Fact>>>
      each_values;  // of this instant, the last is the newest
  // What `within D` lines remember at this instant, from all that has been.
  void remember();
  // The key of a fact that has one in its fields: declared, else the id of an action, else all fields.
  Key key_of(FactTypeId id, const std::vector<Value>& values) const;
  std::size_t key_length(const RulePlan* rule, std::uint32_t binding, FactTypeId id) const;
};

}  // namespace flyball::reference
