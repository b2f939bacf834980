// What became of an action since it was explained: acknowledged, failed, approved, rejected. The engine knows the state; what an executor
// or a person said with it is noted here. For the service and for recordings. Not thread-safe.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "engine/session.h"
#include "model/fact.h"
#include "model/interner.h"

namespace flyball::app {

// The newest errors and reasons, by action.
class ActionErrors {
 public:
  static constexpr std::size_t kMax = 4'096;
  void note(const AckInput& ack);
  // Of that action, the last one; empty if there is none.
  std::string of(const std::string& id) const;

 private:
  std::deque<std::pair<std::string, std::string>> errors_;  // id and words, the newest last
};

struct Outcome {
  std::string state, error;
  Timestamp at;
};
// Nothing while it is as it was, `then`.
std::optional<Outcome> outcome(const engine::Session& session, const Schema& schema, const Interner& interner, const ActionErrors& errors,
                               const std::string& id, FactTypeId action, ActionState then);
// Onto an explanation's JSON object (before its end) and its text.
void append_outcome(const Outcome& since, std::string& json, std::string& text);

// It waits for a person's word.
std::optional<engine::ProposalView> proposal_of(const engine::Session& session, std::string_view id);

}  // namespace flyball::app
