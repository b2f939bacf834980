// AppendLog<T>: records written one behind the other, in chunks that never move: growing copies nothing. They are forgotten together,
// or the last first. Rows of several are side by side. Not thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

#include "engine/network/pages.h"
#include "model/check.h"

namespace flyball::engine {

template <typename T, std::size_t kChunkBytes = std::size_t{32} << 10>
class AppendLog {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t at) { return chunks_[at >> kBits][at & (kChunk - 1)]; }
  const T& operator[](std::size_t at) const { return chunks_[at >> kBits][at & (kChunk - 1)]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(const T& record) {
    if (size_ >> kBits == chunks_.size()) grow();
    T* const place = &(*this)[size_++];
    unpoison(place, sizeof(T));
    new (place) T(record);
  }
  void pop_back() {
    --size_;
    poison(&(*this)[size_], sizeof(T));
  }
  // Side by side; where the first of them is. At most kRowMax.
  std::size_t append(const T* records, std::size_t count) {
    const std::size_t first = take(count);
    std::uninitialized_copy_n(records, count, &(*this)[first]);
    return first;
  }
  // As they are by default.
  std::size_t append(std::size_t count) {
    const std::size_t first = take(count);
    std::uninitialized_value_construct_n(&(*this)[first], count);
    return first;
  }

  // The room of a large one is given back.
  void clear() {
    cut(0);
    if (memory_.bytes() <= kKeptBytes) return;
    chunks_.clear();
    memory_ = Chunks{};
  }
  // Those before stay.
  void cut(std::size_t size) {
    if (size >= size_) return;
    for (std::size_t at = size; at < size_; at = (at | (kChunk - 1)) + 1) {
      poison(&(*this)[at], (std::min(size_, (at | (kChunk - 1)) + 1) - at) * sizeof(T));
    }
    size_ = size;
  }
  std::size_t bytes() const { return memory_.bytes(); }

 private:
  static constexpr std::size_t kBits = static_cast<std::size_t>(std::bit_width(kChunkBytes / sizeof(T))) - 1;
  static constexpr std::size_t kChunk = std::size_t{1} << kBits;
  static constexpr std::size_t kRowMax = kChunk / 8;
  static constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

  // Room, not initialised.
  std::size_t take(std::size_t count) {
    FB_CHECK(count <= kRowMax);
    if ((size_ & (kChunk - 1)) + count > kChunk) size_ = (size_ | (kChunk - 1)) + 1;
    if (size_ >> kBits == chunks_.size()) grow();
    const std::size_t first = size_;
    unpoison(&(*this)[first], count * sizeof(T));
    size_ += count;
    return first;
  }
  void grow() { chunks_.push_back(static_cast<T*>(memory_.take(kChunk * sizeof(T)))); }

  Chunks memory_;
  std::vector<T*> chunks_;
  std::size_t size_ = 0;
};

}  // namespace flyball::engine
