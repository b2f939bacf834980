// The newest explanations, and those of a cascade that has not come to its end.
#include "engine/session/explanation_log.h"

#include <algorithm>
#include <utility>

namespace flyball::engine {

KeptExplanation& ExplanationLog::add() {
  if (pending_count_ == 0) pending_first_ = 0;
  if (pending_count_ == kept_max_) {
    KeptExplanation& oldest = pending_[pending_first_];
    pending_first_ = (pending_first_ + 1) % kept_max_;
    return oldest;
  }
  const std::size_t place = (pending_first_ + pending_count_++) % kept_max_;
  if (place == pending_.size()) pending_.emplace_back();
  return pending_[place];
}

void ExplanationLog::keep(KeptExplanation& pending) {
  std::uint32_t slot = slot_of(pending.made.id);
  if (slot != kNone) {
    order_.erase(std::find(order_.begin(), order_.end(), slot));
  } else {
    if (order_.size() == kept_max_) {
      slot = order_.front();
      order_.pop_front();
      by_id_.erase(slots_[slot].made.id.hash(), slot);
    } else {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    }
    by_id_.insert(pending.made.id.hash(), slot);
  }
  std::swap(slots_[slot], pending);
  order_.push_back(slot);
}

void ExplanationLog::end_cascade() {
  for (std::size_t i = 0; i < pending_count_; ++i) keep(pending_[(pending_first_ + i) % kept_max_]);
  pending_count_ = 0;
}

const KeptExplanation* ExplanationLog::find(std::string_view id) const {
  if (order_.empty()) return nullptr;
  if (id.empty() || id == "last") return &slots_[order_.back()];
  const std::optional<ActionId> parsed = parse_action_id(id);
  const std::uint32_t slot = parsed ? slot_of(*parsed) : kNone;
  return slot == kNone ? nullptr : &slots_[slot];
}

void ExplanationLog::mark(Interner& in) const {
  for (const std::uint32_t slot : order_) {
    const KeptExplanation& kept = slots_[slot];
    for (const std::vector<Value>* const values : {&kept.values, &kept.reads, &kept.data}) {
      for (const Value& v : *values) in.mark(v);
    }
  }
}

}  // namespace flyball::engine
