// See globs.h.
#include "parser/check/globs.h"

#include <algorithm>

namespace flyball {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_/:, @#%&=").find(c) != std::string_view::npos;
}

bool ends_at(std::string_view pattern) { return pattern.ends_with('$') && !pattern.ends_with("\\$"); }

}  // namespace

std::string glob_of_regex(std::string_view pattern) {
  std::string out;
  const bool from_start = pattern.starts_with('^');
  if (from_start) pattern.remove_prefix(1);
  const bool to_end = ends_at(pattern);
  if (to_end) pattern.remove_suffix(1);
  if (!from_start) out += '*';
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '.' && (next == '*' || next == '+')) {
      if (next == '+') out += '?';
      if (!out.ends_with('*')) out += '*';
      ++i;
    } else if (c == '.') {
      out += '?';
    } else if (c == '\\' && (next == '.' || next == '-' || next == '/')) {
      out += next;
      ++i;
    } else if (is_plain(c)) {
      out += c;
    } else {
      return {};
    }
  }
  if (!to_end && !out.ends_with('*')) out += '*';
  return out;
}

GlobSlip foreign_glob(std::string_view pattern) {
  const bool around = pattern.size() > 4 && pattern.starts_with(".*") && pattern.ends_with(".*");
  if (pattern.starts_with('^') || ends_at(pattern) || around) return {"a regular expression's", glob_of_regex(pattern)};
  if (pattern.find_first_of("*?\\") != std::string_view::npos || pattern.find('%') == std::string_view::npos) return {};
  GlobSlip slip{"SQL's", std::string(pattern)};
  std::replace(slip.glob.begin(), slip.glob.end(), '%', '*');
  return slip;
}

bool reads_as_glob(std::string_view regex) {
  // A letter or a dash that may be repeated is hardly meant; what only a regular expression has says that it is one.
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] != '*' && !is_plain(regex[i]) && (regex[i] != '.' || (i + 1 < regex.size() && regex[i + 1] == '*'))) return false;
  }
  return regex.find('*') != std::string_view::npos;
}

}  // namespace flyball
