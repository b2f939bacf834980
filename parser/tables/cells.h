// A table file taken apart: its head and rows as cells, each with its text and where every byte of it stands.
// Internal to parser/tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/diagnostics/diagnostic.h"

namespace flyball::tables {

struct RawCell {
  std::string text;               // without quotes and escapes, without blanks at its ends
  std::vector<std::uint32_t> at;  // by byte of `text`, and one past: its place in the file
  bool quoted = false;            // of CSV: a quote inside is written twice
  std::uint32_t begin() const { return at.front(); }
  std::uint32_t end() const { return at.back(); }
};

struct RawRow {
  std::uint32_t begin = 0, end = 0;
  std::vector<RawCell> cells;
};

struct RawTable {
  std::vector<RawRow> rows;  // the head first
};

// Both say in `out` what is no such file; false: nothing can be made of it. Rows without any text are left out.
bool split_csv(std::string_view text, std::uint32_t file, RawTable& table, Diagnostics& out);
// All tables of the text, in order.
bool split_markdown(std::string_view text, std::uint32_t file, std::vector<RawTable>& tables, Diagnostics& out);

// Without the blanks at its ends.
void trim(RawCell& cell);
inline Diagnostic mistake(std::uint32_t file, std::uint32_t begin, std::uint32_t end, std::string message, std::string help) {
  return {"E0607", Severity::kError, {file, begin, end}, std::move(message), std::move(help), {}};
}

}  // namespace flyball::tables
