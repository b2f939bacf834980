// SpanCells: under which numbers spans (or points) stand in a hash index, so that a point finds the spans it lies in and a span the points
// that lie in it, with a few looks instead of at all of them.
//
//   spans stand    each in one cell, as wide as the span is, rounded up to a power of two. A point asks, for each width there is, the
//                  cell it lies in and the one before: a span no wider than a cell begins in one of the two. Prefixes of addresses are
//                  their own cells, so that this is tuple space search (Srinivasan, Suri and Varghese, 1999). Where something must be
//                  equal, too, few may be left to look at: then they stand in one cell until more are looked at than there are widths.
//   points stand   each in one cell, all as wide. A span asks the cells that it covers; where those would be too many it must look at
//                  everything. The width is that of spans that ask: when more was looked at in vain than placing all anew costs,
//                  note() chooses it again.
//
// What is found is to be judged: cells hold neighbours, too. It holds no records, and knows no fields. Complexity: place O(1), each
// O(widths) or O(kCellsMax). Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/network/slab.h"
#include "model/int128.h"

namespace flyball::engine {

// Both ends belong to it; a point is a span from itself to itself. One that ends before it begins has nothing in it.
struct Span {
  Uint128 low = 0, high = 0;
};

class SpanCells {
 public:
  // `at_once`: spans stand in cells of their width from the beginning.
  explicit SpanCells(bool of_spans = false, bool at_once = true) : of_spans_(of_spans), by_width_(at_once) {}

  // The number to stand under.
  std::uint64_t place(const Span& s) {
    if (!of_spans_) return cell(width_, s.low);
    const unsigned width = width_of(s);
    widths_[width / 64] |= std::uint64_t{1} << width % 64;
    return by_width_ ? cell(width, s.low) : cell(kWhole, s.low);
  }

  // Under which numbers to look for what has something in common with the span. False: everywhere.
  template <typename Visit>
  bool each(const Span& s, Visit visit) const {
    if (of_spans_ && !by_width_) {
      visit(cell(kWhole, s.low));
      return true;
    }
    if (of_spans_) {
      for (unsigned word = 0; word < widths_.size(); ++word) {
        for (std::uint64_t left = widths_[word]; left != 0; left &= left - 1) {
          const unsigned width = word * 64 + static_cast<unsigned>(std::countr_zero(left));
          const Uint128 number = shifted(s.low, width);
          visit(mix(width, number));
          if (number != 0) visit(mix(width, number - 1));
        }
      }
      return true;
    }
    if (s.high < s.low) return true;
    const Uint128 first = shifted(s.low, width_), last = shifted(s.high, width_);
    if (last - first >= kCellsMax) return false;
    for (Uint128 number = first;; ++number) {
      visit(mix(width_, number));
      if (number == last) return true;
    }
  }

  // What a question cost: how many records were looked at, of `standing`, for how many that matched. True: they stand in other cells
  // from now on, and are to be placed anew.
  bool note(const Span& asked, std::size_t looked, std::size_t matched, std::size_t standing) {
    if (of_spans_ && by_width_) return false;
    const std::size_t worth = matched + (of_spans_ ? 2 * widths() : 0);
    if (looked <= worth) {
      in_vain_ -= std::min(in_vain_, worth - looked);  // few that ask for much are outweighed by many that ask for little
      return false;
    }
    in_vain_ += looked - worth;
    if (in_vain_ < kPatience * (standing + kFew)) return false;
    in_vain_ = 0;
    if (of_spans_) {
      by_width_ = true;
      return true;
    }
    const unsigned width = width_of(asked);
    if (width == width_) return false;
    width_ = width;
    return true;
  }
  // Nothing stands any more.
  void clear() { widths_ = {}; }

 private:
  static constexpr unsigned kWhole = 128;         // the width of one cell for everything
  static constexpr std::uint64_t kCellsMax = 64;  // that a span asks
  static constexpr std::size_t kPatience = 4, kFew = 16;

  std::size_t widths() const {
    std::size_t n = 0;
    for (const std::uint64_t word : widths_) n += static_cast<std::size_t>(std::popcount(word));
    return n;
  }
  static Uint128 shifted(Uint128 position, unsigned width) { return width >= kWhole ? 0 : position >> width; }
  static std::uint64_t mix(unsigned width, Uint128 number) {
    // Far from the numbers: cell 7 as wide as 3 is not cell 3 as wide as 7.
    return engine::mix(engine::mix(std::uint64_t{width} << 56, static_cast<std::uint64_t>(number)),
                       static_cast<std::uint64_t>(number >> 64));
  }
  static std::uint64_t cell(unsigned width, Uint128 position) { return mix(width, shifted(position, width)); }
  // The least for which the span is no longer than a cell, but for its last point.
  static unsigned width_of(const Span& s) {
    if (s.high <= s.low) return 0;
    const Uint128 length = s.high - s.low;
    const auto high = static_cast<std::uint64_t>(length >> 64);
    return high != 0 ? 64 + static_cast<unsigned>(std::bit_width(high))
                     : static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(length)));
  }

  bool of_spans_;
  bool by_width_;
  unsigned width_ = kWhole;                   // of points' cells
  std::array<std::uint64_t, 3> widths_ = {};  // of spans that stand, or stood: bits 0 to 128
  std::size_t in_vain_ = 0;
};

}  // namespace flyball::engine
