// What a session is in the middle of, written; snapshot_in.cc reads it, part by part in the same order.
#include <algorithm>
#include <map>

#include "engine/session/snapshot.h"

namespace flyball::engine {

void SnapshotOut::write() {
  out_.number(from_.network.moment());
  for (const Network::Shut& shut : from_.network.shut_) {
    out_.flag(shut.now);
    out_.timestamp(shut.since);
  }
  write_facts();
  write_told();
  write_samples();
  write_holds();
  write_absences();
  write_episodes();
  write_actions();
  write_productions();
  write_inbox();
}

// Also those that are absent and pinned: episodes and holds name them.
void SnapshotOut::write_facts() {
  numbers_.resize(from_.data.types.size());
  for (FactTypeId type = 0; type < from_.data.types.size(); ++type) {
    const FactStore& store = from_.network.store(type);
    numbers_[type].assign(store.end(), kNone);
    std::uint32_t count = 0;
    for (FactId f = 0; f < store.end(); ++f) {
      if (store.meta(f).used) numbers_[type][f] = count++;
    }
    out_.number(count);
    const std::size_t stamps = from_.data.types[type].stamp_masks.size();
    for (FactId f = 0; f < store.end(); ++f) {
      if (numbers_[type][f] == kNone) continue;
      const FactMeta& meta = store.meta(f);
      out_.number(static_cast<std::uint64_t>(meta.status));
      out_.flag(meta.suspended);
      out_.timestamp(meta.stamp);
      out_.values(store.last_row(f).values(store.width()));
      if (!store.keyed()) {
        std::vector<Value> name;
        store.append_identity(f, name);
        out_.values(name);
      }
      const StampRows& all = from_.network.stamps_[type];
      for (std::size_t i = 0; i < stamps; ++i) out_.number(all.has_room(f) ? all.row(f)[i] : 0);
    }
  }
}

void SnapshotOut::write_told() {
  const Derivation& derivation = from_.derivation;
  for (FactTypeId type = 0; type < from_.data.types.size(); ++type) {
    std::vector<FactId> told;
    for (FactId f = 0; f < derivation.derived_[type].size(); ++f) {
      if (derivation.derived_[type][f].told) told.push_back(f);
    }
    out_.number(told.size());
    for (const FactId f : told) {
      fact(type, f);
      const auto otherwise = derivation.told_otherwise_.find(std::uint64_t{type} << 32 | f);
      out_.flag(otherwise != derivation.told_otherwise_.end());
      if (otherwise != derivation.told_otherwise_.end()) out_.values(otherwise->second);
    }
  }
}

void SnapshotOut::write_samples() {
  const Aggregates& aggregates = from_.network.aggregates_;
  out_.number(aggregates.arrivals_);
  out_.number(aggregates.samples_dropped_);
  for (NodeId node = 0; node < from_.data.nodes.size(); ++node) {
    const AggregateNode& plan = from_.data.nodes[node];
    if (!plan.sampled()) continue;
    const Aggregates::NodeState& state = aggregates.nodes_[node];
    out_.flag(state.dropped);
    std::map<FactId, std::span<const std::uint32_t>> in_order;
    state.samples.for_each([&](FactId f, std::span<const std::uint32_t> samples) { in_order.emplace(f, samples); });
    out_.number(in_order.size());
    for (const auto& [f, samples] : in_order) {
      fact(plan.type, f);
      out_.number(samples.size());
      for (const std::uint32_t id : samples) {
        const Aggregates::Item& item = state.items[id];
        out_.number(static_cast<std::uint64_t>(item.truth));
        out_.value(item.value);
        out_.timestamp(item.stamp);
        out_.number(item.arrival);
        if (plan.keep_rows) out_.values({state.rows.at(id).data(), from_.network.store(plan.type).width()});
        out_.flag(item.group != kNone);
        if (item.group == kNone) continue;
        const std::vector<Value> key = state.groups[item.group]->key.values();
        out_.number(key.size());
        out_.values(key);
      }
    }
  }
}

void SnapshotOut::write_holds() {
  for (TableId table = 0; table < from_.data.holds.size(); ++table) {
    const HoldTable& holds = from_.network.holds_[table];
    out_.number(holds.used());
    for (std::uint32_t e = 0; e < holds.end(); ++e) {
      if (!holds.in_use(e)) continue;
      facts(from_.data.holds[table].types, holds.facts_of(e));
      out_.number(static_cast<std::uint64_t>(holds[e].judged));
      out_.flag(holds[e].held);
      out_.flag(holds[e].was_held);
      out_.timestamp(holds[e].onset);
    }
  }
}

void SnapshotOut::write_absences() {
  for (TableId table = 0; table < from_.data.absences.size(); ++table) {
    const AbsenceTable& absences = from_.network.absences_[table];
    out_.number(absences.used());
    for (std::uint32_t e = 0; e < absences.end(); ++e) {
      if (!absences.in_use(e)) continue;
      facts(from_.data.absences[table].types, absences.facts_of(e));
      out_.flag(absences[e].fresh);
      out_.flag(absences[e].live_judged);
      out_.flag(absences[e].output);
      out_.timestamp(absences[e].base);
    }
  }
}

void SnapshotOut::write_episodes() {
  const Episodes& episodes = from_.episodes;
  const Derivation& derivation = from_.derivation;
  entries_.resize(from_.data.rule_set.rules.size());
  for (std::uint32_t rule = 0; rule < from_.data.rule_set.rules.size(); ++rule) {
    const TupleTable<RuleEntry>& table = episodes.tables_[rule];
    entries_[rule].assign(table.end(), kNone);
    std::uint32_t count = 0;
    out_.number(table.used());
    for (EntryId id = 0; id < table.end(); ++id) {
      if (!table.in_use(id)) continue;
      entries_[rule][id] = count++;
      const RuleEntry& e = table[id];
      facts(from_.data.rules[rule].identity_types, table.facts_of(id));
      out_.flag(e.active);
      out_.flag(e.said);
      out_.flag(e.skipped);
      out_.timestamp(e.onset);
      out_.timestamp(e.last_run);
      out_.timestamp(e.last_onset);
      out_.timestamp(e.cool_until);
      out_.timestamp(e.false_since);
      out_.number(e.run);
      const auto reasons = derivation.episode_reasons_.find(std::uint64_t{rule} << 32 | id);
      out_.number(reasons == derivation.episode_reasons_.end() ? 0 : reasons->second.size());
      if (reasons == derivation.episode_reasons_.end()) continue;
      for (const std::uint32_t reason : reasons->second) {
        out_.number(derivation.reasons_[reason].effect);
        out_.values(derivation.episode_values_.at(reason));
      }
    }
    out_.number(episodes.groups_[rule].size());
    for (const auto& [number, group] : episodes.groups_[rule]) {
      out_.values(group.key);
      out_.timestamp(group.until);
    }
  }
}

void SnapshotOut::write_actions() {
  const Actions& actions = from_.actions;
  for (FactTypeId type = 0; type < from_.data.types.size(); ++type) {
    out_.number(actions.sends_[type].size());
    for (const Timestamp t : actions.sends_[type]) out_.timestamp(t);
  }
  out_.number(actions.records_.size());
  for (const ActionNumber number : actions.records_.in_order()) {
    const ActionRecord* const record = actions.records_.find(number);
    out_.text(to_text(record->id));
    out_.number(record->type);
    out_.number(record->rule);
    fact(record->type, record->fact);
    out_.values(record->data);
    out_.number(static_cast<std::uint64_t>(record->state));
    out_.timestamp(record->at);
    out_.number(record->tries);
    out_.value(record->result);
    out_.flag(record->of_event);
    out_.flag(record->unapproved);
    out_.flag(record->abandoned);
    out_.timestamp(record->next_try);
    out_.timestamp(record->gives_up);
    out_.number(record->ticket);
    const auto rule = static_cast<std::uint32_t>(record->episode >> 32);
    const auto entry = static_cast<EntryId>(record->episode);
    const bool runs = record->episode != kNoEpisode && entry < entries_[rule].size() && entries_[rule][entry] != kNone;
    out_.flag(runs);
    if (!runs) continue;
    out_.number(rule);
    out_.number(entries_[rule][entry]);
  }
}

void SnapshotOut::write_productions() {
  const std::vector<Productions::Standing> standing = from_.productions.standing();
  out_.number(standing.size());
  for (const Productions::Standing& s : standing) {
    out_.number(s.key.rule);
    facts(from_.data.rules[s.key.rule].identity_types, s.key.facts.data());
    out_.number(s.since);
    out_.flag(s.fired);
  }
  out_.timestamp(from_.productions.runs_at_);
  out_.number(from_.productions.runs_.size());
  for (const auto& [run, count] : from_.productions.runs_) {
    out_.number(run.rule);
    out_.number(run.identity.size());
    out_.values(run.identity);
    out_.number(count);
  }
}

void SnapshotOut::write_inbox() {
  const std::vector<Inbox::Waiting> waiting = from_.inbox.in_order();
  out_.number(waiting.size());
  for (const auto& [at, pending, ack] : waiting) {
    out_.timestamp(at);
    out_.flag(ack != nullptr);
    if (ack == nullptr) {
      const FactInput& fact = pending->fact;
      out_.number(fact.type);
      out_.number(static_cast<std::uint64_t>(fact.op));
      out_.flag(pending->late);
      out_.timestamp(fact.stamp);
      out_.number(fact.present);
      out_.values(fact.values);
      out_.value(fact.source);
      out_.number(fact.seq);
      out_.number(fact.origin);
      continue;
    }
    out_.text(ack->id);
    out_.flag(ack->action != kNoId);
    if (ack->action != kNoId) out_.number(ack->action);
    out_.number(ack->present);
    out_.number(ack->data.size());
    out_.values(ack->data);
    out_.number(static_cast<std::uint64_t>(ack->state));
    out_.number(ack->result.size());
    out_.values(ack->result);
    out_.text(ack->error);
    out_.timestamp(ack->stamp);
    out_.number(ack->origin);
  }
}

}  // namespace flyball::engine
