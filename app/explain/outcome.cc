// Outcomes.
#include "app/explain/outcome.h"

#include <fmt/core.h>

#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {

void ActionErrors::note(const AckInput& ack) {
  if ((ack.state != ActionState::kFailed && ack.state != ActionState::kRejected) || ack.id.empty() || ack.error.empty()) return;
  if (errors_.size() >= kMax) errors_.pop_front();
  errors_.emplace_back(ack.id, ack.error);
}

std::string ActionErrors::of(const std::string& id) const {
  for (auto at = errors_.rbegin(); at != errors_.rend(); ++at) {
    if (at->first == id) return at->second;
  }
  return {};
}

std::optional<Outcome> outcome(const engine::Session& session, const Schema& schema, const Interner& interner, const ActionErrors& errors,
                               const std::string& id, FactTypeId action, ActionState then) {
  if (action == kNoId || schema.types[action].role != Role::kAction) return std::nullopt;
  const FactType& type = schema.types[action];
  Outcome found;
  found.error = errors.of(id);
  for (const engine::FactView& fact : session.facts(action)) {
    if (interner.text(fact.values[type.action_field(ActionField::kId)]) != id) continue;
    found.state = interner.text(fact.values[type.action_field(ActionField::kState)]);
    found.at = fact.stamp;
  }
  if (found.state.empty() || (found.state == to_string(then) && found.error.empty())) return std::nullopt;
  return found;
}

void append_outcome(const Outcome& since, std::string& json, std::string& text) {
  json += fmt::format(",\"since\":{{\"state\":{},\"at\":", quote(since.state));
  bus::append_time(json, since.at);
  if (!since.error.empty()) json += ",\"error\":" + quote(since.error);
  json += "}";
  text += fmt::format("since then\n  {} at {}\n", since.state, format_timestamp(to_value(since.at)));
  if (!since.error.empty()) text += "  " + since.error + "\n";
}

std::optional<engine::ProposalView> proposal_of(const engine::Session& session, std::string_view id) {
  for (engine::ProposalView& proposal : session.proposals(SIZE_MAX)) {
    if (proposal.id == id) return std::move(proposal);
  }
  return std::nullopt;
}

}  // namespace flyball::app
