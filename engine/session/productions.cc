// Productions by match: which may fire, and in what order.
#include "engine/session/productions.h"

#include <algorithm>

#include "model/check.h"

namespace flyball::engine {

Productions::Productions(const ProgramData& program, Network& network)
    : program_(program),
      network_(network),
      rules_(program.rules.size()),
      gate_tokens_(program.gates.size(), kNone),
      rows_(Network::kMaxTuple + 1) {
  for (std::uint32_t r = 0; r < program.rules.size(); ++r) {
    const RulePlan& rule = program.rules[r];
    rules_[r].off = rule.mode == RuleMode::kOff;
    if (!rule.is_production()) continue;
    rules_[r].width = static_cast<std::uint32_t>(rule.identity.size() - rule.gates.size());
    rules_[r].keeps_stamps = rule.shares_matches || rule.may_stand_again;
    const auto same = [&](const Queue& q) { return q.priority == rule.priority && q.first_rule == rule.module_first; };
    if (std::none_of(queues_.begin(), queues_.end(), same)) queues_.push_back({rule.priority, rule.module_first, rule.strategy, {}, {}, 0});
  }
  std::sort(queues_.begin(), queues_.end(), [](const Queue& a, const Queue& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.first_rule < b.first_rule;
  });
  for (std::uint32_t r = 0; r < program.rules.size(); ++r) {
    const RulePlan& rule = program.rules[r];
    for (std::uint32_t q = 0; rule.is_production() && q < queues_.size(); ++q) {
      if (queues_[q].priority == rule.priority && queues_[q].first_rule == rule.module_first) rules_[r].queue = q;
    }
    if (rule.gates.empty()) continue;
    rules_[r].gates = static_cast<std::uint32_t>(gates_.size());
    queue_of(r).gated.push_back(rules_[r].gates);
    gates_.emplace_back().of = rule.gates.size();
  }
}

std::size_t Productions::KeyHash::operator()(const Key& k) const {
  std::uint64_t h = k.rule;
  for (const FactId f : k.facts) h = mix(h, f);
  return static_cast<std::size_t>(h);
}

std::size_t Productions::RunHash::operator()(const Run& r) const {
  std::uint64_t h = r.rule;
  for (const Value& v : r.identity) h = mix(h, hash_value(v));
  return static_cast<std::size_t>(h);
}

// --- matches ---

void Productions::identity_of(std::uint32_t rule, TokenId token, FactId* out) const {
  const RulePlan& plan = program_.rules[rule];
  network_.facts_of(token, plan.identity, out);
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (plan.identity_gates[i] != kNoId) out[i] = network_.gate_fact(program_.gates[plan.identity_gates[i]]);
  }
}

Productions::Key Productions::key_of(std::uint32_t rule, TokenId token) const {
  const RulePlan& plan = program_.rules[rule];
  Key key{rule, std::vector<FactId>(plan.identity.size(), kNone)};
  network_.facts_of(token, plan.identity, key.facts.data());
  return key;
}

void Productions::stamps_of(const Activation& a, std::vector<std::uint64_t>& out) const {
  const RulePlan& plan = program_.rules[a.rule];
  out.clear();
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (plan.identity_gates[i] != kNoId) continue;
    out.push_back(network_.stamp(plan.identity_types[i], network_.fact_of(a.token, plan.identity[i]), plan.stamps[i]));
  }
}

void Productions::values_of(TokenId token, std::vector<Value>& out) const {
  out.clear();
  for (TokenId t = token; t != kNone; t = network_.token(t).parent) {
    if (const std::optional<Value> v = network_.aggregate_of(t)) out.push_back(*v);
  }
}

void Productions::match_made(std::uint32_t rule, TokenId token) {
  Token& t = network_.token(token);
  t.entry = kNone;
  t.left = Link{};
  if (t.truth != Truth::kTrue) return;
  const RulePlan& plan = program_.rules[rule];
  if (!plan.shares_matches) {
    t.entry = make(rule, token);
    return;
  }
  const auto [at, is_new] = shared_.try_emplace(key_of(rule, token), kNone);
  if (is_new) {
    t.entry = at->second = make(rule, token);
    return;
  }
  Activation& a = activations_[at->second];
  t.entry = at->second;
  t.left.next = a.token;
  network_.token(a.token).left.prev = token;
  a.token = token;
}

void Productions::match_gone(TokenId token) {
  const Token& t = network_.token(token);
  if (t.entry == kNone) return;
  const ActivationId id = t.entry;
  Activation& a = activations_[id];
  if (a.token == token && t.left.next == kNone) return remove(id);
  if (t.left.prev != kNone) {
    network_.token(t.left.prev).left.next = t.left.next;
  } else {
    a.token = t.left.next;
  }
  if (t.left.next != kNone) network_.token(t.left.next).left.prev = t.left.prev;
}

