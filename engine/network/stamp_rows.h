// StampRows: of each fact of a type, one stamp per TypePlan::stamp_masks. Rows lie in chunks that never move: what productions assert by
// the thousand is not copied as it grows. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/network/pages.h"

namespace flyball::engine {

class StampRows {
 public:
  explicit StampRows(std::size_t width = 0) : width_(width) {}
  std::size_t width() const { return width_; }
  std::size_t bytes() const { return memory_.bytes() + chunks_.capacity() * sizeof(std::uint64_t*); }

  bool has_room(std::uint32_t fact) const { return fact >> kBits < chunks_.size(); }
  // So that the fact has a row; of a new one all stamps are 0.
  void make_room(std::uint32_t fact) {
    while (!has_room(fact)) {
      chunks_.push_back(static_cast<std::uint64_t*>(memory_.take((width_ * sizeof(std::uint64_t)) << kBits)));
      unpoison(chunks_.back(), (width_ * sizeof(std::uint64_t)) << kBits);
      std::fill_n(chunks_.back(), width_ << kBits, 0);
    }
  }
  // Of a fact that has room.
  std::uint64_t* row(std::uint32_t fact) { return chunks_[fact >> kBits] + (fact & kMask) * width_; }
  const std::uint64_t* row(std::uint32_t fact) const { return chunks_[fact >> kBits] + (fact & kMask) * width_; }

 private:
  static constexpr std::uint32_t kBits = 8;
  static constexpr std::uint32_t kMask = (1U << kBits) - 1;

  std::size_t width_;
  std::vector<std::uint64_t*> chunks_;
  Chunks memory_;
};

}  // namespace flyball::engine
