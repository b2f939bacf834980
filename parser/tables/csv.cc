// CSV as RFC 4180 has it: cells divided by commas, rows by line ends; a cell in quotes may have both, and quotes written twice.
#include "parser/tables/cells.h"

namespace flyball::tables {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

void trim(RawCell& cell) {
  std::size_t from = 0, to = cell.text.size();
  while (from < to && (is_blank(cell.text[from]) || cell.text[from] == '\n' || cell.text[from] == '\r')) ++from;
  while (to > from && (is_blank(cell.text[to - 1]) || cell.text[to - 1] == '\n' || cell.text[to - 1] == '\r')) --to;
  cell.at.resize(to + 1);
  cell.at.erase(cell.at.begin(), cell.at.begin() + static_cast<std::ptrdiff_t>(from));
  cell.text = cell.text.substr(from, to - from);
}

bool split_csv(std::string_view text, std::uint32_t file, RawTable& table, Diagnostics& out) {
  std::size_t p = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  const auto place = [](std::size_t at) { return static_cast<std::uint32_t>(at); };
  while (p < text.size()) {
    RawRow row;
    row.begin = place(p);
    bool any = false;
    for (bool more = true; more;) {
      RawCell cell;
      const std::size_t start = p;
      while (p < text.size() && is_blank(text[p])) ++p;
      if (p < text.size() && text[p] == '"') {
        cell.quoted = true;
        const std::size_t quote = p++;
        while (true) {
          if (p == text.size()) {
            out.add(mistake(file, place(quote), place(quote + 1), "this cell's `\"` is not closed",
                            "a quote inside a cell is written twice: `\"\"`"));
            return false;
          }
          if (text[p] == '"') {
            if (p + 1 == text.size() || text[p + 1] != '"') break;
            ++p;
          }
          cell.at.push_back(place(p));
          cell.text += text[p++];
        }
        cell.at.push_back(place(p++));
        while (p < text.size() && is_blank(text[p])) ++p;
        if (p < text.size() && text[p] != ',' && text[p] != '\n' && text[p] != '\r') {
          std::size_t end = p;
          while (end < text.size() && text[end] != ',' && text[end] != '\n' && text[end] != '\r') ++end;
          out.add(mistake(file, place(p), place(end), "a cell ends at its closing `\"`",
                          "put all of the cell in quotes, and write quotes inside twice: `\"\"`"));
          return false;
        }
      } else {
        p = start;
        while (p < text.size() && text[p] != ',' && text[p] != '\n' && text[p] != '\r') {
          cell.at.push_back(place(p));
          cell.text += text[p++];
        }
        cell.at.push_back(place(p));
      }
      trim(cell);
      any = any || !cell.text.empty();
      row.end = cell.quoted ? place(p) : cell.end();
      row.cells.push_back(std::move(cell));
      more = p < text.size() && text[p] == ',';
      if (more) ++p;
    }
    if (p < text.size() && text[p] == '\r') ++p;
    if (p < text.size() && text[p] == '\n') ++p;
    if (any) table.rows.push_back(std::move(row));
  }
  return true;
}

}  // namespace flyball::tables
