// Productions by match: which may fire, and in what order.
#include "engine/session/productions.h"

#include <algorithm>
#include <functional>

#include "model/check.h"

namespace flyball::engine {

bool Productions::is_less(const Item& a, const Item& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; }

Productions::Productions(const ProgramData& program, Network& network)
    : program_(program), network_(network), queue_by_rule_(program.rules.size(), kNone), off_(program.rules.size(), false) {
  for (std::uint32_t r = 0; r < program.rules.size(); ++r) {
    const RulePlan& rule = program.rules[r];
    off_[r] = rule.mode == RuleMode::kOff;
    if (!rule.is_production()) continue;
    const auto same = [&](const Queue& q) { return q.priority == rule.priority && q.first_rule == rule.module_first; };
    if (std::none_of(queues_.begin(), queues_.end(), same)) queues_.push_back({rule.priority, rule.module_first, rule.strategy, {}, {}, 0});
  }
  std::sort(queues_.begin(), queues_.end(), [](const Queue& a, const Queue& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.first_rule < b.first_rule;
  });
  for (std::uint32_t r = 0; r < program.rules.size(); ++r) {
    const RulePlan& rule = program.rules[r];
    for (std::uint32_t q = 0; rule.is_production() && q < queues_.size(); ++q) {
      if (queues_[q].priority == rule.priority && queues_[q].first_rule == rule.module_first) queue_by_rule_[r] = q;
    }
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
  for (std::size_t i = 0; i < plan.identity.size(); ++i) out[i] = network_.fact_of(token, plan.identity[i]);
}

Productions::Key Productions::key_of(std::uint32_t rule, TokenId token) const {
  Key key{rule, std::vector<FactId>(program_.rules[rule].identity.size())};
  identity_of(rule, token, key.facts.data());
  return key;
}

std::vector<Productions::Standing> Productions::standing() const {
  std::vector<Standing> out = image_;
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    const Activation& a = activations_[id];
    if (a.token != kNone) out.push_back({key_of(a.rule, a.token), a.since, a.fired});
  }
  return out;
}

void Productions::stamps_of(std::uint32_t rule, TokenId token, std::vector<std::uint64_t>& out) const {
  const RulePlan& plan = program_.rules[rule];
  out.clear();
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    out.push_back(network_.stamp(plan.identity_types[i], network_.fact_of(token, plan.identity[i]), plan.stamps[i]));
  }
}

void Productions::stamps_were_restored() {
  for (auto& [id, made] : made_of_) stamps_of(activations_[id].rule, activations_[id].token, made.stamps);
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
  if (serials_.size() <= id) serials_.resize(id + 1);
  Activation& a = activations_[id];
  a.rule = rule;
  a.token = token;
  a.since = network_.moment();
  if (plan.may_stand_again) {
    Lost& made = made_of_[id];
    stamps_of(rule, token, made.stamps);
    values_of(token, made.values);
    if (lost_in_ == network_.moment()) {
      const auto before = lost_.find(key_of(rule, token));
      if (before != lost_.end() && before->second.stamps == made.stamps && before->second.values == made.values) {
        a.since = before->second.since;
        a.fired = before->second.fired;
      }
    }
  }
  put_into_heap(id);
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
  if (cascade_began_ != 0 && a.since <= cascade_began_) journalled_.try_emplace(key_of(a.rule, a.token), Lost{a.since, a.fired, {}, {}});
  if (plan.shares_matches) shared_.erase(key_of(a.rule, a.token));
  if (a.waits) {
    Queue& queue = queue_of(a.rule);
    --queue.waiting;
    --waiting_;
    a.waits = false;
    compact(queue);
  }
  a.token = kNone;
  activations_.free(id);
}

// --- the order ---

void Productions::put_into_heap(ActivationId id) {
  Activation& a = activations_[id];
  if (a.fired || off_[a.rule]) return;
  const RulePlan& plan = program_.rules[a.rule];
  Queue& queue = queue_of(a.rule);
  if (!a.waits) {
    ++queue.waiting;
    ++waiting_;
    a.waits = true;
  }
  std::uint64_t first = 0, newest = 0, next = 0;
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    const std::uint64_t stamp = network_.stamp(plan.identity_types[i], network_.fact_of(a.token, plan.identity[i]), plan.stamps[i]);
    if (i == 0) first = stamp;
    if (stamp >= newest) {
      next = newest;
      newest = stamp;
    } else {
      next = std::max(next, stamp);
    }
  }
  Item item{0, newest, id, ++serials_[id]};
  switch (queue.strategy) {
    case Strategy::kEpisodes:
    case Strategy::kDepth: item.first = a.since; break;
    case Strategy::kBreadth: item.first = ~a.since; break;
    case Strategy::kMea: item.first = first; break;
    case Strategy::kLex:
      item.first = newest;
      item.second = next;
      break;
  }
  queue.heap.push_back(item);
  std::push_heap(queue.heap.begin(), queue.heap.end(), is_less);
}

void Productions::compact(Queue& queue) {
  constexpr std::size_t kSmall = 64;
  if (queue.heap.size() <= kSmall || queue.heap.size() <= 2 * queue.waiting) return;
  std::erase_if(queue.heap, [this](const Item& item) { return !is_current(item); });
  std::make_heap(queue.heap.begin(), queue.heap.end(), is_less);
}

