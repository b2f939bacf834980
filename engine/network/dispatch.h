// Dispatch: from a key to the few numbers that were added with it, by one hash probe: it costs the same whether ten
// constants lead to ten alphas or ten thousand to ten thousand. Open addressing, half full at most, the numbers of a key side by side.
// Immutable after seal(). Thread-safe after it.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace flyball::engine {

// `Hash`: Hash::of(key), well mixed in its low bits. Equal keys have one hash.
template <typename Key, typename Hash>
class Dispatch {
 public:
  void add(Key key, std::uint32_t number) { pairs_.push_back({std::move(key), number}); }

  void seal() {
    std::size_t size = 8;
    while (size < pairs_.size() * 2) size *= 2;
    slots_.assign(size, Slot{});
    for (const Pair& pair : pairs_) ++slot_for(pair.key).count;
    std::uint32_t begin = 0;
    for (Slot& slot : slots_) {
      slot.begin = begin;
      begin += slot.count;
      slot.count = 0;
    }
    numbers_.resize(begin);
    for (const Pair& pair : pairs_) {
      Slot& slot = slot_for(pair.key);
      numbers_[slot.begin + slot.count++] = pair.number;
    }
    pairs_.clear();
    pairs_.shrink_to_fit();
  }

  std::span<const std::uint32_t> find(const Key& key) const { return find(key, Hash::of(key)); }
  // `key` may be of another type that compares equal, such as a view of a text.
  template <typename Like>
  std::span<const std::uint32_t> find(const Like& key, std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      const Slot& slot = slots_[at];
      if (slot.count == 0) return {};
      if (slot.key == key) return {numbers_.data() + slot.begin, slot.count};
    }
  }

 private:
  struct Pair {
    Key key;
    std::uint32_t number = 0;
  };
  struct Slot {
    Key key{};
    std::uint32_t begin = 0, count = 0;
    bool used = false;  // while it is built
  };
  Slot& slot_for(const Key& key) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = Hash::of(key) & mask;
    while (slots_[at].used && !(slots_[at].key == key)) at = (at + 1) & mask;
    slots_[at].used = true;
    slots_[at].key = key;
    return slots_[at];
  }
  std::vector<Pair> pairs_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> numbers_;
};

}  // namespace flyball::engine
