// ActivationHeap: activations that may fire, the one that goes first at hand. What comes is put aside until somebody asks for the
// first: much of it goes before that. A binary heap in which each activation knows its place, so that any can be taken out.
//
// `Records` gives place(id), 32 bits for the heap that the activation is in; goes_before(a, b), a total order that must not change while
// both are in; and key(id), with which that order begins: the greater goes first. Keys lie in the heap itself, so that most comparisons
// touch no activation. Not thread-safe. Complexity: add O(1), remove O(log n), front O(log n) for each that came since, and
// O(n) if those are many.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace flyball::engine {

using ActivationId = std::uint32_t;

class ActivationHeap {
 public:
  bool empty() const { return heap_.empty() && newcomers_.empty(); }
  std::size_t size() const { return heap_.size() + newcomers_.size(); }
  std::size_t bytes() const { return heap_.capacity() * sizeof(Entry) + newcomers_.capacity() * sizeof(ActivationId); }

  template <typename Records>
  void add(Records records, ActivationId id) {
    records.place(id) = newcomer(newcomers_.size());
    newcomers_.push_back(id);
  }

  template <typename Records>
  void remove(Records records, ActivationId id) {
    const std::uint32_t place = records.place(id);
    const std::uint32_t at = place >> 1;
    if ((place & 1U) != 0) {
      newcomers_[at] = newcomers_.back();
      records.place(newcomers_[at]) = place;
      newcomers_.pop_back();
      return;
    }
    const Entry last = heap_.back();
    heap_.pop_back();
    if (last.id == id) return;
    // The gap sinks to a leaf, and the last, which mostly belongs down there, rises from it: half the comparisons.
    std::uint32_t gap = at;
    for (std::uint32_t below = first_below(records, gap); below != 0; below = first_below(records, gap)) {
      put(records, gap, heap_[below]);
      gap = below;
    }
    heap_[gap] = last;
    sift_up(records, gap);
  }

  // Of what is in, the first. Not empty.
  template <typename Records>
  ActivationId front(Records records) {
    if (!newcomers_.empty()) take_newcomers(records);
    return heap_.front().id;
  }

  // Everything, in no order; it is empty then.
  std::vector<ActivationId> take_all() {
    std::vector<ActivationId> all = std::exchange(newcomers_, {});
    for (const Entry& entry : heap_) all.push_back(entry.id);
    heap_.clear();
    return all;
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    ActivationId id = 0;
  };
  static constexpr std::size_t kFew = 8;  // newcomers, as a part of the heap, that are sifted one by one

  static std::uint32_t newcomer(std::size_t at) { return static_cast<std::uint32_t>(at) << 1 | 1U; }
  template <typename Records>
  static bool goes_before(Records records, const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key > b.key : records.goes_before(a.id, b.id);
  }
  template <typename Records>
  void put(Records records, std::uint32_t at, const Entry& entry) {
    heap_[at] = entry;
    records.place(entry.id) = at << 1;
  }
  // Of the two below it the one that goes first; 0: it is a leaf.
  template <typename Records>
  std::uint32_t first_below(Records records, std::uint32_t at) const {
    const std::uint32_t below = 2 * at + 1;
    if (below >= heap_.size()) return 0;
    return below + 1 < heap_.size() && goes_before(records, heap_[below + 1], heap_[below]) ? below + 1 : below;
  }
  template <typename Records>
  void take_newcomers(Records records) {
    const bool many = newcomers_.size() * kFew > heap_.size();
    for (const ActivationId id : newcomers_) {
      heap_.push_back({records.key(id), id});
      const auto at = static_cast<std::uint32_t>(heap_.size() - 1);
      records.place(id) = at << 1;
      if (!many) sift_up(records, at);
    }
    newcomers_.clear();
    if (!many) return;
    for (auto at = static_cast<std::uint32_t>(heap_.size() / 2); at-- > 0;) sift_down(records, at);
  }
  template <typename Records>
  void sift_up(Records records, std::uint32_t at) {
    const Entry entry = heap_[at];
    for (; at > 0; at = (at - 1) / 2) {
      const Entry above = heap_[(at - 1) / 2];
      if (!goes_before(records, entry, above)) break;
      put(records, at, above);
    }
    put(records, at, entry);
  }
  template <typename Records>
  void sift_down(Records records, std::uint32_t at) {
    const Entry entry = heap_[at];
    for (std::uint32_t below = first_below(records, at); below != 0 && goes_before(records, heap_[below], entry);
         below = first_below(records, at)) {
      put(records, at, heap_[below]);
      at = below;
    }
    put(records, at, entry);
  }

  std::vector<Entry> heap_;
  std::vector<ActivationId> newcomers_;
};

}  // namespace flyball::engine
