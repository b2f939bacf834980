// JsonReader: a strict pull parser for one JSON text (RFC 8259). It hands out numbers as their raw digits, so that exact
// types never pass through a double. It is not a document: nothing is built, nothing is copied but escaped strings.
//
// Door: enter_object/next_key/leave by exhaustion, enter_array/next_item, read_*; every bool is false on failure, and
// after a failure every call is false: look at failed() once at the end of a step.
// Limits: nesting `depth_max`; the caller bounds the text's length. Invalid UTF-8, lone surrogates, control characters
// in strings, NaN, comments, leading zeros and trailing commas are errors. Duplicate keys are the caller's to refuse.
// Thread safety: one reader per thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace flyball::bus {

inline constexpr std::size_t kMaxNesting = 16;  // of any message or line, JSON or MessagePack

// True if every byte sequence of `text` is well-formed UTF-8 (no surrogates, no overlong forms, up to U+10FFFF). O(n).
bool is_utf8(std::string_view text);

// No byte above 0x7F; most text is so, and is known to be UTF-8 without a look at is_utf8. Eight bytes at a time.
inline bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHigh = 0x8080'8080'8080'8080ULL;
  const char* p = text.data();
  std::size_t n = text.size();
  std::uint64_t word = 0;
  if (n >= 8) {
    for (; n > 8; p += 8, n -= 8) {
      std::memcpy(&word, p, 8);
      if ((word & kHigh) != 0) return false;
    }
    std::memcpy(&word, p + n - 8, 8);  // the last eight, some of them for the second time
    return (word & kHigh) == 0;
  }
  for (std::size_t i = 0; i < n; ++i) word |= static_cast<unsigned char>(p[i]);
  return (word & 0x80) == 0;
}

// Equal bytes, without a call for the short names that keys are.
inline bool same_text(std::string_view a, std::string_view b) {
  const std::size_t n = a.size();
  if (n != b.size()) return false;
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  if (n > 16) return std::memcmp(a.data(), b.data(), n) == 0;
  if (n >= 8) {
    std::uint64_t x2 = 0;
    std::uint64_t y2 = 0;
    std::memcpy(&x, a.data(), 8), std::memcpy(&y, b.data(), 8);
    std::memcpy(&x2, a.data() + n - 8, 8), std::memcpy(&y2, b.data() + n - 8, 8);
    return ((x ^ y) | (x2 ^ y2)) == 0;
  }
  if (n >= 4) {
    std::uint32_t u = 0;
    std::uint32_t v = 0;
    std::uint32_t u2 = 0;
    std::uint32_t v2 = 0;
    std::memcpy(&u, a.data(), 4), std::memcpy(&v, b.data(), 4);
    std::memcpy(&u2, a.data() + n - 4, 4), std::memcpy(&v2, b.data() + n - 4, 4);
    return ((u ^ v) | (u2 ^ v2)) == 0;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

enum class JsonKind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject, kInvalid };

class JsonReader {
 public:
  explicit JsonReader(std::string_view text, std::size_t depth_max = kMaxNesting) : text_(text), depth_max_(depth_max) {}

  // What stands next; kInvalid also fails the reader.
  JsonKind peek();
  bool read_null();
  bool read_bool(bool& out);
  // `raw` is the number as written, valid as long as the text.
  bool read_number(std::string_view& raw);
  // `out` is valid until the next string is read.
  bool read_string(std::string_view& out);
  bool enter_object();
  // True with the next key, false at the object's end or on failure.
  bool next_key(std::string_view& key);
  bool enter_array();
  // True when another item follows, false at the array's end or on failure.
  bool next_item();
  // Passes over one value, checking it.
  bool skip_value();
  // Nothing but white space is left; anything else fails the reader.
  bool at_end();

  std::size_t position() const { return at_; }
  // Continues at a place that position() returned, at the nesting of that moment. Not after a failure.
  void rewind(std::size_t position, std::size_t depth) {
    at_ = position;
    depth_ = depth;
    first_ = false;
  }
  std::size_t depth() const { return depth_; }

  bool failed() const { return !error_.empty(); }
  // "not JSON at column 17: expected `,` or `}`"
  const std::string& error() const { return error_; }

 private:
  void space();
  bool fail(std::string_view what);
  bool literal(std::string_view word);
  bool read_escaped(std::size_t start);
  bool read_hex4(std::uint32_t& out);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t depth_max_;
  bool first_ = false;  // right after an opening bracket: no comma is due
  std::string scratch_;
  std::string error_;
};

}  // namespace flyball::bus
