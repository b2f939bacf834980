// TimerQueue: what falls due when. Most timers of one kind are set for the same time from now, so they come in the order in which they
// fall due: they stand in runs, each a queue in order, and cost a step in memory that is near. What fits behind no run stands in a heap of
// four children to a place. A far one behind a run, which bars it for what comes after, is moved to the heap.
//
// Deletion is lazy: a timer is not taken out when it becomes pointless; its owner recognises that when it falls due, or earlier when the
// queue is compacted. Thread safety: none. Timers of one instant come out in no particular order: each kind's handler must not care.
// Complexity: O(1) for what comes in order; O(log n) else, but O(1) for those of one instant: nothing sinks below its equals.
// INVARIANT: it holds at most about twice the timers that still mean something (compact keeps it so).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "model/time.h"

namespace flyball::engine {

enum class TimerKind : std::uint8_t {
  kExpiry,
  kWindow,
  kCalendar,
  kClock,
  kFactClock,
  kAbsence,
  kHold,
  kKeep,
  kCooldown,
  kRepeat,
  kActionTimeout,
  kActionTry,
  kRate,
  kRetain
};

struct Timer {
  Timestamp due;
  TimerKind kind = TimerKind::kExpiry;
  std::uint32_t a = 0;  // what it is about, by kind: type, table, rule, …
  std::uint32_t b = 0;  // fact, entry, …
};

class TimerQueue {
 public:
  static constexpr std::size_t kCompactFloor = 1024;  // smaller queues are never compacted

  void add(const Timer& timer) {
    if (timer.due == kTimestampMax) return;  // the end of time never falls due
    ++size_;
    const std::size_t run = run_for(timer.due);
    if (run == kHeap) {
      push(timer);
    } else {
      runs_[run].push_back(timer);
      last_[run] = timer.due;
    }
    if (size_ == 1 || timer.due < top().due) first_ = run;
  }
  bool empty() const { return size_ == 0; }
  const Timer& top() const { return first_ == kHeap ? heap_.front() : runs_[first_].front(); }
  Timer pop() {
    const Timer timer = top();
    --size_;
    if (first_ == kHeap) {
      const Timer last = heap_.back();
      heap_.pop_back();
      if (!heap_.empty()) sink(0, last);
    } else {
      Run& run = runs_[first_];
      run.pop_front();
      if (!run.empty() && run.front().due == timer.due) return timer;
    }
    find_first();
    return timer;
  }
  // What is likely to be the top when that many have gone; null: nobody knows.
  const Timer* ahead(std::size_t n) const { return first_ != kHeap && n < runs_[first_].size() ? &runs_[first_][n] : nullptr; }
  std::size_t size() const { return size_; }
  // In no particular order; pointless ones, too.
  std::vector<Timer> all() const {
    std::vector<Timer> out(heap_);
    for (const Run& run : runs_) out.insert(out.end(), run.begin(), run.end());
    return out;
  }
  std::size_t bytes() const { return (heap_.capacity() + (size_ - heap_.size())) * sizeof(Timer); }

  bool may_need_compacting() const { return size_ >= std::max(kCompactFloor, 2 * kept_); }
  // Drops timers that `is_pointless` says mean nothing any more, when there may be many. Amortised O(1) per add.
  template <typename Pointless>
  void compact(Pointless is_pointless) {
    if (!may_need_compacting()) return;
    erase(is_pointless);
    kept_ = size_;
  }
  // `change` may say anew what each timer is about, but for its due time, and false of those that are to go.
  template <typename Change>
  void revise(Change change) {
    erase([&](Timer& timer) { return !change(timer); });
  }

 private:
  using Run = std::deque<Timer>;
  static constexpr std::size_t kRuns = 8;
  static constexpr std::size_t kHeap = kRuns;  // as a place beside the runs
  static constexpr std::size_t kChildren = 4;

  // Behind the one that it follows most closely; else in one that is empty.
  std::size_t run_for(Timestamp due) {
    std::size_t best = kHeap, vacant = kHeap;
    for (std::size_t r = 0; r < kRuns; ++r) {
      if (runs_[r].empty()) {
        vacant = r;
      } else if (last_[r] <= due && (best == kHeap || last_[r] > last_[best])) {
        best = r;
      }
    }
    if (best != kHeap) return best;
    return vacant != kHeap ? vacant : freed_for(due);
  }
  // A run of which the last alone is later.
  std::size_t freed_for(Timestamp due) {
    for (std::size_t r = 0; r < kRuns; ++r) {
      if (runs_[r].size() < 2 || runs_[r][runs_[r].size() - 2].due > due) continue;
      push(Timer{runs_[r].back()});
      runs_[r].pop_back();
      return r;
    }
    return kHeap;
  }
  void find_first() {
    first_ = kHeap;
    for (std::size_t r = 0; r < kRuns; ++r) {
      if (!runs_[r].empty() && ((first_ == kHeap && heap_.empty()) || runs_[r].front().due < top().due)) first_ = r;
    }
  }
  template <typename Gone>
  void erase(Gone gone) {
    if (std::erase_if(heap_, gone) != 0) {
      for (std::size_t at = heap_.size() / kChildren + 1; at-- > 0;) {
        if (at < heap_.size()) sink(at, Timer{heap_[at]});
      }
    }
    size_ = heap_.size();
    for (std::size_t r = 0; r < kRuns; ++r) {
      std::erase_if(runs_[r], gone);
      size_ += runs_[r].size();
      if (!runs_[r].empty()) last_[r] = runs_[r].back().due;
    }
    find_first();
  }
  void push(const Timer& timer) {
    std::size_t at = heap_.size();
    heap_.push_back(timer);
    for (; at != 0 && timer.due < heap_[(at - 1) / kChildren].due; at = (at - 1) / kChildren) heap_[at] = heap_[(at - 1) / kChildren];
    heap_[at] = timer;
  }
  // Puts `timer` where `at` is, or below.
  void sink(std::size_t at, Timer timer) {
    for (;;) {
      const std::size_t first = at * kChildren + 1;
      if (first >= heap_.size()) break;
      std::size_t least = first;
      const std::size_t end = std::min(first + kChildren, heap_.size());
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].due < heap_[least].due) least = child;
      }
      if (heap_[least].due >= timer.due) break;
      heap_[at] = heap_[least];
      at = least;
    }
    heap_[at] = timer;
  }

  std::array<Run, kRuns> runs_;        // each in order
  std::array<Timestamp, kRuns> last_;  // of those that are not empty: the greatest in it
  std::vector<Timer> heap_;
  std::size_t first_ = kHeap;  // where the top is
  std::size_t size_ = 0;
  std::size_t kept_ = 0;  // after the last compaction
};

}  // namespace flyball::engine
