// The image of a former session, read part by part as snapshot_out.cc writes it. Nothing of it lives: it has facts, entries and records,
// but no matches, no timers and no order; who takes over from it makes those.
#include <algorithm>
#include <bit>

#include "engine/session/snapshot.h"

namespace flyball::engine {

namespace {

constexpr std::string_view kWrongValue = "a value is not of its field's type";
constexpr std::string_view kTwice = "something is there twice";

Truth truth_of(std::uint32_t n) { return static_cast<Truth>(n); }

}  // namespace

void SnapshotIn::read() {
  to_.network.moment_ = in_.number();
  in_.check(to_.network.moment_ < std::uint64_t{1} << 62, "too many moments");
  for (Network::Shut& shut : to_.network.shut_) {
    shut.now = in_.flag();
    shut.since = in_.timestamp();
  }
  read_facts();
  if (in_.ok()) read_told();
  if (in_.ok()) read_samples();
  if (in_.ok()) read_holds();
  if (in_.ok()) read_absences();
  if (in_.ok()) read_episodes();
  if (in_.ok()) read_actions();
  if (in_.ok()) read_productions();
  if (in_.ok()) read_inbox();
}

// Null and unknown may stand in any field: of what is derived, not given, or no more.
Value SnapshotIn::field(const Type& type) {
  const Value v = in_.value();
  in_.check(v.is_null() || v.is_error() || value_matches(v, type, to_.network.interner()), kWrongValue);
  return v;
}

bool SnapshotIn::row(const std::vector<Field>& fields, std::size_t count, std::vector<Value>& out) {
  out.clear();
  for (std::size_t i = 0; i < count && in_.ok(); ++i) out.push_back(field(fields[i].type));
  return in_.ok();
}

void SnapshotIn::read_facts() {
  facts_.resize(schema().types.size());
  std::vector<Value> values;
  for (FactTypeId type = 0; type < schema().types.size(); ++type) {
    FactStore& store = to_.network.store(type);
    const std::size_t stamps = to_.data.types[type].stamp_masks.size();
    for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
      const auto status = static_cast<FactStatus>(in_.index(3));
      const bool suspended = in_.flag();
      const Timestamp stamp = in_.timestamp();
      in_.check(!suspended || status == FactStatus::kStale, "a fact is suspended, but not stale");
      if (!row(schema().types[type].fields, store.width(), values)) return;
      if (store.keyed() && !in_.check(store.find(values.data()) == kNone, kTwice)) return;
      const FactId f = store.find_or_make(values.data());
      facts_[type].push_back(f);
      store.pin(f);
      store.write(f, values.data());
      if (status == FactStatus::kStale) store.make_stale(f);
      if (status == FactStatus::kAbsent) store.make_absent(f);
      store.meta(f).suspended = suspended;
      store.meta(f).stamp = stamp;
      if (!store.keyed()) {
        const Value source = in_.value(), number = in_.value();
        in_.check((source.is_null() || source.is(Kind::kString)) && number.is(Kind::kUint), kWrongValue);
        store.set_event_key(f, source, number.as_uint());
      }
      if (stamps != 0) to_.network.stamps_[type].make_room(f);
      for (std::size_t i = 0; i < stamps; ++i) to_.network.stamps_[type].row(f)[i] = in_.number();
    }
  }
}

void SnapshotIn::read_told() {
  std::vector<Value> values;
  for (FactTypeId type = 0; type < schema().types.size(); ++type) {
    for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
      const FactId f = fact(type);
      if (!in_.check(f != kNone && schema().types[type].role == Role::kDerived, "what was told is not derived")) return;
      to_.derivation.derived(type, f).told = true;
      if (in_.flag() && row(schema().types[type].fields, to_.network.store(type).width(), values))
        to_.derivation.told_otherwise_[std::uint64_t{type} << 32 | f] = values;
    }
  }
}

void SnapshotIn::read_samples() {
  to_.network.aggregates_.arrivals_ = in_.number();
  to_.network.aggregates_.samples_dropped_ = in_.number();
  for (NodeId node = 0; node < to_.data.nodes.size() && in_.ok(); ++node) {
    if (to_.data.nodes[node].sampled()) read_samples_of(node);
  }
}

