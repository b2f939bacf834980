// BestFirst: of the entries of each bucket the one whose field is greatest (or least), for `some` and `no` lines that compare that field
// with something known: if the best does not satisfy the comparison, none does, and nobody has to look at them all.
//
// A heap for each hash, cleaned when it is asked (lazy deletion): an entry that has gone, or has another value by now, is dropped when it
// comes to the top. So nothing has to be told when a fact leaves. It knows neither facts nor alphas: `is_so(entry, hash, key)` says whether
// the entry is still in the bucket with that key. INVARIANT: every entry that is, is in its heap. Complexity: O(log n) amortised; memory at
// most twice the entries that stand, and a few. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "engine/network/slab.h"

namespace flyball::engine {

class BestFirst {
 public:
  // Greater is better; who wants the least gives the complement.
  using Key = std::int64_t;

  template <typename IsSo>
  void add(std::uint32_t hash, Key key, std::uint32_t entry, IsSo is_so) {
    if (groups_.size() >= sweep_at_) sweep(is_so);
    Group& group = groups_[hash];
    if (group.heap.size() >= group.clean_at) clean(group, hash, is_so);
    group.heap.push_back({key, entry});
    std::push_heap(group.heap.begin(), group.heap.end());
  }

  // kNone: there is none with that hash.
  template <typename IsSo>
  std::uint32_t best(std::uint32_t hash, IsSo is_so) {
    const auto at = groups_.find(hash);
    if (at == groups_.end()) return kNone;
    std::vector<Entry>& heap = at->second.heap;
    while (!heap.empty()) {
      const Entry& top = heap.front();
      if (is_so(top.entry, hash, top.key)) return top.entry;
      std::pop_heap(heap.begin(), heap.end());
      heap.pop_back();
    }
    groups_.erase(at);
    return kNone;
  }

  // After best(): one of that hash whose key is `least` or better, on the path down the heap that the bits of `way` choose; the best if
  // there is no other. Whoever asks by other ways is given others, so that few were given any one, and few ask again when it leaves.
  template <typename IsSo>
  std::uint32_t some(std::uint32_t hash, Key least, std::uint32_t way, IsSo is_so) const {
    const std::vector<Entry>& heap = groups_.find(hash)->second.heap;
    std::uint32_t found = heap.front().entry;
    const auto is_enough = [&](std::size_t at) { return at < heap.size() && heap[at].key >= least; };
    for (std::size_t at = 0;; way >>= 1) {
      const std::size_t first = 2 * at + 1 + (way & 1U), second = 2 * at + 2 - (way & 1U);
      if (!is_enough(first) && !is_enough(second)) return found;
      at = is_enough(first) ? first : second;
      if (is_so(heap[at].entry, hash, heap[at].key)) found = heap[at].entry;
    }
  }

  std::size_t bytes() const {
    std::size_t n = groups_.bucket_count() * sizeof(void*);
    for (const auto& [hash, group] : groups_) n += group.heap.capacity() * sizeof(Entry) + sizeof(Group) + kNodeBytes;
    return n;
  }

 private:
  static constexpr std::size_t kSlack = 16;         // fewer are not worth cleaning
  static constexpr std::size_t kGroupSlack = 1024;  // nor fewer heaps
  static constexpr std::size_t kNodeBytes = 24;     // of the map, for each
  struct Entry {
    Key key = 0;
    std::uint32_t entry = kNone;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  struct Group {
    std::vector<Entry> heap;
    std::size_t clean_at = kSlack;
  };

  template <typename IsSo>
  void clean(Group& group, std::uint32_t hash, IsSo is_so) {
    std::erase_if(group.heap, [&](const Entry& e) { return !is_so(e.entry, hash, e.key); });
    std::sort(group.heap.begin(), group.heap.end(), std::greater<>());  // a heap, too; one that came twice stands once
    group.heap.erase(std::unique(group.heap.begin(), group.heap.end()), group.heap.end());
    group.clean_at = std::max(kSlack, group.heap.size() * 2);
  }
  template <typename IsSo>
  void sweep(IsSo is_so) {
    for (auto at = groups_.begin(); at != groups_.end();) {
      clean(at->second, at->first, is_so);
      at = at->second.heap.empty() ? groups_.erase(at) : std::next(at);
    }
    sweep_at_ = std::max(kGroupSlack, groups_.size() * 2);
  }

  std::unordered_map<std::uint32_t, Group> groups_;
  std::size_t sweep_at_ = kGroupSlack;
};

}  // namespace flyball::engine
