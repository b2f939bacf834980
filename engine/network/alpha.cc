// From a changed fact to its alpha items, and from them to the stages to be activated.
//
// One update is done in an order that makes every pair of facts meet exactly once, also when one fact stands on both
// sides of a join: first what falls away, then all indexes, then activations from the last stage to the first, then
// the tokens that stay but must be looked at again.
#include <algorithm>

#include "engine/network/network.h"

namespace flyball::engine {

void Network::fact_appeared(FactTypeId type, FactId fact) { update(type, fact, kEveryField, true); }
void Network::fact_changed(FactTypeId type, FactId fact, std::uint64_t changed) { update(type, fact, changed, true); }
void Network::fact_vanished(FactTypeId type, FactId fact) { update(type, fact, kEveryField, false); }

void Network::set_verb(StageId stage, Verb verb) {
  StageState& state = stage_states_[stage];
  if (state.seen != epoch_) {
    state.seen = epoch_;
    state.verb = verb;
  } else if (state.verb < verb) {
    state.verb = verb;
  }
}

Truth Network::alpha_truth(const AlphaPlan& alpha, const FactMeta& meta, const Value* row) {
  Truth truth = meta.suspended ? Truth::kUnknown : Truth::kTrue;
  frame_.set_row(alpha.binding, row);
  for (const Formula& test : alpha.tests) {
    truth = truth_and(truth, frame_.truth(test, alpha.scope));
    if (truth == Truth::kFalse) break;
  }
  return truth;
}

Network::KeyStatus Network::right_key(const AlphaPlan& alpha, std::uint32_t index, const Value* row, std::uint32_t& hash) const {
  KeyStatus status = KeyStatus::kKnown;
  std::uint64_t h = 0;
  const std::vector<std::uint32_t>& fields = alpha.indexes[index];
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Value& v = row[fields[i]];
    if (v.is_null() && (alpha.index_null_joins[index] >> i & 1U) == 0) return KeyStatus::kNever;
    if (v.is_error()) status = KeyStatus::kUnknown;
    h = mix(h, hash_value(v));
  }
  hash = fold(h);
  return status;
}

void Network::place_entry(AlphaId alpha, std::uint32_t index, std::uint32_t entry, const Value* row) {
  EntryRecords records{entries_};
  BucketIndex& bucket = alphas_[alpha].indexes[index];
  bucket.remove(records, entry);
  std::uint32_t hash = 0;
  switch (right_key(program_.alphas[alpha], index, row, hash)) {
    case KeyStatus::kKnown: bucket.insert(records, entry, hash); break;
    case KeyStatus::kUnknown: bucket.insert_unknown(records, entry); break;
    case KeyStatus::kNever: break;
  }
}

std::uint32_t Network::add_item(FactTypeId type, FactId fact, AlphaId alpha, Truth truth, const Value* row) {
  const std::uint32_t id = items_.make();
  AlphaItem& item = items_[id];
  FactMeta& meta = stores_[type].meta(fact);
  item.alpha = alpha;
  item.truth = truth;
  item.next = meta.items;
  meta.items = id;
  ++alphas_[alpha].count;
  const std::uint32_t indexes = static_cast<std::uint32_t>(alphas_[alpha].indexes.size());
  for (std::uint32_t i = indexes; i-- > 0;) {
    const std::uint32_t entry = entries_.make();
    entries_[entry].fact = fact;
    entries_[entry].truth = truth;
    entries_[entry].next_entry = item.entry;
    item.entry = entry;
    place_entry(alpha, i, entry, row);
  }
  return id;
}

// Takes the item out of its alpha; the caller has taken it out of the fact's list.
void Network::drop_item(std::uint32_t item) {
  EntryRecords records{entries_};
  AlphaState& state = alphas_[items_[item].alpha];
  std::uint32_t index = 0;
  for (std::uint32_t entry = items_[item].entry; entry != kNone; ++index) {
    const std::uint32_t next = entries_[entry].next_entry;
    state.indexes[index].remove(records, entry);
    entries_.free(entry);
    entry = next;
  }
  --state.count;
  items_.free(item);
}

