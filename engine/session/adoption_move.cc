// What changes hands as it lies. Whole arrays are moved; what is by rule, table, alpha or node goes to the same number, rules to theirs.
#include <algorithm>
#include <iterator>

#include "engine/session/adoption.h"

namespace flyball::engine {

void Adoption::move_facts() {
  Network& from = from_.network;
  Network& to = to_.network;
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) {
    const bool other_role = from_.data.rule_set.schema.types[t].role != to_.data.rule_set.schema.types[t].role;
    if (other_role && from.stores_[t].end() == 0) continue;
    to.stores_[t] = std::move(from.stores_[t]);
    to.stores_[t].count_into(to_.data.is_written(t) ? to.totals_ : to.hidden_totals_);
    to.gates_[t] = std::move(from.gates_[t]);
    to.stamps_[t] = std::move(from.stamps_[t]);
    to.fact_dues_[t] = std::move(from.fact_dues_[t]);
    to.type_states_[t].updates = from.type_states_[t].updates;
  }
  to.totals_ = from.totals_;
  to.hidden_totals_ = from.hidden_totals_;
}

void Adoption::move_alphas() {
  Network& from = from_.network;
  Network& to = to_.network;
  to.items_ = std::move(from.items_);
  to.epoch_ = from.epoch_;
  for (AlphaId a = 0; a < now_.alphas.size(); ++a) {
    if (!kept_alphas_[a]) continue;
    to.alpha_work_[a] = from.alpha_work_[a];
    if (must_reindex(a)) continue;
    const AlphaState& before = from.alphas_[a];
    for (std::uint32_t i = 0; i < before.index_count; ++i) {
      AlphaIndex& mine = to.alphas_.index(to.alphas_[a], i);
      AlphaIndex& theirs = from.alphas_.index(before, i);
      mine.bucket = std::move(theirs.bucket);
      mine.cells = theirs.cells;
      for (std::size_t o = 0; o < mine.orders.size(); ++o) mine.orders[o].best = std::move(theirs.orders[o].best);
    }
  }
}

namespace {

// Of the indexes that were there.
bool same_orders(const AlphaPlan& before, const AlphaPlan& now) {
  for (std::uint32_t i = 0; i < before.indexes.size(); ++i) {
    std::vector<AlphaPlan::Order> theirs, mine;
    const auto of_index = [i](const AlphaPlan::Order& o) { return o.index == i; };
    std::copy_if(before.orders.begin(), before.orders.end(), std::back_inserter(theirs), of_index);
    std::copy_if(now.orders.begin(), now.orders.end(), std::back_inserter(mine), of_index);
    if (theirs != mine) return false;
  }
  return true;
}

}  // namespace

// Indexes are only added behind those that were there.
bool Adoption::must_reindex(AlphaId alpha) const {
  const AlphaPlan& before = from_.data.alphas[alpha];
  const AlphaPlan& now = to_.data.alphas[alpha];
  for (std::size_t i = 0; i < before.indexes.size(); ++i) {
    if (before.index_span(i) != now.index_span(i)) return true;
  }
  return before.indexes.size() > now.indexes.size() || !std::equal(before.indexes.begin(), before.indexes.end(), now.indexes.begin()) ||
         !std::equal(before.index_null_joins.begin(), before.index_null_joins.end(), now.index_null_joins.begin()) ||
         !same_orders(before, now);
}

void Adoption::move_chains() {
  Network& from = from_.network;
  Network& to = to_.network;
  to.tokens_ = std::move(from.tokens_);
  to.values_ = std::move(from.values_);
  to.clock_arms_ = std::move(from.clock_arms_);
  to.absence_events_ = std::move(from.absence_events_);
  for (ChainId c = 0; c < kept_chains_.size(); ++c) {
    if (!kept_chains_[c]) continue;
    const ChainPlan& chain = to_.data.chains[c];
    for (StageId s = chain.first; s < chain.first + chain.count; ++s) {
      Network::StageState& before = from.stage_states_[s];
      Network::StageState& now = to.stage_states_[s];
      now.left = std::move(before.left);
      now.met = std::move(before.met);
      if (now.span != kNone) to.span_cells_[now.span] = from.span_cells_[before.span];
      now.work = before.work;
      if (now.closing != kNoId) to.closings_[now.closing].keeps_all = from.closings_[before.closing].keeps_all;
    }
  }
  for (std::uint32_t r = 0; r < former_.size(); ++r) {
    if (former_[r] == kNoId) continue;
    to.budgets_[r].bytes = from.budgets_[former_[r]].bytes;
    for (const TableId t : now_.parts[r].holds) to.holds_[t] = std::move(from.holds_[t]);
    for (const TableId t : now_.parts[r].absences) to.absences_[t] = std::move(from.absences_[t]);
    for (const TableId t : now_.parts[r].projections) to.projections_[t] = std::move(from.projections_[t]);
  }
}

