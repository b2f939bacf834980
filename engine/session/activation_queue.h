// ActivationQueue: activations that may fire, the one that goes first at hand. What comes is put aside until somebody asks for the first:
// much of it goes before that. Most comes in order, what is newer before what is older: so it stands in runs of equal keys, each run before
// those below it, and is sorted when somebody gets to it, of a long one first what goes first. What comes out of order stands in a binary
// heap. Each activation knows its place, so that any can be taken out.
//
// `Records` gives place(id), 32 bits for the queue that the activation is in; key(id), with which the order begins: the greater goes first;
// and goes_before(a, b), a total order among those of one key, by which arrange(some, n) brings the first n of them to the end, the very
// first last. Neither may change while they are in. All are asked from front(); and goes_before() also from remove(), but only about those
// of which settle(id) was told. Not thread-safe. Complexity: add O(1);
// remove O(1), O(log n) in the heap; front O(1) and, spread over what comes to the front, O(log n) each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/network/slab.h"

namespace flyball::engine {

using ActivationId = std::uint32_t;

class ActivationQueue {
 public:
  bool empty() const { return size() == 0; }
  std::size_t size() const { return heap_.size() + line_.size() - gaps_; }
  std::size_t bytes() const {
    return heap_.capacity() * sizeof(Entry) + line_.capacity() * sizeof(ActivationId) + runs_.capacity() * sizeof(Run);
  }

  template <typename Records>
  void add(Records records, ActivationId id) {
    records.place(id) = static_cast<std::uint32_t>(line_.size()) << 1;
    line_.push_back(id);
  }

  template <typename Records>
  void remove(Records records, ActivationId id) {
    const std::uint32_t place = records.place(id);
    if ((place & 1U) != 0) return remove_from_heap(records, place >> 1);
    line_[place >> 1] = kNone;
    ++gaps_;
    trim();
    if (gaps_ > kSlack && gaps_ > line_.size() / 2) close_gaps(records);
  }

  // Of what is in, the first. Not empty.
  template <typename Records>
  ActivationId front(Records records) {
    if (keyed_ < line_.size()) take_newcomers(records);
    if (line_.empty()) return heap_.front().id;
    if (!runs_.back().sorted) sort_front(records);
    const Entry first{runs_.back().key, line_.back()};
    return heap_.empty() || goes_before(records, first, heap_.front()) ? first.id : heap_.front().id;
  }

  // Everything, in no order; it is empty then.
  std::vector<ActivationId> take_all() {
    std::vector<ActivationId> all = std::exchange(line_, {});
    std::erase(all, kNone);
    for (const Entry& entry : heap_) all.push_back(entry.id);
    *this = ActivationQueue{};
    return all;
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    ActivationId id = 0;
  };
  struct Run {
    std::uint64_t key = 0;
    std::uint32_t begin = 0;  // in the line; it ends where the next begins
    bool open = true;         // what has the same key belongs to it
    bool sorted = false;      // the last goes first
  };
  static constexpr std::size_t kFew = 8;     // newcomers, as a part of the heap, that are sifted one by one
  static constexpr std::size_t kSmall = 48;  // a run that is sorted as a whole
  static constexpr std::size_t kPart = 16;   // of a longer one the part that is sorted first
  static constexpr std::size_t kSlack = 64;  // gaps that are left

  template <typename Records>
  static bool goes_before(Records records, const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key > b.key : records.goes_before(a.id, b.id);
  }

  // --- the line ---

  // It ends with an activation.
  void trim() {
    while (!line_.empty() && line_.back() == kNone) {
      line_.pop_back();
      --gaps_;
    }
    while (!runs_.empty() && runs_.back().begin >= line_.size()) runs_.pop_back();
    keyed_ = std::min(keyed_, line_.size());
  }

  template <typename Records>
  void close_gaps(Records records) {
    std::size_t to = 0;
    std::size_t run = 0;
    std::size_t keyed = 0;
    for (std::size_t at = 0; at < line_.size(); ++at) {
      for (; run < runs_.size() && runs_[run].begin == at; ++run) runs_[run].begin = static_cast<std::uint32_t>(to);
      if (at == keyed_) keyed = to;
      if (line_[at] == kNone) continue;
      records.place(line_[at]) = static_cast<std::uint32_t>(to) << 1;
      line_[to++] = line_[at];
    }
    keyed_ = keyed_ == line_.size() ? to : keyed;
    line_.resize(to);
    gaps_ = 0;
    drop_empty_runs();
  }