ActivationId Productions::make(std::uint32_t rule, TokenId token) {
  const RulePlan& plan = program_.rules[rule];
  const ActivationId id = activations_.make();
  Activation& a = activations_[id];
  a.rule = rule;
  a.token = token;
  a.since = network_.moment();
  if (rules_[rule].keeps_stamps) write_stamps(a);
  if (plan.may_stand_again) {
    Lost& made = made_of_[id];
    stamps_of(a, made.stamps);
    values_of(token, made.values);
    if (lost_in_ == network_.moment()) {
      const auto before = lost_.find(key_of(rule, token));
      if (before != lost_.end() && before->second.stamps == made.stamps && before->second.values == made.values) {
        a.since = before->second.since;
        a.fired = before->second.fired;
      }
    }
  }
  place(id);
  return id;
}

void Productions::remove(ActivationId id) {
  Activation& a = activations_[id];
  const RulePlan& plan = program_.rules[a.rule];
  if (plan.may_stand_again) {
    if (lost_in_ != network_.moment()) {
      lost_.clear();
      lost_in_ = network_.moment();
    }
    const auto made = made_of_.find(id);
    made->second.since = a.since;
    made->second.fired = a.fired;
    lost_.try_emplace(key_of(a.rule, a.token), std::move(made->second));  // what stood before the moment, if it fell more than once
    made_of_.erase(made);
  }
  note_gone(a);
  if (plan.shares_matches) shared_.erase(key_of(a.rule, a.token));
  displace(id);
  free_row(a);
  a.token = kNone;
  activations_.free(id);
}

std::uint64_t Productions::true_since_before_cascade(const Activation& a) const {
  const Gates* gates = gates_of(a.rule);
  if (gates == nullptr || !gates->before) return true_since(a);
  return gates->before->first ? std::max(a.since, gates->before->second) : a.since;
}

// Before it fires, or may fire again.
void Productions::note_before_cascade(ActivationId id) {
  Activation& a = activations_[id];
  if (a.noted || !was_there_before_cascade(a)) return;
  a.noted = true;
  a.fired_before = a.fired;
  noted_.push_back(id);
}

void Productions::note_gone(const Activation& a) {
  if (!was_there_before_cascade(a)) return;
  const std::uint64_t since = true_since_before_cascade(a);
  const bool fired = a.noted ? a.fired_before : a.fired;
  const RulePlan& plan = program_.rules[a.rule];
  FactId facts[Network::kMaxTuple];
  network_.facts_of(a.token, plan.identity, facts);
  journalled_.push_back({since, journalled_facts_.append(facts, plan.identity.size()), a.rule, fired});
}

std::optional<Productions::Choice> Productions::choose() {
  if (waiting_ == 0) return std::nullopt;
  for (Queue& queue : queues_) {
    if (queue.waiting == 0) continue;
    ActivationId best = kNone;
    if (!queue.ungated.empty()) best = queue.ungated.front(Order{*this, true});
    for (const std::uint32_t i : queue.gated) {
      Gates& gates = gates_[i];
      if (!are_open(gates)) continue;
      const ActivationId own = front(queue, gates);
      if (own != kNone && (best == kNone || goes_before_across(own, best))) best = own;
    }
    FB_CHECK(best != kNone);
    return Choice{activations_[best].rule, best, activations_[best].token};
  }
  return std::nullopt;
}

void Productions::fired(ActivationId id, bool evaluated) {
  Activation& a = activations_[id];
  note_before_cascade(id);
  displace(id);
  a.fired = true;
  a.unable = !evaluated;
  place(id);
}

bool Productions::has(std::uint32_t rule, const FactId* identity, bool Activation::* what) const {
  std::vector<FactId> facts(program_.rules[rule].identity.size());
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    const Activation& a = activations_[id];
    if (a.token == kNone || a.rule != rule || !(a.*what)) continue;
    identity_of(rule, a.token, facts.data());
    if (std::equal(facts.begin(), facts.end(), identity)) return true;
  }
  return false;
}

std::uint64_t Productions::count_run(std::uint32_t rule, std::vector<Value> identity) { return ++runs_[Run{rule, std::move(identity)}]; }

// --- cascades ---

void Productions::begin_cascade() {
  if (empty() || cascade_began_ != 0) return;
  cascade_began_ = network_.moment();  // the first effect begins another
  runs_before_ = runs_;
}

