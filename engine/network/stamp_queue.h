// StampQueue: samples by stamp, the oldest first. They mostly come in that order and leave in it: a ring of 4 bytes each.
// Those that come late stand in a tree beside it, those that leave from its middle stay as gaps until an end gets there.
//
// The owner's records hold the place (`QueuePlace`) that push() gives. Complexity: O(1) amortised; O(log late) for late
// ones. Not thread-safe. INVARIANT: neither end of the ring is a gap; gaps are fewer than samples, but for a few.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "engine/network/slab.h"
#include "model/time.h"

namespace flyball::engine {

class QueuePlace {
 public:
  static QueuePlace late() { return QueuePlace{1}; }
  static QueuePlace in_ring(std::uint32_t tick) { return QueuePlace{tick << 1}; }
  QueuePlace() = default;
  bool is_late() const { return code_ == 1; }
  std::uint32_t tick() const { return code_ >> 1; }  // without its highest bit, for which no ring is long enough

 private:
  explicit QueuePlace(std::uint32_t code) : code_(code) {}
  std::uint32_t code_ = 0;
};

class StampQueue {
 public:
  bool empty() const { return size_ == 0 && late_.empty(); }
  std::size_t size() const { return size_ - gaps_ + late_.size(); }
  std::size_t bytes() const { return ring_.capacity() * sizeof(std::uint32_t) + late_.size() * kTreeNodeBytes; }

  // `place_of(id)`: the QueuePlace in its record; `stamp_of(id)`: its stamp.
  template <typename PlaceOf>
  void push(std::uint32_t id, Timestamp stamp, PlaceOf place_of) {
    if (size_ != 0 && stamp < newest_) {
      late_.emplace(stamp, id);
      place_of(id) = QueuePlace::late();
      return;
    }
    if (gaps_ > kGapsMin && gaps_ > size_ / 2) close_gaps(place_of);
    if (size_ == ring_.size()) grow();
    place_of(id) = QueuePlace::in_ring(first_ + size_);
    at(first_ + size_++) = id;
    newest_ = stamp;
  }
  void erase(std::uint32_t id, Timestamp stamp, QueuePlace place) {
    if (place.is_late()) {
      late_.erase({stamp, id});
      return;
    }
    at(place.tick()) = kNone;
    ++gaps_;
    for (; size_ != 0 && at(first_) == kNone; ++first_, --size_) --gaps_;
    for (; size_ != 0 && at(first_ + size_ - 1) == kNone; --size_) --gaps_;
    if (size_ == 0 && ring_.size() > kKeptRoom) std::vector<std::uint32_t>().swap(ring_);
  }

  // Not empty.
  template <typename StampOf>
  std::uint32_t oldest(StampOf stamp_of) const {
    if (size_ == 0) return late_.begin()->second;
    const std::uint32_t id = at(first_);
    return !late_.empty() && late_.begin()->first < stamp_of(id) ? late_.begin()->second : id;
  }
  // The i-th of those that came in order, if there is one; a hint.
  std::uint32_t near(std::uint32_t i) const { return i < size_ ? at(first_ + i) : kNone; }
  // Calls f(id) for those with the greatest stamp until it says true; whether it did.
  template <typename StampOf, typename F>
  bool any_newest(StampOf stamp_of, F f) const {
    if (empty()) return false;
    Timestamp newest = late_.empty() ? kTimestampMin : late_.rbegin()->first;
    if (size_ != 0 && stamp_of(at(first_ + size_ - 1)) > newest) newest = stamp_of(at(first_ + size_ - 1));
    for (auto late = late_.rbegin(); late != late_.rend() && late->first == newest; ++late) {
      if (f(late->second)) return true;
    }
    for (std::uint32_t i = size_; i > 0; --i) {
      const std::uint32_t id = at(first_ + i - 1);
      if (id == kNone) continue;
      if (stamp_of(id) != newest) break;
      if (f(id)) return true;
    }
    return false;
  }

 private:
  static constexpr std::uint32_t kGapsMin = 16;
  static constexpr std::size_t kFirstRoom = 4, kKeptRoom = 1'024;
  static constexpr std::size_t kTreeNodeBytes = 64;

  // Ticks go on and on, past the greatest: a power of two of places.
  std::uint32_t& at(std::uint32_t tick) { return ring_[tick & (ring_.size() - 1)]; }
  std::uint32_t at(std::uint32_t tick) const { return ring_[tick & (ring_.size() - 1)]; }
  void grow() {
    std::vector<std::uint32_t> wider(std::max(kFirstRoom, ring_.size() * 2), kNone);
    for (std::uint32_t i = 0; i < size_; ++i) wider[(first_ + i) & (wider.size() - 1)] = at(first_ + i);
    ring_ = std::move(wider);
  }
  template <typename PlaceOf>
  void close_gaps(PlaceOf place_of) {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < size_; ++i) {
      const std::uint32_t id = at(first_ + i);
      if (id == kNone) continue;
      place_of(id) = QueuePlace::in_ring(first_ + kept);
      at(first_ + kept++) = id;
    }
    size_ = kept;
    gaps_ = 0;
  }

  std::vector<std::uint32_t> ring_;
  std::uint32_t first_ = 0, size_ = 0, gaps_ = 0;  // gaps are in the size
  Timestamp newest_;                               // that came into the ring; while it is not empty
  std::set<std::pair<Timestamp, std::uint32_t>> late_;
};

}  // namespace flyball::engine
