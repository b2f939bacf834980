// Back after an absence (semantics.md §11): the instant of the recovery, what was due before it, and what `late skip` drops.
// Nothing here is on the way of an ordinary instant.
#include <algorithm>

#include "engine/session/session_impl.h"
#include "model/text.h"

namespace flyball::engine {

// Every instant before it counts as closed, though none was passed through; it is itself open until a later stamp or a tick comes.
bool Session::Impl::recovered(Timestamp t) {
  see_first(t);
  newest = std::max(newest, t);
  const Timestamp back = engine_time();
  if (back <= std::max(closed, passed)) return false;  // nothing was missed
  if (!opens_recovery()) away_since = std::max(closed, passed);
  recovered_at = back;
  closed = back - 1;
  return true;
}

std::optional<Timestamp> Session::Impl::if_missed(Timestamp due) const {
  return due > away_since && due < network.now() ? std::optional(due) : std::nullopt;
}

// The last deadline that passed meanwhile of the lines with `for` on the way to this end of a chain; kTimestampMin: none did.
Timestamp Session::Impl::due_of_way(TokenId end) const {
  const Token& token = network.token(end);
  const ChainPlan& chain = data.chains[token.stage == kNone ? token.chain() : data.stages[token.stage].chain];
  Timestamp last = kTimestampMin;
  std::vector<FactId> facts;
  for (StageId id = chain.first; id < chain.first + chain.count; ++id) {
    const StagePlan& stage = data.stages[id];
    if (stage.kind != StageKind::kHold && stage.kind != StageKind::kAbsence) continue;
    facts.clear();
    for (const std::uint32_t binding : stage.tuple) facts.push_back(network.fact_of(end, binding));
    Timestamp due = kTimestampMin;
    if (stage.kind == StageKind::kHold) {
      if (data.holds[stage.table].binds) facts.push_back(network.fact_of(end, stage.binding));
      const HoldTable& holds = network.hold_table(stage.table);
      const std::uint32_t e = holds.find(facts.data());
      if (e != kNone) due = holds[e].onset + data.holds[stage.table].hold_ns;
    } else {
      const AbsenceTable& absences = network.absence_table(stage.table);
      const std::uint32_t e = absences.find(facts.data());
      if (e != kNone) due = absences[e].base + data.absences[stage.table].silence_ns;
    }
    if (if_missed(due)) last = std::max(last, due);
  }
  return last;
}

// When the run that may happen now should have: of a repeat at its turn, of a start when the last of its holds and absences fell due; of
// several ways to the match the first. Nothing: it is not late.
std::optional<Timestamp> Session::Impl::missed_of_run(std::uint32_t rule, EntryId entry) const {
  const RuleEntry& e = episodes.entry(rule, entry);
  if (e.active) return if_missed(e.last_run + data.rules[rule].repeat_ns);
  Timestamp first = kTimestampMax;
  for (TokenId t = e.tokens; t != kNone; t = network.token(t).left.next) {
    if (network.token(t).truth == Truth::kTrue) first = std::min(first, due_of_way(t));
  }
  return if_missed(first);
}

// Likewise of an end: when `keep` was over, or `until` held.
std::optional<Timestamp> Session::Impl::missed_of_end(std::uint32_t rule, EntryId entry) const {
  const RuleEntry& e = episodes.entry(rule, entry);
  const RulePlan& plan = data.rules[rule];
  if (plan.keep_ns != 0) return if_missed(e.false_since + plan.keep_ns);
  if (e.until_true == 0 || !episodes.facts_exist(rule, entry)) return std::nullopt;
  Timestamp first = kTimestampMax;
  std::vector<TokenId> open = episodes.until_roots(rule, entry);
  while (!open.empty()) {
    const TokenId t = open.back();
    open.pop_back();
    const Token& token = network.token(t);
    if (token.witness) continue;
    if (token.next == kNone && token.truth == Truth::kTrue) first = std::min(first, due_of_way(t));
    for (TokenId child = token.first_child; child != kNone; child = network.token(child).next_sibling) open.push_back(child);
  }
  return if_missed(first);
}

bool Session::Impl::skip_late(std::uint32_t rule, EntryId entry, Timestamp due) {
  const std::optional<DurationNs> oldest = data.rules[rule].late_skip_ns;
  if (!oldest || network.now() - due <= *oldest) return false;
  episodes.skip(rule, entry);
  ++counters.late_skipped;
  ++skipped[rule];
  return true;
}

// Once for a rule, however many of its matches it is about.
void Session::Impl::say_skipped() {
  for (const auto& [rule, times] : skipped) {
    const RulePlan& plan = data.rules[rule];
    trouble("rule `" + plan.name + "`: " + (times == 1 ? "one run was" : std::to_string(times) + " runs were") +
            " due while the engine was away: `late skip " + format_duration_human(*plan.late_skip_ns) + "` drops " +
            (times == 1 ? "it" : "them"));
  }
  skipped.clear();
}

}  // namespace flyball::engine
