// Dispatch: from the value of one field of one type to the few alphas whose tests name that value (`field == constant`,
// `field in [constants]`), by one hash probe: a fact costs the same whether ten rules name ten values or ten thousand.
// Immutable after seal(). Thread-safe after it.
#pragma once

#include <span>
#include <vector>

#include "engine/network/slab.h"
#include "model/value.h"

namespace flyball::engine {

class Dispatch {
 public:
  void add(const Value& value, std::uint32_t alpha) { pairs_.push_back({value, alpha}); }

  void seal() {
    std::size_t size = 8;
    while (size < pairs_.size() * 2) size *= 2;
    slots_.assign(size, Slot{});
    for (const Pair& pair : pairs_) ++slot_for(pair.value).count;
    std::uint32_t begin = 0;
    for (Slot& slot : slots_) {
      slot.begin = begin;
      begin += slot.count;
      slot.count = 0;
    }
    alphas_.resize(begin);
    for (const Pair& pair : pairs_) {
      Slot& slot = slot_for(pair.value);
      alphas_[slot.begin + slot.count++] = pair.alpha;
      all_.push_back(pair.alpha);
    }
    pairs_.clear();
    pairs_.shrink_to_fit();
  }

  std::span<const std::uint32_t> find(const Value& value) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash_value(value) & mask;; at = (at + 1) & mask) {
      const Slot& slot = slots_[at];
      if (!slot.used) return {};
      if (slot.value == value) return {alphas_.data() + slot.begin, slot.count};
    }
  }
  // Every alpha of the table, with repetitions: what an unknown value may concern.
  std::span<const std::uint32_t> all() const { return all_; }

 private:
  struct Pair {
    Value value;
    std::uint32_t alpha = 0;
  };
  struct Slot {
    Value value;
    std::uint32_t begin = 0, count = 0;
    bool used = false;
  };
  Slot& slot_for(const Value& value) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash_value(value) & mask;
    while (slots_[at].used && slots_[at].value != value) at = (at + 1) & mask;
    slots_[at].used = true;
    slots_[at].value = value;
    return slots_[at];
  }
  std::vector<Pair> pairs_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> alphas_, all_;
};

}  // namespace flyball::engine
