// IdTable: from a hash to the 32-bit ids of records that the owner compares: 8 bytes a place, at most three quarters full.
// Not thread-safe. Complexity: O(1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/network/slab.h"

namespace flyball::engine {

class IdTable {
 public:
  std::size_t size() const { return used_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

  // The record with that hash of which same(id) is true, or kNone.
  template <typename Same>
  std::uint32_t find(std::uint32_t hash, Same same) const {
    if (used_ == 0) return kNone;
    for (std::size_t at = hash & mask(); slots_[at].id != kNone; at = (at + 1) & mask()) {
      if (slots_[at].hash == hash && same(slots_[at].id)) return slots_[at].id;
    }
    return kNone;
  }
  // Brings near where find() will look; then the first that stands there, or kNone.
  void prefetch(std::uint32_t hash) const {
    if (used_ != 0) __builtin_prefetch(&slots_[hash & mask()]);
  }
  std::uint32_t likely(std::uint32_t hash) const { return used_ == 0 ? kNone : slots_[hash & mask()].id; }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.id != kNone) visit(slot.id);
    }
  }
  // Of one that is not in.
  void insert(std::uint32_t hash, std::uint32_t id) {
    if ((used_ + 1) * 4 > slots_.size() * 3) grow();
    ++used_;
    place({hash, id});
  }
  // Of one that is in.
  void erase(std::uint32_t hash, std::uint32_t id) {
    std::size_t gap = hash & mask();
    while (slots_[gap].id != id) gap = (gap + 1) & mask();
    // Those behind it move up, as far as they may.
    for (std::size_t at = (gap + 1) & mask(); slots_[at].id != kNone; at = (at + 1) & mask()) {
      if (((at - slots_[at].hash) & mask()) < ((at - gap) & mask())) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = Slot{};
    --used_;
  }

 private:
  static constexpr std::size_t kFirstRoom = 4;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t id = kNone;  // kNone: empty
  };
  std::size_t mask() const { return slots_.size() - 1; }
  void place(Slot slot) {
    std::size_t at = slot.hash & mask();
    while (slots_[at].id != kNone) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    PagedVector<Slot> before(slots_.empty() ? kFirstRoom : slots_.size() * 2);
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.id != kNone) place(slot);
    }
  }

  PagedVector<Slot> slots_;  // a power of two
  std::size_t used_ = 0;
};

}  // namespace flyball::engine
