// The order of activations (semantics.md §12), and the queues they stand in.
#include <algorithm>
#include <span>

#include "engine/session/productions.h"
#include "model/check.h"

namespace flyball::engine {

namespace {

// Two lists of stamps, the greatest first, as one.
class SortedStamps {
 public:
  SortedStamps(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) : a_(a), b_(b) {}
  bool empty() const { return a_.empty() && b_.empty(); }
  std::uint64_t next() {
    std::span<const std::uint64_t>& from = b_.empty() || (!a_.empty() && a_.front() >= b_.front()) ? a_ : b_;
    const std::uint64_t stamp = from.front();
    from = from.subspan(1);
    return stamp;
  }

 private:
  std::span<const std::uint64_t> a_, b_;
};

}  // namespace

// --- stamps ---

void Productions::take_row(Activation& a) {
  const std::size_t width = rules_[a.rule].width;
  StampRows& rows = rows_[width];
  if (rows.free.empty()) {
    a.row = static_cast<std::uint32_t>(rows.stamps.size() / (width + 1));
    rows.stamps.resize(rows.stamps.size() + width + 1);
  } else {
    a.row = rows.free.back();
    rows.free.pop_back();
  }
}

void Productions::free_row(const Activation& a) {
  if (a.row != kNone) rows_[rules_[a.rule].width].free.push_back(a.row);
}

// Of those patterns that are no gates, the greatest first. Returns the first pattern's; 0: that is a gate.
std::uint64_t Productions::sort_stamps(const RulePlan& plan, const FactId* facts, std::uint64_t* out) const {
  std::uint64_t first = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (plan.identity_gates[i] != kNoId) continue;
    const std::uint64_t stamp = network_.stamp(plan.identity_types[i], facts[i], plan.stamps[i]);
    if (i == 0) first = stamp;
    std::size_t at = count++;
    for (; at > 0 && out[at - 1] < stamp; --at) out[at] = out[at - 1];
    out[at] = stamp;
  }
  return first;
}

// Of a match that stands they are what its facts have: with another stamp it would be another match.
void Productions::write_stamps(Activation& a) {
  if (a.row == kNone) take_row(a);
  const RulePlan& plan = program_.rules[a.rule];
  FactId facts[Network::kMaxTuple];
  network_.facts_of(a.token, plan.identity, facts);
  const std::size_t width = rules_[a.rule].width;
  std::uint64_t* const row = rows_[width].stamps.data() + std::size_t{a.row} * (width + 1);
  *row = sort_stamps(plan, facts, row + 1);
}

// --- queues ---

bool Productions::by_time(const Activation& a) const { return a.in != In::kReady || gates_of(a.rule) == nullptr; }

ActivationQueue& Productions::waiting_in(const Activation& a) {
  Gates* gates = gates_of(a.rule);
  return gates == nullptr ? queue_of(a.rule).ungated : a.in == In::kFresh ? gates->fresh : gates->ready;
}

// Where it belongs; it is nowhere.
void Productions::place(ActivationId id) {
  Activation& a = activations_[id];
  FB_CHECK(a.in == In::kNowhere);
  if (rules_[a.rule].off) return;
  Gates* const gates = gates_of(a.rule);
  if (a.fired) {
    if (gates == nullptr) return;
    a.in = In::kFired;
    a.place = static_cast<std::uint32_t>(gates->fired.size());
    gates->fired.push_back(id);
    return;
  }
  const Strategy strategy = queue_of(a.rule).strategy;
  const bool time_decides = strategy == Strategy::kDepth || strategy == Strategy::kBreadth;
  a.in = gates != nullptr && time_decides && are_open(*gates) && a.since > gates->opened_at ? In::kFresh : In::kReady;
  waiting_in(a).add(Order{*this, by_time(a)}, id);
  if (!may_fire(a)) return;
  ++queue_of(a.rule).waiting;
  ++waiting_;
}

void Productions::displace(ActivationId id) {
  Activation& a = activations_[id];
  switch (a.in) {
    case In::kNowhere: return;
    case In::kFired: {
      std::vector<ActivationId>& fired = gates_of(a.rule)->fired;
      fired[a.place] = fired.back();
      activations_[fired[a.place]].place = a.place;
      fired.pop_back();
      break;
    }
    case In::kReady:
    case In::kFresh:
      waiting_in(a).remove(Order{*this, by_time(a)}, id);
      if (!may_fire(a)) break;
      --queue_of(a.rule).waiting;
      --waiting_;
      break;
  }
  a.in = In::kNowhere;
}

