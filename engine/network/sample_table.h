// SampleTable: from a fact to the items of its samples, oldest first. A fact with one sample (each event without a key) has its place in
// one table of 16 bytes an entry; only those with more have a list of their own. Where the facts are most of those that there are, and so
// at most as many numbers as the table has places, a fact stands at its own number: nothing is hashed, and neighbours stand side by side.
//
// Not thread-safe. Complexity: O(1) expected, but for the list.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/network/fact_store.h"
#include "engine/network/sample_lists.h"
#include "engine/network/slab.h"

namespace flyball::engine {

class SampleTable {
 public:
  std::size_t size() const { return used_; }  // facts
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot) + lists_.bytes(); }
  bool contains(FactId fact) const { return !of(fact).empty(); }
  std::span<const std::uint32_t> of(FactId fact) const {
    const Slot* const slot = find(fact);
    return slot == nullptr ? std::span<const std::uint32_t>{} : items(*slot);
  }
  // The group that all samples of the fact are in, as it was noted since it has some; else kNone.
  std::uint32_t group_of(FactId fact) const {
    const Slot* const slot = find(fact);
    return slot == nullptr ? kNone : slot->group;
  }
  void note_group(FactId fact, std::uint32_t group) { slots_[place_of(fact)].group = group; }

  // Brings near what of() will read: first the place, then the list. The second gives the fact's group, if it is likely to have one.
  void prefetch(FactId fact) const {
    if (used_ != 0) __builtin_prefetch(&slots_[home(fact)]);
  }
  std::uint32_t prefetch_list(FactId fact) const {
    if (used_ == 0) return kNone;
    const Slot& slot = slots_[home(fact)];
    if (slot.fact != fact) return kNone;
    if (slot.list != kNone) lists_.prefetch(slot.list);
    return slot.group;
  }

  void insert(FactId fact, std::size_t i, std::uint32_t item) {
    if (is_full(fact)) resize(std::bit_ceil(std::max(kFirstRoom, (used_ + 1) * 4 / 3 + 1)), fact);
    Slot& slot = slots_[place_of(fact)];
    if (slot.fact == kNone) {
      slot = {fact, kNone, item, kNone};
      ++used_;
      return;
    }
    if (slot.list == kNone) {
      slot.list = lists_.make();
      slot.list = lists_.insert(slot.list, 0, slot.only);
    }
    slot.list = lists_.insert(slot.list, i, item);
  }
  // The i-th of that fact, which has one.
  void erase(FactId fact, std::size_t i) {
    const std::size_t place = place_of(fact);
    Slot& slot = slots_[place];
    if (slot.list != kNone) {
      slot.list = lists_.erase(slot.list, i);
      if (!lists_.of(slot.list).empty()) return;
      lists_.free(slot.list);
    }
    close(place);
    --used_;
    if (slots_.size() > kKeptRoom && used_ * 8 < slots_.size()) resize(slots_.size() / 2, 0);
  }
  // f(fact, items), in no particular order.
  template <typename F>
  void for_each(F f) const {
    for (const Slot& slot : slots_) {
      if (slot.fact != kNone) f(slot.fact, items(slot));
    }
  }

 private:
  static constexpr std::size_t kFirstRoom = 4, kKeptRoom = 64;
  struct Slot {
    FactId fact = kNone;         // kNone: empty
    std::uint32_t list = kNone;  // kNone: the one item
    std::uint32_t only = kNone;
    std::uint32_t group = kNone;
  };
  std::span<const std::uint32_t> items(const Slot& slot) const {
    return slot.list == kNone ? std::span(&slot.only, 1) : lists_.of(slot.list);
  }
  const Slot* find(FactId fact) const {
    if (used_ == 0 || (by_number_ && fact >= slots_.size())) return nullptr;
    const Slot& slot = slots_[place_of(fact)];
    return slot.fact == kNone ? nullptr : &slot;
  }
  bool is_full(FactId fact) const { return by_number_ ? fact >= slots_.size() : (used_ + 1) * 4 > slots_.size() * 3; }
  std::size_t home(FactId fact) const { return (by_number_ ? fact : fold(mix(0, fact))) & (slots_.size() - 1); }
  // Where the fact is, or would be.
  std::size_t place_of(FactId fact) const {
    std::size_t at = home(fact);
    while (slots_[at].fact != kNone && slots_[at].fact != fact) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  // Those behind a place that falls empty move up, as far as they may.
  void close(std::size_t gap) {
    if (by_number_) {
      slots_[gap] = Slot{};
      return;
    }
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = (gap + 1) & mask; slots_[at].fact != kNone; at = (at + 1) & mask) {
      if (((at - home(slots_[at].fact)) & mask) < ((at - gap) & mask)) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = Slot{};
  }
  // At least `room` places of those that are in, and `more`.
  void resize(std::size_t room, FactId more) {
    PagedVector<Slot> before;
    before.swap(slots_);
    FactId greatest = more;
    for (const Slot& slot : before) {
      if (slot.fact != kNone) greatest = std::max(greatest, slot.fact);
    }
    by_number_ = greatest < room;
    slots_.resize(room);
    for (const Slot& slot : before) {
      if (slot.fact != kNone) slots_[place_of(slot.fact)] = slot;
    }
  }

  PagedVector<Slot> slots_;  // a power of two; if they are hashed, at most three quarters are full
  bool by_number_ = false;
  std::size_t used_ = 0;
  SampleLists lists_;
};

}  // namespace flyball::engine
