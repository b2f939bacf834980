// See diff.h: what both texts begin and end with is set aside; between them the longest common sequence of lines is
// searched, in bounded memory: beyond kMaxCells the whole middle counts as changed.
#include "app/io/diff.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace flyball::app {
namespace {

constexpr std::size_t kMaxCells = std::size_t{1} << 24;
constexpr std::size_t kContext = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

struct Line {
  char mark;  // ' ', '-', '+'
  std::string_view text;
};

// The changed middle of both, as marked lines.
void middle(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b, std::vector<Line>& out) {
  const std::size_t width = b.size() + 1;
  if ((a.size() + 1) * width > kMaxCells) {
    for (const std::string_view l : a) out.push_back({'-', l});
    for (const std::string_view l : b) out.push_back({'+', l});
    return;
  }
  std::vector<std::uint32_t> common((a.size() + 1) * width);  // of a[i..] and b[k..]
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t k = b.size(); k-- > 0;) {
      common[i * width + k] =
          a[i] == b[k] ? common[(i + 1) * width + k + 1] + 1 : std::max(common[(i + 1) * width + k], common[i * width + k + 1]);
    }
  }
  std::size_t i = 0, k = 0;
  while (i < a.size() || k < b.size()) {
    if (i < a.size() && k < b.size() && a[i] == b[k]) {
      out.push_back({' ', a[i]});
      ++i;
      ++k;
    } else if (k == b.size() || (i < a.size() && common[(i + 1) * width + k] >= common[i * width + k + 1])) {
      out.push_back({'-', a[i++]});
    } else {
      out.push_back({'+', b[k++]});
    }
  }
}

}  // namespace

std::string unified_diff(std::string_view name, std::string_view before, std::string_view after) {
  if (before == after) return {};
  std::vector<std::string_view> a = lines_of(before), b = lines_of(after);
  std::vector<Line> all;
  std::size_t same = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) all.push_back({' ', a[same++]});
  std::size_t tail = 0;
  while (tail < a.size() - same && tail < b.size() - same && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  const std::vector<std::string_view> rest(a.end() - static_cast<std::ptrdiff_t>(tail), a.end());
  middle({a.begin() + static_cast<std::ptrdiff_t>(same), a.end() - static_cast<std::ptrdiff_t>(tail)},
         {b.begin() + static_cast<std::ptrdiff_t>(same), b.end() - static_cast<std::ptrdiff_t>(tail)}, all);
  for (const std::string_view l : rest) all.push_back({' ', l});

  std::string out = fmt::format("--- {}\n+++ {}\n", name, name);
  std::size_t line_a = 1, line_b = 1, at = 0;
  while (at < all.size()) {
    // A hunk: from kContext before a change to kContext after the last one that is near.
    std::size_t change = at;
    while (change < all.size() && all[change].mark == ' ') ++change;
    if (change == all.size()) break;
    const std::size_t begin = change - at > kContext ? change - kContext : at;
    line_a += begin - at;
    line_b += begin - at;
    std::size_t end = change, quiet = 0;
    while (end < all.size() && quiet <= 2 * kContext) quiet = all[end++].mark == ' ' ? quiet + 1 : 0;
    end -= quiet > kContext ? quiet - kContext : 0;
    std::size_t count_a = 0, count_b = 0;
    std::string hunk;
    for (std::size_t i = begin; i < end; ++i) {
      count_a += all[i].mark != '+' ? 1 : 0;
      count_b += all[i].mark != '-' ? 1 : 0;
      hunk += all[i].mark;
      hunk += all[i].text;
      if (hunk.back() != '\n') hunk += "\n\\ No newline at end of file\n";
    }
    out += fmt::format("@@ -{},{} +{},{} @@\n", line_a - (count_a == 0 ? 1 : 0), count_a, line_b - (count_b == 0 ? 1 : 0), count_b) + hunk;
    line_a += count_a;
    line_b += count_b;
    at = end;
  }
  return out;
}

}  // namespace flyball::app