void Productions::place_all() {
  for (Queue& queue : queues_) {
    (void)queue.ungated.take_all();
    queue.waiting = 0;
  }
  for (Gates& gates : gates_) {
    (void)gates.ready.take_all();
    (void)gates.fresh.take_all();
    gates.fired.clear();
  }
  waiting_ = 0;
  for (ActivationId id = 0; id < activations_.end(); ++id) {
    if (activations_[id].token == kNone) continue;
    activations_[id].in = In::kNowhere;
    place(id);
  }
}

// Of a rule whose gates are open. kNone: it has none that may fire.
ActivationId Productions::front(const Queue& queue, Gates& gates) {
  ActivationQueue* first = &gates.fresh;
  ActivationQueue* second = &gates.ready;
  if (queue.strategy == Strategy::kBreadth) std::swap(first, second);
  ActivationQueue* const those = !first->empty() ? first : second;
  return those->empty() ? kNone : those->front(Order{*this, those == &gates.fresh});
}

// --- the order ---

// What a strategy asks before all stamps; the greater goes first. `gate_first`: the stamp of the rule's first pattern if that is a gate
// which counts, else 0.
std::uint64_t Productions::time_of(Activation& a, std::uint64_t since, std::uint64_t gate_first) {
  switch (queue_of(a.rule).strategy) {
    case Strategy::kEpisodes:
    case Strategy::kDepth: return since;
    case Strategy::kBreadth: return ~since;
    case Strategy::kMea: return gate_first != 0 ? gate_first : first_stamp(a);
    case Strategy::kLex: break;
  }
  return 0;
}

// What goes_before() asks first: the time where that can differ in one queue, else the greatest stamp.
std::uint64_t Productions::queue_key(ActivationId id, bool by_time) {
  Activation& a = activations_[id];
  const Strategy strategy = queue_of(a.rule).strategy;
  if (strategy == Strategy::kMea || (by_time && strategy != Strategy::kLex)) return time_of(a, a.since, 0);
  if (rules_[a.rule].width == 0) return 0;
  if (a.row != kNone) return *stamps(a);
  const RulePlan& plan = program_.rules[a.rule];
  FactId facts[Network::kMaxTuple];
  network_.facts_of(a.token, plan.identity, facts);
  std::uint64_t greatest = 0;
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (plan.identity_gates[i] != kNoId) continue;
    greatest = std::max(greatest, network_.stamp(plan.identity_types[i], facts[i], plan.stamps[i]));
  }
  return greatest;
}

// Of one queue. Where gates are, their stamps stand in both lists and decide nothing: adding the same number to two sorted lists of one
// length changes nothing in their order.
bool Productions::goes_before(ActivationId a, ActivationId b, bool by_time) {
  Activation& x = activations_[a];
  Activation& y = activations_[b];
  const std::uint64_t left_time = time_of(x, by_time ? x.since : 0, 0);
  const std::uint64_t right_time = time_of(y, by_time ? y.since : 0, 0);
  if (left_time != right_time) return left_time > right_time;
  if (x.row == kNone) write_stamps(x);
  const std::uint64_t* const right = stamps(y);
  const std::uint64_t* const left = stamps(x);
  const std::uint32_t x_width = rules_[x.rule].width;
  const std::uint32_t y_width = rules_[y.rule].width;
  for (std::uint32_t i = 0; i < std::min(x_width, y_width); ++i) {
    if (left[i] != right[i]) return left[i] > right[i];
  }
  if (x_width != y_width) return x_width > y_width;  // of a list and its beginning the longer is greater
  return goes_before_by_text(x, y);
}

// With the same times and stamps: more tests, rule order, the facts' keys.
bool Productions::goes_before_by_text(Text a, Text b) const {
  const RulePlan& p = program_.rules[a.rule];
  const RulePlan& q = program_.rules[b.rule];
  if (p.tests != q.tests) return p.tests > q.tests;
  if (a.rule != b.rule) return a.rule < b.rule;
  for (std::size_t i = 0; i < p.identity.size(); ++i) {
    if (p.identity_gates[i] != kNoId || a.facts[i] == b.facts[i]) continue;
    const int order = network_.store(p.identity_types[i]).compare_keys(a.facts[i], b.facts[i], network_.interner());
    if (order != 0) return order < 0;
  }
  return false;
}

