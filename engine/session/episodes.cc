// Episodes by (rule, identity): which may start, which must end, in what order; cooldowns, keep, repeat, until.
#include "engine/session/episodes.h"

#include <algorithm>

#include "model/check.h"

namespace flyball::engine {

Episodes::Episodes(const ProgramData& program, Network& network, TimerQueue& timers, Journal& journal)
    : program_(program),
      network_(network),
      timers_(timers),
      journal_(journal),
      off_(program.rules.size(), false),
      frozen_(program.rules.size(), false),
      ends_(program.rules.size(), {this}),
      starts_(program.rules.size(), {this}),
      group_of_(program.rules.size()),
      groups_(program.rules.size()) {
  for (const RulePlan& rule : program.rules) tables_.emplace_back(static_cast<std::uint32_t>(rule.identity.size()), false);
  more_until_chains_.resize(program.rules.size());
  for (ChainId c = 0; c < program.chains.size(); ++c) {
    const ChainPlan& chain = program.chains[c];
    if (chain.end == ChainEnd::kUntil && c != program.rules[chain.owner].until_chain) more_until_chains_[chain.owner].push_back(c);
  }
}

bool Episodes::goes_before(std::uint32_t rule_id, EntryId a, EntryId b) const {
  if (a == b) return false;
  const RulePlan& rule = program_.rules[rule_id];
  const FactId* left = identity_of(rule_id, a);
  const FactId* right = identity_of(rule_id, b);
  for (std::size_t i = 0; i < rule.identity.size(); ++i) {
    const int order = network_.store(rule.identity_types[i]).compare_keys(left[i], right[i], network_.interner());
    if (order != 0) return order < 0;
  }
  return a < b;
}

std::uint64_t Episodes::identity_prefix(std::uint32_t rule_id, EntryId e) const {
  const RulePlan& rule = program_.rules[rule_id];
  if (rule.identity.empty()) return 0;
  return network_.store(rule.identity_types.front()).key_prefix(identity_of(rule_id, e)[0], network_.interner());
}

// --- matches ---

EntryId Episodes::entry_of(std::uint32_t rule, TokenId token) {
  const RulePlan& plan = program_.rules[rule];
  FactId facts[Network::kMaxTuple];
  network_.facts_of(token, plan.identity, facts);
  return entry_for(rule, facts);
}

EntryId Episodes::entry_for(std::uint32_t rule, const FactId* facts) {
  const RulePlan& plan = program_.rules[rule];
  TupleTable<RuleEntry>& table = tables_[rule];
  EntryId e = table.find(facts);
  if (e != kNone) return e;
  e = table.make(facts);
  for (std::size_t i = 0; i < plan.identity.size(); ++i) network_.store(plan.identity_types[i]).pin(facts[i]);
  return e;
}

void Episodes::touch(std::uint32_t rule, EntryId e) {
  RuleEntry& entry = tables_[rule][e];
  if (!entry.dirty) {
    entry.dirty = true;
    dirty_.emplace_back(rule, e);
  }
  if (!entry.binding) {
    entry.binding = true;
    unbound_.emplace_back(rule, e);
  }
}

void Episodes::match_made(std::uint32_t rule, TokenId t) {
  const EntryId e = entry_of(rule, t);
  RuleEntry& entry = tables_[rule][e];
  Token& token = network_.token(t);
  token.entry = e;
  token.left.next = entry.tokens;
  token.left.prev = kNone;
  if (entry.tokens != kNone) network_.token(entry.tokens).left.prev = t;
  entry.tokens = t;
  (token.truth == Truth::kTrue ? entry.count_true : entry.count_unknown) += 1;
  entry.touched = true;
  touch(rule, e);
}

void Episodes::match_gone(std::uint32_t rule, TokenId t) {
  const Token& token = network_.token(t);
  const EntryId e = token.entry;
  RuleEntry& entry = tables_[rule][e];
  (token.left.prev != kNone ? network_.token(token.left.prev).left.next : entry.tokens) = token.left.next;
  if (token.left.next != kNone) network_.token(token.left.next).left.prev = token.left.prev;
  (token.truth == Truth::kTrue ? entry.count_true : entry.count_unknown) -= 1;
  touch(rule, e);
}

void Episodes::match_touched(std::uint32_t rule, TokenId t) {
  const EntryId e = network_.token(t).entry;
  tables_[rule][e].touched = true;
  touch(rule, e);
}

void Episodes::until_made(std::uint32_t rule, TokenId t) {
  const EntryId e = network_.root_tag(t);
  network_.token(t).entry = e;
  if (network_.token(t).truth == Truth::kTrue) ++tables_[rule][e].until_true;
  touch(rule, e);
}

void Episodes::until_gone(std::uint32_t rule, TokenId t) {
  const EntryId e = network_.token(t).entry;
  if (network_.token(t).truth == Truth::kTrue) --tables_[rule][e].until_true;
  touch(rule, e);
}

void Episodes::watched(std::uint32_t rule, EntryId e) {
  RuleEntry& entry = tables_[rule][e];
  if (!entry.active || entry.watch_dirty) return;
  entry.watch_dirty = true;
  watched_.emplace_back(rule, e);
}

std::vector<std::pair<std::uint32_t, EntryId>> Episodes::take_watched() {
  std::vector<std::pair<std::uint32_t, EntryId>> out;
  out.swap(watched_);
  for (const auto& [rule, e] : out) tables_[rule][e].watch_dirty = false;
  return out;
}

void Episodes::identity_fact_gone(std::uint32_t rule, EntryId e) {
  tables_[rule][e].gone = true;
  touch(rule, e);
}

// --- what runs beside ---

bool Episodes::is_needed(std::uint32_t, const RuleEntry& e) const { return e.active || e.count_true + e.count_unknown != 0; }

bool Episodes::bind_entries() {
  bool any = false;
  while (!unbound_.empty()) {
    const auto [rule, id] = unbound_.back();
    unbound_.pop_back();
    if (!tables_[rule].in_use(id)) continue;
    RuleEntry& e = tables_[rule][id];
    e.binding = false;
    const RulePlan& plan = program_.rules[rule];
    const bool needed = is_needed(rule, e);
    if (needed == e.bound) continue;
    if (plan.until_chain == kNoId && plan.watch_chain == kNoId && plan.projections.empty()) continue;
    e.bound = needed;
    any = true;
    if (needed) {
      for (const TableId table : plan.projections) network_.project(table, tables_[rule].facts_of(id));
      if (plan.watch_chain != kNoId) e.watch_root = network_.bind(plan.watch_chain, tables_[rule].facts_of(id), id);
      if (plan.until_chain != kNoId) e.until_root = network_.bind(plan.until_chain, tables_[rule].facts_of(id), id);
      for (const ChainId chain : more_until_chains_[rule]) {
        const TokenId root = network_.bind(chain, tables_[rule].facts_of(id), id);
        more_until_roots_[{rule, id}].push_back(root);
      }
    } else {
      if (e.until_root != kNone) network_.unbind(e.until_root);
      if (const auto more = more_until_roots_.find({rule, id}); more != more_until_roots_.end()) {
        for (const TokenId root : more->second) network_.unbind(root);
        more_until_roots_.erase(more);
      }
      if (e.watch_root != kNone) network_.unbind(e.watch_root);
      e.until_root = e.watch_root = kNone;
      for (const TableId table : plan.projections) network_.unproject(table, tables_[rule].facts_of(id));
    }
  }
  return any;
}

// --- the agenda ---

bool Episodes::facts_exist(std::uint32_t rule, EntryId id) const {
  const RulePlan& plan = program_.rules[rule];
  const FactId* facts = tables_[rule].facts_of(id);
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (!network_.store(plan.identity_types[i]).exists(facts[i])) return false;
  }
  return true;
}

