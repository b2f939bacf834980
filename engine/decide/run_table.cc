// `table first`: the first row whose cells all hold. Indexed cells are bitmaps, joined word by word; the others are
// judged for the rows that are left, in order, each distinct one once per question.
#include <algorithm>
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
  std::copy_n(plan.constants.begin() + static_cast<std::ptrdiff_t>(row * plan.outputs), plan.outputs, output);
  for (std::uint32_t i = plan.first_computed[row]; i < plan.first_computed[row + 1]; ++i) {
    const TablePlan::Computed& c = plan.computed[i];
    output[c.output] = evaluate(c.code, frame_);
    if (output[c.output].is_error()) return false;
  }
  return true;
}

int Decider::run_table(const TablePlan& plan, std::uint32_t first_place, Value* output) {
  const std::size_t columns = plan.columns.size();
  bool any_unknown = false;
  for (std::size_t c = 0; c < columns; ++c) {
    columns_[c] = plan.columns[c].find(frame_.input[plan.columns[c].input()]);
    any_unknown = any_unknown || columns_[c].unknown != nullptr;
  }
  for (std::size_t w = 0; w < plan.words; ++w) {
    const std::size_t left = plan.rows - w * 64;
    std::uint64_t yes = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
    std::uint64_t possible = yes;
    if (!any_unknown) {
      for (std::size_t c = 0; c < columns; ++c) yes &= columns_[c].yes[w];
      possible = yes;
    } else {
      for (std::size_t c = 0; c < columns; ++c) {
        const std::uint64_t y = columns_[c].yes[w];
        yes &= y;
        possible &= y | (columns_[c].unknown != nullptr ? columns_[c].unknown[w] : 0);
      }
    }
    for (; possible != 0; possible &= possible - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(possible));
      const std::size_t row = w * 64 + bit;
      Truth t = (yes >> bit & 1U) != 0 ? Truth::kTrue : Truth::kUnknown;
      if (plan.any_tests()) t = truth_and(t, row_tests(plan, row));
      if (t == Truth::kTrue && row_answer(plan, row, output)) return static_cast<int>(row);
      if (t != Truth::kFalse) skipped_.push_back(first_place + static_cast<std::uint32_t>(row));
    }
  }
  return -1;
}

}  // namespace flyball::engine
