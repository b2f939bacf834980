// What is new: alphas get their facts, indexes their entries, aggregates their items, and chains their first tokens; the joins do the rest.
//
// A type is gone over once, if at all. Where the way to an alpha is another for what stays (a bit in the fact, a place among thresholds:
// its seat), the memberships of each fact are hung up anew; no test is made again, and no token touched.
#include <algorithm>
#include <bit>
#include <unordered_map>

#include "engine/session/adoption.h"

namespace flyball::engine {

// What is to be done for the facts of one type.
struct Adoption::TypeWork {
  FactTypeId type = 0;
  bool reseat = false;
  std::vector<AlphaId> fresh;                 // new alphas that are tried on every fact
  std::vector<std::uint32_t> fresh_by_index;  // places in AlphaTables::Type::by_index of those that are found there
  std::vector<std::uint32_t> fresh_by_order;
  std::uint32_t wanted_bits = 0;        // of the kept alphas that there is something to do for
  bool wanted_in_order = false;         // some of them are thresholds
  std::vector<std::uint32_t> order_of;  // by alpha: its place in by_order
  std::size_t old_orders = 0, orders = 0;
  std::vector<std::uint32_t> items;  // scratch: of one fact
};

namespace {
constexpr std::size_t kFewFresh = 8;  // as many alphas with an index are tried one by one
}

void Adoption::fill() {
  Network& network = to_.network;
  network.start_calendars();
  keep_shut();
  for (FactTypeId t = 0; t < to_.data.types.size(); ++t) fill_type(t);
  if (closings_moved()) network.note_closing_tokens();
  for (const Waiting& w : waiting_) {
    ++network.stage_states_[w.stage].work.right;
    network.make_token(w.stage, kNone, w.fact, w.item, w.truth, false);
  }
  go_on_from_joins();
  network.settle_closings();
  for (ChainId c = 0; c < to_.data.chains.size(); ++c) {
    if (to_.data.chains[c].rooted && !kept_chains_[c]) network.bind(c, nullptr, kNone);
  }
  for (TableId t = 0; t < to_.data.absences.size(); ++t) {
    if (to_.data.absences[t].arity != 0 || kept_absences_[t]) continue;
    network.absence_bound(t, nullptr, 1);
    const std::uint32_t entry = network.absences_[t].find(nullptr);
    AbsenceEntry& e = network.absences_[t][entry];
    e.fresh = false;
    e.base = network.now();
    network.arm_absence(t, entry);
  }
}

// New chains that begin with joins that stay begin with the matches that these have. O(tokens), if there are any.
void Adoption::go_on_from_joins() {
  std::unordered_map<StageId, std::vector<StageId>> fresh;  // by the last stage of the joins
  for (ChainId c = 0; c < kept_chains_.size(); ++c) {
    const ChainPlan& joins = to_.data.chains[c];
    if (!kept_chains_[c] || joins.end != ChainEnd::kShared) continue;
    for (const StageId stage : joins.consumers) {
      if (!kept_chains_[to_.data.stages[stage].chain]) fresh[joins.first + joins.count - 1].push_back(stage);
    }
  }
  if (fresh.empty()) return;
  Network& network = to_.network;
  const std::uint32_t end = network.tokens_.end();
  for (TokenId t = 0; t < end; ++t) {
    const Token& token = network.tokens_[t];
    if (!token.alive || token.witness || token.stage == kNone) continue;
    const auto at = fresh.find(token.stage);
    if (at == fresh.end()) continue;
    for (const StageId stage : at->second) network.make_token(stage, t, kNone, kNone, token.truth, false);
  }
}

// Of a rule that was outside its calendars, or is: since when. What was due before stays so.
void Adoption::keep_shut() {
  for (std::uint32_t r = 0; r < namesakes_.size(); ++r) {
    Network::Shut& shut = to_.network.shut_[r];
    if (namesakes_[r] == kNoId || !shut.now) continue;
    const Network::Shut& before = from_.network.shut_[namesakes_[r]];
    shut.since = before.now ? before.since : to_.network.now();
  }
}

// Entries of indexes that have other numbers now name tokens of rings that stay.
bool Adoption::closings_moved() const {
  for (ChainId c = 0; c < kept_chains_.size(); ++c) {
    if (!kept_chains_[c] || to_.data.chains[c].count == 0) continue;
    const StageId first = to_.data.chains[c].first;
    const std::uint32_t closing = to_.data.stages[first].closing, before = from_.data.stages[first].closing;
    if (closing == kNoId) continue;
    if (to_.data.closings[closing].a_by_c != from_.data.closings[before].a_by_c || must_reindex(to_.data.stages[first].alpha)) return true;
  }
  return false;
}

// The facts of a type know its alphas by the same bits and places as before.
bool Adoption::same_seats(FactTypeId type) const {
  const AlphaTables& before = from_.network.alphas_;
  const AlphaTables& now = to_.network.alphas_;
  const std::vector<AlphaTables::ByOrder>& old_orders = before.type(type).by_order;
  const std::vector<AlphaTables::ByOrder>& orders = now.type(type).by_order;
  if (old_orders.size() != orders.size()) return false;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const Thresholds& a = old_orders[i].thresholds;
    const Thresholds& b = orders[i].thresholds;
    if (a.size() != b.size() || a.field() != b.field() || a.above() != b.above() || a.kind() != b.kind()) return false;
    for (std::uint32_t g = 0; g < a.size(); ++g) {
      if (a.alpha(g) != b.alpha(g) || !kept_alphas_[a.alpha(g)]) return false;
    }
  }
  for (const AlphaId a : to_.data.types[type].alphas) {
    if (kept_alphas_[a] && (before[a].bit != now[a].bit || before[a].gate != now[a].gate)) return false;
  }
  return true;
}

