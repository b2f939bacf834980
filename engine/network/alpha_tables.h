// AlphaTables: the alphas of a program as update() meets them: what is looked at per fact lies together, a line or two per
// alpha, whatever its rule is like; and per type the ways from a changed field to the few alphas it may concern:
//
//   the first 31 that nothing dispatches   a bit each: by field, which alphas read it; by fact, which it is in
//   that name where a field must lie       FieldIndex: values, prefixes, texts that begin or end so, intervals
//   `field > constant` and the like        Thresholds, by order
//   the rest                               are tried one by one
//
// It holds the counts and indexes of the alpha memories, and no facts. Not thread-safe.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/expr/compare_bits.h"
#include "engine/network/best_first.h"
#include "engine/network/bucket_index.h"
#include "engine/network/field_index.h"
#include "engine/network/frame_buffer.h"
#include "engine/network/span_cells.h"
#include "engine/network/thresholds.h"

namespace flyball::engine {

// One conjunct, inlined where it is a field alone or a field compared with a constant of its kind.
struct AlphaTest {
  enum class Form : std::uint8_t { kField, kNotField, kBits, kDouble, kSame, kFormula };
  Form form = Form::kFormula;
  std::uint8_t op = 0;  // Compare
  std::uint16_t field = 0;
  std::uint32_t formula = 0;  // of the alpha's tests: what it is in full
  Value constant;
};

struct AlphaIndex {
  AlphaId alpha = 0;  // whose it is
  BucketIndex bucket;
  std::uint64_t mask = 0;  // of its fields
  std::uint32_t null_joins = 0;
  std::vector<std::uint32_t> fields;
  SpanFields span;  // where its facts lie, or reach
  SpanCells cells;
  struct Order {
    std::uint32_t number = 0;  // AlphaPlan::orders
    std::uint32_t field = 0;
    Kind kind = Kind::kNull;
    bool greatest = false;
    BestFirst best;
    // One that cannot be compared is in the way of every conclusion: it comes first, beside what is the best there can be.
    static constexpr BestFirst::Key kFirst = INT64_MAX;
    BestFirst::Key key(const Value& v) const {
      if (v.kind != kind) return kFirst;
      return greatest ? v.bits : ~v.bits;
    }
  };
  std::vector<Order> orders;
  std::vector<std::uint32_t> closings;  // cycles of which it holds the key of the third pattern
};

struct alignas(64) AlphaState {
  std::uint64_t reads = 0;  // fields its tests read
  std::uint64_t deep = 0;   // and what stands behind it, too
  std::uint64_t seen = 0;   // epoch in which an update met it
  // Places in the arrays of AlphaTables.
  std::uint32_t first_test = 0, first_successor = 0, first_node = 0, first_index = 0;
  std::uint32_t successor_count = 0, node_count = 0;
  std::uint16_t test_count = 0, index_count = 0;
  std::uint32_t gate = kNone;  // place in its Thresholds
  std::uint32_t bit = 31;      // its bit in FactMeta::members; 31: shared by all that have none of their own
};
static_assert(sizeof(AlphaState) == 64);  // one line

class AlphaTables {
 public:
  static constexpr std::uint32_t kOwnBits = 31;
  static constexpr std::uint32_t kSharedBit = std::uint32_t{1} << kOwnBits;
  static constexpr std::size_t kThresholdsMin = 4;  // fewer constants are tried one by one

  struct ByField {
    FieldIndex index;
    std::uint64_t reads = 0;  // of all its alphas
  };
  struct ByOrder {
    Thresholds thresholds;
    std::uint64_t deep = 0;         // what its alphas look at, but for the thresholds themselves
    std::uint64_t other_reads = 0;  // their other tests
  };
  struct Type {
    std::uint32_t own[kOwnBits] = {};  // alphas by bit
    std::uint32_t own_count = 0;
    std::vector<std::uint32_t> by_field;  // bits of the alphas that look at a field; by field
    std::vector<AlphaId> always;          // those without a bit
    std::uint64_t shared_deep = 0;        // what alphas of the shared bit look at
    std::vector<ByField> by_index;
    std::vector<ByOrder> by_order;
    // The alphas with a bit of their own that look at one of the changed fields.
    std::uint32_t concerned(std::uint64_t changed) const {
      std::uint32_t bits = 0;
      for (std::uint64_t left = changed; left != 0; left &= left - 1) {
        const auto field = static_cast<std::uint32_t>(std::countr_zero(left));
        if (field >= by_field.size()) break;
        bits |= by_field[field];
      }
      return bits;
    }
    bool is_empty() const { return own_count == 0 && always.empty() && by_index.empty() && by_order.empty(); }
  };

  explicit AlphaTables(const ProgramData& program);

  AlphaState& operator[](AlphaId id) { return alphas_[id]; }
  const AlphaState& operator[](AlphaId id) const { return alphas_[id]; }
  const Type& type(FactTypeId id) const { return types_[id]; }
  std::span<const StageId> successors(const AlphaState& a) const { return {successors_.data() + a.first_successor, a.successor_count}; }
  std::span<const NodeId> nodes(const AlphaState& a) const { return {nodes_.data() + a.first_node, a.node_count}; }
  AlphaIndex& index(const AlphaState& a, std::uint32_t number) { return indexes_[a.first_index + number]; }
  const AlphaIndex& index(const AlphaState& a, std::uint32_t number) const { return indexes_[a.first_index + number]; }

  // Whether the row passes the alpha's own tests.
  Truth truth(AlphaId id, Row row, FrameBuffer& frame) const {
    const AlphaState& alpha = alphas_[id];
    const AlphaTest* const tests = tests_.data() + alpha.first_test;
    Truth truth = Truth::kTrue;
    for (std::uint32_t i = 0; i < alpha.test_count; ++i) {
      truth = truth_and(truth, test_truth(id, tests[i], row, frame));
      if (truth == Truth::kFalse) break;
    }
    return truth;
  }
  std::size_t bytes() const;

 private:
  Truth test_truth(AlphaId id, const AlphaTest& test, Row row, FrameBuffer& frame) const {
    switch (test.form) {
      case AlphaTest::Form::kField: return truth_of(row[test.field]);
      case AlphaTest::Form::kNotField: return truth_not(truth_of(row[test.field]));
      case AlphaTest::Form::kBits:
      case AlphaTest::Form::kDouble:
      case AlphaTest::Form::kSame: {
        std::int64_t bits = 0;
        if (!row.bits(test.field, test.constant.kind, bits)) break;
        bool holds = false;
        if (test.form == AlphaTest::Form::kBits) {
          holds = compares(test.op, bits, test.constant.bits);
        } else if (test.form == AlphaTest::Form::kDouble) {
          holds = compares(test.op, std::bit_cast<double>(bits), test.constant.as_double());
        } else {
          holds = (bits == (test.constant.bits | test.constant.aux)) == (test.op == static_cast<std::uint8_t>(Compare::kEqual));
        }
        return holds ? Truth::kTrue : Truth::kFalse;
      }
      case AlphaTest::Form::kFormula: break;
    }
    return formula_truth(id, test.formula, row, frame);
  }
  Truth formula_truth(AlphaId id, std::uint32_t formula, Row row, FrameBuffer& frame) const;
  void add_tests(AlphaId id);
  void plan_type(FactTypeId id);

  const ProgramData& program_;
  std::vector<AlphaState> alphas_;
  std::vector<AlphaTest> tests_;
  std::vector<StageId> successors_;
  std::vector<NodeId> nodes_;
  std::vector<AlphaIndex> indexes_;
  std::vector<Type> types_;
};

}  // namespace flyball::engine
