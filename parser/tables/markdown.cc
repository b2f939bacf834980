// Tables of a Markdown text: a head `| a | b |`, under it `|---|---|`, then rows up to the first line without bars. `\|` is a bar
// inside a cell; a cell in backticks is what stands between them. What is fenced as code is no table.
#include <algorithm>

#include "parser/tables/cells.h"

namespace flyball::tables {

namespace {

bool is_row(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '|';
}
bool is_rule(std::string_view line) {
  return is_row(line) && line.find("--") != line.npos && line.find_first_not_of("|-: \t\r") == line.npos;
}
bool is_fence(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && (line.substr(first).starts_with("```") || line.substr(first).starts_with("~~~"));
}

RawRow split_row(std::string_view line, std::size_t begin) {
  const auto place = [&](std::size_t at) { return static_cast<std::uint32_t>(begin + at); };
  RawRow row;
  std::size_t p = line.find_first_not_of(" \t");
  std::size_t end = line.find_last_not_of(" \t\r") + 1;
  row.begin = place(p);
  row.end = place(end);
  ++p;
  if (end > p && line[end - 1] == '|' && (end < 2 || line[end - 2] != '\\')) --end;
  for (bool more = true; more;) {
    RawCell cell;
    while (p < end && line[p] != '|') {
      if (line[p] == '\\' && p + 1 < end && line[p + 1] == '|') ++p;
      cell.at.push_back(place(p));
      cell.text += line[p++];
    }
    cell.at.push_back(place(p));
    trim(cell);
    if (cell.text.size() >= 2 && cell.text.front() == '`' && cell.text.back() == '`') {
      cell.text = cell.text.substr(1, cell.text.size() - 2);
      cell.at.erase(cell.at.begin());
      cell.at.pop_back();
      trim(cell);
    }
    row.cells.push_back(std::move(cell));
    more = p < end;
    ++p;
  }
  return row;
}

}  // namespace

bool split_markdown(std::string_view text, std::uint32_t file, std::vector<RawTable>& tables, Diagnostics& out) {
  bool fenced = false;
  bool in_table = false;
  std::string_view before;
  std::size_t before_at = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (is_fence(line)) fenced = !fenced;
    if (fenced) {
      in_table = false;
    } else if (is_rule(line) && !in_table && is_row(before)) {
      tables.emplace_back();
      tables.back().rows.push_back(split_row(before, before_at));
      in_table = true;
    } else if (in_table && is_row(line)) {
      tables.back().rows.push_back(split_row(line, at));
    } else {
      in_table = false;
    }
    before = fenced ? std::string_view() : line;
    before_at = at;
    at = end + 1;
  }
  if (!tables.empty()) return true;
  out.add(mistake(file, 0, 0, "there is no table here", "a head `| a | b |`, under it `|---|---|`, then the rows"));
  return false;
}

}  // namespace flyball::tables
