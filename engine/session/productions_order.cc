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
  StampRows& rows = rows_[widths_[a.rule]];
  const std::size_t width = widths_[a.rule] + 1;
  if (rows.free.empty()) {
    a.row = static_cast<std::uint32_t>(rows.stamps.size() / width);
    rows.stamps.resize(rows.stamps.size() + width);
  } else {
    a.row = rows.free.back();
    rows.free.pop_back();
  }
}

void Productions::free_row(const Activation& a) {
  if (a.row != kNone) rows_[widths_[a.rule]].free.push_back(a.row);
}

// Of a match that stands they are what its facts have: with another stamp it would be another match.
void Productions::write_stamps(Activation& a) {
  if (a.row == kNone) take_row(a);
  const RulePlan& plan = program_.rules[a.rule];
  std::uint64_t* const first = rows_[widths_[a.rule]].stamps.data() + std::size_t{a.row} * (widths_[a.rule] + 1);
  std::uint64_t* const row = first + 1;
  std::size_t count = 0;
  *first = 0;
  FactId facts[Network::kMaxTuple];
  network_.facts_of(a.token, plan.identity, facts);
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (plan.identity_gates[i] != kNoId) continue;
    const std::uint64_t stamp = network_.stamp(plan.identity_types[i], facts[i], plan.stamps[i]);
    if (i == 0) *first = stamp;
    std::size_t at = count++;
    for (; at > 0 && row[at - 1] < stamp; --at) row[at] = row[at - 1];
    row[at] = stamp;
  }
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
  if (off_[a.rule]) return;
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
  return widths_[a.rule] == 0 ? 0 : *stamps(a);
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
  const std::uint32_t width = std::min(widths_[x.rule], widths_[y.rule]);
  for (std::uint32_t i = 0; i < width; ++i) {
    if (left[i] != right[i]) return left[i] > right[i];
  }
  if (widths_[x.rule] != widths_[y.rule]) return widths_[x.rule] > widths_[y.rule];  // of a list and its beginning the longer is greater
  return goes_before_by_text(a, b);
}

// With the same times and stamps: more tests, rule order, the facts' keys.
bool Productions::goes_before_by_text(ActivationId a, ActivationId b) const {
  const Activation& x = activations_[a];
  const Activation& y = activations_[b];
  const RulePlan& p = program_.rules[x.rule];
  const RulePlan& q = program_.rules[y.rule];
  if (p.tests != q.tests) return p.tests > q.tests;
  if (x.rule != y.rule) return x.rule < y.rule;
  for (std::size_t i = 0; i < p.identity.size(); ++i) {
    if (p.identity_gates[i] != kNoId) continue;
    const int order =
        network_.store(p.identity_types[i])
            .compare_keys(network_.fact_of(x.token, p.identity[i]), network_.fact_of(y.token, p.identity[i]), network_.interner());
    if (order != 0) return order < 0;
  }
  return false;
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
  SortedStamps left({stamps(x), widths_[x.rule]}, of_gates(left_gates));
  SortedStamps right({stamps(y), widths_[y.rule]}, of_gates(right_gates));
  while (!left.empty() && !right.empty()) {
    if (const std::uint64_t l = left.next(), r = right.next(); l != r) return l > r;
  }
  if (left.empty() != right.empty()) return right.empty();
  return goes_before_by_text(a, b);
}

}  // namespace flyball::engine
