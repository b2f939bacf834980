// What arrives: admission by time (semantics.md §5) and what a put, patch or retract does at its turn (§2).
#include "engine/session/session_impl.h"
#include "model/text.h"

namespace flyball::engine {

void Session::Impl::see_first(Timestamp stamp) {
  if (seen_any) return;
  seen_any = true;
  newest = first_seen = stamp;
  network.start(stamp, stamp - data.lateness_max_ns);
}

Error Session::Impl::too_far_ahead(Timestamp stamp) const {
  return {"the stamp is " + format_duration_human(stamp - newest) + " ahead of engine time",
          "stamps may be at most " + format_duration_human(limits.ahead_max_ns) + " ahead"};
}

// Why an input is not taken that is not as its type says, or for which there is no room.
Error Session::Impl::refusal_of(const FactInput& input) const {
  if (input.type >= doors.size()) return {"there is no such type", {}};
  const FactType& type = data.rule_set.schema.types[input.type];
  if (type.role == Role::kDerived) return {"`" + type.name + "` is derived by rules", "it cannot be put from outside"};
  if (type.role == Role::kAction) return {"`" + type.name + "` is an action", "acknowledge it instead"};
  if (input.values.size() != type.fields.size())
    return {"`" + type.name + "` has " + std::to_string(type.fields.size()) + " fields, not " + std::to_string(input.values.size()), {}};
  if (type.is_event() && input.op != FactOp::kPut) return {"`" + type.name + "` is an event", "events can only be put"};
  if (is_too_far_ahead(input.stamp)) return too_far_ahead(input.stamp);
  return {"too many inputs wait for engine time", "the limit is " + std::to_string(limits.pending_inputs)};
}

Result<PutOutcome> Session::Impl::put(const FactInput& input) {
  const auto refuse = [&](Error why) {
    ++counters.facts_refused;
    return std::unexpected(std::move(why));
  };
  if (input.type >= doors.size()) [[unlikely]]
    return refuse(refusal_of(input));
  const Door& door = doors[input.type];
  if (!door.open || input.values.size() != door.fields || (door.is_event && input.op != FactOp::kPut) || is_too_far_ahead(input.stamp) ||
      inbox.size() >= limits.pending_inputs) [[unlikely]]
    return refuse(refusal_of(input));
  // While the instants before it are closed, the memory it will touch is fetched step by step (look_ahead).
  const FactStore& store = network.store(input.type);
  const std::uint32_t hash = store.keyed() ? store.key_hash(input.values.data()) : 0;
  if (ahead != kNone) network.foresee_further(ahead);
  ahead = kNone;
  ahead_type = kNoId;
  if (store.keyed() && store.is_spread()) {
    ahead_type = input.type;
    ahead_hash = hash;
    store.prefetch_index(hash);
    if (input.op == FactOp::kPut) network.foresee_put(input.type, input.values.data());
  }
  if (input.op != FactOp::kRetract && network.live_facts() + network.stale_facts() + inbox.size() >= limits.facts &&
      store.find(input.values.data(), hash) == kNone) {
    return refuse({"too many facts", "the limit is " + std::to_string(limits.facts)});
  }
  const bool late = admit(input.stamp);
  if (late && door.late == LatePolicy::kDrop) {
    ++counters.facts_late_dropped;
    return PutOutcome::kLateDropped;
  }
  if (late && door.late == LatePolicy::kDivert) {
    ++counters.facts_late_diverted;
    return PutOutcome::kLateDiverted;
  }
  inbox.add_fact(late ? engine_time() : input.stamp, late, input, hash);
  if (ahead_type != kNoId) look_ahead();
  if (late) {
    ++counters.facts_late_applied;
    return PutOutcome::kLateApplied;
  }
  return input.stamp > engine_time() ? PutOutcome::kPending : PutOutcome::kTaken;
}

void Session::Impl::foresee(const FactInput& input) {
  if (input.type >= data.rule_set.schema.types.size()) return;
  const FactStore& store = network.store(input.type);
  if (store.keyed() && store.is_spread() && input.values.size() == store.width())
    foresight.see(input.type, store.key_hash(input.values.data()), input.values.data());
}

// The input last put (there is one that is far away), whose place in the index has come meanwhile: its record is fetched, then the rest.
void Session::Impl::look_ahead() {
  if (ahead == kNone) {
    ahead = network.store(ahead_type).prefetch(ahead_hash);
    is_item_ahead = ahead != kNone;
    return;
  }
  if (is_item_ahead) network.prefetch(ahead_type, ahead);
  is_item_ahead = false;
  network.foresee_further(ahead);
}

Result<void> Session::Impl::ack(const AckInput& input) {
  if (is_too_far_ahead(input.stamp)) return std::unexpected(too_far_ahead(input.stamp));
  // Nobody knows an id before its action is sent. One told by its fields may come before the action: recorded lines do.
  if (!input.id.empty() && !actions.is_awaited(input)) {
    ++counters.acks_unmatched;
    return std::unexpected(actions.not_awaited(input));
  }
  if (inbox.size() >= limits.pending_inputs)
    return fail("too many inputs wait for engine time", "the limit is " + std::to_string(limits.pending_inputs));
  const bool late = admit(input.stamp);
  inbox.add_ack(late ? engine_time() : input.stamp, input);
  return {};
}

void Session::Impl::tick(Timestamp t) {
  see_first(t);
  newest = std::max(newest, t);
  close_through(t - data.lateness_max_ns);
}

void Session::Impl::finish() {
  if (seen_any) tick(newest + data.lateness_max_ns);
}

// --- at its turn ---

void Session::Impl::pin_for_instant(FactTypeId type, FactId fact) {
  network.store(type).pin(fact);
  pinned.push_back({type, fact});
}

// Step 2 of an instant, but for what follows from it.
void Session::Impl::take_inputs(Timestamp t) {
  Pending* alone = inbox.take_alone(t);
  if (alone == nullptr) inbox.take(t, in, taken);
  for (Pending* const input : alone != nullptr ? std::span(&alone, 1) : std::span(taken)) {
    ++position;
    network.place().at(WorkPart::kInputs);
    next_moment();
    if (input->is_ack()) {
      if (const AckInput& ack = inbox.ack(input->ack); !actions.acknowledge(ack)) outbox.add(UnmatchedOutput{ack.origin});
    } else if (doors[input->fact.type].is_event) {
      apply_event(*input);
    } else {
      apply_state(*input);
    }
    if (network.has_exhausted() && exhausted_after.empty() && !input->is_ack()) exhausted_after = " after " + input_text(input->fact);
    inbox.release(input);
  }
  taken.clear();
}

void Session::Impl::apply_event(const Pending& input) {
  const FactInput& fact = input.fact;
  FactStore& store = network.store(fact.type);
  FactId f = kNone;
  const bool numbered = !fact.source.is_null() && fact.seq != 0;
  if (store.keyed()) {
    f = store.find_or_make(fact.values.data(), input.hash);
  } else if (!numbered) {
    f = store.find_or_make(fact.values.data());
    store.set_event_key(f, Value::null(), unkeyed_events++);
  } else {
    // One per source and number: the later stays.
    f = numbered_events.find(network, fact.type, fact.source, fact.seq);
    if (f == kNone) {
      f = store.find_or_make(fact.values.data());
      store.set_event_key(f, fact.source, fact.seq);
      numbered_events.add(network, fact.type, fact.source, fact.seq, f);
    }
  }
  ++counters.events;
  ++counters.facts_taken;
  const bool existed = store.exists(f);
  if (!existed) {
    store.pin(f);
    events.emplace_back(fact.type, f);
  }
  // A late one does not replace what came at a greater stamp; windows learn of both.
  if (existed && store.meta(f).stamp > fact.stamp) {
    network.sample(fact.type, f, fact.stamp, fact.values.data());
    for (const FactTypeId remembered : data.types[fact.type].remembered_as) {
      const TypePlan& as = data.types[remembered];
      if (as.each_of != kNoId || as.remembers_all) remember_event(fact, f, remembered);
    }
    return;
  }
  const std::uint64_t changed = store.write(f, fact.values.data());
  store.meta(f).stamp = fact.stamp;
  if (!existed) {
    network.fact_appeared(fact.type, f);
  } else if (changed != 0) {
    network.fact_changed(fact.type, f, changed);
  }
  network.sample(fact.type, f, fact.stamp, store.row(f));
  for (const FactTypeId remembered : data.types[fact.type].remembered_as) remember_event(fact, f, remembered);
}

// `within D`: the event as a fact of that type, until its stamp + D. A newer one of its key takes its place, if its stamp is no part of
// that.
void Session::Impl::remember_event(const FactInput& event, FactId f, FactTypeId remembered) {
  const FactType& type = data.rule_set.schema.types[event.type];
  const DurationNs ns = *data.rule_set.schema.types[remembered].ttl_ns;
  if (event.stamp + ns <= network.now()) return;
  FactStore& store = network.store(remembered);
  if (data.types[remembered].each_of != kNoId) {  // nothing of it but the value
    row.assign(store.width(), Value::null());
    row.back() = event.values[row.size() - 1];
    if (row.back().is_null()) return;
  } else {
    row.assign(event.values.begin(), event.values.end());
    row.push_back(to_value(event.stamp));
    if (!type.has_key) network.store(event.type).append_identity(f, row);
  }
  const FactId g = store.find_or_make(row.data());
  const bool existed = store.exists(g);
  if (existed && store.meta(g).stamp > event.stamp) return;
  if (!existed && store.live() >= limits.facts) {
    store.release_if_unused(g);
    trouble("more than " + std::to_string(limits.facts) + " events of `" + type.name +
            "` would have to be remembered: one is matched for its instant only");
    return;
  }
  store.pin(g);
  const std::uint64_t changed = store.write(g, row.data());
  store.meta(g).stamp = event.stamp;
  store.times(g).expires = event.stamp + ns;
  arm_expiry(remembered, g);
  if (!existed) {
    network.fact_appeared(remembered, g);
  } else if (changed != 0) {
    network.fact_changed(remembered, g, changed);
  }
  store.unpin(g);
}

void Session::Impl::apply_state(const Pending& input) {
  const FactInput& fact = input.fact;
  const FactStore& store = network.store(fact.type);
  const FactId f = store.find(fact.values.data(), input.hash);
  if (fact.op == FactOp::kPut && f != kNone && store.exists(f)) [[likely]] {
    ++counters.facts_taken;
    write_fact(fact.type, f, fact.values.data(), fact.stamp);
  } else if (fact.op != FactOp::kRetract) {
    make_or_patch(input, f);
  } else if (f != kNone) {
    if (store.exists(f)) ++counters.retracts;
    erase_fact(fact.type, f, fact.stamp);
  }
}

// A patch, or a fact that is not there: kNone, or one that is remembered.
void Session::Impl::make_or_patch(const Pending& input, FactId f) {
  const FactInput& fact = input.fact;
  const FactType& type = data.rule_set.schema.types[fact.type];
  FactStore& store = network.store(fact.type);
  const bool exists = f != kNone && store.exists(f);
  const Value* values = fact.values.data();
  if (fact.op == FactOp::kPatch) {
    const std::uint64_t all = type.declared_fields == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << type.declared_fields) - 1;
    if (!exists && (fact.present & all) != all) {
      ++counters.facts_refused;
      std::string key;
      for (const std::uint32_t field : type.key)
        key += (key.empty() ? " " : ", ") + type.fields[field].name + ": " + to_source(fact.values[field], in);
      outbox.add(RefusedOutput{
          network.now(), fact.origin,
          "a patch of `" + type.local + "` that is not there (" + key.substr(key.empty() ? 0 : 1) + ") must have all its fields: refused"});
      return;
    }
    row.assign(fact.values.begin(), fact.values.end());
    const Row known = exists ? store.last_row(f) : Row();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if ((fact.present >> i & 1U) == 0 && known) row[i] = known[i];
    }
    values = row.data();
  }
  if (!exists && !has_room(fact.type)) {  // others came before it in this instant
    ++counters.facts_refused;
    outbox.add(RefusedOutput{network.now(), fact.origin, too_many(type, fact.type)});
    return;
  }
  if (f == kNone) f = store.find_or_make(values, input.hash);
  ++counters.facts_taken;
  write_fact(fact.type, f, values, fact.stamp);
}

