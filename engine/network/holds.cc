// Lines with `for D` (semantics.md §3). The tokens of a hold chain say what the line is now, for each choice of the
// facts it reads; a judgement compares that with what it was at the last one:
//
//   line:  F ── T ──────────── U ── T ─────────── F
//   entry:      onset … +D held    onset' … +D held
//   out:   F    F       T      U   U        T     F
//
// The verdict follows the line at once where it is false or unknown, and the judged state where it is true.
#include "engine/network/network.h"

namespace flyball::engine {

std::uint32_t Network::hold_entry(TableId table, const FactId* facts) {
  HoldTable& holds = holds_[table];
  std::uint32_t e = holds.find(facts);
  if (e != kNone) return e;
  e = holds.make(facts);
  const HoldPlan& plan = program_.holds[table];
  for (std::uint32_t i = 0; i < plan.arity; ++i) stores_[plan.types[i]].pin(facts[i]);
  return e;
}

void Network::mark_hold(TableId table, std::uint32_t entry) {
  HoldEntry& e = holds_[table][entry];
  if (!e.dirty) {
    e.dirty = true;
    dirty_holds_.emplace_back(table, entry);
  }
  if (!e.unjudged) {
    e.unjudged = true;
    unjudged_holds_.emplace_back(table, entry);
  }
}

void Network::hold_count(TokenId end, std::int32_t delta) {
  const ChainPlan& chain = program_.chains[program_.stages[tokens_[end].stage].chain];
  std::uint32_t entry = tokens_[end].entry;
  if (entry == kNone) {
    FactId facts[kMaxTuple];
    for (std::size_t i = 0; i < chain.tuple.size(); ++i) facts[i] = fact_of(end, chain.tuple[i]);
    entry = hold_entry(chain.owner, facts);
    tokens_[end].entry = entry;
  }
  HoldEntry& e = holds_[chain.owner][entry];
  std::uint32_t& count = tokens_[end].truth == Truth::kTrue ? e.count_true : e.count_unknown;
  count = static_cast<std::uint32_t>(static_cast<std::int32_t>(count) + delta);
  mark_hold(chain.owner, entry);
}

// The verdict as it stands; brings it to the lines that ask for it.
bool Network::settle_hold(TableId table, std::uint32_t entry) {
  HoldTable& holds = holds_[table];
  HoldEntry& e = holds[entry];
  Truth verdict = e.line();
  if (verdict == Truth::kTrue) verdict = e.judged == Truth::kTrue && e.held ? Truth::kTrue : e.was_held ? Truth::kUnknown : Truth::kFalse;
  if (verdict == e.output) return false;
  e.output = verdict;
  const HoldPlan& plan = program_.holds[table];
  const std::uint32_t prefix = plan.binds ? plan.arity - 1 : plan.arity;
  for (const StageId id : plan.consumers) {
    const StagePlan& stage = program_.stages[id];
    const std::uint32_t hash = hash_facts(holds.facts_of(entry), prefix);
    matches_.clear();
    for (TokenId t = stage_states_[id].left.bucket(hash); t != kNone; t = tokens_[t].left.next) {
      if (tokens_[t].left.hash == hash && tuple_is(stage, t, holds.facts_of(entry))) matches_.push_back({t, Truth::kTrue});
    }
    take_matches(0, [&](const Match& match) {
      const Truth truth = stage.fresh_truth ? verdict : truth_and(verdict, tokens_[match.id].truth);
      if (!plan.binds) {
        set_output(match.id, id, truth);
        return;
      }
      const FactId own = holds.facts_of(entry)[prefix];
      for (TokenId t = stores_[stage.type].meta(own).tokens; t != kNone; t = tokens_[t].fact_next) {
        if (tokens_[t].stage != id || tokens_[t].parent != match.id) continue;
        delete_token(t);
        break;
      }
      if (truth != Truth::kFalse) make_token(id, match.id, own, kNone, truth, false);
    });
  }
  return true;
}

bool Network::settle_holds() {
  bool any = false;
  while (!dirty_holds_.empty()) {
    const auto [table, entry] = dirty_holds_.back();
    dirty_holds_.pop_back();
    if (!holds_[table].in_use(entry) || !holds_[table][entry].dirty) continue;
    holds_[table][entry].dirty = false;
    any = settle_hold(table, entry) || any;
  }
  return any;
}

bool Network::judge_holds() {
  bool any = false;
  std::vector<std::pair<TableId, std::uint32_t>> unjudged;
  unjudged.swap(unjudged_holds_);
  for (const auto& [table, entry] : unjudged) {
    if (!holds_[table].in_use(entry) || !holds_[table][entry].unjudged) continue;
    HoldEntry& e = holds_[table][entry];
    e.unjudged = false;
    const HoldPlan& plan = program_.holds[table];
    const Truth line = e.line();
    if (line != e.judged) {
      any = true;
      journal_hold(table, entry);
      if (line == Truth::kFalse) {
        e.held = e.was_held = false;
      } else if (line == Truth::kUnknown) {
        e.was_held = e.was_held || e.held;
        e.held = false;
      } else {
        e.held = false;
        e.onset = now_;
        timers_.add({now_ + plan.hold_ns, TimerKind::kHold, table, entry});
      }
      e.judged = line;
      settle_hold(table, entry);
    }
    if (line != Truth::kFalse) continue;
    if (journal_.has(Journalled::kHold, table, entry)) {  // forgotten when the cascade is over
      journalled_holds_.emplace_back(table, entry);
      continue;
    }
    for (std::uint32_t i = 0; i < plan.arity; ++i) stores_[plan.types[i]].unpin(holds_[table].facts_of(entry)[i]);
    holds_[table].free(entry);
  }
  return any;
}

// Should the cascade be undone, the entry is again what it was judged to be before.
void Network::journal_hold(TableId table, std::uint32_t entry) {
  if (!journal_.first(Journalled::kHold, table, entry)) return;
  journal_.add([this, table, entry, before = holds_[table][entry]] {
    HoldEntry& e = holds_[table][entry];
    e.judged = before.judged;
    e.held = before.held;
    e.was_held = before.was_held;
    e.onset = before.onset;
    if (e.judged == Truth::kTrue && !e.held) timers_.add({e.onset + program_.holds[table].hold_ns, TimerKind::kHold, table, entry});
    mark_hold(table, entry);
  });
}

// Step 3: a line that has been true since onset, D ago.
void Network::hold_due(TableId table, std::uint32_t entry) {
  HoldEntry& e = holds_[table][entry];
  e.held = true;
  e.was_held = false;
  settle_hold(table, entry);
}

void Network::hold_left(TokenId t, const StagePlan& stage, StageId id) {
  TokenRecords records{tokens_};
  const std::uint32_t hash = tuple_hash(stage, t);
  stage_states_[id].left.insert(records, t, hash);
  const HoldTable& holds = holds_[stage.table];
  const HoldPlan& plan = program_.holds[stage.table];
  FactId facts[kMaxTuple];
  for (std::size_t i = 0; i < stage.tuple.size(); ++i) facts[i] = fact_of(t, stage.tuple[i]);
  const Truth so_far = stage.fresh_truth ? Truth::kTrue : tokens_[t].truth;
  if (!plan.binds) {
    const std::uint32_t e = holds.find(facts);
    set_output(t, id, e == kNone ? Truth::kFalse : truth_and(so_far, holds[e].output));
    return;
  }
  const std::size_t base = matches_.size();
  for (std::uint32_t e = holds.prefix_bucket(hash); e != kNone; e = holds[e].prefix.next) {
    if (holds[e].prefix.hash != hash || holds[e].output == Truth::kFalse || !holds.same(e, facts, plan.arity - 1)) continue;
    matches_.push_back({holds.facts_of(e)[plan.arity - 1], truth_and(so_far, holds[e].output)});
  }
  take_matches(base, [&](const Match& match) { make_token(id, t, match.id, kNone, match.truth, false); });
}

}  // namespace flyball::engine