bool Productions::goes_before_by_text(const Activation& a, const Activation& b) const {
  FactId left[Network::kMaxTuple], right[Network::kMaxTuple];
  network_.facts_of(a.token, program_.rules[a.rule].identity, left);
  network_.facts_of(b.token, program_.rules[b.rule].identity, right);
  return goes_before_by_text({a.rule, left}, {b.rule, right});
}

bool Productions::goes_before(const Gathered& a, const Gathered& b) const {
  if (a.greatest != b.greatest) return a.greatest > b.greatest;
  if (a.second != b.second) return a.second > b.second;
  const std::uint32_t a_width = rules_[a.rule].width;
  const std::uint32_t b_width = rules_[b.rule].width;
  for (std::uint32_t i = 2; i < std::min(a_width, b_width); ++i) {
    const std::uint64_t left = gathered_stamps_[a.stamps + i];
    const std::uint64_t right = gathered_stamps_[b.stamps + i];
    if (left != right) return left > right;
  }
  if (a_width != b_width) return a_width > b_width;
  return goes_before_by_text({a.rule, gathered_facts_.data() + a.facts}, {b.rule, gathered_facts_.data() + b.facts});
}

// Those of one time in one queue: the `wanted` that go first come to the end, in order, the first last.
void Productions::arrange(std::span<ActivationId> of, std::size_t wanted) {
  gathered_.clear();
  gathered_stamps_.clear();
  gathered_facts_.clear();
  for (const ActivationId id : of) {
    const Activation& a = activations_[id];
    const RulePlan& plan = program_.rules[a.rule];
    const std::uint32_t width = rules_[a.rule].width;
    Gathered& g = gathered_.emplace_back();
    g.id = id;
    g.rule = a.rule;
    g.stamps = static_cast<std::uint32_t>(gathered_stamps_.size());
    g.facts = static_cast<std::uint32_t>(gathered_facts_.size());
    gathered_stamps_.resize(gathered_stamps_.size() + width);
    gathered_facts_.resize(gathered_facts_.size() + plan.identity.size());
    std::uint64_t* const stamps = gathered_stamps_.data() + g.stamps;
    FactId* const facts = gathered_facts_.data() + g.facts;
    network_.facts_of(a.token, plan.identity, facts);
    if (a.row == kNone) {
      (void)sort_stamps(plan, facts, stamps);
    } else {
      std::copy_n(rows_[width].stamps.data() + std::size_t{a.row} * (width + 1) + 1, width, stamps);
    }
    if (width > 0) g.greatest = stamps[0];
    if (width > 1) g.second = stamps[1];
  }
  const auto later = [&](const Gathered& a, const Gathered& b) { return goes_before(b, a); };
  const auto first = gathered_.end() - static_cast<std::ptrdiff_t>(wanted);
  if (first != gathered_.begin()) std::nth_element(gathered_.begin(), first, gathered_.end(), later);
  std::sort(first, gathered_.end(), later);
  std::transform(gathered_.begin(), gathered_.end(), of.begin(), [](const Gathered& g) { return g.id; });
  if (gathered_.size() <= kGatheredKept) return;
  gathered_ = {};
  gathered_stamps_ = {};
  gathered_facts_ = {};
}

// Of different queues: the stamps of gates count.
bool Productions::goes_before_across(ActivationId a, ActivationId b) {
  Activation& x = activations_[a];
  Activation& y = activations_[b];
  const Gates* const left_gates = gates_of(x.rule);
  const Gates* const right_gates = gates_of(y.rule);
  const auto time = [&](Activation& of, const Gates* gates) { return time_of(of, true_since(of), gates == nullptr ? 0 : gates->first); };
  if (const std::uint64_t left = time(x, left_gates), right = time(y, right_gates); left != right) return left > right;
  if (x.row == kNone) write_stamps(x);
  if (y.row == kNone) write_stamps(y);
  const auto of_gates = [](const Gates* gates) { return gates == nullptr ? std::span<const std::uint64_t>() : std::span(gates->stamps); };
  SortedStamps left({stamps(x), rules_[x.rule].width}, of_gates(left_gates));
  SortedStamps right({stamps(y), rules_[y.rule].width}, of_gates(right_gates));
  while (!left.empty() && !right.empty()) {
    if (const std::uint64_t l = left.next(), r = right.next(); l != r) return l > r;
  }
  if (left.empty() != right.empty()) return right.empty();
  return goes_before_by_text(x, y);
}

}  // namespace flyball::engine