std::string Session::Impl::too_many(const FactType& type, FactTypeId id) const {
  return "too many `" + type.name + "`: the limit is " + std::to_string(facts_max[id]) + ", and one more is refused";
}

// True if the fact has news newer than `stamp`: then nothing but the windows learns of what comes late.
static bool is_outdated(const FactMeta& meta, Timestamp stamp) { return meta.status != FactStatus::kAbsent && meta.stamp > stamp; }

// A put, from outside or by a rule.
void Session::Impl::write_fact(FactTypeId type_id, FactId f, const Value* values, Timestamp stamp) {
  FactStore& store = network.store(type_id);
  FactMeta& meta = store.meta(f);  // records never move
  ++meta.pins;
  if (journal.open()) journal_fact(type_id, f);
  const bool outdated = is_outdated(meta, stamp);
  if (!outdated) {
    const FactStatus was = meta.status;
    const std::uint64_t changed = store.write(meta, values);
    meta.stamp = stamp;
    if (store.timed()) {
      store.times(f).expires = stamp + *data.rule_set.schema.types[type_id].ttl_ns;
      arm_expiry(type_id, f);
    }
    if (was == FactStatus::kAbsent) {
      network.fact_appeared(type_id, f);
    } else if (was == FactStatus::kStale || changed != 0) {
      network.fact_changed(type_id, f, was == FactStatus::kStale ? Network::kEveryField : changed);
    } else {
      ++counters.facts_unchanged;
    }
  }
  if (network.is_sampled(type_id)) network.sample(type_id, f, stamp, values);
  // A stamp so old that its ttl is over already.
  if (store.timed() && !outdated && meta.status == FactStatus::kLive && store.times(f).expires <= network.now()) expire(type_id, f);
  store.unpin(f, meta);
}

