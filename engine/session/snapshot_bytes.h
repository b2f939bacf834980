// SnapshotWriter, SnapshotReader: the grammar of a snapshot below what it means: numbers, texts, times and values
// (docs/reference/snapshots.md). Texts are written once and named by number afterwards.
//
// The reader trusts nothing: past the end, past a limit, or at a value that cannot be it fails once and for all and gives zeros from
// then on; whoever reads asks ok() at the end of each part, and counts no further than bytes are left. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/interner.h"
#include "model/time.h"
#include "model/value.h"

namespace flyball::engine {

inline constexpr std::uint32_t kSnapshotDepth = 64;  // of lists in maps in …

class SnapshotWriter {
 public:
  explicit SnapshotWriter(const Interner& in) : in_(in) {}

  void number(std::uint64_t n);
  void integer(std::int64_t n) { number((static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63)); }
  void flag(bool b) { bytes_ += b ? '\1' : '\0'; }
  void byte(std::uint8_t b) { bytes_ += static_cast<char>(b); }
  void timestamp(Timestamp t) { integer(t.ns); }
  void text(std::string_view s);
  void value(const Value& v);
  void values(std::span<const Value> all) {
    for (const Value& v : all) value(v);
  }
  void raw(std::string_view s) { bytes_ += s; }
  std::string take() { return std::move(bytes_); }

 private:
  const Interner& in_;
  std::string bytes_;
  std::unordered_map<std::string, std::uint64_t> texts_;
};

class SnapshotReader {
 public:
  SnapshotReader(std::string_view bytes, Interner& in) : left_(bytes), in_(in) {}

  bool ok() const { return why_.empty(); }
  const std::string& why() const { return why_; }
  void fail(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    left_ = {};
  }
  // False, and failed, unless `good`.
  bool check(bool good, std::string_view why) {
    if (!good) fail(std::string(why));
    return good;
  }
  bool at_end() const { return left_.empty(); }

  std::uint64_t number();
  // Below `end`.
  std::uint32_t index(std::size_t end);
  // Of things that follow, each of at least one byte.
  std::size_t count();
  std::int64_t integer() {
    const std::uint64_t n = number();
    return static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1));
  }
  std::uint8_t byte();
  bool flag() { return index(2) != 0; }
  // Within what additions of durations cannot overflow, or one of the two ends of time.
  Timestamp timestamp();
  std::string text();
  Value value() { return value(0); }

 private:
  std::string_view take(std::size_t n);
  Value value(std::uint32_t depth);

  std::string_view left_;
  Interner& in_;
  std::vector<std::string> texts_;
  std::string why_;
};

// The 16 bytes that end a snapshot: BLAKE2b of all before them.
std::string snapshot_checksum(std::string_view bytes);

}  // namespace flyball::engine
