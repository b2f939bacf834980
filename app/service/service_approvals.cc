// What waits for a person's word: shown by status and why, and the word itself, which is recorded as an acknowledgement.
#include <fmt/core.h>

#include <algorithm>

#include "app/explain/online.h"
#include "app/explain/render.h"
#include "app/service/service.h"
#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kProposalsShown = 100;  // in one status, the oldest

}  // namespace

// A cold session's are none: they are made anew once it is warm.
std::optional<engine::ProposalView> Service::proposal_of(std::string_view id) const {
  if (cold()) return std::nullopt;
  return app::proposal_of(*session_, id);
}

std::string Service::waits_text(const engine::ProposalView& proposal) const {
  return fmt::format("waits for approval since {}: `flyball approve {}` or `flyball reject {}`\n",
                     format_timestamp(to_value(proposal.since)), proposal.id, proposal.id);
}

std::string Service::proposals_text() const {
  const std::uint64_t all = cold() ? 0 : session_->counters().actions_unapproved;
  if (all == 0) return {};
  const ExplainContext context{program().rules(), package_->sources, interner_};
  std::string out = fmt::format("{} waiting for approval (`flyball approve ID`, `flyball reject ID`):\n", all);
  for (const engine::ProposalView& p : session_->proposals(kProposalsShown)) {
    out += fmt::format("  {}  {}, of rule {}, for {}\n", p.id, record_text(p.type, p.data, context),
                       program().rules().rules[p.rule].qualified, rough_duration(std::max<DurationNs>(ages_from() - p.since, 0)));
  }
  if (all > kProposalsShown) out += fmt::format("  and {} more\n", all - kProposalsShown);
  return out;
}

std::string Service::proposals_json() const {
  const ExplainContext context{program().rules(), package_->sources, interner_};
  std::string out = "[";
  for (const engine::ProposalView& p : session_->proposals(cold() ? 0 : kProposalsShown)) {
    out += fmt::format("{}{{\"id\":{},\"action\":{},\"data\":{},\"rule\":{},\"since\":", out.size() == 1 ? "" : ",", quote(p.id),
                       quote(program().schema().types[p.type].name), record_json(p.type, p.data, context),
                       quote(program().rules().rules[p.rule].qualified));
    bus::append_time(out, p.since);
    out += "}";
  }
  return out + "]";
}

Result<std::string> Service::on_verdict(std::string_view action_id, bool approved, std::string_view reason) {
  if (cold()) return cold_error();
  AckInput ack;
  ack.id = action_id;
  ack.state = approved ? ActionState::kApproved : ActionState::kRejected;
  ack.error = reason;
  ack.stamp = clock();
  const std::optional<engine::ProposalView> proposal = proposal_of(action_id);
  if (proposal) ack.action = proposal->type;
  if (const Result<void> done = on_ack(ack); !done)
    return fail(done.error().message, done.error().help.empty() ? "`flyball status` shows what waits for approval" : done.error().help);
  const ExplainContext context{program().rules(), package_->sources, interner_};
  const std::string_view word = to_string(ack.state);
  std::string text =
      fmt::format("{}: {}\n", word, proposal ? record_text(proposal->type, proposal->data, context) : std::string(action_id));
  log_.info(ack.stamp,
            fmt::format("{}, id {}{}", text.substr(0, text.size() - 1), action_id, reason.empty() ? "" : fmt::format(": {}", reason)));
  return with_text(fmt::format("{{\"action\":{},\"state\":{}}}", quote(action_id), quote(word)), text);
}

}  // namespace flyball::app