bool Episodes::must_end(std::uint32_t rule, const RuleEntry& e, EntryId id) const {
  if (!e.active || frozen_[rule]) return false;
  const RulePlan& plan = program_.rules[rule];
  if (plan.keep_ns != 0) return e.kept_out;
  if (!facts_exist(rule, id)) return true;
  if (plan.until_chain != kNoId) return e.until_true != 0;
  return e.count_true + e.count_unknown == 0;
}

bool Episodes::may_start(std::uint32_t rule, const RuleEntry& e) const {
  const RulePlan& plan = program_.rules[rule];
  if (e.count_true == 0 || e.failed || plan.mode == RuleMode::kOff || off_[rule] || network_.is_shut(rule)) return false;
  return e.active ? e.repeat_due : e.until_true == 0 && !e.skipped;
}

void Episodes::put_on_agenda(std::uint32_t rule, EntryId id, bool ends, bool starts) {
  RuleEntry& e = tables_[rule][id];
  const std::uint32_t rank = program_.rules[rule].rank;
  if (ends != (e.end_ticket != 0)) {
    if (ends) {
      ends_.add(rank, rule, id);
    } else {
      ends_.remove(rank, rule, id);
    }
  }
  if (starts != (e.start_ticket != 0)) {
    if (starts) {
      starts_.add(rank, rule, id);
    } else {
      starts_.remove(rank, rule, id);
    }
  }
}

