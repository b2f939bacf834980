// From a changed fact to its alpha items, and from them to the stages to be activated.
//
// One update is done in an order that makes every pair of facts meet exactly once, also when one fact stands on both
// sides of a join: first what falls away, then all indexes, then activations from the last stage to the first, then
// the tokens that stay but must be looked at again. Which alphas a changed field concerns at all, AlphaTables says.
#include <algorithm>
#include <bit>

#include "engine/network/network.h"
#include "model/check.h"

namespace flyball::engine {

Truth Network::alpha_truth(const Update& u, AlphaId alpha) {
  ++alpha_work_[alpha].tests;
  return truth_and(u.meta->suspended ? Truth::kUnknown : Truth::kTrue, alphas_.truth(alpha, u.row, frame_));
}

Network::KeyStatus Network::right_key(const AlphaIndex& index, Row row, std::uint32_t& hash) {
  KeyStatus status = KeyStatus::kKnown;
  std::uint64_t h = 0;
  for (std::size_t i = 0; i < index.fields.size(); ++i) {
    const Value& v = row[index.fields[i]];
    if (v.is_null() && (index.null_joins >> i & 1U) == 0) return KeyStatus::kNever;
    if (v.is_error()) status = KeyStatus::kUnknown;
    h = mix(h, hash_value(v));
  }
  hash = fold(h);
  return status;
}

void Network::place_entry(AlphaIndex& index, std::uint32_t entry, Row row) {
  AlphaItemRecords records{items_};
  leave_closings(index, entry);
  index.bucket.remove(records, entry);
  std::uint32_t hash = 0;
  KeyStatus status = right_key(index, row, hash);
  if (index.span.form != SpanFields::Form::kNowhere && status == KeyStatus::kKnown) {
    if (index.bucket.empty()) index.cells.clear();
    if (const std::optional<Span> span = own_span(index.span, row)) {
      hash = fold(mix(hash, index.cells.place(*span)));
    } else {
      status = KeyStatus::kUnknown;
    }
  }
  switch (status) {
    case KeyStatus::kKnown:
      index.bucket.insert(records, entry, hash);
      for (AlphaIndex::Order& order : index.orders) order.best.add(hash, order.key(row[order.field]), entry, standing(index, order));
      break;
    case KeyStatus::kUnknown:
      index.bucket.insert_unknown(records, entry);
      opened_.insert(opened_.end(), index.closings.begin(), index.closings.end());
      break;
    case KeyStatus::kNever: break;
  }
}

// In all indexes, in no list of its fact.
std::uint32_t Network::add_item(const Update& u, AlphaId id, Truth truth) {
  const AlphaState& alpha = alphas_[id];
  std::uint32_t first = kNone;
  std::uint32_t* place = &first;
  for (std::uint32_t i = 0; i < std::max<std::uint32_t>(alpha.index_count, 1); ++i) {
    const std::uint32_t entry = items_.make();
    *place = entry;
    AlphaItem& item = items_[entry];
    item.alpha = id & kAlphaMask;
    item.fact = u.fact;
    item.truth = truth;
    item.further = i != 0;
    if (item.further) item.next = first;
    if (i < alpha.index_count) place_entry(alphas_.index(alpha, i), entry, u.row);
    place = &item.more;
  }
  return first;
}

void Network::leave_indexes(std::uint32_t id) {
  AlphaItemRecords records{items_};
  const AlphaState& alpha = alphas_[items_[id].alpha];
  std::uint32_t entry = id;
  for (std::uint32_t i = 0; i < alpha.index_count; ++i, entry = items_[entry].more) {
    AlphaIndex& index = alphas_.index(alpha, i);
    leave_closings(index, entry);
    index.bucket.remove(records, entry);
  }
}

void Network::free_item(std::uint32_t id) {
  FB_CHECK(items_[id].tokens == kNone);
  for (std::uint32_t entry = id; entry != kNone;) {
    const std::uint32_t more = items_[entry].more;
    items_.free(entry);
    entry = more;
  }
}

// An alpha the fact was not in. The new item, for the caller to put into one of the fact's lists; kNone: it is still not.
std::uint32_t Network::try_alpha(const Update& u, AlphaId id) {
  AlphaState& alpha = alphas_[id];
  if (alpha.seen == epoch_) return kNone;
  alpha.seen = epoch_;
  if (u.changed != kEveryField && (alpha.reads & u.changed) == 0) return kNone;
  const Truth truth = alpha_truth(u, id);
  return truth == Truth::kFalse ? kNone : enter_alpha(u, id, truth);
}

std::uint32_t Network::enter_alpha(const Update& u, AlphaId id, Truth truth) {
  const AlphaState& alpha = alphas_[id];
  const std::uint32_t item = add_item(u, id, truth);
  ++alpha_work_[id].came;
  for (const StageId stage : alphas_.successors(alpha)) {
    if (is_awaited(stage_states_[stage])) activations_.push_back({stage, u.fact, item, truth, stage_states_[stage].turn});
  }
  for (const NodeId node : alphas_.nodes(alpha)) {
    place_.at(WorkPart::kAggregate, node);
    aggregates_.put(node, u.fact, truth, u.row, *this);
    place_.at(WorkPart::kAlpha, u.type);
  }
  return item;
}

// An alpha the fact was in. False: no more; then the caller takes the item out of the fact's list.
bool Network::visit_item(const Update& u, std::uint32_t id) {
  AlphaItem& item = items_[id];
  AlphaState& alpha = alphas_[item.alpha];
  if (item.tokens != kNone) __builtin_prefetch(&tokens_[item.tokens]);
  alpha.seen = epoch_;
  const Truth before = item.truth;
  Truth after = u.exists ? before : Truth::kFalse;
  if (u.exists && (u.changed == kEveryField || (alpha.reads & u.changed) != 0)) after = alpha_truth(u, item.alpha);
  if (after == Truth::kFalse) {
    if (item.link.next != kNone) __builtin_prefetch(&items_[item.link.next]);
    if (item.link.prev != kNone) __builtin_prefetch(&items_[item.link.prev]);
    for (TokenId t = item.tokens; t != kNone; t = tokens_[t].fact_next) to_delete_.push_back(t);
    for (const NodeId node : alphas_.nodes(alpha)) {
      place_.at(WorkPart::kAggregate, node);
      aggregates_.remove(node, u.fact, *this);
      place_.at(WorkPart::kAlpha, u.type);
    }
    leave_indexes(id);
    ++alpha_work_[item.alpha].went;
    dropped_items_.push_back(id);
    return false;
  }
  if (after != before) {
    for (std::uint32_t entry = id; entry != kNone; entry = items_[entry].more) items_[entry].truth = after;
  }
  std::uint32_t entry = id;
  for (std::uint32_t i = 0; i < alpha.index_count; ++i, entry = items_[entry].more) {
    AlphaIndex& index = alphas_.index(alpha, i);
    if ((index.mask & u.changed) != 0) place_entry(index, entry, u.row);
  }
  bool concerned = false;
  for (const StageId stage : alphas_.successors(alpha)) {
    StageState& s = stage_states_[stage];
    if (after != before || (s.own_reads & u.changed) != 0) {
      s.verb = Verb::kRejoin;
      if (is_awaited(s)) activations_.push_back({stage, u.fact, id, after, s.turn});
    } else if ((s.later_reads & u.changed) != 0) {
      s.verb = Verb::kRefresh;
    } else {
      continue;
    }
    s.seen = epoch_;
    concerned = true;
  }
  for (TokenId t = concerned ? item.tokens : kNone; t != kNone; t = tokens_[t].fact_next) {
    const StageId stage = tokens_[t].stage;
    switch (verb_of(stage)) {
      case Verb::kRejoin: to_delete_.push_back(t); break;
      case Verb::kRefresh: to_refresh_.emplace_back(t, stage); break;
      case Verb::kNothing: break;
    }
  }
  for (const NodeId node : alphas_.nodes(alpha)) {
    if (after == before && (program_.nodes[node].reads & u.changed) == 0) continue;
    place_.at(WorkPart::kAggregate, node);
    aggregates_.put(node, u.fact, after, u.row, *this);
    place_.at(WorkPart::kAlpha, u.type);
  }
  return true;
}

// Alphas that thresholds dispatch. While nothing but the one field changes, only gates that it crosses are looked at.
void Network::update_gates(const Update& u, const AlphaTables::ByOrder& order, FactGates& gates) {
  const Thresholds& thresholds = order.thresholds;
  if (!u.exists) {
    for (std::uint32_t id = gates.top; id != kNone; id = items_[id].next) visit_item(u, id);
    gates = FactGates{};
    return;
  }
  const std::uint64_t field = std::uint64_t{1} << thresholds.field();
  if (u.changed != kEveryField && ((order.deep | field) & u.changed) == 0) return;
  const std::optional<std::uint32_t> position =
      thresholds.position(u.row[thresholds.field()], gates.position == kNone ? 0 : gates.position);
  const bool is_new = gates.top == kNone && gates.position == 0;
  if (!position || gates.position == kNone || (!is_new && (u.changed == kEveryField || (order.deep & u.changed) != 0))) {
    update_all_gates(u, order, gates, position);
    return;
  }
  for (; gates.position < *position; ++gates.position) {
    const std::uint32_t id = try_alpha(u, thresholds.alpha(gates.position));
    if (id == kNone) continue;
    items_[id].next = gates.top;
    gates.top = id;
  }
  gates.position = *position;
  while (gates.top != kNone && alphas_[items_[gates.top].alpha].gate >= *position) {
    const std::uint32_t id = gates.top;
    gates.top = items_[id].next;
    const bool stays = visit_item(u, id);
    FB_CHECK(!stays);
  }
}

void Network::update_all_gates(const Update& u, const AlphaTables::ByOrder& order, FactGates& gates,
                               std::optional<std::uint32_t> position) {
  const Thresholds& thresholds = order.thresholds;
  gate_items_.clear();
  for (std::uint32_t id = gates.top; id != kNone;) {
    const std::uint32_t next = items_[id].next;
    if (visit_item(u, id)) gate_items_.push_back(id);
    id = next;
  }
  const bool any = u.changed == kEveryField || !position || gates.position == kNone || (order.other_reads & u.changed) != 0;
  const std::uint32_t end = position ? *position : thresholds.size();
  for (std::uint32_t gate = any ? 0 : gates.position; gate < end; ++gate) {
    const std::uint32_t id = try_alpha(u, thresholds.alpha(gate));
    if (id != kNone) gate_items_.push_back(id);
  }
  std::sort(gate_items_.begin(), gate_items_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return alphas_[items_[a].alpha].gate < alphas_[items_[b].alpha].gate; });
  gates.top = kNone;
  for (const std::uint32_t id : gate_items_) {
    items_[id].next = gates.top;
    gates.top = id;
  }
  gates.position = position ? *position : kNone;
}

