// SortedBlocks<T, Less>: a multiset that also tells its k-th element. Sorted blocks of a bounded size in order: an
// insertion moves one block's elements at most, a rank skips whole blocks. For some 10⁶ elements that beats a balanced
// tree, and memory is the elements'. Not thread-safe.
//
// Complexity: insert and erase O(log blocks + block size); at O(blocks). INVARIANT: no block is empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace flyball::engine {

template <typename T, typename Less>
class SortedBlocks {
 public:
  std::size_t size() const { return size_; }

  void insert(const T& v) {
    ++size_;
    if (blocks_.empty()) {
      blocks_.push_back({v});
      return;
    }
    const std::size_t at = block_for(v);
    std::vector<T>& block = blocks_[at];
    block.insert(std::upper_bound(block.begin(), block.end(), v, Less{}), v);
    if (block.size() < kBlockMax) return;
    std::vector<T> upper(block.begin() + kBlockMax / 2, block.end());
    block.resize(kBlockMax / 2);
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(upper));
  }

  // Of one that is in.
  void erase(const T& v) {
    --size_;
    const std::size_t at = block_for(v);
    std::vector<T>& block = blocks_[at];
    block.erase(std::lower_bound(block.begin(), block.end(), v, Less{}));
    if (block.empty()) {
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (at + 1 < blocks_.size() && block.size() + blocks_[at + 1].size() < kBlockMax / 2) {
      block.insert(block.end(), blocks_[at + 1].begin(), blocks_[at + 1].end());
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
  }

  // The k-th smallest, from 0; k < size().
  const T& at(std::size_t k) const {
    std::size_t b = 0;
    while (k >= blocks_[b].size()) k -= blocks_[b++].size();
    return blocks_[b][k];
  }

 private:
  static constexpr std::size_t kBlockMax = 512;

  // The first block whose last element is not less than v: it has v if one has; else the last block.
  std::size_t block_for(const T& v) const {
    const auto at =
        std::partition_point(blocks_.begin(), blocks_.end(), [&](const std::vector<T>& block) { return Less{}(block.back(), v); });
    return at == blocks_.end() ? blocks_.size() - 1 : static_cast<std::size_t>(at - blocks_.begin());
  }

  std::vector<std::vector<T>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace flyball::engine
