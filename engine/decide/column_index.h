// ColumnIndex: for one input of a decision table, the set of rows whose cell holds, by the input's value.
//
// The constants that the column's cells name cut its values into segments on which every cell is constant: each
// constant, what lies between two neighbours, and (where values have no order) all others together. A lookup finds
// the value's segment, by hash or by ordered search, and with it a bitmap of rows. Cells that are not about constants
// (`like`, another input) are not in here: see TablePlan. Immutable once built; any number of threads may read.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "model/value.h"

namespace flyball::engine {

// Words of a bitmap of rows: one, or whole blocks, so that they can be joined a block at a time.
inline constexpr std::size_t kBlockWords = 8;
constexpr std::size_t table_words(std::size_t rows) {
  return rows <= 64 ? 1 : (rows + 64 * kBlockWords - 1) / (64 * kBlockWords) * kBlockWords;
}

// A place in int64 order for the kinds that have one; doubles as their bits, turned so that they order; -0.0 is 0.0.
inline constexpr std::int64_t kNanOrderKey = std::numeric_limits<std::int64_t>::min();
inline std::int64_t order_key(const Value& v) {
  if (v.kind != Kind::kDouble) return v.bits;
  if (v.as_double() != v.as_double()) return kNanOrderKey;
  return v.bits >= 0 ? v.bits : std::numeric_limits<std::int64_t>::min() - v.bits;
}
// The value of `kind` (ordered by order_key) at that place; null if there is none (a NaN).
Value at_order_key(Kind kind, std::int64_t key);
bool has_order_key(Kind kind);
// For kinds whose equality is identity: what is hashed.
constexpr std::uint64_t identity_key(const Value& v) { return std::bit_cast<std::uint64_t>(v.bits) ^ static_cast<std::uint64_t>(v.aux); }

class ColumnIndex {
 public:
  // Rows that hold for the value: true, and unknown (nullptr: none is unknown).
  struct Rows {
    const std::uint64_t* yes = nullptr;
    const std::uint64_t* unknown = nullptr;
  };

  std::uint32_t input() const { return input_; }

  // A value of another kind than the column's, other than null, counts as unknown.
  Rows find(const Value& v) const {
    if (v.kind != kind_) [[unlikely]]
      return v.is_null() ? rows_of(null_) : rows_of(unknown_);
    if (!ordered_) return {hashed(identity_key(v)), nullptr};
    const std::int64_t key = order_key(v);
    if (kind_ == Kind::kDouble && key == kNanOrderKey) [[unlikely]]
      return rows_of(nan_);
    return {segments_.data() + ordered_segment(key) * words_, nullptr};
  }

 private:
  friend class ColumnBuilder;
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t segment = 0;  // 0: empty, the segment of all other values
  };
  // Of values that are in no segment: rows that hold, and rows that are unknown.
  struct Outside {
    std::vector<std::uint64_t> yes, unknown;
    bool any_unknown = false;
  };
  static Rows rows_of(const Outside& o) { return {o.yes.data(), o.any_unknown ? o.unknown.data() : nullptr}; }

  static std::uint64_t mixed(std::uint64_t key) { return (key * 0x9E3779B97F4A7C15ULL) >> 32; }
  const std::uint64_t* hashed(std::uint64_t key) const {
    for (std::uint64_t i = mixed(key) & mask_;; i = (i + 1) & mask_) {
      const Slot& s = slots_[i];
      if (s.segment == 0 || s.key == key) return segments_.data() + s.segment * words_;
    }
  }
  // 2i is below bounds_[i] (and above the one before), 2i + 1 is bounds_[i] itself.
  std::size_t ordered_segment(std::int64_t key) const {
    if (!direct_.empty()) {
      // Bounds that lie close together: one load. Below and above them there is one segment each.
      const std::uint64_t offset = static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(bounds_.front());
      if (offset < direct_.size()) return direct_[offset];
      return key < bounds_.front() ? 0 : 2 * bounds_.size();
    }
    const std::int64_t* base = bounds_.data();
    std::size_t n = bounds_.size();
    if (n <= 4) {
      std::size_t segment = 0;
      for (std::size_t i = 0; i < n; ++i) segment += (base[i] < key ? 1U : 0U) + (base[i] <= key ? 1U : 0U);
      return segment;
    }
    while (n > 1) {
      const std::size_t half = n / 2;
      base += base[half - 1] < key ? half : 0;
      n -= half;
    }
    base += *base < key ? 1 : 0;
    const auto below = static_cast<std::size_t>(base - bounds_.data());
    return 2 * below + (below < bounds_.size() && *base == key ? 1U : 0U);
  }

  static constexpr std::uint64_t kDirectSpan = 1024;

  std::uint32_t input_ = 0;
  Kind kind_ = Kind::kNull;
  bool ordered_ = false;
  std::size_t words_ = 0;              // of a bitmap
  std::vector<std::int64_t> bounds_;   // ordered: the constants
  std::vector<std::uint16_t> direct_;  // ordered, if they span at most kDirectSpan: segment by distance from the first
  std::vector<Slot> slots_;            // hashed
  std::uint64_t mask_ = 0;
  std::vector<std::uint64_t> segments_;  // bitmaps, one after the other
  Outside null_, unknown_, nan_;
};

// What one cell is about, for the builder: the constants it names, and its truth for any value.
class CellTruth {
 public:
  virtual ~CellTruth() = default;
  // 0 false, 1 unknown, 2 true (eval.h's Truth).
  virtual int truth(const Value& v) const = 0;
};

class ColumnBuilder {
 public:
  static constexpr std::size_t kMaxIndexBytes = std::size_t{16} << 20;  // of one column; a larger one is not indexed

  ColumnBuilder(std::uint32_t input, Kind kind, std::size_t rows);
  // Whether cells over `kind` can be indexed at all.
  static bool can_index(Kind kind);
  // The row's cell names these constants, all of the column's kind.
  void add_constants(const std::vector<Value>& constants);
  // After all constants: false if the index would be too large.
  bool prepare();
  // Fills in one row; `constants` as given to add_constants.
  void add_row(std::size_t row, const std::vector<Value>& constants, const CellTruth& cell);
  void add_wildcard(std::size_t row);
  ColumnIndex finish();

 private:
  void set(std::size_t segment, std::size_t row) { index_.segments_[segment * index_.words_ + row / 64] |= std::uint64_t{1} << (row % 64); }
  void set_outside(ColumnIndex::Outside& o, std::size_t row, int truth);
  std::size_t segment_count() const;
  std::size_t place(const Value& v);

  ColumnIndex index_;
  std::vector<std::uint64_t> wildcards_;
  std::vector<std::int64_t> keys_;  // ordered: of all constants
  std::vector<std::uint64_t> identities_;
};

}  // namespace flyball::engine
