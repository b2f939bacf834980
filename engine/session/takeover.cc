// What is mapped to what, and facts, samples and actions. Holds, absences and episodes are in takeover_episodes.cc.
#include "engine/session/takeover.h"

#include <algorithm>

namespace flyball::engine {
namespace {

constexpr ActionField kActionFields[] = {ActionField::kId,    ActionField::kState,  ActionField::kAt,
                                         ActionField::kTries, ActionField::kResult, ActionField::kRule};

// A fact is what its author declared; an action has fields of its own besides.
std::size_t declared(const FactType& type) { return type.role == Role::kAction ? type.declared_fields : type.fields.size(); }

}  // namespace

void Takeover::map_types() {
  const Schema& from = from_.data.rule_set.schema;
  const Schema& to = to_.data.rule_set.schema;
  types_.resize(from.types.size());
  for (FactTypeId old = 0; old < from.types.size(); ++old) {
    const FactType& before = from.types[old];
    const FactTypeId id = to.find_type(before.name).id;
    if (id == kNoId || to.types[id].name != before.name) continue;
    const FactType& now = to.types[id];
    const bool stays = before.role == now.role || (before.role == Role::kFact && now.role == Role::kMutable) ||
                       (before.role == Role::kMutable && now.role == Role::kFact);
    if (!stays) continue;
    TypeMap& map = types_[old];
    map.id = id;
    map.same = declared(before) == declared(now) && before.key == now.key;
    for (std::uint32_t i = 0; i < declared(now); ++i) {
      std::uint32_t field = before.field_index(now.fields[i].name);
      if (field != kNoId && field >= declared(before)) field = kNoId;
      map.field.push_back(field);
      map.same = map.same && field == i && before.fields[i].type == now.fields[i].type;
    }
  }
}

// A declared row in the new type's fields; false when it has no place there.
bool Takeover::convert(FactTypeId old_type, Row row, std::vector<Value>& out) const {
  const TypeMap& map = types_[old_type];
  out.clear();
  if (map.id == kNoId) return false;
  const FactType& now = to_.data.rule_set.schema.types[map.id];
  for (std::uint32_t i = 0; i < map.field.size(); ++i) {
    const Field& field = now.fields[i];
    const std::uint32_t old = map.field[i];
    if (old != kNoId) {
      if (!map.same && !value_matches(row[old], field.type, to_.network.interner())) return false;
      out.push_back(row[old]);
    } else if (field.default_value) {
      out.push_back(*field.default_value);
    } else if (field.type.nullable || field.type.is(TypeTag::kDyn)) {
      out.push_back(Value::null());
    } else {
      return false;
    }
  }
  return true;
}

// The fact of that key in the new session, absent if it is not there (yet), with the values known last. Pinned until unpin().
FactId Takeover::handle(FactTypeId old_type, FactId old_fact) {
  TypeMap& map = types_[old_type];
  if (map.id == kNoId) return kNone;
  if (same_facts_) return old_fact;
  if (const auto known = map.facts.find(old_fact); known != map.facts.end()) return known->second;
  const FactStore& from = from_.network.store(old_type);
  FactStore& to = to_.network.store(map.id);
  std::vector<Value> row;
  FactId fact = kNone;
  if (from.keyed() == to.keyed() && convert(old_type, from.last_row(old_fact), row)) {
    row.resize(to.width());
    const FactType& before = from_.data.rule_set.schema.types[old_type];
    const FactType& now = to_.data.rule_set.schema.types[map.id];
    if (now.role == Role::kAction) {
      for (const ActionField f : kActionFields) row[now.action_field(f)] = from.last_row(old_fact)[before.action_field(f)];
    }
    fact = to.find_or_make(row.data());
    to.pin(fact);
    pinned_.emplace_back(map.id, fact);
    if (!to.keyed()) {
      std::vector<Value> name;
      from.append_identity(old_fact, name);
      to.set_event_key(fact, name[0], name[1].as_uint());
    }
    if (!to.exists(fact)) {
      to.write(fact, row.data());
      to.make_absent(fact);
    }
  }
  map.facts.emplace(old_fact, fact);
  return fact;
}

bool Takeover::handles(const std::vector<FactTypeId>& types, const FactId* facts, std::vector<FactId>& out) {
  out.clear();
  for (std::size_t i = 0; i < types.size(); ++i) {
    out.push_back(handle(types[i], facts[i]));
    if (out.back() == kNone) return false;
  }
  return true;
}

void Takeover::unpin() {
  for (const auto& [type, fact] : pinned_) to_.network.store(type).unpin(fact);
  pinned_.clear();
}

// --- facts ---

// What subscribers know of derived facts: what is so no more, or otherwise, is told when the instant ends.
void Takeover::take_told() {
  for (FactTypeId old = 0; old < types_.size(); ++old) {
    if (from_.data.rule_set.schema.types[old].role != Role::kDerived || types_[old].id == kNoId) continue;
    for (FactId f = 0; f < from_.derivation.derived_[old].size(); ++f) {
      if (!from_.derivation.derived_[old][f].told) continue;
      const auto otherwise = from_.derivation.told_otherwise_.find(std::uint64_t{old} << 32 | f);
      std::vector<Value> told;
      const bool fits = convert(
          old, otherwise != from_.derivation.told_otherwise_.end() ? Row(otherwise->second.data()) : from_.network.store(old).last_row(f),
          told);
      const FactId now = fits ? handle(old, f) : kNone;
      if (now == kNone) continue;
      to_.derivation.derived(types_[old].id, now).told = true;
      to_.derivation.told_otherwise_[std::uint64_t{types_[old].id} << 32 | now] = std::move(told);
      to_.derivation.touch(types_[old].id, now, to_.network.store(types_[old].id), to_.derivation.derived(types_[old].id, now));
      to_.derivation.derived(types_[old].id, now).known = true;  // the handle's row, also for as long as it is suspended
    }
  }
}

void Takeover::take_facts() {
  const Timestamp now = to_.network.now();
  std::vector<Value> row;
  for (FactTypeId old = 0; old < types_.size(); ++old) {
    const Role role = from_.data.rule_set.schema.types[old].role;
    if (role != Role::kFact && role != Role::kMutable) continue;
    const FactStore& from = from_.network.store(old);
    for (FactId f = 0; f < from.end(); ++f) {
      if (!from.meta(f).used || !from.exists(f)) continue;
      // What `within` remembers is no fact to be counted.
      const bool counts = from_.data.types[old].remembers == kNoId;
      if (!convert(old, from.last_row(f), row)) {
        if (counts) count_dropped(old);
        continue;
      }
      if (counts) ++taken_.facts;
      const FactTypeId id = types_[old].id;
      const FactType& type = to_.data.rule_set.schema.types[id];
      FactStore& to = to_.network.store(id);
      const FactId fact = to.find_or_make(row.data());
      const bool again = to.exists(fact);  // the new key is shorter: the newest of them stays
      if (again && to.meta(fact).stamp > from.meta(f).stamp) continue;
      to.pin(fact);
      pinned_.emplace_back(id, fact);
      types_[old].facts.insert_or_assign(f, fact);
      to.write(fact, row.data());
      FactMeta& meta = to.meta(fact);
      meta.stamp = from.meta(f).stamp;
      const Timestamp expires = type.ttl_ns ? meta.stamp + *type.ttl_ns : kTimestampMax;
      const bool is_stale = expires <= now;
      if (type.ttl_ns) to.times(fact).expires = expires;
      if (type.ttl_ns && !is_stale) {
        meta.expiry_armed = true;
        to.times(fact).armed_for = expires;
        to_.timers.add({expires, TimerKind::kExpiry, id, fact});
      }
      if (is_stale) to.make_stale(fact);
      if (again) {
        to_.network.fact_changed(id, fact, Network::kEveryField);
      } else {
        to_.network.fact_appeared(id, fact);
      }
    }
  }
}

// --- samples ---

// Whether a window of the one plan has the samples that the other wants; of the same type.
bool Takeover::same_samples(const AggregateNode& before, const AggregateNode& now) {
  const auto texts = [](const std::vector<Formula>& formulas) {
    std::set<std::string> all;
    for (const Formula& f : formulas) all.insert(f.text);
    return all;
  };
  return before.fn == now.fn && before.group == now.group && before.over_ns == now.over_ns && before.over_last == now.over_last &&
         before.value_type == now.value_type && before.number == now.number && before.value.has_value() == now.value.has_value() &&
         (!before.value || before.value->text == now.value->text) && texts(before.tests) == texts(now.tests) &&
         (before.keep_rows || !now.keep_rows);
}

void Takeover::take_samples() {
  to_.network.aggregates_.samples_dropped_ = from_.network.aggregates_.samples_dropped_;
  for (NodeId now = 0; now < to_.data.nodes.size(); ++now) {
    const AggregateNode& n = to_.data.nodes[now];
    if (!n.sampled()) continue;
    for (NodeId old = 0; old < from_.data.nodes.size(); ++old) {
      const AggregateNode& o = from_.data.nodes[old];
      const bool alike = o.sampled() && types_[o.type].id == n.type && types_[o.type].same && same_samples(o, n);
      if (!alike) continue;
      take_samples_of(old, now);
      break;
    }
  }
}

void Takeover::take_samples_of(NodeId old_node, NodeId new_node) {
  Aggregates& aggregates = to_.network.aggregates_;
  const Aggregates::NodeState& from = from_.network.aggregates_.nodes_[old_node];
  Aggregates::NodeState& to = aggregates.nodes_[new_node];
  const AggregateNode& plan = to_.data.nodes[new_node];
  const FactStore& store = to_.network.store(plan.type);
  aggregates.arrivals_ = std::max(aggregates.arrivals_, from_.network.aggregates_.arrivals_);
  to.dropped = from.dropped;
  std::vector<Value> row(store.width());
  // In the order in which they leave: so they are best kept.
  std::vector<std::pair<FactId, std::uint32_t>> in_order;
  from.samples.for_each([&](FactId old_fact, std::span<const std::uint32_t> samples) {
    const FactId fact = handle(from_.data.nodes[old_node].type, old_fact);
    if (fact == kNone) return;
    for (const std::uint32_t old : samples) in_order.emplace_back(fact, old);
  });
  std::sort(in_order.begin(), in_order.end(), [&](const auto& a, const auto& b) {
    const Aggregates::Item& x = from.items[a.second];
    const Aggregates::Item& y = from.items[b.second];
    return x.stamp != y.stamp ? x.stamp < y.stamp : x.arrival < y.arrival;
  });
  for (const auto& [fact, old] : in_order) {
    const Aggregates::Item& before = from.items[old];
    if (before.group == kNone && plan.over_ns) continue;  // a snapshot by hand: no window of time keeps it
    const std::uint32_t id = to.items.make();
    Aggregates::Item& item = to.items[id];
    item = before;
    item.fact = fact;
    item.group = item.next = item.prev = kNone;
    if (const auto kept = from.rows.find(old); kept != from.rows.end() && plan.keep_rows) to.rows[id] = kept->second;
    aggregates.list_sample(new_node, id, to_.network);
    if (before.group == kNone) continue;  // its `where` was false
    const GroupKey& key = from.groups[before.group]->key;
    for (std::size_t i = 0; i < plan.group.size(); ++i) row[plan.group[i]] = i < key.size() ? key[i] : Value::unknown();
    aggregates.enter_group(new_node, id, aggregates.group_for(to, plan, row.data()), to_.network);
  }
  if (plan.over_ns) aggregates.arm(new_node);
}

// --- actions ---

void Takeover::take_actions() {
  Actions& to = to_.actions;
  const Actions& from = from_.actions;
  for (FactTypeId old = 0; old < types_.size(); ++old) {
    if (types_[old].id != kNoId && from_.data.rule_set.schema.types[old].role == Role::kAction)
      to.sends_[types_[old].id] = from.sends_[old];
  }
  std::vector<Value> row;
  for (const ActionNumber old_number : from.records_.in_order()) {
    const ActionRecord* const before = from.records_.find(old_number);
    const std::uint32_t rule = rules_[before->rule];
    if (rule == kNoId || !convert(before->type, before->data.data(), row)) {
      ++taken_.actions_dropped;
      taken_.gone.push_back(to_text(before->id));
      continue;
    }
    // `retain` counts from the last change, by the new rules.
    const std::optional<DurationNs> retain = to_.data.rule_set.schema.types[types_[before->type].id].retain_ns;
    const Timestamp changed = from_.network.store(before->type).meta(before->fact).stamp;
    const Timestamp retained = retain ? changed + *retain : kTimestampMax;
    if (retained <= to_.network.now()) {
      if (before->state == ActionState::kSent) taken_.gone.push_back(to_text(before->id));
      continue;
    }
    ++taken_.actions;
    ActionRecord record = *before;
    record.type = types_[before->type].id;
    record.rule = rule;
    record.data = row;
    record.episode = kNoEpisode;
    record.ended = false;
    record.ticket = 0;
    const FactType& type = to_.data.rule_set.schema.types[record.type];
    FactStore& store = to_.network.store(record.type);
    row.resize(store.width());
    row[type.action_field(ActionField::kId)] = record.text;
    record.fact = store.find_or_make(row.data());
    if (ActionRecord* const older = to.records_.of_fact(record.type, record.fact); older != nullptr) to.forget(*older);
    const ActionNumber number = record.number = to.next_++;
    if (record.unapproved) to.unapproved_.insert(number);  // whatever the new rule says: nobody has approved it
    if (before->episode != kNoEpisode) of_episode_.emplace_back(number, before->episode);
    if (record.gives_up != kTimestampMax) to_.timers.add({record.gives_up, TimerKind::kActionTimeout, number, 0});
    if (record.next_try != kTimestampMax) to_.timers.add({record.next_try, TimerKind::kActionTry, number, 0});
    if (before->ticket != 0) {
      record.ticket = before->ticket;
      to.tickets_ = std::max(to.tickets_, record.ticket);
      to.wait(record);
      const FactType& was = from_.data.rule_set.schema.types[before->type];
      rates_changed_ = rates_changed_ || was.rate_count != type.rate_count || was.rate_per_ns != type.rate_per_ns;
    }
    const FactId fact = record.fact;
    const FactTypeId id = record.type;
    ActionRecord& now = to.records_.add(std::move(record));
    to.show(now);
    // It did not change just now.
    store.meta(fact).stamp = changed;
    now.retained = retained;
    to_.timers.add({retained, TimerKind::kRetain, number, 0});
    types_[before->type].facts.insert_or_assign(before->fact, fact);
    if (!rates_changed_) to.arm_rate(id);
  }
}

void Takeover::give_episodes_to_actions() {
  Actions& to = to_.actions;
  for (const auto& [number, old_episode] : of_episode_) {
    ActionRecord* const found = to.records_.find(number);
    const auto episode = episode_of_.find(old_episode);
    if (found == nullptr || episode == episode_of_.end()) continue;
    ActionRecord& record = *found;
    record.episode = episode->second;
    const FactType& type = to_.data.rule_set.schema.types[record.type];
    if (type.tries > 1 || type.rate_count || record.unapproved) to.of_episode_[record.episode].push_back(number);
  }
}

// --- inputs that wait ---

const TakenOver& Takeover::take_inbox() {
  std::vector<Value> row;
  for (const auto& [at, pending, ack] : from_.inbox.in_order()) {
    if (ack != nullptr) {
      AckInput now = *ack;
      if (ack->action != kNoId) {
        const TypeMap& map = types_[ack->action];
        const FactType& before = from_.data.rule_set.schema.types[ack->action];
        const bool fits = map.same && to_.data.rule_set.schema.types[map.id].result_fields.size() == before.result_fields.size();
        if (!fits && ack->id.empty()) {
          count_dropped(ack->action);
          continue;
        }
        now.action = map.id;
        if (!fits) now.present = 0, now.data.clear(), now.result.clear();
      }
      to_.inbox.add_ack(at, now);
      continue;
    }
    const FactInput& fact = pending->fact;
    if (!convert(fact.type, fact.values.data(), row) || (fact.op != FactOp::kPut && !types_[fact.type].same)) {
      count_dropped(fact.type);
      continue;
    }
    FactInput now = fact;
    now.type = types_[fact.type].id;
    now.values = row;
    if (!types_[fact.type].same) now.present = ~std::uint64_t{0};
    const FactStore& store = to_.network.store(now.type);
    to_.inbox.add_fact(at, pending->late, now, store.keyed() ? store.key_hash(row.data()) : 0);
  }
  return taken_;
}

}  // namespace flyball::engine
