// InternPool<Entry>: hash-consed storage of one shape of content, for interner.cc alone.
//
// Entries live in chunks, so their addresses are stable while they live. The index is an open-addressing table of
// (hash, handle) pairs. Freed handles are reused, newest first.
// An Entry has `std::uint32_t hash` and `std::size_t release()` (frees what it owns, returns the bytes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/value.h"

namespace flyball::internal {

template <typename Entry>
class InternPool {
 public:
  static constexpr std::uint32_t kChunkBits = 8;
  static constexpr std::uint32_t kChunkSize = 1U << kChunkBits;

  const Entry& at(std::uint32_t handle) const { return chunks_[handle >> kChunkBits][handle & (kChunkSize - 1)]; }

  // The handle of the entry for which `equal(entry)` holds, or kNoHandle.
  template <typename Equal>
  std::uint32_t find(std::uint32_t hash, Equal&& equal) const {
    if (index_.empty()) return kNoHandle;
    const std::size_t mask = index_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      const std::uint64_t slot = index_[i];
      if (slot == kEmpty) return kNoHandle;
      if (static_cast<std::uint32_t>(slot >> 32) == hash) {
        const std::uint32_t handle = static_cast<std::uint32_t>(slot);
        if (equal(at(handle))) return handle;
      }
    }
  }

  // Adds an entry that find() did not find; kNoHandle when `limit` handles exist. Takes `entry` as it is.
  std::uint32_t insert(const Entry& entry, std::uint32_t limit) {
    std::uint32_t handle = 0;
    if (!free_.empty()) {
      handle = free_.back();
      free_.pop_back();
    } else {
      if (next_ >= limit) return kNoHandle;
      handle = next_++;
      if ((handle & (kChunkSize - 1)) == 0) chunks_.push_back(std::make_unique<Entry[]>(kChunkSize));
      state_.push_back(0);
    }
    chunks_[handle >> kChunkBits][handle & (kChunkSize - 1)] = entry;
    state_[handle] = kLive;
    ++used_;
    if (index_.size() < used_ * 2) {
      rebuild(index_.empty() ? 64 : index_.size() * 2);
    } else {
      place(entry.hash, handle);
    }
    return handle;
  }

  void begin_mark() {
    for (std::uint8_t& s : state_) s &= static_cast<std::uint8_t>(~kMarked);
  }
  // True if it was not marked before.
  bool mark(std::uint32_t handle) {
    if (state_[handle] & kMarked) return false;
    state_[handle] |= kMarked;
    return true;
  }
  // Returns the bytes of content (release()) that were freed.
  std::size_t sweep() {
    std::size_t freed = 0;
    bool any = false;
    for (std::uint32_t h = 0; h < next_; ++h) {
      if ((state_[h] & kLive) == 0 || (state_[h] & kMarked) != 0) continue;
      Entry& entry = chunks_[h >> kChunkBits][h & (kChunkSize - 1)];
      freed += entry.release();
      state_[h] = 0;
      free_.push_back(h);
      --used_;
      any = true;
    }
    if (any) rebuild(index_.size());
    return freed;
  }
  void release_all() {
    for (std::uint32_t h = 0; h < next_; ++h) {
      if (state_[h] & kLive) chunks_[h >> kChunkBits][h & (kChunkSize - 1)].release();
    }
  }

  std::size_t used() const { return used_; }
  std::size_t alive_bytes() const { return used_ * (sizeof(Entry) + 2 * sizeof(std::uint64_t)); }  // the index is half full
  std::size_t table_bytes() const {
    return chunks_.size() * kChunkSize * sizeof(Entry) + index_.capacity() * sizeof(std::uint64_t) + state_.capacity() +
           free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};  // no handle reaches kNoHandle
  static constexpr std::uint8_t kLive = 1, kMarked = 2;

  void place(std::uint32_t hash, std::uint32_t handle) {
    const std::size_t mask = index_.size() - 1;
    std::size_t i = hash & mask;
    while (index_[i] != kEmpty) i = (i + 1) & mask;
    index_[i] = std::uint64_t{hash} << 32 | handle;
  }
  void rebuild(std::size_t size) {
    index_.assign(size, kEmpty);
    for (std::uint32_t h = 0; h < next_; ++h) {
      if (state_[h] & kLive) place(at(h).hash, h);
    }
  }

  std::vector<std::unique_ptr<Entry[]>> chunks_;
  std::vector<std::uint64_t> index_;
  std::vector<std::uint8_t> state_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;
  std::size_t used_ = 0;
};

}  // namespace flyball::internal
