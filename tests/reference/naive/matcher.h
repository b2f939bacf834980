// Lines, matches and holds: semantics.md §3 and the judging of §6. All by nested loops over all facts.
#pragma once

#include <functional>
#include <vector>

#include "tests/reference/naive/scope.h"

namespace flyball::reference {

// A scope with nothing bound yet.
Scope rule_scope(State& state, std::uint32_t rule);

// The truth of a pattern for the one fact bound to it: its joins and its `where`.
Truth fact_truth(const ast::Pattern& pattern, Scope& scope);
// A line's own truth, without its hold: some, no and check over all facts; a `let` is true.
Truth raw_truth(const LinePlan& line, Scope& scope);
// With its hold or absence as last judged. Facts it reads (and its own, for `n:`) are bound in `scope`.
Truth line_truth(const LinePlan& line, LinePlace place, Scope& scope);

// Calls `on_match(truth, identity)` for every match of the rule's `when` that is not false, in order of identity, with
// its facts bound in `scope`. Stops when it returns false.
using OnMatch = std::function<bool(Truth, const Key&)>;
void for_each_match(State& state, std::uint32_t rule, Scope& scope, const OnMatch& on_match);

// Binds the facts of an identity; false if one of them is absent.
bool bind_identity(State& state, std::uint32_t rule, const Key& identity, Scope& scope);
// Binds an episode's facts as they are, and those that are gone as they were last known. `keys` must outlive the scope.
Scope scope_of_ended(State& state, std::uint32_t rule, const Episode& episode, std::vector<Key>& keys);
// The match of an identity whose facts are bound.
Truth when_truth(std::uint32_t rule, Scope& scope);
// `until` for an identity whose facts are bound; false if the rule has none.
Truth until_truth(std::uint32_t rule, Scope& scope);

// When a match became due by its lines with `for`, of several ways the first: the last deadline of the way that passed while the engine
// was away; kTimestampMin: no deadline did. Only of a match (or an `until`) that is true, whose facts are bound.
Timestamp missed_deadline(bool until, std::uint32_t rule, Scope& scope);

// Compares every hold with its line's truth now, and every absence with what is there now.
void judge(State& state);
// §6 step 3: holds whose onset + D has come are held. True if any was.
bool hold_due(State& state);
// §6 step 1: marks the absences that fall due at this instant.
void mark_absences_due(State& state);
void clear_absences_due(State& state);
// Absences of lines that read no fact count from the session's start.
void start_absences(State& state);

}  // namespace flyball::reference