// `keep`: since when the match has been false, as judged.
void Episodes::judge_keeps() {
  for (const auto& [rule, id] : dirty_) {
    const RulePlan& plan = program_.rules[rule];
    RuleEntry& e = tables_[rule][id];
    if (plan.keep_ns == 0 || !e.active || frozen_[rule]) continue;
    const bool is_false = e.count_true + e.count_unknown == 0;
    if (is_false != (e.false_since != kTimestampMax)) journal_entry(rule, id);
    if (is_false && e.false_since == kTimestampMax) {
      e.false_since = network_.now();
      timers_.add({network_.now() + plan.keep_ns, TimerKind::kKeep, rule, id});
    } else if (!is_false) {
      e.false_since = kTimestampMax;
      e.kept_out = false;
    }
  }
}

void Episodes::review_entry(std::uint32_t rule, EntryId id) {
  RuleEntry& e = tables_[rule][id];
  e.dirty = false;
  const RulePlan& plan = program_.rules[rule];
  if (e.touched) e.failed = false;
  if (e.skipped && e.count_true + e.count_unknown == 0) {
    journal_entry(rule, id);
    e.skipped = false;
  }
  e.touched = e.gone = false;
  put_on_agenda(rule, id, must_end(rule, e, id), may_start(rule, e));
  if (is_needed(rule, e) || e.bound || e.cool_until > network_.now()) return;
  // It may begin again in this instant: that is another run. Or it may yet be what it was before the cascade.
  if (e.last_onset == network_.now() || journal_.has(Journalled::kEpisode, rule, id)) {
    begun_.emplace_back(rule, id);
    return;
  }
  for (std::size_t i = 0; i < plan.identity.size(); ++i) network_.store(plan.identity_types[i]).unpin(tables_[rule].facts_of(id)[i]);
  stop_waiting(rule, id);
  tables_[rule].free(id);
}

void Episodes::stop_waiting(std::uint32_t rule, EntryId id) {
  RuleEntry& e = tables_[rule][id];
  if (e.waits_for == kNone) return;
  groups_[rule].at(e.waits_for).waiting.erase(id);
  e.waits_for = kNone;
}

void Episodes::review() {
  std::vector<std::pair<std::uint32_t, EntryId>> dirty;
  dirty.swap(dirty_);
  for (const auto& [rule, id] : dirty) review_entry(rule, id);
}

// --- cooldown ---

std::optional<std::vector<Value>> Episodes::group_key(const RulePlan& plan, FrameBuffer& frame) const {
  std::vector<Value> key;
  for (const Formula& f : plan.per) {
    key.push_back(frame.value(f, plan.scope));
    if (key.back().is_error()) return std::nullopt;
  }
  return key;
}

void Episodes::look_up_group(std::uint32_t rule, FrameBuffer& frame) {
  const RulePlan& plan = program_.rules[rule];
  if (plan.cooldown_ns != 0 && !plan.cooldown_by_identity) last_group_ = group_key(plan, frame);
}

Episodes::Cooling Episodes::cooling(std::uint32_t rule, EntryId id, FrameBuffer& frame) {
  const RulePlan& plan = program_.rules[rule];
  if (plan.cooldown_ns == 0) return Cooling::kNo;
  RuleEntry& e = tables_[rule][id];
  if (plan.cooldown_by_identity) {
    if (e.cool_until <= network_.now()) return Cooling::kNo;
  } else {
    last_group_ = group_key(plan, frame);
    if (!last_group_) {
      take_off_starts(rule, id);
      return Cooling::kUnknown;
    }
    const auto found = group_of_[rule].find(*last_group_);
    if (found == group_of_[rule].end()) return Cooling::kNo;
    if (e.waits_for != found->second) {
      stop_waiting(rule, id);
      groups_[rule].at(found->second).waiting.insert(id);
      e.waits_for = found->second;
    }
  }
  take_off_starts(rule, id);  // comes back when the cooldown is over
  return Cooling::kYes;
}

