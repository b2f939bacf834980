// SpanIndex: ids by what must be equal (a hash) and by where they lie, with what SpanCells say of cells. For what no hash index of the
// network holds: the left sides and the items of an aggregate that is tied by a prefix or a range.
//
// Complexity: insert and erase O(1); find O(cells asked + what stands there). Not thread-safe.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/network/bucket_index.h"
#include "engine/network/span_cells.h"

namespace flyball::engine {

class SpanIndex {
 public:
  // `of_spans`: those that stand are spans, and points ask; else the other way about.
  explicit SpanIndex(bool of_spans = false, bool at_once = true) : cells_(of_spans, at_once) {}

  // Without a span it may lie anywhere. One that is in moves.
  void insert(std::uint32_t id, std::uint32_t hash, const std::optional<Span>& span);
  // Of one that is not in: nothing.
  void erase(std::uint32_t id);
  void clear();
  // What is equal and may have something in common with `asked`, and what may lie anywhere; others, too. Each once, in no order.
  void find(std::uint32_t hash, const std::optional<Span>& asked, std::vector<std::uint32_t>& out) const;
  // What came of it (SpanCells::note).
  void note(const std::optional<Span>& asked, std::size_t looked, std::size_t matched);
  std::size_t bytes() const {
    return index_.bytes() + records_.size() * (sizeof(std::pair<const std::uint32_t, Record>) + 2 * sizeof(void*));
  }

 private:
  struct Record {
    Link link;
    Place place = Place::kOut;
    std::uint32_t hash = 0;
    Span span;
  };
  struct Records {
    std::unordered_map<std::uint32_t, Record>& of;
    Link& link(std::uint32_t id) { return of.at(id).link; }
    Place place(std::uint32_t id) { return of.at(id).place; }
    void set_place(std::uint32_t id, Place place) { of.at(id).place = place; }
  };
  std::uint32_t place_of(const Record& r) { return fold(mix(r.hash, cells_.place(r.span))); }

  SpanCells cells_;
  BucketIndex index_;
  std::unordered_map<std::uint32_t, Record> records_;
};

}  // namespace flyball::engine
