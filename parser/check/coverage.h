// Coverage of a decision table: which rows can never be reached, and an input that no row takes.
//
// Each column's values are cut into finitely many atoms by the constants its cells name; what a cell says that is not
// about constants (`like`, a param) is neither surely true nor surely false of any atom. So a row is called shadowed
// only if it surely is; a table is called open unless it is surely closed.
// Limits: kMaxRowsCompared rows are compared pairwise, kMaxCoverageSteps steps are taken to find a gap; beyond
// them a table counts as open and nothing is called shadowed.
#pragma once

#include <string>
#include <vector>

#include "parser/check/package.h"

namespace flyball::check {

inline constexpr std::size_t kMaxRowsCompared = 2'000;
inline constexpr std::size_t kMaxCoverageSteps = 200'000;

struct Shadowed {
  std::size_t row = 0;
  std::size_t by = 0;
};

struct Coverage {
  std::vector<Shadowed> shadowed;
  bool open = true;
  std::string gap;  // a row that closes one gap; empty if none can be told
};

// `inputs`: the decision's input field of each column.
Coverage cover(const ast::Table& table, const std::vector<std::uint32_t>& inputs, const std::vector<Field>& fields, const Package& p);

}  // namespace flyball::check