bool Adoption::plan_work(FactTypeId type, TypeWork& work) const {
  const Network& network = to_.network;
  const AlphaTables::Type& ways = network.alphas_.type(type);
  work.type = type;
  work.reseat = type < from_.data.types.size() && !same_seats(type);
  work.old_orders = type < from_.data.types.size() ? from_.network.alphas_.type(type).by_order.size() : 0;
  work.orders = ways.by_order.size();
  work.order_of.assign(to_.data.alphas.size(), kNone);
  for (std::uint32_t i = 0; i < ways.by_order.size(); ++i) {
    const Thresholds& gates = ways.by_order[i].thresholds;
    bool any = false;
    for (std::uint32_t g = 0; g < gates.size(); ++g) {
      work.order_of[gates.alpha(g)] = i;
      any = any || !kept_alphas_[gates.alpha(g)];
    }
    if (any) work.fresh_by_order.push_back(i);
  }
  std::vector<AlphaId> dispatched;
  for (const AlphaId a : to_.data.types[type].alphas) {
    const AlphaPlan& plan = to_.data.alphas[a];
    if (!kept_alphas_[a]) {
      if (work.order_of[a] == kNone) (plan.dispatch.reach() == nullptr ? work.fresh : dispatched).push_back(a);
      continue;
    }
    const AlphaPlan& before = from_.data.alphas[a];
    bool wanted = plan.indexes.size() != before.indexes.size() || must_reindex(a);
    for (const NodeId n : plan.nodes) wanted = wanted || !kept_nodes_[n];
    for (const StageId s : plan.successors) wanted = wanted || (network.stage_states_[s].first && !kept_chains_[to_.data.stages[s].chain]);
    if (!wanted) continue;
    if (work.order_of[a] != kNone) {
      work.wanted_in_order = true;
    } else {
      work.wanted_bits |= std::uint32_t{1} << network.alphas_[a].bit;
    }
  }
  if (dispatched.size() <= kFewFresh) {
    work.fresh.insert(work.fresh.end(), dispatched.begin(), dispatched.end());
  } else {
    for (std::uint32_t i = 0; i < ways.by_index.size(); ++i) {
      const auto on_field = [&](AlphaId a) { return to_.data.alphas[a].dispatch.reach()->field == ways.by_index[i].index.field(); };
      if (std::any_of(dispatched.begin(), dispatched.end(), on_field)) work.fresh_by_index.push_back(i);
    }
  }
  return work.reseat || !work.fresh.empty() || !work.fresh_by_index.empty() || !work.fresh_by_order.empty() || work.wanted_bits != 0 ||
         work.wanted_in_order;
}

