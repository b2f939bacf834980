// What a session is in the middle of at one moment, beside its facts: the episodes that run, the actions that are under way, and what will
// fall due if nothing arrives. Plain values, for people to look at; a snapshot is what another session goes on from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/explain/explanation.h"
#include "model/fact.h"
#include "model/time.h"
#include "model/value.h"

namespace flyball::engine {

// A fact by its type and the values of its fields, as they were known last.
struct FactNamed {
  FactTypeId type = kNoId;
  std::vector<Value> values;
};

struct EpisodeView {
  std::uint32_t rule = kNoId;
  std::vector<FactNamed> facts;  // of its identity, in written order
  Timestamp since;
  std::optional<Timestamp> false_since;  // `keep`: it would be over, and goes on
};

struct OpenAction {
  std::string id;
  FactTypeId type = kNoId;
  std::uint32_t rule = kNoId;
  std::vector<Value> data;
  ActionState state = ActionState::kSent;  // proposed, approved or sent
  std::uint32_t tries = 0;
  Timestamp at;  // it became so
};

enum class DeadlineKind : std::uint8_t {
  kStale,          // a fact's ttl is over
  kWindow,         // samples leave a window
  kCalendar,       // one opens or closes
  kNow,            // a comparison with `now` may have another answer
  kSilence,        // `no … for D` is met
  kHold,           // `… for D` is met
  kKeep,           // an episode that goes on ends
  kCooldown,       // a rule may start again
  kRepeat,         // `then` runs again
  kActionTimeout,  // a try is given up
  kActionTry,      // the next one
  kRate,           // one more may be sent
  kForget,         // an ended action is forgotten
  kInput           // an input that lies ahead is taken
};
// "stale", "window", …
std::string_view to_string(DeadlineKind kind);

struct DeadlineView {
  Timestamp due;
  DeadlineKind kind = DeadlineKind::kStale;
  std::uint32_t rule = kNoId;
  std::uint32_t line = kNoId;  // of its `when`, or `until`, from 0
  bool in_until = false;
  ast::Span span;                 // of the line, where there is one
  FactTypeId type = kNoId;        // kStale, kRate, actions, kInput
  std::vector<FactNamed> facts;   // that it is about
  std::optional<Timestamp> from;  // kHold: true since then; kSilence: silent since then
  std::string action;             // its id
};

struct Moment {
  std::vector<EpisodeView> episodes;                                      // by rule, then identity
  std::vector<OpenAction> actions;                                        // oldest first
  std::vector<DeadlineView> deadlines;                                    // the earliest first
  std::uint64_t more_episodes = 0, more_actions = 0, more_deadlines = 0;  // beyond what was asked for
  std::uint64_t waiting = 0;                                              // inputs whose instant has not come
};

}  // namespace flyball::engine
