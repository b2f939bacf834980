// Values as they stand in a record of a recording's compact form: MessagePack with three extensions (recording_format.h), read byte by
// byte, for speed, and as JSON. Every read is bounded by the bytes that are left; false leaves the place where it was. Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bus/codec/recording_format.h"

namespace flyball::bus {

class BytesAt {
 public:
  explicit BytesAt(std::string_view bytes) : at_(reinterpret_cast<const std::uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::string_view rest() const { return {reinterpret_cast<const char*>(at_), left()}; }
  // The next byte, which says what follows; 0xC1, which MessagePack never uses, at the end.
  std::uint8_t head() const { return at_ == end_ ? 0xC1 : *at_; }
  void pass(std::size_t n) { at_ += n; }  // no more than are left

  // An integer in any of its forms that fits.
  bool integer(std::int64_t& out) {
    if (at_ == end_) return false;
    const std::uint8_t h = *at_;
    if (h <= 0x7F || h >= 0xE0) return out = h <= 0x7F ? h : std::int64_t{h} - 0x100, ++at_, true;
    if (h < 0xCC || h > 0xD3) return false;
    const bool is_signed = h >= 0xD0;
    const std::size_t bytes = std::size_t{1} << ((h - 0xCC) & 3);
    std::uint64_t v = 0;
    if (!big_endian(1, bytes, v)) return false;
    if (!is_signed && v >> 63 != 0) return false;
    out = is_signed ? sign_extended(v, bytes) : static_cast<std::int64_t>(v);
    at_ += 1 + bytes;
    return true;
  }
  // One that is not negative, up to 2^64 - 1.
  bool whole(std::uint64_t& out) {
    if (at_ == end_) return false;
    const std::uint8_t h = *at_;
    if (h <= 0x7F) return out = h, ++at_, true;
    if (h < 0xCC || h > 0xCF) return false;
    const std::size_t bytes = std::size_t{1} << (h - 0xCC);
    if (!big_endian(1, bytes, out)) return false;
    at_ += 1 + bytes;
    return true;
  }
  bool real(double& out) {
    std::uint64_t v = 0;
    if (head() != 0xCB || !big_endian(1, 8, v)) return false;
    out = std::bit_cast<double>(v);
    at_ += 9;
    return true;
  }
  bool word(std::uint32_t& out) {
    const std::uint8_t h = head();
    const std::size_t bytes = h == 0xD4 ? 1 : h == 0xD5 ? 2 : h == 0xD6 ? 4 : 0;
    std::uint64_t v = 0;
    if (bytes == 0 || left() < 2 || at_[1] != kWordExtension || !big_endian(2, bytes, v)) return false;
    out = static_cast<std::uint32_t>(v);
    at_ += 2 + bytes;
    return true;
  }
  bool decimal(std::int64_t& mantissa, int& scale) {
    const std::uint8_t h = head();
    const bool nine = h == 0xC7 && left() > 3 && at_[1] == 9 && at_[2] == kDecimalExtension;
    const std::size_t bytes = nine ? 8 : h == 0xD5 ? 1 : h == 0xD6 ? 3 : h == 0xD7 ? 7 : 0;
    const std::size_t skip = nine ? 4 : 3;
    std::uint64_t v = 0;
    if (bytes == 0 || left() < skip || (!nine && at_[1] != kDecimalExtension) || !big_endian(skip, bytes, v)) return false;
    scale = at_[skip - 1];
    mantissa = sign_extended(v, bytes);
    at_ += skip + bytes;
    return true;
  }
  bool raw_bytes(std::string_view& out) { return sized(0xC4, 0, 0, out); }
  // Not yet known to be UTF-8.
  bool text(std::string_view& out) { return sized(0xD9, 0xA0, 0xE0, out); }
  // A number as JSON writes it.
  bool number(std::string_view& out);
  // How many entries follow. Each has at least one byte that is there.
  bool array(std::uint32_t& n) { return container(0x90, 0xDC, 1, n); }
  bool map(std::uint32_t& n) { return container(0x80, 0xDE, 2, n); }

 private:
  static std::int64_t sign_extended(std::uint64_t v, std::size_t bytes) {
    const unsigned shift = 64 - 8 * static_cast<unsigned>(bytes);
    return static_cast<std::int64_t>(v << shift) >> shift;
  }
  bool big_endian(std::size_t from, std::size_t bytes, std::uint64_t& out) const {
    if (left() < from + bytes) return false;
    out = 0;
    for (std::size_t i = 0; i < bytes; ++i) out = out << 8 | at_[from + i];
    return true;
  }
  bool sized(std::uint8_t first, std::uint8_t fix, std::uint8_t fix_mask, std::string_view& out);
  bool container(std::uint8_t fix, std::uint8_t first, std::size_t each, std::uint32_t& n);

  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

// The value that stands there, as JSON. False if it makes no sense, nests too deep or makes `out` longer than `bytes_max`; `out` then has
// half of it, and is longer only in the last case (by no more than one string).
bool append_value_json(BytesAt& at, const std::vector<std::string_view>& words, std::size_t bytes_max, std::string& out,
                       std::size_t depth = 0);

}  // namespace flyball::bus