void Productions::take_back_cascade() {
  if (empty()) return;
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) {
    Gates* gates = gates_of(rule);
    if (gates != nullptr && gates->before && gates->before->first && are_open(*gates)) gates->opened_at = gates->before->second;
  }
  for (std::size_t i = 0; i < noted_.size(); ++i) {
    Activation& a = activations_[noted_[i]];
    if (a.token == kNone || !a.noted) continue;
    a.since = true_since_before_cascade(a);
    a.fired = a.fired_before;
    a.unable = false;
  }
  std::unordered_map<Key, Before, KeyHash> gone;
  for (std::size_t i = 0; i < journalled_.size(); ++i) {
    const Before& before = journalled_[i];
    const std::size_t width = program_.rules[before.rule].identity.size();
    Key key{before.rule, std::vector<FactId>(width)};
    for (std::size_t f = 0; f < width; ++f) key.facts[f] = journalled_facts_[before.facts + f];
    gone.try_emplace(std::move(key), before);
  }
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    Activation& a = activations_[id];
    if (a.token == kNone) continue;
    const auto before = gone.find(key_of(a.rule, a.token));
    if (before == gone.end()) continue;
    a.since = before->second.since;
    a.fired = before->second.fired;
    a.unable = false;
  }
  stamps_were_restored();
  place_all();
  runs_ = runs_before_;
  lost_.clear();
  end_cascade();
}

void Productions::end_cascade() {
  if (cascade_began_ == 0) return;
  cascade_began_ = 0;
  for (std::size_t i = 0; i < noted_.size(); ++i) activations_[noted_[i]].noted = false;
  noted_.clear();
  journalled_.clear();
  journalled_facts_.clear();
  for (Gates& gates : gates_) gates.before.reset();
}

void Productions::switch_off(std::uint32_t rule) {
  rules_[rule].off = true;
  if (rules_[rule].queue == kNone) return;
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    if (activations_[id].token != kNone && activations_[id].rule == rule) displace(id);
  }
}

// --- another session ---

std::vector<Productions::Standing> Productions::standing() const {
  std::vector<Standing> out = image_;
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    const Activation& a = activations_[id];
    if (a.token == kNone || !may_fire(a)) continue;
    Standing& s = out.emplace_back(Standing{{a.rule, std::vector<FactId>(program_.rules[a.rule].identity.size())}, true_since(a), a.fired});
    identity_of(a.rule, a.token, s.key.facts.data());
  }
  return out;
}

void Productions::go_on_from(const std::vector<Standing>& former) {
  std::unordered_map<Key, ActivationId, KeyHash> now;
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    Activation& a = activations_[id];
    if (a.token == kNone) continue;
    displace(id);
    if (!may_fire(a)) continue;
    a.since = true_since(a);
    Key key{a.rule, std::vector<FactId>(program_.rules[a.rule].identity.size())};
    identity_of(a.rule, a.token, key.facts.data());
    now.emplace(std::move(key), id);
  }
  for (Gates& gates : gates_) gates.opened_at = 0;  // each match knows since when it has been true
  for (const Standing& before : former) {
    const auto at = now.find(before.key);
    if (at == now.end()) continue;
    activations_[at->second].since = before.since;
    activations_[at->second].fired = before.fired;
  }
  stamps_were_restored();
  place_all();
}

void Productions::stamps_were_restored() {
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    Activation& a = activations_[id];
    if (a.token == kNone) continue;
    if (a.row != kNone) write_stamps(a);
    if (const auto made = made_of_.find(id); made != made_of_.end()) stamps_of(a, made->second.stamps);
  }
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) {
    if (Gates* gates = gates_of(rule); gates != nullptr && are_open(*gates)) write_stamps(rule, *gates);
  }
}

std::size_t Productions::bytes() const {
  std::size_t sum = activations_.bytes();
  for (const Queue& queue : queues_) sum += queue.ungated.bytes();
  for (const Gates& gates : gates_) sum += gates.ready.bytes() + gates.fresh.bytes() + gates.fired.capacity() * sizeof(ActivationId);
  for (const StampRows& rows : rows_) sum += rows.stamps.capacity() * sizeof(std::uint64_t) + rows.free.capacity() * sizeof(std::uint32_t);
  constexpr std::size_t kNode = 64;  // of a hash table's record, its facts and what it links
  return sum + (shared_.size() + made_of_.size() + lost_.size()) * (sizeof(Key) + sizeof(Lost) + kNode);
}

void Productions::mark(Interner& in) const {
  for (const auto& [id, made] : made_of_) {
    for (const Value& v : made.values) in.mark(v);
  }
  for (const auto& [run, count] : runs_) {
    for (const Value& v : run.identity) in.mark(v);
  }
  for (const auto& [key, lost] : lost_) {
    for (const Value& v : lost.values) in.mark(v);
  }
}

}  // namespace flyball::engine
