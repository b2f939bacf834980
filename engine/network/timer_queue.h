// TimerQueue: what falls due when. A heap with lazy deletion: a timer is not taken out when it becomes pointless; its owner
// recognises that when it falls due, or earlier when the queue is compacted. Four children to a place: half of the levels, and a family
// is near in memory. Timers of one instant are equal, and come out in O(1) each: nothing sinks below its equals.
//
// Thread safety: none. Timers of one instant come out in no particular order: each kind's handler must not care.
// INVARIANT: the heap holds at most about twice the timers that still mean something (compact keeps it so).
#pragma once

#include <algorithm>
#include <cstdint>
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
  static constexpr std::size_t kCompactFloor = 1024;  // smaller heaps are never compacted

  void add(const Timer& timer) {
    if (timer.due == kTimestampMax) return;  // the end of time never falls due
    std::size_t at = heap_.size();
    heap_.push_back(timer);
    for (; at != 0 && timer.due < heap_[(at - 1) / kChildren].due; at = (at - 1) / kChildren) heap_[at] = heap_[(at - 1) / kChildren];
    heap_[at] = timer;
  }
  bool empty() const { return heap_.empty(); }
  const Timer& top() const { return heap_.front(); }
  Timer pop() {
    const Timer timer = heap_.front();
    const Timer last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(0, last);
    return timer;
  }
  std::size_t size() const { return heap_.size(); }
  // In no particular order; pointless ones, too.
  const std::vector<Timer>& all() const { return heap_; }
  std::size_t bytes() const { return heap_.capacity() * sizeof(Timer); }

  bool may_need_compacting() const { return heap_.size() >= std::max(kCompactFloor, 2 * kept_); }
  // Drops timers that `is_pointless` says mean nothing any more, when there may be many. Amortised O(1) per add.
  template <typename Pointless>
  void compact(Pointless is_pointless) {
    if (!may_need_compacting()) return;
    std::erase_if(heap_, is_pointless);
    order();
    kept_ = heap_.size();
  }
  // `change` may say anew what each timer is about, but for its due time, and false of those that are to go.
  template <typename Change>
  void revise(Change change) {
    if (std::erase_if(heap_, [&](Timer& timer) { return !change(timer); }) != 0) order();
  }

 private:
  static constexpr std::size_t kChildren = 4;
  void order() {
    for (std::size_t at = heap_.size() / kChildren + 1; at-- > 0;) {
      if (at < heap_.size()) sink(at, Timer{heap_[at]});
    }
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
  std::vector<Timer> heap_;
  std::size_t kept_ = 0;  // after the last compaction
};

}  // namespace flyball::engine