  // Of two that begin at one place the lower has nothing.
  void drop_empty_runs() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const std::size_t end = i + 1 < runs_.size() ? runs_[i + 1].begin : keyed_;
      if (runs_[i].begin < end) runs_[kept++] = runs_[i];
    }
    runs_.resize(kept);
  }

  // Those in order begin or go on with a run, others go into the heap.
  template <typename Records>
  void take_newcomers(Records records) {
    const std::size_t heap_before = heap_.size();
    std::size_t to = keyed_;
    for (; to > 0 && line_[to - 1] == kNone; --to) --gaps_;
    while (!runs_.empty() && runs_.back().begin >= to) runs_.pop_back();
    for (std::size_t at = keyed_; at < line_.size(); ++at) {
      const ActivationId id = line_[at];
      if (id == kNone) {
        --gaps_;
        continue;
      }
      const std::uint64_t key = records.key(id);
      if (runs_.empty() || key > runs_.back().key) {
        runs_.push_back({key, static_cast<std::uint32_t>(to)});
      } else if (key < runs_.back().key || !runs_.back().open) {
        records.settle(id);
        heap_.push_back({key, id});
        continue;
      }
      records.place(id) = static_cast<std::uint32_t>(to) << 1;
      line_[to++] = id;
    }
    line_.resize(to);
    keyed_ = to;
    trim();
    take_into_heap(records, heap_before);
  }

  // The last run's first comes to its end. Of a long run only a part that goes first is sorted; who comes to the rest will want all of it.
  template <typename Records>
  void sort_front(Records records) {
    pack_last(records);
    Run& run = runs_.back();
    const std::size_t begin = run.begin;
    const std::size_t size = line_.size() - begin;
    const std::size_t wanted = run.open && size > kSmall ? std::max(kSmall, size / kPart) : size;
    if (size > 1) {
      records.arrange(std::span(line_).subspan(begin), wanted);
      renumber(records, begin, line_.size());
    }
    run.open = false;
    run.sorted = wanted == size;
    if (!run.sorted) runs_.push_back({run.key, static_cast<std::uint32_t>(line_.size() - wanted), false, true});
  }

  // The last run has no gaps.
  template <typename Records>
  void pack_last(Records records) {
    const std::size_t begin = runs_.back().begin;
    const auto last = std::remove(line_.begin() + static_cast<std::ptrdiff_t>(begin), line_.end(), kNone);
    gaps_ -= static_cast<std::size_t>(line_.end() - last);
    if (last == line_.end()) return;
    line_.erase(last, line_.end());
    keyed_ = line_.size();
    renumber(records, begin, line_.size());
  }

  template <typename Records>
  void renumber(Records records, std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < to; ++at) records.place(line_[at]) = static_cast<std::uint32_t>(at) << 1;
  }

  // --- the heap ---

  template <typename Records>
  void put(Records records, std::uint32_t at, const Entry& entry) {
    heap_[at] = entry;
    records.place(entry.id) = at << 1 | 1U;
  }
  template <typename Records>
  void remove_from_heap(Records records, std::uint32_t at) {
    const ActivationId id = heap_[at].id;
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
  // Of the two below it the one that goes first; 0: it is a leaf.
  template <typename Records>
  std::uint32_t first_below(Records records, std::uint32_t at) const {
    const std::uint32_t below = 2 * at + 1;
    if (below >= heap_.size()) return 0;
    return below + 1 < heap_.size() && goes_before(records, heap_[below + 1], heap_[below]) ? below + 1 : below;
  }
  // Those from that place on are not in order yet.
  template <typename Records>
  void take_into_heap(Records records, std::size_t from) {
    const bool many = (heap_.size() - from) * kFew > from;
    for (auto at = static_cast<std::uint32_t>(from); at < heap_.size(); ++at) {
      records.place(heap_[at].id) = at << 1 | 1U;
      if (!many) sift_up(records, at);
    }
    if (!many || from == heap_.size()) return;
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

  std::vector<ActivationId> line_;  // runs, and from keyed_ on what came since; kNone: a gap
  std::vector<Run> runs_;           // greater keys later
  std::size_t keyed_ = 0;
  std::size_t gaps_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace flyball::engine
