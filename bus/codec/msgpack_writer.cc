// MessagePack's shortest heads.
#include "bus/codec/msgpack_writer.h"

#include <bit>

#include "model/check.h"

namespace flyball::bus {

void MsgpackWriter::big_endian(std::uint64_t v, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) byte(static_cast<unsigned>(v >> shift & 0xFF));
}

void MsgpackWriter::uinteger(std::uint64_t n) {
  if (n <= 0x7F) {
    byte(static_cast<unsigned>(n));
  } else if (n <= 0xFF) {
    byte(0xCC), big_endian(n, 1);
  } else if (n <= 0xFFFF) {
    byte(0xCD), big_endian(n, 2);
  } else if (n <= 0xFFFF'FFFF) {
    byte(0xCE), big_endian(n, 4);
  } else {
    byte(0xCF), big_endian(n, 8);
  }
}

void MsgpackWriter::integer(std::int64_t n) {
  const auto u = static_cast<std::uint64_t>(n);
  if (n >= 0) {
    uinteger(u);
  } else if (n >= -32) {
    byte(static_cast<unsigned>(u & 0xFF));
  } else if (n >= -0x80) {
    byte(0xD0), big_endian(u, 1);
  } else if (n >= -0x8000) {
    byte(0xD1), big_endian(u, 2);
  } else if (n >= -0x8000'0000LL) {
    byte(0xD2), big_endian(u, 4);
  } else {
    byte(0xD3), big_endian(u, 8);
  }
}

void MsgpackWriter::real(double d) {
  byte(0xCB);
  big_endian(std::bit_cast<std::uint64_t>(d), 8);
}

void MsgpackWriter::string(std::string_view s) {
  FB_CHECK(s.size() <= 0xFFFF'FFFF);
  if (s.size() <= 31) {
    byte(0xA0U | static_cast<unsigned>(s.size()));
  } else if (s.size() <= 0xFF) {
    byte(0xD9), big_endian(s.size(), 1);
  } else if (s.size() <= 0xFFFF) {
    byte(0xDA), big_endian(s.size(), 2);
  } else {
    byte(0xDB), big_endian(s.size(), 4);
  }
  out_.append(s);
}

void MsgpackWriter::bytes(std::string_view s) {
  FB_CHECK(s.size() <= 0xFFFF'FFFF);
  if (s.size() <= 0xFF) {
    byte(0xC4), big_endian(s.size(), 1);
  } else if (s.size() <= 0xFFFF) {
    byte(0xC5), big_endian(s.size(), 2);
  } else {
    byte(0xC6), big_endian(s.size(), 4);
  }
  out_.append(s);
}

void MsgpackWriter::timestamp(std::int64_t seconds, std::uint32_t nanos) {
  const auto s = static_cast<std::uint64_t>(seconds);
  if (seconds < 0 || s > 0x3'FFFF'FFFFULL) {
    byte(0xC7), byte(12), byte(0xFF), big_endian(nanos, 4), big_endian(s, 8);
  } else if (nanos == 0 && s <= 0xFFFF'FFFF) {
    byte(0xD6), byte(0xFF), big_endian(s, 4);
  } else {
    byte(0xD7), byte(0xFF), big_endian(std::uint64_t{nanos} << 34 | s, 8);
  }
}

void MsgpackWriter::timestamp(Timestamp t) {
  const Value v = to_value(t);
  timestamp(v.bits, v.aux);
}

void MsgpackWriter::array(std::size_t items) {
  if (items <= 15) {
    byte(0x90U | static_cast<unsigned>(items));
  } else if (items <= 0xFFFF) {
    byte(0xDC), big_endian(items, 2);
  } else {
    byte(0xDD), big_endian(items, 4);
  }
}

void MsgpackWriter::map(std::size_t entries) {
  if (entries <= 15) {
    byte(0x80U | static_cast<unsigned>(entries));
  } else if (entries <= 0xFFFF) {
    byte(0xDE), big_endian(entries, 2);
  } else {
    byte(0xDF), big_endian(entries, 4);
  }
}

void MsgpackWriter::end_open(std::size_t place, std::size_t n, unsigned short_head, unsigned long_head) {
  if (n <= 15) {
    out_[place] = static_cast<char>(short_head | n);
    return;
  }
  const int bytes = n <= 0xFFFF ? 2 : 4;
  std::string head(1, static_cast<char>(bytes == 2 ? long_head : long_head + 1));
  MsgpackWriter(head).big_endian(n, bytes);
  out_.replace(place, 1, head);
}

void MsgpackWriter::end_open_map(std::size_t place, std::size_t entries) { end_open(place, entries, 0x80, 0xDE); }

void MsgpackWriter::end_open_array(std::size_t place, std::size_t items) { end_open(place, items, 0x90, 0xDC); }

}  // namespace flyball::bus