void Adoption::move_aggregates() {
  Aggregates& from = from_.network.aggregates_;
  Aggregates& to = to_.network.aggregates_;
  for (NodeId n = 0; n < now_.nodes.size(); ++n) {
    if (!kept_nodes_[n]) continue;
    const bool keeps_totals = to.nodes_[n].keeps_totals;
    to.nodes_[n] = std::move(from.nodes_[n]);
    to.keep_totals(n, keeps_totals, to_.network);
  }
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) to.sampled_[t] = std::move(from.sampled_[t]);
  to.arrivals_ = from.arrivals_;
  to.samples_dropped_ = from.samples_dropped_;
}

// A rule that reads other fields than any did takes the newest of the stamps that are known.
void Adoption::move_stamps() {
  Network& to = to_.network;
  to.moment_ = from_.network.moment_ + 1;  // what is new by the new rules is newer than all there was
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) {
    const std::vector<std::uint64_t>& before = from_.data.types[t].stamp_masks;
    const std::vector<std::uint64_t>& now = to_.data.types[t].stamp_masks;
    if (before == now) continue;
    const StampRows stamps = std::exchange(to.stamps_[t], StampRows(now.size()));
    for (FactId f = 0; f < to.stores_[t].end() && !now.empty(); ++f) {
      to.stamps_[t].make_room(f);
      std::uint64_t* const row = to.stamps_[t].row(f);
      if (before.empty()) std::fill_n(row, now.size(), to.moment_);
      if (before.empty() || !stamps.has_room(f)) continue;
      const std::uint64_t* old = stamps.row(f);
      const std::uint64_t newest = *std::max_element(old, old + before.size());
      for (std::size_t i = 0; i < now.size(); ++i) {
        const auto same = std::find(before.begin(), before.end(), now[i]);
        row[i] = same == before.end() ? newest : old[same - before.begin()];
      }
    }
  }
}

// Those of rules, tables and windows that are gone mean nothing.
void Adoption::move_timers() {
  if (same_rule_numbers_ && std::find(rules_.begin(), rules_.end(), kNoId) == rules_.end()) return;
  to_.timers.revise([&](Timer& timer) {
    switch (timer.kind) {
      case TimerKind::kHold: return bool{kept_holds_[timer.a]};
      case TimerKind::kAbsence: return bool{kept_absences_[timer.a]};
      case TimerKind::kWindow: return bool{kept_nodes_[timer.a]};
      case TimerKind::kKeep:
      case TimerKind::kRepeat:
      case TimerKind::kCooldown: timer.a = rules_[timer.a]; return timer.a != kNoId;
      default: return true;
    }
  });
}

std::uint64_t Adoption::renamed(std::uint64_t rule_and_entry) const {
  if (rule_and_entry == kNoEpisode) return kNoEpisode;
  const std::uint32_t rule = rules_[rule_and_entry >> 32];
  return rule == kNoId ? kNoEpisode : std::uint64_t{rule} << 32 | (rule_and_entry & 0xFFFF'FFFF);
}

void Adoption::move_episodes() {
  Episodes& from = from_.episodes;
  Episodes& to = to_.episodes;
  for (std::uint32_t r = 0; r < former_.size(); ++r) {
    if (former_[r] == kNoId) continue;
    to.tables_[r] = std::move(from.tables_[former_[r]]);
    to.group_of_[r] = std::move(from.group_of_[former_[r]]);
    to.groups_[r] = std::move(from.groups_[former_[r]]);
    if (to.tables_[r].used() == 0) continue;
    for (EntryId e = 0; e < to.tables_[r].end(); ++e) {
      if (to.tables_[r].in_use(e) && to.tables_[r][e].active) ++taken_.episodes;
    }
  }
  to.next_group_ = from.next_group_;
  for (auto& [entry, roots] : from.more_until_roots_) {
    if (rules_[entry.first] != kNoId) to.more_until_roots_.emplace(std::pair(rules_[entry.first], entry.second), std::move(roots));
  }
  for (const auto& [rule, entry] : from.begun_) {
    if (rules_[rule] != kNoId) to.begun_.emplace_back(rules_[rule], entry);
  }
}

void Adoption::move_derivation() {
  Derivation& from = from_.derivation;
  Derivation& to = to_.derivation;
  to.reasons_ = std::move(from.reasons_);
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) to.derived_[t] = std::move(from.derived_[t]);
  to.episode_values_ = std::move(from.episode_values_);
  to.told_otherwise_ = std::move(from.told_otherwise_);
  if (same_rule_numbers_) {
    to.episode_reasons_ = std::move(from.episode_reasons_);
  } else {
    for (std::uint32_t id = 0; id < to.reasons_.end(); ++id) {
      std::uint32_t& rule = to.reasons_[id].rule;
      if (rule < rules_.size() && rules_[rule] != kNoId) rule = rules_[rule];  // else the place is free
    }
    for (auto& [entry, reasons] : from.episode_reasons_) to.episode_reasons_.emplace(renamed(entry), std::move(reasons));
  }
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) {
    const bool was = from_.data.rule_set.schema.types[t].role == Role::kDerived;
    if (!was || to_.data.rule_set.schema.types[t].role == Role::kDerived) continue;
    for (FactId f = 0; f < to.derived_[t].size(); ++f) {
      to.derived_[t][f].told = false;
      to.told_otherwise_.erase(std::uint64_t{t} << 32 | f);
    }
  }
  // What lost a reason just now, once each. Recursive types may be others.
  std::vector<std::pair<FactTypeId, FactId>> dirty;
  for (const auto& stratum : from.dirty_) {
    for (const auto& [type, fact] : stratum) {
      Derivation::Derived& d = to.derived_[type][fact];
      if (!d.dirty) continue;
      d.dirty = d.lost = false;
      dirty.emplace_back(type, fact);
    }
  }
  for (const auto& [type, fact] : dirty) {
    to.set_dirty(type, fact, to.derived_[type][fact], true);
    to_.network.store(type).unpin(fact);  // it was dirty before, too
  }
}

