// RecordChunks<T>: records that never move, by number, in big pages once there are many; for those that own memory, which a Slab's do not.
// They go all at once. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/network/pages.h"

namespace flyball::engine {

template <typename T>
class RecordChunks {
 public:
  RecordChunks() = default;
  ~RecordChunks() {
    for (std::uint32_t i = 0; i < size_; ++i) std::destroy_at((*this)[i]);
  }
  RecordChunks(RecordChunks&& other) noexcept { *this = std::move(other); }
  RecordChunks& operator=(RecordChunks&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(chunks_, other.chunks_);
    std::swap(size_, other.size_);
    return *this;
  }

  T* operator[](std::uint32_t i) const { return chunks_[i >> kBits] + (i & (kSize - 1)); }
  T* back() const { return (*this)[size_ - 1]; }
  std::uint32_t size() const { return size_; }
  std::size_t bytes() const { return memory_.bytes(); }
  // Its number is the size of before.
  void add() {
    if (size_ == chunks_.size() << kBits) chunks_.push_back(static_cast<T*>(memory_.take(kSize * sizeof(T))));
    unpoison((*this)[size_], sizeof(T));
    std::construct_at((*this)[size_]);
    ++size_;
  }

 private:
  static constexpr std::uint32_t kBits = 6, kSize = 1U << kBits;
  Chunks memory_;
  std::vector<T*> chunks_;
  std::uint32_t size_ = 0;
};

}  // namespace flyball::engine