void Network::update(FactTypeId type, FactId fact, std::uint64_t changed, bool exists) {
  const TypePlan& plan = program_.types[type];
  if (changed == kEveryField) {
    for (const NodeId node : plan.sample_nodes) aggregates_.liveness_changed(node, fact);
  } else if ((plan.reads & changed) == 0) {
    return;
  }
  FactStore& store = stores_[type];
  FactMeta& meta = store.meta(fact);
  const Value* row = store.row(fact);
  ++epoch_;
  activations_.clear();
  to_delete_.clear();
  to_refresh_.clear();

  // What becomes of the items it has.
  for (std::uint32_t* place = &meta.items; *place != kNone;) {
    const std::uint32_t id = *place;
    AlphaItem& item = items_[id];
    const AlphaPlan& alpha = program_.alphas[item.alpha];
    alphas_[item.alpha].seen = epoch_;
    const Truth before = item.truth;
    Truth after = exists ? before : Truth::kFalse;
    if (exists && (changed == kEveryField || (alpha.reads & changed) != 0)) after = alpha_truth(alpha, meta, row);
    if (after == Truth::kFalse) {
      for (const StageId stage : alpha.successors) set_verb(stage, Verb::kRejoin);
      for (const NodeId node : alpha.nodes) aggregates_.remove(node, fact);
      *place = item.next;
      drop_item(id);
      continue;
    }
    item.truth = after;
    if (after != before) {
      for (std::uint32_t entry = item.entry; entry != kNone; entry = entries_[entry].next_entry) entries_[entry].truth = after;
    }
    std::uint32_t index = 0;
    for (std::uint32_t entry = item.entry; entry != kNone; entry = entries_[entry].next_entry, ++index) {
      std::uint64_t fields = 0;
      for (const std::uint32_t f : alpha.indexes[index]) fields |= std::uint64_t{1} << f;
      if ((fields & changed) != 0) place_entry(item.alpha, index, entry, row);
    }
    for (const StageId stage : alpha.successors) {
      const StagePlan& s = program_.stages[stage];
      if (after != before || (s.own_reads & changed) != 0) {
        set_verb(stage, Verb::kRejoin);
        activations_.push_back({stage, fact, after});
      } else if ((s.later_reads & changed) != 0) {
        set_verb(stage, Verb::kRefresh);
      }
    }
    for (const NodeId node : alpha.nodes) {
      if (after != before || (program_.nodes[node].reads & changed) != 0) aggregates_.put(node, fact, after, row, *this);
    }
    place = &item.next;
  }

  // Which it comes into.
  if (exists) {
    const auto try_alpha = [&](AlphaId id) {
      AlphaState& state = alphas_[id];
      if (state.seen == epoch_) return;
      state.seen = epoch_;
      const AlphaPlan& alpha = program_.alphas[id];
      if (changed != kEveryField && (alpha.reads & changed) == 0) return;
      const Truth truth = alpha_truth(alpha, meta, row);
      if (truth == Truth::kFalse) return;
      add_item(type, fact, id, truth, row);
      for (const StageId stage : alpha.successors) activations_.push_back({stage, fact, truth});
      for (const NodeId node : alpha.nodes) aggregates_.put(node, fact, truth, row, *this);
    };
    for (const AlphaId id : plan.always) try_alpha(id);
    for (std::size_t d = 0; d < plan.dispatch_fields.size(); ++d) {
      const Value& v = row[plan.dispatch_fields[d]];
      for (const AlphaId id : v.is_error() ? dispatch_[type][d].all() : dispatch_[type][d].find(v)) try_alpha(id);
    }
  }

  // What falls or must be looked at again. Bound facts and held lines keep their tokens: tables decide about them.
  for (TokenId t = meta.tokens; t != kNone; t = tokens_[t].fact_next) {
    const StageId stage = tokens_[t].stage;
    switch (verb_of(stage)) {
      case Verb::kRejoin: to_delete_.push_back(t); break;
      case Verb::kRefresh: to_refresh_.emplace_back(t, stage); break;
      case Verb::kNothing: {
        const StagePlan& s = program_.stages[stage];
        const bool given = s.kind == StageKind::kBound || s.kind == StageKind::kHold;
        if (given && exists && (s.later_reads & changed) != 0) to_refresh_.emplace_back(t, stage);
        if (!exists && s.kind == StageKind::kBound) ends_.bound_fact_gone(program_.chains[s.chain], t);
        break;
      }
    }
  }
  for (const TokenId t : to_delete_) {
    Token& token = tokens_[t];
    if (!token.alive || token.fact != fact || verb_of(token.stage) != Verb::kRejoin) continue;  // fell with another
    if (token.witness) {
      Token& left = tokens_[token.parent];
      (token.truth == Truth::kTrue ? left.count_true : left.count_unknown) -= 1;
      touched_exists_.push_back(token.parent);
    }
    delete_token(t);
  }

  std::sort(activations_.begin(), activations_.end(), [](const Activation& a, const Activation& b) { return a.stage > b.stage; });
  for (const Activation& activation : activations_) right_activate(activation);
  // A token may have fallen meanwhile, and its place gone to another: only the one that was meant is looked at again.
  for (const auto& [t, stage] : to_refresh_) {
    const Token& token = tokens_[t];
    if (token.alive && !token.witness && token.fact == fact && token.stage == stage) refresh(t);
  }
  for (const TokenId left : touched_exists_) {
    if (tokens_[left].alive) settle_exists(left);
  }
  touched_exists_.clear();
}

}  // namespace flyball::engine
