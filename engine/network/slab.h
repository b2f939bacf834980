// Slab<T>: records addressed by 32-bit ids, in chunks that never move, with a free list. Ids of freed records are
// given out again. Not thread-safe. T must be trivially destructible; a fresh record is value-initialised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

#include "engine/network/append_log.h"
#include "engine/network/pages.h"
#include "model/check.h"

namespace flyball::engine {

inline constexpr std::uint32_t kNone = 0xFFFF'FFFF;  // no record

template <typename T>
class Slab {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  static constexpr std::uint32_t kChunkBits = 10;
  static constexpr std::uint32_t kChunkSize = 1U << kChunkBits;

  T& operator[](std::uint32_t id) { return chunks_[id >> kChunkBits][id & (kChunkSize - 1)]; }
  const T& operator[](std::uint32_t id) const { return chunks_[id >> kChunkBits][id & (kChunkSize - 1)]; }

  std::uint32_t make() {
    ++used_;
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      (*this)[id] = T{};
      return id;
    }
    if (next_ == chunks_.size() << kChunkBits) {
      FB_CHECK(next_ < kNone - kChunkSize);
      chunks_.push_back(static_cast<T*>(memory_.take(kChunkSize * sizeof(T))));
    }
    unpoison(&(*this)[next_], sizeof(T));
    new (&(*this)[next_]) T{};
    return next_++;
  }
  void free(std::uint32_t id) {
    --used_;
    free_.push_back(id);
  }

  std::uint32_t end() const { return next_; }  // ids lie below it
  std::size_t used() const { return used_; }
  std::size_t bytes() const { return memory_.bytes() + free_.bytes(); }

 private:
  Chunks memory_;
  std::vector<T*> chunks_;
  AppendLog<std::uint32_t, std::size_t{4} << 10> free_;
  std::uint32_t next_ = 0;
  std::size_t used_ = 0;
};

// Makes one well-spread 32-bit hash of several.
constexpr std::uint64_t mix(std::uint64_t seed, std::uint64_t more) {
  std::uint64_t h = (seed ^ more) * 0x9E37'79B9'7F4A'7C15ULL;
  h ^= h >> 29;
  return h * 0xBF58'476D'1CE4'E5B9ULL;
}
constexpr std::uint32_t fold(std::uint64_t h) { return static_cast<std::uint32_t>(h ^ (h >> 32)); }
// The same, but that eight neighbours in `last` have hashes side by side: what is made in order then lies in one line of a table, and not
// in eight. Numbers that are further apart are spread as ever.
constexpr std::uint32_t fold_near(std::uint64_t h, std::uint64_t last) {
  return fold(mix(h, last >> 3U)) ^ static_cast<std::uint32_t>(last & 7U);
}

}  // namespace flyball::engine
