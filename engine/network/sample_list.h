// SampleList: the items of one fact's samples, oldest first. Taking the oldest costs O(1) amortised, since windows let them
// go one by one; anything else moves what stands behind it. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace flyball::engine {

class SampleList {
 public:
  std::size_t size() const { return items_.size() - first_; }
  bool empty() const { return size() == 0; }
  std::size_t bytes() const { return items_.capacity() * sizeof(std::uint32_t); }
  std::uint32_t operator[](std::size_t i) const { return items_[first_ + i]; }
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const { return items_.end(); }
  void push_back(std::uint32_t item) { items_.push_back(item); }
  void insert(std::size_t i, std::uint32_t item) {
    if (i == 0 && first_ != 0) {
      items_[--first_] = item;
    } else {
      items_.insert(begin() + static_cast<std::ptrdiff_t>(i), item);
    }
  }
  void erase(std::size_t i) {
    if (i != 0) {
      items_.erase(begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
    ++first_;
    if (first_ < kSlack || first_ < items_.size() / 2) return;
    items_.erase(items_.begin(), begin());
    first_ = 0;
  }

 private:
  static constexpr std::size_t kSlack = 16;  // fewer gone ones are not worth the moving
  std::vector<std::uint32_t> items_;
  std::size_t first_ = 0;  // those before it are gone
};

}  // namespace flyball::engine
