// Coverage of a decision table: what its rows leave open, rows that can never be reached, rows that hold together.
//
// Rows are boxes over the atoms of their columns (columns.h). Whether boxes cover everything is answered by splitting on
// one column at a time, the one that most rows care about; rows whose shares of what is left add up to less than all of it
// leave something open, so that a gap is walked to without turning back. What cannot be told of a cell counts for what is
// said less: a row is called shadowed only if it surely is, rows in conflict only if they surely are, and a table
// counts as open unless it is surely closed.
// Limits: kMaxRowsCompared rows, kMaxCoverageWork steps in all; where they are met the result says so (`undecided`).
#pragma once

#include <string>
#include <vector>

#include "parser/check/package.h"

namespace flyball::check {

inline constexpr std::size_t kMaxRowsCompared = 2'000;
inline constexpr std::size_t kMaxCoverageWork = 100'000'000;  // words of bitmaps looked at, about a quarter of a second

struct Shadowed {
  std::size_t row = 0;
  std::size_t by = 0;
  bool together = false;  // by rows up to `by`, none of them alone
};
struct Overlap {
  std::size_t first = 0, second = 0;
  std::vector<std::string> where;  // by column, a cell: some of what both take
};

struct Coverage {
  std::vector<Shadowed> shadowed;  // of `first` and `priority`: rows that never answer
  std::vector<Overlap> overlaps;   // of `unique` and `any`: rows that hold together and must not; the first for each row
  std::vector<std::pair<std::size_t, std::size_t>> equal;  // of others: (row, the one before it that it repeats)
  bool open = true;
  std::vector<std::string> gap;  // by column, cells of a row that closes one gap and meets no other; empty if none can be told
  bool undecided = false;        // a limit was met: there may be more of all this
};

// `inputs`: the decision's input field of each column. The rows are checked. `gaps`: whether to look for one.
Coverage cover(const ast::Table& table, const std::vector<std::uint32_t>& inputs, const DecisionType& type, bool gaps, const Package& p);

// A row as the table's file has them: `| cell | … || output |`, a line of CSV, a line of Markdown. `cells` as authors write them.
std::string row_text(const ast::Table& table, const std::vector<std::string>& cells, const std::vector<std::string>& outputs);

}  // namespace flyball::check