void Adoption::fill_type(FactTypeId type) {
  FactStore& store = to_.network.store(type);
  TypeWork work;
  if (store.end() == 0 || !plan_work(type, work)) return;
  if (work.reseat) {
    // With those of the old session the facts' places among its thresholds go; fill_fact() takes the memberships from there.
    to_.network.gates_[type].resize(std::max(to_.network.gates_[type].size(), std::size_t{store.end()} * work.old_orders));
    old_gates_ = std::exchange(to_.network.gates_[type], std::vector<FactGates>(std::size_t{store.end()} * work.orders));
  }
  for (FactId f = 0; f < store.end(); ++f) {
    if (store.meta(f).used && store.exists(f)) fill_fact(work, f);
  }
  old_gates_.clear();
}

void Adoption::fill_fact(TypeWork& work, FactId fact) {
  Network& network = to_.network;
  FactMeta& meta = network.stores_[work.type].meta(fact);
  if (work.reseat) {
    work.items.clear();
    const auto take = [&](std::uint32_t id) {
      while (id != kNone) {
        const std::uint32_t next = network.items_[id].next;
        const AlphaId alpha = network.items_[id].alpha;
        if (alpha < kept_alphas_.size() && kept_alphas_[alpha]) {
          work.items.push_back(id);
        } else {
          network.free_item(id);
        }
        id = next;
      }
    };
    take(meta.items);
    for (std::size_t i = 0; i < work.old_orders; ++i) take(old_gates_[std::size_t{fact} * work.old_orders + i].top);
    for (const std::uint32_t id : work.items) visit_kept(work, fact, id);
  } else {
    if ((meta.members & work.wanted_bits) != 0) {
      for (std::uint32_t id = meta.items; id != kNone; id = network.items_[id].next) visit_kept(work, fact, id);
    }
    for (std::size_t i = 0; work.wanted_in_order && i < work.orders; ++i) {
      const std::size_t at = std::size_t{fact} * work.orders + i;
      if (at >= network.gates_[work.type].size()) break;
      for (std::uint32_t id = network.gates_[work.type][at].top; id != kNone; id = network.items_[id].next) visit_kept(work, fact, id);
    }
  }
  find_new(work, fact);
  if (work.reseat) seat(work, fact);
}

// A membership that stays, in an alpha that more may hang on now.
void Adoption::visit_kept(const TypeWork& work, FactId fact, std::uint32_t id) {
  Network& network = to_.network;
  const AlphaId alpha = network.items_[id].alpha;
  const AlphaPlan& plan = to_.data.alphas[alpha];
  const Row row = network.stores_[work.type].row(fact);
  if (plan.indexes.size() != from_.data.alphas[alpha].indexes.size() || must_reindex(alpha)) reindex(alpha, id, row);
  const Truth truth = network.items_[id].truth;
  for (const NodeId n : plan.nodes) {
    if (!kept_nodes_[n]) network.aggregates_.put(n, fact, truth, row, network);
  }
  for (const StageId s : plan.successors) {
    if (network.stage_states_[s].first && !kept_chains_[to_.data.stages[s].chain]) waiting_.push_back({s, fact, id, truth});
  }
}