std::optional<Timestamp> Episodes::cooldown_end(std::uint32_t rule, EntryId id, FrameBuffer& frame) {
  const RulePlan& plan = program_.rules[rule];
  if (plan.cooldown_ns == 0) return std::nullopt;
  if (plan.cooldown_by_identity) {
    const Timestamp until = tables_[rule][id].cool_until;
    return until > network_.now() ? std::optional(until) : std::nullopt;
  }
  const std::optional<std::vector<Value>> key = group_key(plan, frame);
  if (!key) return std::nullopt;
  const auto found = group_of_[rule].find(*key);
  return found == group_of_[rule].end() ? std::nullopt : std::optional(groups_[rule].at(found->second).until);
}

void Episodes::start_cooldown(std::uint32_t rule, EntryId id) {
  const RulePlan& plan = program_.rules[rule];
  if (plan.cooldown_ns == 0) return;
  const Timestamp until = network_.now() + plan.cooldown_ns;
  if (plan.cooldown_by_identity) {
    tables_[rule][id].cool_until = until;
    timers_.add({until, TimerKind::kCooldown, rule, id});
    return;
  }
  if (!last_group_) return;  // it could not be evaluated, for a repeated run
  const auto [at, added] = group_of_[rule].try_emplace(*last_group_, next_group_);
  if (added) groups_[rule][next_group_++].key = *last_group_;
  Group& group = groups_[rule].at(at->second);
  journal_.add([this, rule, number = at->second, is_new = added, before = group.until] {
    if (is_new) {
      cooldown_over(rule, number);
      return;
    }
    groups_[rule].at(number).until = before;
    timers_.add({before, TimerKind::kCooldown, rule, number});
  });
  group.until = until;
  timers_.add({until, TimerKind::kCooldown, rule, at->second});
}

void Episodes::cooldown_over(std::uint32_t rule, std::uint32_t which) {
  if (program_.rules[rule].cooldown_by_identity) {
    touch(rule, which);
    return;
  }
  const auto found = groups_[rule].find(which);
  for (const EntryId id : found->second.waiting) {
    tables_[rule][id].waits_for = kNone;
    touch(rule, id);
  }
  group_of_[rule].erase(found->second.key);
  groups_[rule].erase(found);
}

// --- episodes ---

// Before a cascade changes an entry: how to have it as it was.
void Episodes::journal_entry(std::uint32_t rule, EntryId id) {
  if (!journal_.first(Journalled::kEpisode, rule, id)) return;
  const RuleEntry& e = tables_[rule][id];
  journal_.add([this, place = journalled_.size()] { restore(journalled_[place]); });
  journalled_.push_back(
      {rule, id, e.onset, e.last_run, e.last_onset, e.cool_until, e.false_since, e.run, e.active, e.repeat_due, e.kept_out, e.skipped});
}

void Episodes::restore(const EntryBefore& before) {
  const std::uint32_t rule = before.rule;
  const EntryId id = before.entry;
  const RulePlan& plan = program_.rules[rule];
  RuleEntry& e = tables_[rule][id];
  e.active = before.active;
  e.onset = before.onset;
  e.last_run = before.last_run;
  e.last_onset = before.last_onset;
  e.run = before.run;
  e.cool_until = before.cool_until;
  e.false_since = before.false_since;
  e.repeat_due = before.repeat_due;
  e.kept_out = before.kept_out;
  e.skipped = before.skipped;
  e.failed = false;
  if (e.cool_until > network_.now()) timers_.add({e.cool_until, TimerKind::kCooldown, rule, id});
  // What had fallen due does not fall due again.
  if (e.active && !e.kept_out && e.false_since != kTimestampMax) timers_.add({e.false_since + plan.keep_ns, TimerKind::kKeep, rule, id});
  if (e.active && !e.repeat_due && plan.repeat_ns != 0) timers_.add({e.last_run + plan.repeat_ns, TimerKind::kRepeat, rule, id});
  touch(rule, id);
}

void Episodes::began(std::uint32_t rule, EntryId id) {
  journal_entry(rule, id);
  RuleEntry& e = tables_[rule][id];
  const RulePlan& plan = program_.rules[rule];
  e.active = true;
  e.onset = e.last_run = network_.now();
  e.run = e.last_onset == e.onset ? e.run + 1 : 1;
  e.last_onset = e.onset;
  e.false_since = kTimestampMax;
  e.kept_out = e.repeat_due = false;
  if (plan.repeat_ns != 0) timers_.add({e.last_run + plan.repeat_ns, TimerKind::kRepeat, rule, id});
  start_cooldown(rule, id);
  take_off_starts(rule, id);
  touch(rule, id);
}

