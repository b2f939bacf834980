// The life of actions after `do`: proposed, sent, tried again, acknowledged, timed out, held back by a rate, expired, retained.
#include "engine/session/actions.h"

#include <algorithm>
#include <ranges>

#include "model/check.h"

namespace flyball::engine {

Actions::Actions(const ProgramData& program, Network& network, TimerQueue& timers, Journal& journal, Outbox& outbox, Counters& counters)
    : program_(program),
      network_(network),
      timers_(timers),
      journal_(journal),
      outbox_(outbox),
      counters_(counters),
      records_(program.types.size()),
      awaited_(program.types.size()),
      rule_texts_(program.rules.size()) {
  const std::size_t types = program.types.size();
  ended_.resize(types);
  sends_.resize(types);
  rate_armed_.resize(types, kTimestampMax);
  rate_due_.resize(types, kTimestampMax);
}

void Actions::make(const ActionId& id, FactTypeId type_id, std::uint32_t rule, std::uint64_t episode, bool of_event,
                   std::span<const Value> data, Sending sending) {
  const FactType& type = program_.rule_set.schema.types[type_id];
  ActionRecord record;
  record.id = id;
  record.type = type_id;
  record.rule = rule;
  record.episode = episode;
  record.of_event = of_event;
  record.data.assign(data.begin(), data.end());
  record.at = network_.now();
  if (sending == Sending::kInShadow) {
    record.tries = 1;
    say(record, true);
    return;
  }
  if (records_.find(id) != nullptr) return;  // the same id is never sent for a second reason
  FactStore& store = network_.store(type_id);
  write_text(id, id_text_);
  record.text = network_.interner().string(id_text_);
  row_.assign(data.begin(), data.end());
  row_.resize(store.width());
  row_[type.action_field(ActionField::kId)] = record.text;
  record.fact = store.find_or_make(row_.data());
  if (ActionRecord* const older = records_.of_fact(type_id, record.fact); older != nullptr) {
    journal_record(*older);
    if (older->state == ActionState::kSent) outbox_.add(GoneOutput{older->id});
    forget(*older);
  }

  const ActionNumber number = record.number = next_++;
  if (journal_.first(Journalled::kAction, 0, number)) {
    journal_.add([this, number] {
      if (ActionRecord* const made = records_.find(number); made != nullptr) forget(*made);
    });
  }
  if (episode != kNoEpisode && (type.tries > 1 || type.rate_count || sending == Sending::kAsks)) of_episode_[episode].push_back(number);
  record.state = ActionState::kProposed;
  record.unapproved = sending == Sending::kAsks && unapproved_.size() < kProposalsMax;
  ActionRecord& made = remember(std::move(record));
  if (made.unapproved) {
    say(made, false);
  } else if (sending == Sending::kAsks) {
    made.state = ActionState::kRefused;
    say(made, false);
    outbox_.add(TroubleOutput{network_.now(), "a `" + type.local + "` is refused: " + std::to_string(kProposalsMax) +
                                                  " actions wait for approval, which is the limit"});
  } else {
    send_or_wait(made);
  }
  show(made);
}

// Sends it if the rate allows; else it waits its turn or is refused.
void Actions::send_or_wait(ActionRecord& record) {
  const FactType& type = program_.rule_set.schema.types[record.type];
  record.next_try = kTimestampMax;
  if (may_send(record.type) && !anyone_waits(record.type)) {
    send(record);
  } else if (type.rate_else_refuse) {
    record.state = ActionState::kRefused;
    say(record, false);
  } else {
    record.ticket = ++tickets_;
    wait(record);
    arm_rate(record.type);
    if (record.tries == 0) say(record, false);
  }
}

void Actions::stop_waiting(ActionRecord& record) {
  if (record.ticket == 0) return;
  const auto beside = waiting_.find(record.type);
  FB_CHECK(beside != waiting_.end());
  beside->second.erase({record.ticket, record.number});
  if (beside->second.empty()) waiting_.erase(beside);
  record.ticket = 0;
}

void Actions::stop_asking(ActionRecord& record) {
  if (!record.unapproved) return;
  record.unapproved = false;
  unapproved_.erase(record.number);
}

// Room comes when the oldest send leaves (T − D, T].
void Actions::arm_rate(FactTypeId type_id) {
  if (!anyone_waits(type_id) || sends_[type_id].empty()) return;
  const Timestamp due = sends_[type_id].front() + program_.rule_set.schema.types[type_id].rate_per_ns;
  if (rate_armed_[type_id] == due) return;
  rate_armed_[type_id] = due;
  timers_.add({due, TimerKind::kRate, type_id, 0});
}

bool Actions::may_send(FactTypeId type_id) {
  const FactType& type = program_.rule_set.schema.types[type_id];
  if (!type.rate_count) return true;
  std::deque<Timestamp>& sends = sends_[type_id];
  while (!sends.empty() && sends.front() <= network_.now() - type.rate_per_ns) sends.pop_front();
  return sends.size() < *type.rate_count;
}

void Actions::send(ActionRecord& record) {
  const FactType& type = program_.rule_set.schema.types[record.type];
  record.state = ActionState::kSent;
  record.at = network_.now();
  ++record.tries;
  record.next_try = kTimestampMax;
  record.gives_up = type.timeout_ns ? network_.now() + *type.timeout_ns : kTimestampMax;
  if (type.timeout_ns) timers_.add({record.gives_up, TimerKind::kActionTimeout, record.number, 0});
  if (type.rate_count) {
    sends_[record.type].push_back(network_.now());
    journal_.add([this, type_id = record.type] {
      if (!sends_[type_id].empty()) sends_[type_id].pop_back();
    });
  }
  stop_waiting(record);
  ++counters_.actions_sent;
  say(record, false);
}

// This try came to nothing: the next one, `every` after the last send, or the end.
void Actions::fail_try(ActionRecord& record) {
  const FactType& type = program_.rule_set.schema.types[record.type];
  record.gives_up = kTimestampMax;
  if (record.tries >= type.tries) {
    record.state = ActionState::kFailed;
    ++counters_.actions_failed;
    outbox_.add(GoneOutput{record.id});
    return;
  }
  if (record.abandoned) {
    record.state = ActionState::kExpired;
    say(record, false);
    return;
  }
  const Timestamp next = record.at + type.try_every_ns;
  if (next <= network_.now()) {
    send_or_wait(record);
  } else {
    record.next_try = next;
    timers_.add({next, TimerKind::kActionTry, record.number, 0});
  }
}

void Actions::say(const ActionRecord& record, bool shadow) {
  outbox_.add(SaidAction{network_.now(), record.id, record.type, record.rule, record.state, shadow, record.tries, was_due_}, record.data);
}

// The action's fact, before a cascade changes it.
void Actions::journal_fact(FactTypeId type, FactId fact) {
  if (!journal_.first(Journalled::kFact, type, fact)) return;
  FactStore& store = network_.store(type);
  const bool is_new = !store.exists(fact) && store.meta(fact).pins == 0;  // else somebody may ask what was known last
  store.pin(fact);
  pinned_.emplace_back(type, fact);
  journal_.add_fact(type, fact, store.meta(fact), kTimestampMax, is_new ? Row() : store.last_row(fact), store.width());
}

void Actions::end_cascade() {
  for (const auto& [type, fact] : pinned_) network_.store(type).unpin(fact);
  pinned_.clear();
  for (FactTypeId type = 0; type < ended_.size(); ++type) trim_ended(type);
}

Value Actions::state_text(ActionState state) {
  Value& text = state_texts_[static_cast<std::size_t>(state)];
  if (text.is_null()) text = network_.interner().string(to_string(state));
  return text;
}

Value Actions::rule_text(std::uint32_t rule) {
  Value& text = rule_texts_[rule];
  if (text.is_null()) text = network_.interner().string(program_.rules[rule].name);
  return text;
}

// Writes the record into its fact.
void Actions::show(ActionRecord& record) {
  const FactType& type = program_.rule_set.schema.types[record.type];
  FactStore& store = network_.store(record.type);
  row_.assign(record.data.begin(), record.data.end());
  row_.resize(store.width());
  row_[type.action_field(ActionField::kId)] = record.text;
  row_[type.action_field(ActionField::kState)] = state_text(record.state);
  row_[type.action_field(ActionField::kAt)] = to_value(record.at);
  row_[type.action_field(ActionField::kTries)] = Value::integer(record.tries);
  row_[type.action_field(ActionField::kResult)] = record.result;
  row_[type.action_field(ActionField::kRule)] = rule_text(record.rule);
  journal_fact(record.type, record.fact);
  const bool existed = store.exists(record.fact);
  const std::uint64_t changed = store.write(record.fact, row_.data());
  store.meta(record.fact).stamp = network_.now();
  if (!existed) {
    network_.fact_appeared(record.type, record.fact);
  } else if (changed != 0) {
    network_.fact_changed(record.type, record.fact, changed);
  }
  if (type.retain_ns) {
    record.retained = network_.now() + *type.retain_ns;
    timers_.add({record.retained, TimerKind::kRetain, record.number, 0});
  }
  awaited_.leave(record);
  awaited_.enter(record);
  limit_ended(record);
}

ActionRecord& Actions::remember(ActionRecord&& record, ActionNumber newer) {
  if (record.unapproved) unapproved_.insert(record.number);
  if (record.ticket != 0) wait(record);
  ActionRecord& made = records_.add(std::move(record), newer);
  awaited_.enter(made);
  return made;
}

// Before a cascade changes it: how to have it as it was. Its fact is the caller's.
void Actions::journal_record(const ActionRecord& record) {
  const ActionNumber number = record.number;
  if (!journal_.first(Journalled::kAction, 0, number)) return;
  const auto mine = of_episode_.find(record.episode);
  const bool of_its_episode =
      mine != of_episode_.end() && std::find(mine->second.begin(), mine->second.end(), number) != mine->second.end();
  // When it is taken back, those made and forgotten since have been: its neighbours are as they are now.
  journal_.add([this, number, of_its_episode, newer = records_.newer(record), before = record] {
    if (ActionRecord* const now = records_.find(number); now != nullptr) forget(*now);
    if (before.gives_up != kTimestampMax) timers_.add({before.gives_up, TimerKind::kActionTimeout, number, 0});
    if (before.next_try != kTimestampMax) timers_.add({before.next_try, TimerKind::kActionTry, number, 0});
    if (before.retained != kTimestampMax) timers_.add({before.retained, TimerKind::kRetain, number, 0});
    if (of_its_episode) {
      std::vector<ActionNumber>& all = of_episode_[before.episode];
      all.insert(std::lower_bound(all.begin(), all.end(), number), number);
    }
    remember(ActionRecord(before), newer);
    arm_rate(before.type);
  });
}

// A newer action of its key takes its place.
void Actions::forget(ActionRecord& record) {
  stop_waiting(record);
  stop_asking(record);
  awaited_.leave(record);
  if (const auto mine = of_episode_.find(record.episode); mine != of_episode_.end()) {
    std::erase(mine->second, record.number);
    if (mine->second.empty()) of_episode_.erase(mine);
  }
  records_.erase(record.number);
}

// Something more will happen to it by itself.
bool Actions::goes_on(const ActionRecord& record) const {
  return record.state == ActionState::kProposed || record.ticket != 0 || record.next_try != kTimestampMax ||
         record.gives_up != kTimestampMax;
}

// Actions without a key would pile up for ever: of those that nothing more happens to by itself, the newest are kept.
void Actions::limit_ended(ActionRecord& record) {
  const FactType& type = program_.rule_set.schema.types[record.type];
  if (type.has_key || type.retain_ns || record.ended || goes_on(record)) return;
  record.ended = true;
  ended_[record.type].push_back(record.number);
  if (!journal_.open()) trim_ended(record.type);  // else when it is certain that the cascade stays
}

void Actions::trim_ended(FactTypeId type) {
  std::deque<ActionNumber>& ended = ended_[type];
  while (ended.size() > kEndedMax) {
    ActionRecord* const oldest = records_.find(ended.front());
    ended.pop_front();
    if (oldest == nullptr) continue;
    oldest->ended = false;
    if (!goes_on(*oldest)) drop(*oldest);  // a failure said meanwhile gave it another try
  }
}

void Actions::drop_retained(ActionNumber number) {
  if (ActionRecord* const record = records_.find(number); record != nullptr) drop(*record);
}

void Actions::drop(ActionRecord& record) {
  const FactTypeId type = record.type;
  const FactId fact = record.fact;
  if (record.state == ActionState::kSent) outbox_.add(GoneOutput{record.id});
  forget(record);
  FactStore& store = network_.store(type);
  store.pin(fact);
  store.make_absent(fact);
  network_.fact_vanished(type, fact);
  store.unpin(fact);
}

void Actions::expire_waiting(std::uint64_t episode) {
  const auto mine = of_episode_.find(episode);
  if (mine == of_episode_.end()) return;
  const std::vector<ActionNumber> numbers = std::move(mine->second);
  of_episode_.erase(mine);
  journal_.add([this, episode, numbers] { of_episode_[episode] = numbers; });
  for (const ActionNumber number : numbers) {
    ActionRecord* const found = records_.find(number);
    if (found == nullptr || found->of_event) continue;
    ActionRecord& record = *found;
    if (record.ticket == 0 && record.next_try == kTimestampMax && !record.unapproved) {
      // On its way: if it fails, the next try would wait for a reason that is gone.
      if (record.state != ActionState::kSent) continue;
      journal_record(record);
      record.abandoned = true;
      continue;
    }
    journal_record(record);
    record.state = ActionState::kExpired;
    record.next_try = kTimestampMax;
    stop_waiting(record);
    stop_asking(record);
    say(record, false);
    show(record);
  }
}

// A person's word.
static bool is_verdict(const AckInput& ack) { return ack.state == ActionState::kApproved || ack.state == ActionState::kRejected; }

Error Actions::not_awaited(const AckInput& ack) const {
  const std::optional<ActionId> id = parse_action_id(ack.id);
  const ActionRecord* const found = id ? records_.find(*id) : nullptr;
  const bool verdict = is_verdict(ack);
  if (found == nullptr) return {verdict ? "no such action waits for approval" : "no such action waits for an acknowledgement", ""};
  const ActionRecord& record = *found;
  if (verdict && record.ticket != 0) return {"this action waits for its rate, not for approval", ""};
  if (verdict) return {std::string("this action waits for no approval: it is ") + to_string(record.state), ""};
  if (record.unapproved) return {"this action is only proposed: it waits for approval, and nobody was told to do it", ""};
  return {"no such action waits for an acknowledgement", ""};
}

std::vector<ProposalView> Actions::proposals(std::size_t n) const {
  std::vector<ProposalView> out;
  for (const ActionNumber number : unapproved_) {
    if (out.size() == n) break;
    const ActionRecord& record = records_.at(number);
    out.push_back({to_text(record.id), record.type, record.rule, record.data, record.at});
  }
  return out;
}

// Told by its key, or by fields that are told again and again, an action is found at once; else all of its type are looked at, from the
// newest on.
const ActionRecord* Actions::find_acked(const AckInput& ack) const {
  const auto waits = [](const ActionRecord& r) { return r.state == ActionState::kSent; };
  const auto concerned = [&](const ActionRecord& r) { return is_verdict(ack) ? r.unapproved : waits(r); };
  if (!ack.id.empty()) {
    const std::optional<ActionId> id = parse_action_id(ack.id);
    const ActionRecord* const found = id ? records_.find(*id) : nullptr;
    return found != nullptr && concerned(*found) ? found : nullptr;
  }
  if (ack.action >= program_.types.size()) return nullptr;
  const auto is_meant = [&](const ActionRecord& record) {
    if (!concerned(record)) return false;
    for (std::size_t f = 0; f < record.data.size(); ++f) {
      if ((ack.present >> f & 1U) != 0 && (f >= ack.data.size() || record.data[f] != ack.data[f])) return false;
    }
    return true;
  };
  const FactType& type = program_.rule_set.schema.types[ack.action];
  const FactStore& store = network_.store(ack.action);
  const bool is_complete = ack.data.size() == type.declared_fields;
  if (type.has_key && is_complete && (store.key_fields() & ~ack.present) == 0) {
    const FactId fact = store.find(ack.data.data());  // whose key fields are declared ones
    const ActionRecord* const record = fact == kNone ? nullptr : records_.of_fact(ack.action, fact);
    return record != nullptr && is_meant(*record) ? record : nullptr;
  }
  if (is_complete && awaited_.covers(ack.action, ack.present, records_)) {
    const std::set<ActionNumber>* const alike = awaited_.find(ack.action, ack.present, ack.data, is_verdict(ack));
    if (alike == nullptr) return nullptr;
    for (const ActionNumber number : *alike | std::views::reverse) {
      if (const ActionRecord& record = records_.at(number); is_meant(record)) return &record;
    }
    return nullptr;
  }
  for (const ActionRecord* record = records_.newest(ack.action); record != nullptr; record = records_.older(*record)) {
    if (is_meant(*record)) return record;
  }
  return nullptr;
}

// A record value: a map from the names of the result's fields.
Value Actions::result_value(const FactType& type, const std::vector<Value>& result) const {
  if (result.empty()) return Value::null();
  Interner& in = network_.interner();
  std::vector<MapEntry> entries;
  for (std::size_t i = 0; i < type.result_fields.size() && i < result.size(); ++i)
    entries.push_back({in.string(type.result_fields[i].name), result[i]});
  return in.map(entries);
}

bool Actions::acknowledge(const AckInput& ack) {
  const ActionRecord* const found = find_acked(ack);
  if (found == nullptr) {
    ++counters_.acks_unmatched;
    return false;
  }
  ActionRecord& record = records_.at(found->number);
  const FactType& type = program_.rule_set.schema.types[record.type];
  switch (ack.state) {
    case ActionState::kAcked:
      record.state = ActionState::kAcked;
      record.result = result_value(type, ack.result);
      record.gives_up = record.next_try = kTimestampMax;
      stop_waiting(record);
      ++counters_.actions_acked;
      break;
    case ActionState::kFailed:
      if (record.next_try != kTimestampMax || record.ticket != 0) return true;  // this try has failed already
      fail_try(record);
      break;
    case ActionState::kApproved:
      stop_asking(record);
      record.state = ActionState::kApproved;
      ++counters_.actions_approved;
      send_or_wait(record);
      break;
    case ActionState::kRejected:
      stop_asking(record);
      record.state = ActionState::kRejected;
      ++counters_.actions_rejected;
      say(record, false);
      break;
    default: break;  // no other is an acknowledgement
  }
  show(record);
  return true;
}

// Only at a recovery is something due at an instant that was before it.
std::optional<Timestamp> Actions::if_missed(Timestamp due) const { return due < network_.now() ? std::optional(due) : std::nullopt; }

void Actions::run_timers(std::vector<ActionNumber> due) {
  std::sort(due.begin(), due.end());
  due.erase(std::unique(due.begin(), due.end()), due.end());
  for (const ActionNumber number : due) {
    ActionRecord* const found = records_.find(number);
    if (found == nullptr) continue;
    ActionRecord& record = *found;
    if (record.gives_up <= network_.now()) {
      const DurationNs every = program_.rule_set.schema.types[record.type].try_every_ns;
      set_was_due(if_missed(record.abandoned ? record.gives_up : std::max(record.gives_up, record.at + every)));
      fail_try(record);
      show(record);
    }
    if (record.next_try <= network_.now()) {
      set_was_due(if_missed(record.next_try));
      send_or_wait(record);
      show(record);
    }
  }
  while (ActionRecord* const record = first_with_room()) {
    set_was_due(if_missed(rate_due_[record->type]));
    send(*record);
    show(*record);
  }
  set_was_due(std::nullopt);
  for (const FactTypeId type : rates_fell_due_) rate_due_[type] = kTimestampMax;
  rates_fell_due_.clear();
  for (const auto& [type, beside] : waiting_) arm_rate(type);
}

// Of those that wait for a rate that has room now, the one that waits longest; null: there is none. However many wait, of each type only
// the first is asked.
ActionRecord* Actions::first_with_room() {
  std::pair<std::uint64_t, ActionNumber> first{0, kNone};
  for (const auto& [type, beside] : waiting_) {
    if ((first.second == kNone || *beside.begin() < first) && may_send(type)) first = *beside.begin();
  }
  return first.second == kNone ? nullptr : &records_.at(first.second);
}

std::vector<OpenAction> Actions::open(std::size_t at_most, std::uint64_t& more) const {
  std::vector<OpenAction> out;
  for (const ActionNumber number : records_.in_order()) {
    const ActionRecord& r = records_.at(number);
    if (r.state != ActionState::kProposed && r.state != ActionState::kApproved && r.state != ActionState::kSent) continue;
    if (out.size() < at_most)
      out.push_back({to_text(r.id), r.type, r.rule, r.data, r.state, r.tries, r.at});
    else
      ++more;
  }
  return out;
}

Timestamp Actions::real_due(const Timer& timer) const {
  if (timer.kind == TimerKind::kRate) {
    return rate_armed_[timer.a] == timer.due ? timer.due : kTimestampMax;  // who waits then is seen then
  }
  const ActionRecord* const found = records_.find(timer.a);
  if (found == nullptr) return kTimestampMax;
  const ActionRecord& r = *found;
  const Timestamp due = timer.kind == TimerKind::kActionTimeout ? r.gives_up
                        : timer.kind == TimerKind::kActionTry   ? r.next_try
                                                                : r.retained;
  return due == timer.due ? due : kTimestampMax;
}

void Actions::mark(Interner& in) const {
  records_.for_each([&](const ActionRecord& record) {
    in.mark(record.text);
    for (const Value& v : record.data) in.mark(v);
    in.mark(record.result);
  });
  for (const Value& v : state_texts_) in.mark(v);
  for (const Value& v : rule_texts_) in.mark(v);
}

}  // namespace flyball::engine
