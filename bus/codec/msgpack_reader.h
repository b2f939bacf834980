// MsgpackReader: a pull decoder over one message's bytes. It trusts nothing: every length is compared with the bytes that are
// left before it is used, nothing is allocated, nesting is the caller's to bound (skip() bounds its own).
//
// Every bool is false on failure; after a failure every call is false. Views point into the message.
// Complexity: O(bytes). Thread safety: one reader per thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "bus/codec/json_reader.h"
#include "bus/codec/wire_scalar.h"

namespace flyball::bus {

enum class PackedKind : std::uint8_t { kNil, kBool, kInt, kFloat, kString, kBytes, kArray, kMap, kExtension, kInvalid };

class MsgpackReader {
 public:
  MsgpackReader() = default;
  explicit MsgpackReader(std::string_view bytes)
      : begin_(reinterpret_cast<const std::uint8_t*>(bytes.data())), at_(begin_), end_(begin_ + bytes.size()) {}

  // What stands next; kInvalid at the end of the bytes or for the byte that MessagePack never uses. Does not fail.
  PackedKind peek() const;
  // The number of entries, each of at least two (map) or one (array) bytes that are there.
  bool read_map(std::uint32_t& entries);
  bool read_array(std::uint32_t& items);
  // A string, not yet known to be UTF-8: for keys, which are compared and not kept.
  bool read_key(std::string_view& out);
  // A string, well-formed UTF-8.
  bool read_string(std::string_view& out);
  // Anything but an array or a map.
  bool read_scalar(WireScalar& out);
  // Passes over one value, which may nest `depth_max` levels deep. Looks at lengths only: text that is not UTF-8 or an
  // extension of no meaning is passed over, too, so that one bad fact does not hide the next.
  bool skip(std::size_t depth_max = kMaxNesting);
  bool at_end() const { return at_ == end_; }

  // The short paths of a decoder that knows what it expects: true and past the value if it stands there in a usual form and
  // is well-formed; else false, and nothing has happened.
  bool try_text(std::string_view& out) {
    if (at_ == end_ || failed()) return false;
    std::size_t head = 1;
    std::size_t length = *at_ & 0x1FU;
    if ((*at_ & 0xE0) != 0xA0) {
      if (*at_ != 0xD9 || left() < 2) return false;
      head = 2;
      length = at_[1];
    }
    if (left() - head < length) return false;
    const std::string_view text(reinterpret_cast<const char*>(at_ + head), length);
    if (!is_ascii(text)) return false;
    out = text;
    at_ += head + length;
    return true;
  }
  bool try_int(std::int64_t& out) {
    if (at_ == end_ || failed()) return false;
    const std::uint8_t h = *at_;
    if (h <= 0x7F) {
      out = h;
      ++at_;
      return true;
    }
    const std::size_t n = left();
    if (h == 0xCD && n > 2) return take_int(big_endian<std::uint16_t>(at_ + 1), 3, out);
    if (h == 0xCE && n > 4) return take_int(big_endian<std::uint32_t>(at_ + 1), 5, out);
    if (h == 0xCC && n > 1) return take_int(at_[1], 2, out);
    if (h == 0xCF && n > 8) {
      const auto u = big_endian<std::uint64_t>(at_ + 1);
      return u >> 63 == 0 && take_int(static_cast<std::int64_t>(u), 9, out);
    }
    return false;
  }
  bool try_double(double& out) {
    if (left() < 9 || *at_ != 0xCB || failed()) return false;
    out = std::bit_cast<double>(big_endian<std::uint64_t>(at_ + 1));
    at_ += 9;
    return true;
  }

  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::string_view bytes_between(std::size_t from, std::size_t to) const {
    return {reinterpret_cast<const char*>(begin_) + from, to - from};
  }
  // Continues at a place that position() returned; forgives a failure.
  void seek(std::size_t position) {
    at_ = begin_ + position;
    what_ = nullptr;
  }

  bool failed() const { return what_ != nullptr; }
  // "not MessagePack at byte 17: a string is longer than the message"; of bytes that are well-formed "expected a map at byte 3, got an
  // array", or "at byte 17: a string is not UTF-8".
  std::string error() const;
  // What stands next, for messages: "an array", "the end of the message".
  std::string_view found() const;
  // The bytes are well-formed, and still cannot be taken.
  bool fail(const char* what) { return fail(Fault::kContent, what); }

 private:
  enum class Fault : std::uint8_t { kBytes, kShape, kContent };
  bool fail(Fault fault, const char* what) {
    if (what_ == nullptr) fault_ = fault, what_ = what;
    return false;
  }
  bool malformed(const char* what) { return fail(Fault::kBytes, what); }
  // Something else stands here than `what`; or nothing that MessagePack knows, or half of it.
  bool expected(PackedKind kind, const char* what);

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  // Big-endian, `n` bytes that the caller has checked to be there.
  template <typename T>
  T big_endian(const std::uint8_t* p) const {
    T v;
    std::memcpy(&v, p, sizeof v);
    if constexpr (sizeof(T) == 2) {
      v = static_cast<T>(__builtin_bswap16(v));
    } else if constexpr (sizeof(T) == 4) {
      v = __builtin_bswap32(v);
    } else if constexpr (sizeof(T) == 8) {
      v = __builtin_bswap64(v);
    }
    return v;
  }
  bool take_int(std::int64_t v, std::size_t bytes, std::int64_t& out) {
    out = v;
    at_ += bytes;
    return true;
  }
  bool take_text(std::size_t head, std::size_t length, std::string_view& out) {
    if (left() < head || left() - head < length) return malformed("a string is longer than the message");
    out = {reinterpret_cast<const char*>(at_ + head), length};
    at_ += head + length;
    return true;
  }
  bool read_text(std::string_view& out);
  bool read_extension(WireScalar& out);
  bool extension_head(std::size_t& head, std::size_t& length);
  bool skip_scalar(PackedKind kind);

  const std::uint8_t* begin_ = nullptr;
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  const char* what_ = nullptr;
  Fault fault_ = Fault::kBytes;
};

inline bool MsgpackReader::read_key(std::string_view& out) {
  if (failed()) return false;
  // Names of fields are short: the one-byte head first.
  if (at_ != end_ && (*at_ & 0xE0) == 0xA0) return take_text(1, *at_ & 0x1FU, out);
  return read_text(out);
}

}  // namespace flyball::bus