// Bound facts and held lines keep their tokens: tables decide about them.
void Network::update_given(const Update& u) {
  for (TokenId t = u.meta->tokens; t != kNone; t = tokens_[t].fact_next) {
    const StageId stage = tokens_[t].stage;
    const StageState& s = stage_states_[stage];
    if (u.exists && (s.later_reads & u.changed) != 0) to_refresh_.emplace_back(t, stage);
    if (!u.exists) forget_totals_behind(t);  // its row is what was known last
    if (!u.exists && s.kind == StageKind::kBound) ends_.bound_fact_gone(program_.chains[s.chain], t);
  }
}

// `changed`: what may be otherwise of a fact that stays; where its liveness changed, all that are not key fields.
void Network::stamp_fact(FactTypeId type, FactId fact, std::uint64_t changed, bool appeared, bool exists) {
  const std::vector<std::uint64_t>& masks = program_.types[type].stamp_masks;
  stamps_[type].make_room(fact);
  std::uint64_t* const stamps = stamps_[type].row(fact);
  if (journal_.first(Journalled::kStamps, type, fact) && !appeared) {
    // Restored last: putting the fact back stamps it anew. One that was not there has none that anybody will ask for.
    journal_.add_stamps(type, fact, stamps, masks.size());
  }
  if (program_.types[type].stratum != kNoId) {
    if (withdrawn_in_ != moment_) withdrawn_.clear();
    withdrawn_in_ = moment_;
    const std::uint64_t name = std::uint64_t{type} << 32 | fact;
    const FactStore& store = stores_[type];
    if (!exists) {
      withdrawn_.try_emplace(name, Withdrawn{{stamps, stamps + masks.size()}, store.last_row(fact).values(store.width())});
    } else if (const auto before = withdrawn_.find(name); before != withdrawn_.end()) {
      std::uint64_t otherwise = store.meta(fact).status == FactStatus::kLive && !store.meta(fact).suspended ? 0 : ~store.key_fields();
      for (std::uint32_t f = 0; f < store.width(); ++f) {
        if (store.row(fact)[f] != before->second.row[f]) otherwise |= std::uint64_t{1} << f;
      }
      for (std::size_t i = 0; i < masks.size(); ++i) stamps[i] = (masks[i] & otherwise) != 0 ? moment_ : before->second.stamps[i];
      return;
    }
  }
  if (appeared) {
    std::fill_n(stamps, masks.size(), moment_);
    return;
  }
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if ((masks[i] & changed) != 0) stamps[i] = moment_;
  }
}