void SnapshotIn::read_samples_of(NodeId node) {
  const AggregateNode& plan = to_.data.nodes[node];
  const std::vector<Field>& fields = schema().types[plan.type].fields;
  Aggregates::NodeState& state = to_.network.aggregates_.nodes_[node];
  state.dropped = in_.flag();
  std::vector<Value> values;
  for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
    const FactId f = fact(plan.type);
    if (!in_.ok() || !in_.check(!state.samples.contains(f), kTwice)) return;
    Timestamp before = kTimestampMin;
    for (std::size_t left = in_.count(); left > 0 && in_.ok(); --left) {
      const std::uint32_t id = state.items.make();
      Aggregates::Item& item = state.items[id];
      item.fact = f;
      item.truth = truth_of(in_.index(3));
      item.value = plan.value ? field(plan.value_type) : in_.value();
      item.stamp = in_.timestamp();
      item.arrival = in_.number();
      in_.check(item.stamp > before, "samples are not in order");
      before = item.stamp;
      if (plan.keep_rows) {
        if (!row(fields, fields.size(), values)) return;
        if (to_.network.store(plan.type).has_liveness_slot()) values.push_back(Value::null());
        state.rows[id] = values;
      }
      if (in_.flag()) {
        values.clear();
        const std::size_t parts = in_.count();
        if (!in_.check(parts == 0 || parts == plan.group.size(), "a group is of other fields")) return;
        for (std::size_t i = 0; i < parts && in_.ok(); ++i) values.push_back(field(fields[plan.group[i]].type));
        item.group = state.groups.size();
        state.groups.add();
        state.groups.back()->key.assign(values.begin(), values.end());
      }
      state.samples.insert(f, state.samples.of(f).size(), id);
    }
  }
}

void SnapshotIn::read_holds() {
  std::vector<FactId> of;
  for (TableId table = 0; table < to_.data.holds.size(); ++table) {
    HoldTable& holds = to_.network.holds_[table];
    for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
      if (!facts(to_.data.holds[table].types, of) || !in_.check(holds.find(of.data()) == kNone, kTwice)) return;
      HoldEntry& e = holds[holds.make(of.data())];
      e.judged = truth_of(in_.index(3));
      e.held = in_.flag();
      e.was_held = in_.flag();
      e.onset = in_.timestamp();
    }
  }
}

void SnapshotIn::read_absences() {
  std::vector<FactId> of;
  for (TableId table = 0; table < to_.data.absences.size(); ++table) {
    AbsenceTable& absences = to_.network.absences_[table];
    for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
      if (!facts(to_.data.absences[table].types, of) || !in_.check(absences.find(of.data()) == kNone, kTwice)) return;
      AbsenceEntry& e = absences[absences.make(of.data())];
      e.fresh = in_.flag();
      e.live_judged = in_.flag();
      e.output = in_.flag();
      e.base = in_.timestamp();
    }
  }
}

void SnapshotIn::read_episodes() {
  entries_.resize(to_.data.rule_set.rules.size());
  for (std::uint32_t rule = 0; rule < to_.data.rule_set.rules.size() && in_.ok(); ++rule) {
    const RulePlan& plan = to_.data.rules[rule];
    for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) read_entry(rule);
    std::uint32_t number = 0;
    for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
      Episodes::Group& group = to_.episodes.groups_[rule][number++];
      for (std::size_t i = 0; i < plan.per.size() && in_.ok(); ++i) group.key.push_back(in_.value());
      group.until = in_.timestamp();
    }
  }
}

void SnapshotIn::read_entry(std::uint32_t rule) {
  const RulePlan& plan = to_.data.rules[rule];
  TupleTable<RuleEntry>& table = to_.episodes.tables_[rule];
  std::vector<FactId> of;
  if (!facts(plan.identity_types, of) || !in_.check(table.find(of.data()) == kNone, kTwice)) return;
  const EntryId id = table.make(of.data());
  entries_[rule].push_back(id);
  RuleEntry& e = table[id];
  e.active = in_.flag();
  e.said = in_.flag();
  e.skipped = in_.flag();
  e.onset = in_.timestamp();
  e.last_run = in_.timestamp();
  e.last_onset = in_.timestamp();
  e.cool_until = in_.timestamp();
  e.false_since = in_.timestamp();
  e.run = in_.number();
  Derivation& derivation = to_.derivation;
  for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
    Derivation::Reason reason;
    reason.effect = in_.index(plan.then.size());
    if (!in_.ok() || !in_.check(plan.then[reason.effect].kind == EffectKind::kDerive, "an effect derives nothing")) return;
    reason.type = plan.then[reason.effect].type;
    std::vector<Value> values;
    if (!row(schema().types[reason.type].fields, plan.then[reason.effect].fields.size(), values)) return;
    const std::uint32_t number = derivation.reasons_.make();
    derivation.reasons_[number] = reason;
    derivation.episode_values_[number] = std::move(values);
    derivation.episode_reasons_[std::uint64_t{rule} << 32 | id].push_back(number);
  }
}

void SnapshotIn::read_actions() {
  for (FactTypeId type = 0; type < schema().types.size() && in_.ok(); ++type) {
    Timestamp before = kTimestampMin;
    for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
      to_.actions.sends_[type].push_back(in_.timestamp());
      in_.check(to_.actions.sends_[type].back() >= before, "sends are not in order");
      before = to_.actions.sends_[type].back();
    }
  }
  for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) read_action();
}

