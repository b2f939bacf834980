// The order of activations (semantics.md §12), and the heaps they stand in.
#include <algorithm>
#include <functional>

#include "engine/session/productions.h"
#include "model/check.h"

namespace flyball::engine {

// --- stamps ---

void Productions::take_row(Activation& a) {
  StampRows& rows = rows_[widths_[a.rule]];
  if (rows.free.empty()) {
    a.row = static_cast<std::uint32_t>(rows.stamps.size() / std::max<std::size_t>(widths_[a.rule], 1));
    rows.stamps.resize(rows.stamps.size() + widths_[a.rule]);
  } else {
    a.row = rows.free.back();
    rows.free.pop_back();
  }
}

void Productions::free_row(const Activation& a) { rows_[widths_[a.rule]].free.push_back(a.row); }

void Productions::write_stamps(Activation& a) {
  const RulePlan& plan = program_.rules[a.rule];
  std::uint64_t* const row = rows_[widths_[a.rule]].stamps.data() + std::size_t{a.row} * widths_[a.rule];
  std::size_t count = 0;
  a.first = 0;
  FactId facts[Network::kMaxTuple];
  network_.facts_of(a.token, plan.identity, facts);
  for (std::size_t i = 0; i < plan.identity.size(); ++i) {
    if (plan.identity_gates[i] != kNoId) continue;
    const std::uint64_t stamp = network_.stamp(plan.identity_types[i], facts[i], plan.stamps[i]);
    if (i == 0) a.first = stamp;
    std::size_t at = count++;
    for (; at > 0 && row[at - 1] < stamp; --at) row[at] = row[at - 1];
    row[at] = stamp;
  }
}

// --- heaps ---

bool Productions::by_time(const Activation& a) const { return a.in != In::kReady || gates_of(a.rule) == nullptr; }

ActivationHeap& Productions::heap_of(const Activation& a) {
  Gates* gates = gates_of(a.rule);
  return gates == nullptr ? queue_of(a.rule).heap : a.in == In::kFresh ? gates->fresh : gates->ready;
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
  a.in = gates != nullptr && time_decides && are_open(a.rule, *gates) && a.since > gates->opened_at ? In::kFresh : In::kReady;
  heap_of(a).add(Order{*this, by_time(a)}, id);
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
      heap_of(a).remove(Order{*this, by_time(a)}, id);
      if (!may_fire(a)) break;
      --queue_of(a.rule).waiting;
      --waiting_;
      break;
  }
  a.in = In::kNowhere;
}

void Productions::place_all() {
  for (Queue& queue : queues_) {
    (void)queue.heap.take_all();
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
  ActivationHeap* first = &gates.fresh;
  ActivationHeap* second = &gates.ready;
  if (queue.strategy == Strategy::kBreadth) std::swap(first, second);
  ActivationHeap* const heap = !first->empty() ? first : second;
  return heap->empty() ? kNone : heap->front(Order{*this, heap == &gates.fresh});
}

// --- the order ---

// What a strategy asks before all stamps; the greater goes first.
std::uint64_t Productions::time_of(const Activation& a, std::uint64_t since, std::uint64_t first) const {
  switch (queue_of(a.rule).strategy) {
    case Strategy::kEpisodes:
    case Strategy::kDepth: return since;
    case Strategy::kBreadth: return ~since;
    case Strategy::kMea: return first;
    case Strategy::kLex: break;
  }
  return 0;
}

// What goes_before() asks first: the time where that can differ in one heap, else the greatest stamp.
std::uint64_t Productions::heap_key(ActivationId id, bool by_time) const {
  const Activation& a = activations_[id];
  const Strategy strategy = queue_of(a.rule).strategy;
  if (strategy == Strategy::kMea || (by_time && strategy != Strategy::kLex)) return time_of(a, a.since, a.first);
  return widths_[a.rule] == 0 ? 0 : *stamps(a);
}

// Of one heap. Where gates are, their stamps stand in both lists and decide nothing: adding the same number to two sorted lists of one
// length changes nothing in their order.
bool Productions::goes_before(ActivationId a, ActivationId b, bool by_time) const {
  const Activation& x = activations_[a];
  const Activation& y = activations_[b];
  const std::uint64_t left_time = by_time ? time_of(x, x.since, x.first) : time_of(x, 0, x.first);
  const std::uint64_t right_time = by_time ? time_of(y, y.since, y.first) : time_of(y, 0, y.first);
  if (left_time != right_time) return left_time > right_time;
  const std::uint64_t* const left = stamps(x);
  const std::uint64_t* const right = stamps(y);
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

void Productions::full_stamps(const Activation& a, std::vector<std::uint64_t>& out) const {
  out.assign(stamps(a), stamps(a) + widths_[a.rule]);
  const Gates* gates = gates_of(a.rule);
  if (gates == nullptr) return;
  out.insert(out.end(), gates->stamps.begin(), gates->stamps.end());
  std::sort(out.begin(), out.end(), std::greater<>());
}

// Of different heaps of one queue.
bool Productions::goes_before_across(ActivationId a, ActivationId b) const {
  const auto time = [&](const Activation& x) {
    const Gates* gates = gates_of(x.rule);
    return time_of(x, true_since(x), gates != nullptr && gates->first != 0 ? gates->first : x.first);
  };
  const Activation& x = activations_[a];
  const Activation& y = activations_[b];
  if (const std::uint64_t left = time(x), right = time(y); left != right) return left > right;
  std::vector<std::uint64_t> left, right;
  full_stamps(x, left);
  full_stamps(y, right);
  return left != right ? left > right : goes_before_by_text(a, b);
}

}  // namespace flyball::engine
