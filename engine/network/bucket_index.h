// BucketIndex: records of some slab by a 32-bit hash: a growing array of buckets, each an intrusive double list, so
// that insert and remove are O(1) and allocate only when the array doubles. Beside the buckets one list of records
// whose key is unknown: they may meet everything.
//
// A record is in at most one place of one index: its Link says where. Who walks a bucket compares hashes (and then
// keys: hashes may collide). Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/network/slab.h"

namespace flyball::engine {

enum class Place : std::uint8_t { kOut, kHashed, kUnknown };

struct Link {
  std::uint32_t next = kNone;
  std::uint32_t prev = kNone;
  std::uint32_t hash = 0;
};

class BucketIndex {
 public:
  // `link(id)` gives a reference into the record; `place(id)` and `set_place(id, place)` are as they say.
  template <typename Records>
  void insert(Records& records, std::uint32_t id, std::uint32_t hash) {
    if (heads_.empty()) heads_.assign(4, kNone);
    if (count_ >= heads_.size()) grow(records);
    push(records, heads_[hash & mask()], id, hash);
    records.set_place(id, Place::kHashed);
    ++count_;
  }
  template <typename Records>
  void insert_unknown(Records& records, std::uint32_t id) {
    push(records, unknown_, id, 0);
    records.set_place(id, Place::kUnknown);
    ++unknown_count_;
  }
  template <typename Records>
  void remove(Records& records, std::uint32_t id) {
    const Place place = records.place(id);
    if (place == Place::kOut) return;
    Link& link = records.link(id);
    if (link.prev != kNone) {
      records.link(link.prev).next = link.next;
    } else if (place == Place::kHashed) {
      heads_[link.hash & mask()] = link.next;
    } else {
      unknown_ = link.next;
    }
    if (link.next != kNone) records.link(link.next).prev = link.prev;
    (place == Place::kHashed ? count_ : unknown_count_) -= 1;
    link = Link{};
    records.set_place(id, Place::kOut);
  }

  // First of the bucket that holds `hash`; follow link.next and skip other hashes.
  std::uint32_t bucket(std::uint32_t hash) const { return heads_.empty() ? kNone : heads_[hash & mask()]; }
  void prefetch(std::uint32_t hash) const {
    if (!heads_.empty()) __builtin_prefetch(&heads_[hash & mask()]);
  }
  std::uint32_t unknown() const { return unknown_; }
  bool has_unknown() const { return unknown_ != kNone; }
  // For walks over all: buckets by number.
  std::uint32_t bucket_count() const { return static_cast<std::uint32_t>(heads_.size()); }
  std::uint32_t bucket_at(std::uint32_t number) const { return heads_[number]; }
  std::uint32_t size() const { return count_ + unknown_count_; }
  bool empty() const { return count_ + unknown_count_ == 0; }
  std::size_t bytes() const { return heads_.capacity() * sizeof(std::uint32_t); }

 private:
  std::uint32_t mask() const { return static_cast<std::uint32_t>(heads_.size() - 1); }
  template <typename Records>
  static void push(Records& records, std::uint32_t& head, std::uint32_t id, std::uint32_t hash) {
    records.link(id) = Link{head, kNone, hash};
    if (head != kNone) records.link(head).prev = id;
    head = id;
  }
  template <typename Records>
  void grow(Records& records) {
    PagedVector<std::uint32_t> old(heads_.size() * 2, kNone);
    old.swap(heads_);
    for (std::uint32_t head : old) {
      while (head != kNone) {
        const Link link = records.link(head);
        push(records, heads_[link.hash & mask()], head, link.hash);
        head = link.next;
      }
    }
  }

  PagedVector<std::uint32_t> heads_;
  std::uint32_t unknown_ = kNone;
  std::uint32_t count_ = 0, unknown_count_ = 0;
};

}  // namespace flyball::engine
