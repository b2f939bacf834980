// The rows of a table whose cells all hold. Indexed cells are bitmaps, joined word by word; the others are judged for the
// rows that are left, in order, each distinct one once per question. What several rows make is hits.cc's.
#include <algorithm>
#include <array>
#include <bit>

#include "engine/decide/decider.h"

namespace flyball::engine {

Truth Decider::row_tests(const TablePlan& plan, std::size_t row) {
  Truth all = Truth::kTrue;
  for (std::uint32_t i = plan.first_test[row]; i < plan.first_test[row + 1]; ++i) {
    const std::uint32_t id = plan.row_tests[i];
    std::uint64_t& judged = judged_[id];
    if (judged >> 2 != question_) judged = question_ << 2 | static_cast<std::uint64_t>(test(plan.tests[id], frame_));
    all = truth_and(all, static_cast<Truth>(judged & 3U));
    if (all == Truth::kFalse) break;
  }
  return all;
}

bool Decider::row_answer(const TablePlan& plan, std::size_t row, Value* output) {
  const Value* constants = plan.constants.data() + row * plan.outputs;
  for (std::size_t o = 0; o < plan.outputs; ++o) output[o] = constants[o];
  for (std::uint32_t i = plan.first_computed[row]; i < plan.first_computed[row + 1]; ++i) {
    const TablePlan::Computed& c = plan.computed[i];
    output[c.output] = c.fit.take(evaluate(c.code, frame_), interner_);
    if (output[c.output].is_error()) return false;
  }
  return true;
}

// The first row whose bit is left, and whose own cells and answer hold.
int Decider::first_row(const TablePlan& plan, std::size_t word, std::uint64_t yes, std::uint64_t possible, std::uint32_t first_place,
                       Value* output) {
  for (; possible != 0; possible &= possible - 1) {
    const auto bit = static_cast<std::size_t>(std::countr_zero(possible));
    const std::size_t row = word * 64 + bit;
    Truth t = (yes >> bit & 1U) != 0 ? Truth::kTrue : Truth::kUnknown;
    if (plan.any_tests()) t = truth_and(t, row_tests(plan, row));
    if (t == Truth::kTrue && row_answer(plan, row, output)) return static_cast<int>(row);
    if (t != Truth::kFalse) skipped_.push_back(first_place + static_cast<std::uint32_t>(row));
  }
  return -1;
}

// Visits the words of rows that may hold, with the bits of those that do as far as the indexes tell and of those that may,
// until a visit gives a row.
template <typename Visit>
int Decider::each_word(const TablePlan& plan, Visit visit) {
  const std::size_t columns = plan.columns.size();
  bool any_unknown = false;
  if (plan.words == 1) {
    std::uint64_t yes = plan.rows >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << plan.rows) - 1;
    std::uint64_t possible = yes;
    for (const ColumnIndex& column : plan.columns) {
      const ColumnIndex::Rows rows = column.find(frame_.input[column.input()]);
      yes &= *rows.yes;
      possible &= rows.unknown == nullptr ? *rows.yes : *rows.yes | *rows.unknown;
    }
    return visit(std::size_t{0}, yes, possible);
  }
  for (std::size_t c = 0; c < columns; ++c) {
    columns_[c] = plan.columns[c].find(frame_.input[plan.columns[c].input()]);
    any_unknown = any_unknown || columns_[c].unknown != nullptr;
  }
  for (std::size_t block = 0; block < plan.words; block += kBlockWords) {
    std::array<std::uint64_t, kBlockWords> yes, possible;
    yes.fill(~std::uint64_t{0});
    for (std::size_t c = 0; c < columns; ++c) {
      const std::uint64_t* rows = columns_[c].yes + block;
      for (std::size_t i = 0; i < kBlockWords; ++i) yes[i] &= rows[i];
    }
    possible = yes;
    if (any_unknown) {
      possible.fill(~std::uint64_t{0});
      for (std::size_t c = 0; c < columns; ++c) {
        const std::uint64_t* rows = columns_[c].yes + block;
        const std::uint64_t* unknown = columns_[c].unknown;
        for (std::size_t i = 0; i < kBlockWords; ++i) possible[i] &= rows[i] | (unknown != nullptr ? unknown[block + i] : 0);
      }
    }
    std::uint64_t any = 0;
    for (const std::uint64_t p : possible) any |= p;
    if (any == 0) continue;
    for (std::size_t i = 0; i < kBlockWords; ++i) {
      // Without any indexed column the bits beyond the last row are still set.
      const std::size_t first = (block + i) * 64;
      if (first >= plan.rows) break;
      const std::size_t left = plan.rows - first;
      const std::uint64_t mask = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
      const int row = visit(block + i, yes[i] & mask, possible[i] & mask);
      if (row >= 0) return row;
    }
  }
  return -1;
}

int Decider::run_first(const TablePlan& plan, std::uint32_t first_place, Value* output) {
  return each_word(plan, [&](std::size_t word, std::uint64_t yes, std::uint64_t possible) {
    return first_row(plan, word, yes, possible, first_place, output);
  });
}

void Decider::find_hits(const TablePlan& plan, std::uint32_t first_place) {
  hits_.clear();
  each_word(plan, [&](std::size_t word, std::uint64_t yes, std::uint64_t possible) {
    for (; possible != 0; possible &= possible - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(possible));
      const std::size_t row = word * 64 + bit;
      Truth t = (yes >> bit & 1U) != 0 ? Truth::kTrue : Truth::kUnknown;
      if (plan.any_tests()) t = truth_and(t, row_tests(plan, row));
      if (t == Truth::kFalse) continue;
      const std::size_t at = hits_.size() * plan.outputs;
      if (hit_outputs_.size() < at + plan.outputs) hit_outputs_.resize(at + plan.outputs);
      if (t == Truth::kTrue && row_answer(plan, row, hit_outputs_.data() + at)) {
        hits_.push_back(static_cast<std::uint32_t>(row));
      } else {
        skipped_.push_back(first_place + static_cast<std::uint32_t>(row));
      }
    }
    return -1;
  });
}

}  // namespace flyball::engine
