// Actions in and out of their room, and of the ways to find them.
#include "engine/session/action_records.h"

#include <algorithm>

namespace flyball::engine {

std::vector<ActionNumber> ActionRecords::in_order() const {
  std::vector<ActionNumber> out;
  out.reserve(size());
  for_each([&](const ActionRecord& record) { out.push_back(record.number); });
  std::sort(out.begin(), out.end());
  return out;
}

ActionRecord& ActionRecords::add(ActionRecord&& record, ActionNumber newer) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Slot& mine = slots_[slot];
  values_ -= mine.record.data.capacity();
  mine.record = std::move(record);
  values_ += mine.record.data.capacity();
  by_number_.insert(hash(mine.record.number), slot);
  by_id_.insert(mine.record.id.hash(), slot);
  OfType& of = of_type_[mine.record.type];
  if (of.by_fact.size() <= mine.record.fact) of.by_fact.resize(std::max<std::size_t>(mine.record.fact + 1, of.by_fact.size() * 2), kNone);
  of.by_fact[mine.record.fact] = slot;
  // Most are newer than all; one that is put back is not.
  std::uint32_t above = newer == kNone ? kNone : slot_of(newer), below = above == kNone ? of.newest : slots_[above].older;
  while (below != kNone && slots_[below].record.number > mine.record.number) above = std::exchange(below, slots_[below].older);
  mine.newer = above;
  mine.older = below;
  (above == kNone ? of.newest : slots_[above].older) = slot;
  if (below != kNone) slots_[below].newer = slot;
  return mine.record;
}

void ActionRecords::erase(ActionNumber number) {
  const std::uint32_t slot = slot_of(number);
  Slot& mine = slots_[slot];
  OfType& of = of_type_[mine.record.type];
  (mine.newer == kNone ? of.newest : slots_[mine.newer].older) = mine.older;
  if (mine.older != kNone) slots_[mine.older].newer = mine.newer;
  of.by_fact[mine.record.fact] = kNone;
  by_id_.erase(mine.record.id.hash(), slot);
  by_number_.erase(hash(number), slot);
  free_.push_back(slot);
}

}  // namespace flyball::engine
