// TextIndex: from a text to those of many short ones that it begins with (or ends with). One pass over the text, as far as
// the longest of them, hashes it byte by byte (FNV-1a: Fowler, Noll and Vo, 1991), and at each length that one of them has
// asks a table by the hash so far; what is found is compared. find: O(longest + different lengths + hits).
// Bytes, not characters: equal texts are equal bytes. Immutable after seal(). Thread-safe after it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/network/dispatch.h"

namespace flyball::engine {

class TextIndex {
 public:
  explicit TextIndex(bool heads) : heads_(heads) {}
  void add(const std::string& end, std::uint32_t number);
  void seal() { ends_.seal(); }

  // Calls `hit` with the number of each that the text begins (ends) with.
  template <typename Hit>
  void find(std::string_view text, const Hit& hit) const {
    std::uint64_t hash = kSeed;
    std::size_t n = 0;
    for (const std::size_t length : lengths_) {
      if (length > text.size()) break;
      for (; n < length; ++n) hash = with(hash, heads_ ? text[n] : text[text.size() - 1 - n]);
      const std::string_view end = heads_ ? text.substr(0, n) : text.substr(text.size() - n);
      for (const std::uint32_t number : ends_.find(end, finished(hash))) hit(number);
    }
  }

 private:
  static constexpr std::uint64_t kSeed = 0xCBF2'9CE4'8422'2325ULL;
  static std::uint64_t with(std::uint64_t hash, char c) { return (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3ULL; }
  static std::uint64_t finished(std::uint64_t hash) { return hash ^ (hash >> 29); }

  struct End {
    std::string text;
    std::uint64_t hash = 0;
    friend bool operator==(const End& a, const End& b) { return a.text == b.text; }
    friend bool operator==(const End& a, std::string_view other) { return a.text == other; }
  };
  struct Hash {
    static std::uint64_t of(const End& end) { return end.hash; }
  };
  bool heads_;
  std::vector<std::size_t> lengths_;  // ascending
  Dispatch<End, Hash> ends_;
};

}  // namespace flyball::engine