void SnapshotIn::read_action() {
  ActionRecord record;
  const std::string text(in_.text());
  const std::optional<ActionId> id = parse_action_id(text);
  if (!in_.check(id.has_value(), "an action has no id")) return;
  record.id = *id;
  record.text = to_.network.interner().string(text);
  record.type = in_.index(schema().types.size());
  record.rule = in_.index(to_.data.rule_set.rules.size());
  if (!in_.ok() || !in_.check(schema().types[record.type].role == Role::kAction, "what was made is no action") ||
      !in_.check(to_.actions.records_.find(record.id) == nullptr, kTwice))
    return;
  const FactType& type = schema().types[record.type];
  record.fact = fact(record.type);
  if (!in_.ok() || !row(type.fields, type.declared_fields, record.data) ||
      !in_.check(to_.actions.records_.of_fact(record.type, record.fact) == nullptr, kTwice))
    return;
  record.state = static_cast<ActionState>(in_.index(static_cast<std::size_t>(ActionState::kRejected) + 1));
  record.at = in_.timestamp();
  record.tries = in_.index(kNoId);
  record.result = in_.value();
  record.of_event = in_.flag();
  record.unapproved = in_.flag();
  record.abandoned = in_.flag();
  record.next_try = in_.timestamp();
  record.gives_up = in_.timestamp();
  record.ticket = in_.number();
  record.episode = kNoEpisode;
  if (in_.flag()) {
    const std::uint32_t rule = in_.index(entries_.size());
    const std::uint32_t entry = in_.index(entries_[rule].size());
    if (!in_.ok()) return;
    record.episode = std::uint64_t{rule} << 32 | entries_[rule][entry];
  }
  record.number = to_.actions.next_++;
  to_.actions.records_.add(std::move(record));
}

void SnapshotIn::read_productions() {
  std::vector<Productions::Standing> standing;
  for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
    Productions::Standing s;
    s.key.rule = in_.index(to_.data.rule_set.rules.size());
    if (!in_.ok() || !facts(to_.data.rules[s.key.rule].identity_types, s.key.facts)) return;
    s.since = in_.number();
    s.fired = in_.flag();
    standing.push_back(std::move(s));
  }
  to_.productions.be_image(std::move(standing));
  to_.productions.runs_at_ = in_.timestamp();
  for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
    Productions::Run run;
    run.rule = in_.index(to_.data.rule_set.rules.size());
    for (std::size_t left = in_.count(); left > 0 && in_.ok(); --left) run.identity.push_back(in_.value());
    to_.productions.runs_[std::move(run)] = in_.number();
  }
}

void SnapshotIn::read_inbox() {
  for (std::size_t n = in_.count(); n > 0 && in_.ok(); --n) {
    const Timestamp at = in_.timestamp();
    if (in_.flag()) {
      read_ack(at);
    } else {
      read_fact_input(at);
    }
  }
}

void SnapshotIn::read_fact_input(Timestamp at) {
  FactInput input;
  input.type = in_.index(schema().types.size());
  input.op = static_cast<FactOp>(in_.index(3));
  const bool late = in_.flag();
  input.stamp = in_.timestamp();
  input.present = in_.number();
  if (!in_.ok()) return;
  const FactType& type = schema().types[input.type];
  in_.check(type.role != Role::kDerived && type.role != Role::kAction && (!type.is_event() || input.op == FactOp::kPut),
            "an input is of a type that takes none");
  if (!row(type.fields, type.fields.size(), input.values)) return;
  input.source = in_.value();
  in_.check(input.source.is_null() || input.source.is(Kind::kString), kWrongValue);
  input.seq = in_.number();
  input.origin = in_.number();
  if (in_.ok()) to_.inbox.add_fact(at, late, input, 0);  // whoever takes it over hashes its key
}

void SnapshotIn::read_ack(Timestamp at) {
  AckInput ack;
  ack.id = in_.text();
  if (in_.flag()) ack.action = in_.index(schema().types.size());
  if (!in_.ok()) return;
  const FactType* type = ack.action == kNoId ? nullptr : &schema().types[ack.action];
  in_.check(type == nullptr ? !ack.id.empty() : type->role == Role::kAction, "an acknowledgement is of no action");
  ack.present = in_.number();
  const std::size_t data = in_.count();
  in_.check(data == 0 || (type != nullptr && data == type->declared_fields), "an acknowledgement is of other fields");
  if (data != 0 && (!in_.ok() || !row(type->fields, data, ack.data))) return;
  ack.state = static_cast<ActionState>(in_.index(static_cast<std::size_t>(ActionState::kRejected) + 1));
  const std::size_t results = in_.count();
  in_.check(results == 0 || (type != nullptr && results == type->result_fields.size()), "a result is of other fields");
  if (results != 0 && (!in_.ok() || !row(type->result_fields, results, ack.result))) return;
  ack.error = in_.text();
  ack.stamp = in_.timestamp();
  ack.origin = in_.number();
  if (in_.ok()) to_.inbox.add_ack(at, ack);
}

}  // namespace flyball::engine