bool Productions::goes_after(const Item& a, const Item& b) const {
  const Activation& x = activations_[a.activation];
  const Activation& y = activations_[b.activation];
  std::vector<std::uint64_t> left, right;
  stamps_of(x.rule, x.token, left);
  stamps_of(y.rule, y.token, right);
  std::sort(left.begin(), left.end(), std::greater<>());
  std::sort(right.begin(), right.end(), std::greater<>());
  if (left != right) return left < right;  // of a list and its beginning the longer is greater
  const RulePlan& p = program_.rules[x.rule];
  const RulePlan& q = program_.rules[y.rule];
  if (p.tests != q.tests) return p.tests < q.tests;
  if (x.rule != y.rule) return x.rule > y.rule;
  for (std::size_t i = 0; i < p.identity.size(); ++i) {
    const int order =
        network_.store(p.identity_types[i])
            .compare_keys(network_.fact_of(x.token, p.identity[i]), network_.fact_of(y.token, p.identity[i]), network_.interner());
    if (order != 0) return order > 0;
  }
  return false;
}

// What the heap has of its greatest two numbers joins the tie of those numbers.
void Productions::open_tie(Queue& queue) {
  const Item top = queue.heap.front();
  if (queue.ties.empty() || queue.ties.back().first != top.first || queue.ties.back().second != top.second)
    queue.ties.push_back({top.first, top.second, {}});
  Tie& tie = queue.ties.back();
  std::erase_if(tie.items, [this](const Item& item) { return !is_current(item); });
  while (!queue.heap.empty() && queue.heap.front().first == top.first && queue.heap.front().second == top.second) {
    if (is_current(queue.heap.front())) tie.items.push_back(queue.heap.front());
    std::pop_heap(queue.heap.begin(), queue.heap.end(), is_less);
    queue.heap.pop_back();
  }
  std::sort(tie.items.begin(), tie.items.end(), [this](const Item& a, const Item& b) { return goes_after(a, b); });
}

const Productions::Item* Productions::front(Queue& queue) {
  for (;;) {
    while (!queue.ties.empty()) {
      Tie& tie = queue.ties.back();
      while (!tie.items.empty() && !is_current(tie.items.back())) tie.items.pop_back();
      if (!tie.items.empty()) break;
      queue.ties.pop_back();
    }
    while (!queue.heap.empty() && !is_current(queue.heap.front())) {
      std::pop_heap(queue.heap.begin(), queue.heap.end(), is_less);
      queue.heap.pop_back();
    }
    if (queue.heap.empty()) return queue.ties.empty() ? nullptr : &queue.ties.back().items.back();
    if (!queue.ties.empty()) {
      const Item& known = queue.ties.back().items.back();
      if (is_less(queue.heap.front(), known)) return &known;
    }
    open_tie(queue);
  }
}

std::optional<Productions::Choice> Productions::choose() {
  if (waiting_ == 0) return std::nullopt;
  for (Queue& queue : queues_) {
    if (queue.waiting == 0) {
      queue.heap.clear();
      queue.ties.clear();
      continue;
    }
    const Item* const item = front(queue);
    FB_CHECK(item != nullptr);
    const Activation& a = activations_[item->activation];
    return Choice{a.rule, item->activation, a.token};
  }
  return std::nullopt;
}

void Productions::fired(ActivationId id, bool evaluated) {
  Activation& a = activations_[id];
  if (cascade_began_ != 0 && a.since <= cascade_began_) journalled_.try_emplace(key_of(a.rule, a.token), Lost{a.since, false, {}, {}});
  a.unable = !evaluated;
  forget_waiting(id);
}

bool Productions::has(std::uint32_t rule, const FactId* identity, bool Activation::* what) const {
  const std::size_t count = program_.rules[rule].identity.size();
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    const Activation& a = activations_[id];
    if (a.token == kNone || a.rule != rule || !(a.*what)) continue;
    if (const Key key = key_of(rule, a.token); std::equal(key.facts.begin(), key.facts.end(), identity, identity + count)) return true;
  }
  return false;
}

void Productions::forget_waiting(ActivationId id) {
  Activation& a = activations_[id];
  a.fired = true;
  if (!a.waits) return;
  a.waits = false;
  --queue_of(a.rule).waiting;
  --waiting_;
}

std::uint64_t Productions::count_run(std::uint32_t rule, std::vector<Value> identity) { return ++runs_[Run{rule, std::move(identity)}]; }

// --- cascades ---

void Productions::begin_cascade() {
  if (empty()) return;
  cascade_began_ = network_.moment();  // the first effect begins another
  runs_before_ = runs_;
}

void Productions::take_back_cascade() {
  if (empty()) return;
  stamps_were_restored();
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    Activation& a = activations_[id];
    if (a.token == kNone) continue;
    const auto before = journalled_.find(key_of(a.rule, a.token));
    if (before == journalled_.end() && a.since <= cascade_began_) continue;
    if (before != journalled_.end()) {
      a.since = before->second.since;
      if (before->second.fired) forget_waiting(id);
      a.fired = before->second.fired;
    }
    put_into_heap(id);
  }
  runs_ = runs_before_;
  lost_.clear();
  end_cascade();
}

void Productions::end_cascade() {
  cascade_began_ = 0;
  journalled_.clear();
}

void Productions::switch_off(std::uint32_t rule) {
  off_[rule] = true;
  if (queue_by_rule_[rule] == kNone) return;
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    Activation& a = activations_[id];
    if (a.token == kNone || a.rule != rule || !a.waits) continue;
    a.waits = false;
    --queue_of(rule).waiting;
    --waiting_;
  }
}

std::size_t Productions::bytes() const {
  std::size_t sum = activations_.bytes() + serials_.capacity() * sizeof(std::uint32_t);
  for (const Queue& queue : queues_) sum += queue.heap.capacity() * sizeof(Item);
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
