// MessagePack's heads, one switch per question. The format: github.com/msgpack/msgpack/blob/master/spec.md.
#include "bus/codec/msgpack_reader.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "model/check.h"

namespace flyball::bus {

namespace {

// What a value is that begins with this byte.
PackedKind kind_of(std::uint8_t h) {
  if (h <= 0x7F || h >= 0xE0) return PackedKind::kInt;
  if (h <= 0x8F) return PackedKind::kMap;
  if (h <= 0x9F) return PackedKind::kArray;
  if (h <= 0xBF) return PackedKind::kString;
  switch (h) {
    case 0xC0: return PackedKind::kNil;
    case 0xC2:
    case 0xC3: return PackedKind::kBool;
    case 0xC4:
    case 0xC5:
    case 0xC6: return PackedKind::kBytes;
    case 0xCA:
    case 0xCB: return PackedKind::kFloat;
    case 0xD9:
    case 0xDA:
    case 0xDB: return PackedKind::kString;
    case 0xDC:
    case 0xDD: return PackedKind::kArray;
    case 0xDE:
    case 0xDF: return PackedKind::kMap;
    default: break;
  }
  if (h >= 0xCC && h <= 0xD3) return PackedKind::kInt;
  if ((h >= 0xC7 && h <= 0xC9) || (h >= 0xD4 && h <= 0xD8)) return PackedKind::kExtension;
  return PackedKind::kInvalid;  // 0xC1
}

}  // namespace

std::string MsgpackReader::error() const {
  const std::string_view what = what_ == nullptr ? "nothing is wrong" : what_;
  switch (fault_) {
    case Fault::kBytes: return fmt::format("not MessagePack at byte {}: {}", position(), what);
    case Fault::kShape: return fmt::format("expected {} at byte {}, got {}", what, position(), found());
    case Fault::kContent: break;
  }
  return fmt::format("at byte {}: {}", position(), what);
}

std::string_view MsgpackReader::found() const {
  if (at_ == end_) return "the end of the message";
  switch (kind_of(*at_)) {
    case PackedKind::kNil: return "nil";
    case PackedKind::kBool: return "a bool";
    case PackedKind::kInt: return "an integer";
    case PackedKind::kFloat: return "a float";
    case PackedKind::kString: return "a string";
    case PackedKind::kBytes: return "a byte string";
    case PackedKind::kArray: return "an array";
    case PackedKind::kMap: return "a map";
    case PackedKind::kExtension: return "an extension";
    case PackedKind::kInvalid: break;
  }
  return "the byte 0xc1, which MessagePack never uses";
}

bool MsgpackReader::expected(PackedKind kind, const char* what) {
  if (at_ == end_) return malformed("the message ends where a value is due");
  const PackedKind here = kind_of(*at_);
  if (here == PackedKind::kInvalid) return malformed("the byte 0xc1 is never used");
  if (here == kind) return malformed("the message ends inside a length");
  return fail(Fault::kShape, what);
}

PackedKind MsgpackReader::peek() const { return failed() || at_ == end_ ? PackedKind::kInvalid : kind_of(*at_); }

bool MsgpackReader::read_map(std::uint32_t& entries) {
  if (failed()) return false;
  if (at_ == end_) return malformed("the message ends where a map is due");
  std::size_t head = 1;
  if ((*at_ & 0xF0) == 0x80) {
    entries = *at_ & 0x0FU;
  } else if (*at_ == 0xDE && left() >= 3) {
    entries = big_endian<std::uint16_t>(at_ + 1);
    head = 3;
  } else if (*at_ == 0xDF && left() >= 5) {
    entries = big_endian<std::uint32_t>(at_ + 1);
    head = 5;
  } else {
    return expected(PackedKind::kMap, "a map");
  }
  if ((left() - head) / 2 < entries) return malformed("a map has more entries than the message has bytes");
  at_ += head;
  return true;
}

bool MsgpackReader::read_array(std::uint32_t& items) {
  if (failed()) return false;
  if (at_ == end_) return malformed("the message ends where an array is due");
  std::size_t head = 1;
  if ((*at_ & 0xF0) == 0x90) {
    items = *at_ & 0x0FU;
  } else if (*at_ == 0xDC && left() >= 3) {
    items = big_endian<std::uint16_t>(at_ + 1);
    head = 3;
  } else if (*at_ == 0xDD && left() >= 5) {
    items = big_endian<std::uint32_t>(at_ + 1);
    head = 5;
  } else {
    return expected(PackedKind::kArray, "an array");
  }
  if (left() - head < items) return malformed("an array has more items than the message has bytes");
  at_ += head;
  return true;
}

bool MsgpackReader::read_text(std::string_view& out) {
  if (failed()) return false;
  if (at_ == end_) return malformed("the message ends where a string is due");
  const std::uint8_t h = *at_;
  if ((h & 0xE0) == 0xA0) return take_text(1, h & 0x1FU, out);
  if (h == 0xD9 && left() >= 2) return take_text(2, at_[1], out);
  if (h == 0xDA && left() >= 3) return take_text(3, big_endian<std::uint16_t>(at_ + 1), out);
  if (h == 0xDB && left() >= 5) return take_text(5, big_endian<std::uint32_t>(at_ + 1), out);
  return expected(PackedKind::kString, "a string");
}

bool MsgpackReader::read_string(std::string_view& out) {
  const std::uint8_t* start = at_;
  if (!read_key(out)) return false;
  if (is_ascii(out) || is_utf8(out)) return true;
  at_ = start;
  return fail("a string is not UTF-8");
}

bool MsgpackReader::extension_head(std::size_t& head, std::size_t& length) {
  head = 2;
  length = 0;
  const std::uint8_t h = *at_;
  if (h >= 0xD4) {
    length = std::size_t{1} << (h - 0xD4);
  } else {
    const std::size_t size_bytes = std::size_t{1} << (h - 0xC7);
    if (left() < 1 + size_bytes) return malformed("the message ends inside an extension");
    for (std::size_t i = 0; i < size_bytes; ++i) length = length << 8 | at_[1 + i];
    head = 2 + size_bytes;
  }
  if (left() < head || left() - head < length) return malformed("an extension is longer than the message");
  return true;
}

bool MsgpackReader::skip_scalar(PackedKind kind) {
  std::size_t head = 0;
  std::size_t length = 0;
  std::string_view text;
  WireScalar s;
  if (kind == PackedKind::kString) return read_text(text);
  if (kind != PackedKind::kExtension) return read_scalar(s);
  if (!extension_head(head, length)) return false;
  at_ += head + length;
  return true;
}

bool MsgpackReader::read_extension(WireScalar& out) {
  std::size_t head = 0;
  std::size_t length = 0;
  if (!extension_head(head, length)) return false;
  const auto type = static_cast<std::int8_t>(at_[head - 1]);
  const std::uint8_t* p = at_ + head;
  if (type != -1) return fail("an extension that is no timestamp");
  out.form = WireScalar::Form::kTimestamp;
  out.nanos = 0;
  if (length == 4) {
    out.integer = big_endian<std::uint32_t>(p);
  } else if (length == 8) {
    const auto both = big_endian<std::uint64_t>(p);
    out.nanos = static_cast<std::uint32_t>(both >> 34);
    out.integer = static_cast<std::int64_t>(both & 0x3'FFFF'FFFFULL);
  } else if (length == 12) {
    out.nanos = big_endian<std::uint32_t>(p);
    out.integer = static_cast<std::int64_t>(big_endian<std::uint64_t>(p + 4));
  } else {
    return fail("a timestamp has 4, 8 or 12 bytes");
  }
  if (out.nanos > 999'999'999) return fail("a timestamp has more than 999999999 nanoseconds");
  // RFC 3339's years 0001..9999: what a timestamp value can be.
  if (out.integer < -62'135'596'800 || out.integer > 253'402'300'799) return fail("a timestamp is outside the years 1 to 9999");
  at_ += head + length;
  return true;
}

bool MsgpackReader::read_scalar(WireScalar& out) {
  using Form = WireScalar::Form;
  if (failed()) return false;
  const auto need = [&](std::size_t n) { return left() > n || malformed("the message ends inside a number"); };
  const auto integer = [&](std::int64_t v, std::size_t n) {
    out.form = Form::kInt;
    out.integer = v;
    at_ += 1 + n;
    return true;
  };
  switch (peek()) {
    case PackedKind::kNil:
      out.form = Form::kNull;
      ++at_;
      return true;
    case PackedKind::kBool:
      out.form = Form::kBool;
      out.integer = *at_++ == 0xC3 ? 1 : 0;
      return true;
    case PackedKind::kInt: {
      const std::uint8_t h = *at_;
      if (h <= 0x7F) return integer(h, 0);
      if (h >= 0xE0) return integer(static_cast<std::int8_t>(h), 0);
      switch (h) {
        case 0xCC: return need(1) && integer(at_[1], 1);
        case 0xCD: return need(2) && integer(big_endian<std::uint16_t>(at_ + 1), 2);
        case 0xCE: return need(4) && integer(big_endian<std::uint32_t>(at_ + 1), 4);
        case 0xCF: {
          if (!need(8)) return false;
          const auto u = big_endian<std::uint64_t>(at_ + 1);
          if (u <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return integer(static_cast<std::int64_t>(u), 8);
          out.form = Form::kUint;
          out.uinteger = u;
          at_ += 9;
          return true;
        }
        case 0xD0: return need(1) && integer(static_cast<std::int8_t>(at_[1]), 1);
        case 0xD1: return need(2) && integer(static_cast<std::int16_t>(big_endian<std::uint16_t>(at_ + 1)), 2);
        case 0xD2: return need(4) && integer(static_cast<std::int32_t>(big_endian<std::uint32_t>(at_ + 1)), 4);
        default: return need(8) && integer(static_cast<std::int64_t>(big_endian<std::uint64_t>(at_ + 1)), 8);
      }
    }
    case PackedKind::kFloat:
      out.form = Form::kDouble;
      if (*at_ == 0xCA) {
        if (!need(4)) return false;
        out.real = static_cast<double>(std::bit_cast<float>(big_endian<std::uint32_t>(at_ + 1)));
        at_ += 5;
      } else {
        if (!need(8)) return false;
        out.real = std::bit_cast<double>(big_endian<std::uint64_t>(at_ + 1));
        at_ += 9;
      }
      return true;
    case PackedKind::kString: out.form = Form::kString; return read_string(out.text);
    case PackedKind::kBytes: {
      const std::size_t size_bytes = std::size_t{1} << (*at_ - 0xC4);
      if (left() < 1 + size_bytes) return malformed("the message ends inside a byte string");
      std::size_t length = 0;
      for (std::size_t i = 0; i < size_bytes; ++i) length = length << 8 | at_[1 + i];
      out.form = Form::kBytes;
      return take_text(1 + size_bytes, length, out.text);
    }
    case PackedKind::kExtension: return read_extension(out);
    case PackedKind::kArray:
    case PackedKind::kMap: return fail(Fault::kShape, "a single value");
    case PackedKind::kInvalid: break;
  }
  return malformed(at_ == end_ ? "the message ends where a value is due" : "the byte 0xc1 is never used");
}

bool MsgpackReader::skip(std::size_t depth_max) {
  // Values still due per open container; no recursion, so the limit is the array's.
  std::array<std::uint64_t, kMaxNesting + 1> due{};
  FB_CHECK(depth_max <= kMaxNesting);
  std::size_t depth = 0;
  due[0] = 1;
  while (true) {
    while (due[depth] == 0) {
      if (depth == 0) return true;
      --depth;
    }
    --due[depth];
    const PackedKind kind = peek();
    if (kind == PackedKind::kArray || kind == PackedKind::kMap) {
      if (depth == depth_max) return fail("nested too deep");
      std::uint32_t n = 0;
      if (kind == PackedKind::kArray ? !read_array(n) : !read_map(n)) return false;
      due[++depth] = kind == PackedKind::kArray ? n : std::uint64_t{2} * n;
    } else if (!skip_scalar(kind)) {
      return false;
    }
  }
}

}  // namespace flyball::bus