void Network::update(FactTypeId type, FactId fact, std::uint64_t changed, bool exists) {
  TypeState& of_type = type_states_[type];
  if (changed == kEveryField) {
    if (of_type.sampled) aggregates_.liveness_changed(type, fact, stores_[type].row(fact), *this);
  } else if ((of_type.reads & changed) == 0) {
    return;
  }
  ++of_type.updates;
  place_.at(WorkPart::kAlpha, type);
  if (of_type.clocked) arm_fact_clock(type, fact, exists);
  FactStore& store = stores_[type];
  FactMeta& meta = store.meta(fact);
  if (!of_type.tested && meta.tokens == kNone) return;  // such as what is only told
  const AlphaTables::Type& ways = alphas_.type(type);
  const Update u{type, fact, &meta, store.row_of(meta), changed, exists};
  ++epoch_;

  // What becomes of the items it has.
  std::uint32_t concerned = ~std::uint32_t{0};
  if (changed != kEveryField) {
    concerned = ways.concerned(changed) | ((ways.shared_deep & changed) != 0 ? AlphaTables::kSharedBit : 0);
  }
  const std::uint32_t members = meta.members;
  if ((members & concerned) != 0) {
    meta.members = 0;
    for (std::uint32_t* place = &meta.items; *place != kNone;) {
      const std::uint32_t id = *place;
      const std::uint32_t bit = std::uint32_t{1} << alphas_[items_[id].alpha].bit;
      if ((concerned & bit) == 0 || visit_item(u, id)) {
        meta.members |= bit;
        place = &items_[id].next;
      } else {
        *place = items_[id].next;
      }
    }
  }

  // Which it comes into.
  if (exists) {
    const auto try_plain = [&](AlphaId alpha) {
      const std::uint32_t id = try_alpha(u, alpha);
      if (id == kNone) return;
      items_[id].next = meta.items;
      meta.items = id;
      meta.members |= std::uint32_t{1} << alphas_[alpha].bit;
    };
    const std::uint32_t own = (std::uint32_t{1} << ways.own_count) - 1;
    for (std::uint32_t left = concerned & ~members & own; left != 0; left &= left - 1) {
      try_plain(ways.own[static_cast<std::uint32_t>(std::countr_zero(left))]);
    }
    for (const AlphaId alpha : ways.always) try_plain(alpha);
    for (const AlphaTables::ByField& by : ways.by_index) {
      if (changed != kEveryField && (by.reads & changed) == 0) continue;
      by.index.find(u.row[by.index.field()], interner_, try_plain);
    }
  }
  if (!ways.by_order.empty()) {
    std::vector<FactGates>& gates = gates_[type];
    const std::size_t first = std::size_t{fact} * ways.by_order.size();
    if (gates.size() < first + ways.by_order.size()) gates.resize(first + ways.by_order.size());
    for (std::size_t i = 0; i < ways.by_order.size(); ++i) update_gates(u, ways.by_order[i], gates[first + i]);
  }

  if (meta.tokens != kNone) update_given(u);
  if (activations_.empty() && to_delete_.empty() && to_refresh_.empty() && dropped_items_.empty() && unclosed_.empty() && opened_.empty()) {
    return;  // most mean nothing to anybody
  }
  activate(u);
}