void Adoption::move_productions() {
  Productions& from = from_.productions;
  Productions& to = to_.productions;
  to.activations_ = std::move(from.activations_);
  to.rows_ = std::move(from.rows_);
  to.made_of_ = std::move(from.made_of_);
  to.runs_at_ = from.runs_at_;
  if (same_rule_numbers_) {
    to.shared_ = std::move(from.shared_);
  } else {
    for (ActivationId id = 0; id < to.activations_.end(); ++id) {
      std::uint32_t& rule = to.activations_[id].rule;
      if (rule < rules_.size() && rules_[rule] != kNoId) rule = rules_[rule];
    }
    for (const auto& [key, id] : from.shared_) to.shared_.emplace(Productions::Key{rules_[key.rule], key.facts}, id);
  }
  for (const auto& [run, count] : from.runs_) {
    if (rules_[run.rule] != kNoId) to.runs_.emplace(Productions::Run{rules_[run.rule], run.identity}, count);
  }
  for (std::uint32_t r = 0; r < former_.size(); ++r) {
    const std::uint32_t before = former_[r];
    if (before == kNoId || from.rules_[before].queue == kNone) continue;
    if (Productions::Gates* gates = from.gates_of(before); gates != nullptr) *to.gates_of(r) = std::move(*gates);
    for (const std::uint32_t g : now_.parts[r].gates) to.gate_tokens_[g] = from.gate_tokens_[g];
    // Nothing waits: what queues there are, are those of gates.
  }
}

void Adoption::move_actions() {
  Actions& from = from_.actions;
  Actions& to = to_.actions;
  to.records_ = std::move(from.records_);
  to.records_.widen(to_.data.types.size());
  to.waiting_ = std::move(from.waiting_);
  to.tickets_ = from.tickets_;
  to.unapproved_ = std::move(from.unapproved_);
  to.next_ = from.next_;
  const auto move_types = [&](auto& before, auto& now) { std::move(before.begin(), before.end(), now.begin()); };
  move_types(from.ended_, to.ended_);
  move_types(from.sends_, to.sends_);
  std::copy(from.rate_armed_.begin(), from.rate_armed_.end(), to.rate_armed_.begin());
  std::vector<std::uint32_t> by_former(rules_.size(), kNoId);
  for (std::uint32_t r = 0; r < namesakes_.size(); ++r) {
    if (namesakes_[r] != kNoId) by_former[namesakes_[r]] = r;
  }
  to.records_.for_each([&](ActionRecord& record) {
    record.rule = by_former[record.rule];
    record.episode = renamed(record.episode);
  });
  for (auto& [episode, numbers] : from.of_episode_) {
    const std::uint64_t now = renamed(episode);
    if (now != kNoEpisode) to.of_episode_.emplace(now, std::move(numbers));
  }
}

// Those whose rule is gone; in the order in which they were made.
void Adoption::withdraw_actions() {
  Actions& actions = to_.actions;
  for (const ActionNumber number : actions.records_.in_order()) {
    ActionRecord& record = actions.records_.at(number);
    if (record.rule != kNoId) continue;
    const FactTypeId type = record.type;
    const FactId fact = record.fact;
    ++taken_.actions_dropped;
    taken_.gone.push_back(to_text(record.id));
    actions.forget(record);
    FactStore& store = to_.network.store(type);
    store.pin(fact);
    store.make_absent(fact);
    to_.network.fact_vanished(type, fact);
    store.unpin(fact);
  }
}

}  // namespace flyball::engine