void Episodes::ran_again(std::uint32_t rule, EntryId id) {
  journal_entry(rule, id);
  RuleEntry& e = tables_[rule][id];
  e.last_run = network_.now();
  ++e.run;
  e.repeat_due = false;
  timers_.add({e.last_run + program_.rules[rule].repeat_ns, TimerKind::kRepeat, rule, id});
  start_cooldown(rule, id);
  take_off_starts(rule, id);
  touch(rule, id);
}

void Episodes::skip(std::uint32_t rule, EntryId id) {
  journal_entry(rule, id);
  RuleEntry& e = tables_[rule][id];
  if (e.active) {
    e.last_run = network_.now();
    e.repeat_due = false;
    timers_.add({e.last_run + program_.rules[rule].repeat_ns, TimerKind::kRepeat, rule, id});
  } else {
    e.skipped = true;
  }
  take_off_starts(rule, id);
}

std::vector<TokenId> Episodes::until_roots(std::uint32_t rule, EntryId id) const {
  std::vector<TokenId> out;
  if (const TokenId root = tables_[rule][id].until_root; root != kNone) out.push_back(root);
  if (const auto more = more_until_roots_.find({rule, id}); more != more_until_roots_.end())
    out.insert(out.end(), more->second.begin(), more->second.end());
  return out;
}

void Episodes::ended(std::uint32_t rule, EntryId id) {
  journal_entry(rule, id);
  RuleEntry& e = tables_[rule][id];
  e.active = e.repeat_due = e.kept_out = false;
  e.false_since = kTimestampMax;
  put_on_agenda(rule, id, false, e.start_ticket != 0);
  touch(rule, id);
}

void Episodes::touch_begun() {
  std::vector<std::pair<std::uint32_t, EntryId>> begun;
  begun.swap(begun_);
  for (const auto& [rule, id] : begun) {
    if (tables_[rule].in_use(id)) touch(rule, id);
  }
}

Timestamp Episodes::real_due(const Timer& timer) const {
  const std::uint32_t rule = timer.a;
  const RulePlan& plan = program_.rules[rule];
  if (timer.kind == TimerKind::kCooldown && !plan.cooldown_by_identity) {
    const auto found = groups_[rule].find(timer.b);
    return found != groups_[rule].end() && found->second.until == timer.due ? timer.due : kTimestampMax;
  }
  if (!tables_[rule].in_use(timer.b)) return kTimestampMax;
  const RuleEntry& e = tables_[rule][timer.b];
  switch (timer.kind) {
    case TimerKind::kCooldown: return e.cool_until == timer.due ? timer.due : kTimestampMax;
    case TimerKind::kKeep: return e.active && e.false_since + plan.keep_ns == timer.due ? timer.due : kTimestampMax;
    case TimerKind::kRepeat: return e.active && e.last_run + plan.repeat_ns == timer.due ? timer.due : kTimestampMax;
    default: return kTimestampMax;
  }
}

void Episodes::keep_due(std::uint32_t rule, EntryId id) {
  tables_[rule][id].kept_out = true;
  touch(rule, id);
}

void Episodes::repeat_due(std::uint32_t rule, EntryId id) {
  tables_[rule][id].repeat_due = true;
  touch(rule, id);
}

void Episodes::switch_off(std::uint32_t rule) {
  off_[rule] = true;
  touch_rule(rule);
}

bool Episodes::any_active(std::uint32_t rule) const {
  for (EntryId id = 0; id < tables_[rule].end(); ++id) {
    if (tables_[rule].in_use(id) && tables_[rule][id].active) return true;
  }
  return false;
}

void Episodes::touch_rule(std::uint32_t rule) {
  for (EntryId id = 0; id < tables_[rule].end(); ++id) {
    if (tables_[rule].in_use(id)) touch(rule, id);
  }
}

TokenId Episodes::true_token(std::uint32_t rule, EntryId id) const {
  for (TokenId t = tables_[rule][id].tokens; t != kNone; t = network_.token(t).left.next) {
    if (network_.token(t).truth == Truth::kTrue) return t;
  }
  return kNone;
}

void Episodes::mark(Interner& in) const {
  for (const auto& groups : groups_) {
    for (const auto& [number, group] : groups) {
      for (const Value& v : group.key) in.mark(v);
    }
  }
}

std::size_t Episodes::bytes() const {
  constexpr std::size_t kBytesOfWaiting = 40;  // of a node of the set
  std::size_t n = 0;
  for (const auto& table : tables_) n += table.bytes();
  for (const auto& groups : groups_) {
    for (const auto& [number, group] : groups) n += sizeof(Group) + group.waiting.size() * kBytesOfWaiting;
  }
  return n;
}

}  // namespace flyball::engine