// What fell with the update goes, who is awaited by somebody is joined, and what stays is looked at again.
void Network::activate(const Update& u) {
  for (const TokenId t : to_delete_) {
    const Token& token = tokens_[t];
    for (const TokenId near : {token.parent, token.next_sibling, token.prev_sibling}) {
      if (near != kNone) __builtin_prefetch(&tokens_[near]);
    }
  }
  for (const TokenId t : to_delete_) {
    Token& token = tokens_[t];
    if (!token.alive) continue;  // fell with another
    place_.at(WorkPart::kStage, token.stage);
    if (token.witness) {
      set_met(token.parent, Truth::kFalse);
      lost_witnesses_.push_back(token.parent);
    }
    delete_token(t);
  }
  to_delete_.clear();
  for (const std::uint32_t id : dropped_items_) free_item(id);
  dropped_items_.clear();

  if (!unclosed_.empty() || !opened_.empty()) settle_closings();
  if (activations_.size() > 1) {
    std::sort(activations_.begin(), activations_.end(), [](const Activation& a, const Activation& b) { return a.turn > b.turn; });
  }
  for (const Activation& activation : activations_) right_activate(activation);
  // A token may have fallen meanwhile, and its place gone to another: only the one that was meant is looked at again.
  for (const auto& [t, stage] : to_refresh_) {
    const Token& token = tokens_[t];
    if (!token.alive || token.witness || token.fact != u.fact || token.stage != stage) continue;
    if (stage_states_[stage].shared && (program_.stages[stage].joins_read & u.changed) == 0) {
      refresh_consumers(t, stage_states_[stage].binding, u.changed);
    } else {
      refresh(t);
    }
  }
  to_refresh_.clear();
  for (const TokenId left : lost_witnesses_) {
    if (!tokens_[left].alive) continue;
    find_witness(left);
    touched_exists_.push_back(left);
  }
  lost_witnesses_.clear();
  for (const TokenId left : touched_exists_) {
    if (tokens_[left].alive) settle_exists(left);
  }
  touched_exists_.clear();
  activations_.clear();
}

}  // namespace flyball::engine