void Session::Impl::erase_fact(FactTypeId type, FactId f, Timestamp stamp) {
  FactStore& store = network.store(type);
  pin_for_instant(type, f);
  journal_fact(type, f);
  network.end_samples(type, f, stamp);
  if (!store.exists(f) || is_outdated(store.meta(f), stamp)) return;
  store.make_absent(f);
  network.fact_vanished(type, f);
}

// A fact that a rule is about to change, for the undoing of a cascade.
void Session::Impl::journal_fact(FactTypeId type, FactId fact) {
  if (!journal.first(Journalled::kFact, type, fact)) return;
  const FactStore& store = network.store(type);
  const FactMeta& meta = store.meta(fact);
  const bool is_new = meta.status == FactStatus::kAbsent && meta.pins == 1;  // by who writes it
  pin_for_instant(type, fact);
  const Timestamp expires = store.timed() ? store.times(fact).expires : kTimestampMax;
  journal.add_fact(type, fact, meta, expires, is_new ? Row() : store.last_row(fact), store.width());
}

void Session::Impl::restore_fact(const Journal::FactBefore& before, const Value* last_known) {
  const FactTypeId type = before.type;
  const FactId fact = before.fact;
  FactStore& store = network.store(type);
  const bool exists = store.exists(fact);
  if (before.status == FactStatus::kAbsent) {
    if (exists) {
      store.make_absent(fact);
      network.fact_vanished(type, fact);
    }
    if (last_known != nullptr) store.set_last_row(fact, last_known);
    return;
  }
  store.write(fact, last_known);
  if (before.status == FactStatus::kStale) store.make_stale(fact);
  store.meta(fact).stamp = before.stamp;
  if (store.timed()) {
    store.times(fact).expires = before.expires;
    arm_expiry(type, fact);
  }
  if (exists) {
    network.fact_changed(type, fact, Network::kEveryField);
  } else {
    network.fact_appeared(type, fact);
  }
}

// One timer per fact: a renewed ttl lets it ring early, and it is set anew then.
void Session::Impl::arm_expiry(FactTypeId type, FactId fact) {
  FactMeta& meta = network.store(type).meta(fact);
  FactTimes& times = network.store(type).times(fact);
  if (meta.expiry_armed && times.armed_for <= times.expires) return;
  meta.expiry_armed = true;
  times.armed_for = times.expires;
  timers.add({times.expires, TimerKind::kExpiry, type, fact});
}

}  // namespace flyball::engine
