// SampleTable: from a fact to the items of its samples, oldest first. A fact with one sample (each event without a key) has
// its place in one table of 12 bytes an entry; only those with more have a list of their own. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/network/fact_store.h"
#include "engine/network/sample_list.h"
#include "engine/network/slab.h"

namespace flyball::engine {

class SampleTable {
 public:
  std::size_t size() const { return used_; }  // facts
  std::size_t bytes() const {
    std::size_t n = slots_.capacity() * sizeof(Slot) + lists_.capacity() * sizeof(SampleList);
    for (const SampleList& list : lists_) n += list.bytes();
    return n;
  }
  bool contains(FactId fact) const { return !of(fact).empty(); }
  std::span<const std::uint32_t> of(FactId fact) const {
    if (used_ == 0) return {};
    const Slot& slot = slots_[place_of(fact)];
    return slot.fact == kNone ? std::span<const std::uint32_t>{} : items(slot);
  }

  // Brings near what of() will read: first the place, then the list.
  void prefetch(FactId fact) const {
    if (used_ != 0) __builtin_prefetch(&slots_[home(fact)]);
  }
  void prefetch_list(FactId fact) const {
    if (used_ == 0) return;
    const Slot& slot = slots_[home(fact)];
    if (slot.list != kNone) __builtin_prefetch(&lists_[slot.list]);
  }

  void insert(FactId fact, std::size_t i, std::uint32_t item) {
    if ((used_ + 1) * 4 > slots_.size() * 3) resize(slots_.empty() ? kFirstRoom : slots_.size() * 2);
    Slot& slot = slots_[place_of(fact)];
    if (slot.fact == kNone) {
      slot = {fact, kNone, item};
      ++used_;
      return;
    }
    if (slot.list == kNone) {
      slot.list = make_list();
      lists_[slot.list].push_back(slot.only);
    }
    lists_[slot.list].insert(i, item);
  }
  // The i-th of that fact, which has one.
  void erase(FactId fact, std::size_t i) {
    const std::size_t place = place_of(fact);
    const Slot& slot = slots_[place];
    if (slot.list != kNone) {
      SampleList& list = lists_[slot.list];
      list.erase(i);
      if (!list.empty()) return;
      list = SampleList{};
      free_lists_.push_back(slot.list);
    }
    close(place);
    --used_;
    if (slots_.size() > kKeptRoom && used_ * 8 < slots_.size()) resize(slots_.size() / 2);
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
  };
  std::span<const std::uint32_t> items(const Slot& slot) const {
    return slot.list == kNone ? std::span(&slot.only, 1) : std::span(lists_[slot.list].begin(), lists_[slot.list].end());
  }
  std::size_t home(FactId fact) const { return fold(mix(0, fact)) & (slots_.size() - 1); }
  // Where the fact is, or would be.
  std::size_t place_of(FactId fact) const {
    std::size_t at = home(fact);
    while (slots_[at].fact != kNone && slots_[at].fact != fact) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  // Those behind a place that falls empty move up, as far as they may.
  void close(std::size_t gap) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = (gap + 1) & mask; slots_[at].fact != kNone; at = (at + 1) & mask) {
      if (((at - home(slots_[at].fact)) & mask) < ((at - gap) & mask)) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = Slot{};
  }
  void resize(std::size_t room) {
    PagedVector<Slot> before(room);
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.fact != kNone) slots_[place_of(slot.fact)] = slot;
    }
  }
  std::uint32_t make_list() {
    if (!free_lists_.empty()) {
      const std::uint32_t id = free_lists_.back();
      free_lists_.pop_back();
      return id;
    }
    lists_.emplace_back();
    return static_cast<std::uint32_t>(lists_.size() - 1);
  }

  PagedVector<Slot> slots_;  // a power of two, at most three quarters full
  std::size_t used_ = 0;
  PagedVector<SampleList> lists_;
  std::vector<std::uint32_t> free_lists_;
};

}  // namespace flyball::engine
