// Random: numbers from a 64-bit seed, the same on every machine (SplitMix64, Steele, Lea and Flood 2014).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace flyball::reference {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9E37'79B9'7F4A'7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EBULL;
    return z ^ (z >> 31);
  }
  // 0 … n-1; n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<std::size_t>(high - low + 1))); }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  template <typename T>
  const T& of(const std::vector<T>& items) {
    return items[below(items.size())];
  }
  std::string word(std::initializer_list<const char*> words) { return *(words.begin() + below(words.size())); }

 private:
  std::uint64_t state_;
};

}  // namespace flyball::reference
