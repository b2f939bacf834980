// MsgpackWriter: appends MessagePack to a string. Integers take their shortest form, doubles are float 64, so equal
// values give equal bytes. Containers are begun with their size. Thread safety: one writer per thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/time.h"

namespace flyball::bus {

class MsgpackWriter {
 public:
  explicit MsgpackWriter(std::string& out) : out_(out) {}

  void nil() { byte(0xC0); }
  void boolean(bool b) { byte(b ? 0xC3 : 0xC2); }
  void integer(std::int64_t n);
  void uinteger(std::uint64_t n);
  void real(double d);
  void string(std::string_view s);
  void bytes(std::string_view s);
  void timestamp(std::int64_t seconds, std::uint32_t nanos);
  void timestamp(Timestamp t);
  void array(std::size_t items);
  void map(std::size_t entries);
  void raw(std::string_view packed) { out_.append(packed); }

  // A map or array whose size is known at its end only. The head is the shortest one all the same: a long one moves what
  // was written since, O(its bytes).
  std::size_t begin_open() {
    byte(0);
    return out_.size() - 1;
  }
  void end_open_map(std::size_t place, std::size_t entries);
  void end_open_array(std::size_t place, std::size_t items);

  void text_entry(std::string_view key, std::string_view value) { string(key), string(value); }
  void uint_entry(std::string_view key, std::uint64_t value) { string(key), uinteger(value); }

  std::string& out() { return out_; }

 private:
  void byte(unsigned b) { out_ += static_cast<char>(b); }
  void big_endian(std::uint64_t v, int bytes);
  void end_open(std::size_t place, std::size_t n, unsigned short_head, unsigned long_head);
  std::string& out_;
};

}  // namespace flyball::bus
