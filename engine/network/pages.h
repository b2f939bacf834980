// Where the engine's big arrays live: memory in 2 MiB pages once there is much of it. A fact touches a handful of records
// spread over many megabytes, and with 4 KiB pages every one of them is a miss in the TLB, too; and the first touch of each
// costs what hundreds of instructions do.
//
// PageAllocator is for vectors; Chunks gives out pieces that never move and go all at once. The chunks of a thread's sessions share big
// pages (take_piece), so that none of them wastes one. The first chunk of each kind does not, so that a small session has no more memory
// than it touches; nor do small ones before kPlainBytes, which would keep a page for themselves when all else in it has gone.
// Not thread-safe but where it says so. INVARIANT: asking for big pages is a hint; nothing but speed depends on it.
#pragma once

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include "engine/network/poison.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace flyball::engine {

inline constexpr std::size_t kPageBytes = std::size_t{2} << 20;

inline void* take_pages(std::size_t bytes) {
  void* memory = ::operator new(bytes, std::align_val_t{kPageBytes});
#ifdef __linux__
  (void)::madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}
inline void give_pages(void* memory) { ::operator delete(memory, std::align_val_t{kPageBytes}); }

template <typename T>
struct PageAllocator {
  using value_type = T;
  PageAllocator() = default;
  template <typename U>
  PageAllocator(const PageAllocator<U>&) {}  // NOLINT: what allocators must offer
  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    return static_cast<T*>(bytes < kPageBytes ? ::operator new(bytes) : take_pages(bytes));
  }
  void deallocate(T* memory, std::size_t n) {
    if (n * sizeof(T) < kPageBytes) {
      ::operator delete(memory);
    } else {
      give_pages(memory);
    }
  }
  friend bool operator==(const PageAllocator&, const PageAllocator&) { return true; }
};

template <typename T>
using PagedVector = std::vector<T, PageAllocator<T>>;

// A piece of a big page, from the beginning of a line of the cache on, not initialised. Each thread cuts from a page of its own; a page
// goes when all of its pieces have, on whichever threads. Thread-safe. O(1).
inline constexpr std::size_t kPieceMax = kPageBytes / 4;
void* take_piece(std::size_t bytes);  // at most kPieceMax
void give_piece(void* piece);

class Chunks {
 public:
  Chunks() = default;
  ~Chunks() {
    for (const auto& [memory, piece] : owned_) {
      if (piece != 0) {
        poison(memory, piece);
        give_piece(memory);
      } else {
        ::operator delete(memory, std::align_val_t{kLine});
      }
    }
  }
  Chunks(Chunks&& other) noexcept { *this = std::move(other); }
  Chunks& operator=(Chunks&& other) noexcept {
    std::swap(owned_, other.owned_);
    std::swap(taken_, other.taken_);
    return *this;
  }

  // `bytes`, from the beginning of a line of the cache on, not initialised, and poisoned: who puts something there says so.
  void* take(std::size_t bytes) {
    bytes = (bytes + kLine - 1) & ~(kLine - 1);
    taken_ += bytes;
    const bool is_piece = ((bytes >= kLargeBytes && taken_ > bytes) || taken_ > kPlainBytes) && bytes <= kPieceMax;
    owned_.emplace_back(is_piece ? take_piece(bytes) : ::operator new(bytes, std::align_val_t{kLine}), is_piece ? bytes : 0);
    poison(owned_.back().first, bytes);
    return owned_.back().first;
  }
  std::size_t bytes() const { return taken_; }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kLargeBytes = std::size_t{16} << 10;
  static constexpr std::size_t kPlainBytes = std::size_t{128} << 10;
  std::vector<std::pair<void*, std::size_t>> owned_;  // and the bytes of one that is a piece
  std::size_t taken_ = 0;
};

}  // namespace flyball::engine
