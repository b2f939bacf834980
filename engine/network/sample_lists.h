// SampleLists: short lists of the items of samples, oldest first, each in one block of 32, 64, 128 … bytes, so that a list of six lies in
// half a line. A block that is left is given out again. Taking the oldest and adding the newest cost O(1) amortised, since windows let
// them come and go so; anything else moves what stands behind it. Not thread-safe.
//
// A list is known by its block's number, which changes when it moves to a larger block or a smaller one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "engine/network/pages.h"
#include "engine/network/slab.h"
#include "model/check.h"

namespace flyball::engine {

class SampleLists {
 public:
  std::uint32_t make() { return take(0); }
  void free(std::uint32_t list) {
    Blocks& blocks = sizes_[size_of(list)];
    blocks.free.push_back(index_of(list));
    poison(place(list), bytes_of(size_of(list)));
    if (size_of(list) >= kChunkBits) blocks.large[index_of(list)].reset();
  }
  std::span<const std::uint32_t> of(std::uint32_t list) const {
    const Block& b = block(list);
    return {b.items() + b.first, b.count};
  }
  void prefetch(std::uint32_t list) const { __builtin_prefetch(&block(list)); }

  // The i-th is `item` from now on, and those behind it one further. The list's number from now on.
  [[nodiscard]] std::uint32_t insert(std::uint32_t list, std::size_t i, std::uint32_t item) {
    Block* b = &block(list);
    if (b->first + b->count == room_of(size_of(list))) {
      if (b->first == 0 || (b->count > kMovedMax && b->first < b->count / 2)) {
        list = move(list, size_of(list) + 1);
        b = &block(list);
      } else {
        std::memmove(b->items(), b->items() + b->first, b->count * sizeof(std::uint32_t));
        b->first = 0;
      }
    }
    std::uint32_t* const at = b->items() + b->first + i;
    std::memmove(at + 1, at, (b->count - i) * sizeof(std::uint32_t));
    *at = item;
    ++b->count;
    return list;
  }
  // Without the i-th. The list's number from now on.
  [[nodiscard]] std::uint32_t erase(std::uint32_t list, std::size_t i) {
    Block& b = block(list);
    if (i == 0) {
      ++b.first;
    } else {
      std::uint32_t* const at = b.items() + b.first + i;
      std::memmove(at, at + 1, (b.count - i - 1) * sizeof(std::uint32_t));
    }
    --b.count;
    const bool is_wide = b.count != 0 && size_of(list) != 0 && std::size_t{b.count} * 2 <= room_of(size_of(list) - 1);
    return is_wide ? move(list, size_of(list) - 1) : list;
  }
  std::size_t bytes() const {
    std::size_t n = 0;
    for (std::uint32_t size = 0; size < kSizes; ++size) {
      const Blocks& blocks = sizes_[size];
      n += blocks.memory.bytes() + blocks.free.capacity() * sizeof(std::uint32_t);
      if (size >= kChunkBits) n += (blocks.large.size() - blocks.free.size()) * bytes_of(size);
    }
    return n;
  }

 private:
  static constexpr std::uint32_t kSizeBits = 5, kSizes = 27;  // 32 B << size; the greatest is 2 GiB
  static constexpr std::uint32_t kIndexMax = (1U << (32 - kSizeBits)) - 1;
  static constexpr std::size_t kFirstBytes = 32;
  static constexpr std::uint32_t kChunkBits = 9;  // small blocks are taken by 16 KiB; those as large come one by one, and are given back
  static constexpr std::uint32_t kMovedMax = 64;  // so few are moved to their block's beginning at any time

  struct Block {
    std::uint32_t first = 0, count = 0;  // before them and behind there is room
    std::uint32_t* items() { return reinterpret_cast<std::uint32_t*>(this + 1); }
    const std::uint32_t* items() const { return reinterpret_cast<const std::uint32_t*>(this + 1); }
  };
  struct Blocks {  // one size
    Chunks memory;
    std::vector<std::byte*> chunks;
    std::vector<std::unique_ptr<std::byte[]>> large;
    std::vector<std::uint32_t> free;
    std::uint32_t end = 0;
  };
  static std::uint32_t size_of(std::uint32_t list) { return list & ((1U << kSizeBits) - 1); }
  static std::uint32_t index_of(std::uint32_t list) { return list >> kSizeBits; }
  static std::size_t bytes_of(std::uint32_t size) { return kFirstBytes << size; }
  static std::uint32_t room_of(std::uint32_t size) {
    return static_cast<std::uint32_t>((bytes_of(size) - sizeof(Block)) / sizeof(std::uint32_t));
  }
  std::byte* place(std::uint32_t list) const {
    const std::uint32_t size = size_of(list), index = index_of(list);
    if (size >= kChunkBits) return sizes_[size].large[index].get();
    const std::uint32_t bits = kChunkBits - size;
    return sizes_[size].chunks[index >> bits] + (index & ((1U << bits) - 1)) * bytes_of(size);
  }
  Block& block(std::uint32_t list) { return *reinterpret_cast<Block*>(place(list)); }
  const Block& block(std::uint32_t list) const { return *reinterpret_cast<const Block*>(place(list)); }

  std::uint32_t take(std::uint32_t size) {
    FB_CHECK(size < kSizes);
    Blocks& blocks = sizes_[size];
    std::uint32_t index = blocks.end;
    if (!blocks.free.empty()) {
      index = blocks.free.back();
      blocks.free.pop_back();
    } else {
      FB_CHECK(index < kIndexMax);
      ++blocks.end;
      if (size >= kChunkBits) {
        blocks.large.emplace_back();
      } else if (index >> (kChunkBits - size) == blocks.chunks.size()) {
        blocks.chunks.push_back(static_cast<std::byte*>(blocks.memory.take(kFirstBytes << kChunkBits)));
      }
    }
    const std::uint32_t list = index << kSizeBits | size;
    if (size >= kChunkBits) blocks.large[index] = std::make_unique_for_overwrite<std::byte[]>(bytes_of(size));
    unpoison(place(list), bytes_of(size));
    new (place(list)) Block{};
    return list;
  }
  std::uint32_t move(std::uint32_t list, std::uint32_t size) {
    const std::uint32_t to = take(size);
    const std::span<const std::uint32_t> items = of(list);
    std::ranges::copy(items, block(to).items());
    block(to).count = static_cast<std::uint32_t>(items.size());
    free(list);
    return to;
  }

  std::array<Blocks, kSizes> sizes_;
};

}  // namespace flyball::engine