// An entry for each index, the item itself being the first.
void Adoption::reindex(AlphaId alpha, std::uint32_t id, Row row) {
  Network& network = to_.network;
  const AlphaState& state = network.alphas_[alpha];
  std::size_t known = from_.data.alphas[alpha].indexes.size();
  if (must_reindex(alpha)) {
    known = 0;
    for (std::uint32_t entry = id; entry != kNone; entry = network.items_[entry].more) {
      network.items_[entry].link = Link{};
      network.items_[entry].place = Place::kOut;
    }
  }
  std::uint32_t entry = id, last = id;
  for (std::uint32_t i = 0; i < state.index_count; ++i) {
    if (entry == kNone) {
      entry = network.items_.make();
      AlphaItem& added = network.items_[entry];
      added.alpha = alpha & kAlphaMask;
      added.fact = network.items_[id].fact;
      added.truth = network.items_[id].truth;
      added.further = true;
      added.next = id;
      network.items_[last].more = entry;
    }
    if (i >= known) network.place_entry(network.alphas_.index(state, i), entry, row);
    last = entry;
    entry = network.items_[entry].more;
  }
  if (entry == id) entry = network.items_[id].more;  // without an index there is the item alone
  network.items_[last].more = kNone;
  while (entry != kNone) {
    const std::uint32_t more = network.items_[entry].more;
    network.items_.free(entry);
    entry = more;
  }
}

// The new alphas that the fact is in.
void Adoption::find_new(TypeWork& work, FactId fact) {
  Network& network = to_.network;
  FactStore& store = network.stores_[work.type];
  FactMeta& meta = store.meta(fact);
  const Network::Update update{work.type, fact, &meta, store.row(fact), Network::kEveryField, true};
  const AlphaTables::Type& ways = network.alphas_.type(work.type);
  ++network.epoch_;
  const auto attempt = [&](AlphaId alpha) {
    if (kept_alphas_[alpha]) return;
    network.activations_.clear();
    const std::uint32_t id = network.try_alpha(update, alpha);
    if (id == kNone) return;
    for (const Network::Activation& a : network.activations_) {
      if (network.stage_states_[a.stage].first) waiting_.push_back({a.stage, fact, id, a.truth});
    }
    if (work.reseat) {
      work.items.push_back(id);
      return;
    }
    network.items_[id].next = meta.items;
    meta.items = id;
    meta.members |= std::uint32_t{1} << network.alphas_[alpha].bit;
  };
  for (const AlphaId a : work.fresh) attempt(a);
  for (const std::uint32_t i : work.fresh_by_index) {
    const FieldIndex& index = ways.by_index[i].index;
    index.find(update.row[index.field()], network.interner(), attempt);
  }
  for (const std::uint32_t i : work.fresh_by_order) {
    const Thresholds& gates = ways.by_order[i].thresholds;
    const std::uint32_t end = gates.position(update.row[gates.field()], 0).value_or(gates.size());
    for (std::uint32_t g = 0; g < end; ++g) attempt(gates.alpha(g));
  }
  network.activations_.clear();
}

// The fact's memberships, each where its alpha's seat is now.
void Adoption::seat(TypeWork& work, FactId fact) {
  Network& network = to_.network;
  FactMeta& meta = network.stores_[work.type].meta(fact);
  const Row row = network.stores_[work.type].row(fact);
  meta.items = kNone;
  meta.members = 0;
  FactGates* gates = network.gates_[work.type].data() + std::size_t{fact} * work.orders;
  for (std::size_t i = 0; i < work.orders; ++i) {
    const Thresholds& thresholds = network.alphas_.type(work.type).by_order[i].thresholds;
    gates[i] = {kNone, thresholds.position(row[thresholds.field()], 0).value_or(kNone)};
  }
  // Of thresholds the highest stands on top.
  std::sort(work.items.begin(), work.items.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::uint32_t x = network.alphas_[network.items_[a].alpha].gate, y = network.alphas_[network.items_[b].alpha].gate;
    return x != y ? x < y : a < b;
  });
  for (const std::uint32_t id : work.items) {
    const AlphaId alpha = network.items_[id].alpha;
    std::uint32_t* top = &meta.items;
    if (work.order_of[alpha] != kNone) {
      top = &gates[work.order_of[alpha]].top;
    } else {
      meta.members |= std::uint32_t{1} << network.alphas_[alpha].bit;
    }
    network.items_[id].next = *top;
    *top = id;
  }
}

}  // namespace flyball::engine
