// Names in messages. Door: suggest.h.
#include "model/suggest.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace flyball {
namespace {

// Parts of words that make another one of what they stand before or behind.
constexpr auto kAffixes =
    std::to_array<std::string_view>({"un",  "in",  "im", "ir", "il", "dis",  "non", "not",  "no",  "de",  "re",  "anti", "mis",   "ab",
                                     "out", "off", "on", "en", "up", "down", "pre", "post", "min", "max", "avg", "sub",  "super", "less"});
// Parts of words that stand in one place and mean the one thing or the other.
using Pair = std::pair<std::string_view, std::string_view>;
constexpr auto kOpposites = std::to_array<Pair>(
    {{"in", "out"},     {"in", "ex"},     {"in", "e"},        {"in", "un"},    {"in", "de"},       {"im", "ex"},       {"on", "off"},
     {"up", "down"},    {"en", "dis"},    {"en", "de"},       {"de", "re"},    {"at", "de"},       {"un", "re"},       {"pre", "post"},
     {"min", "max"},    {"min", "avg"},   {"max", "avg"},     {"rx", "tx"},    {"inter", "intra"}, {"inner", "outer"}, {"upper", "lower"},
     {"over", "under"}, {"less", "ful"},  {"more", "less"},   {"low", "high"}, {"first", "last"},  {"new", "old"},     {"src", "dst"},
     {"left", "right"}, {"soft", "hard"}, {"north", "south"}, {"east", "west"}});

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

// Where a word of a name may begin or end: at its ends, at what is no letter, and before a capital.
bool parts(std::string_view name, std::size_t at) {
  return at == 0 || at == name.size() || !is_letter(name[at - 1]) || !is_letter(name[at]) ||
         (is_upper(name[at]) && !is_upper(name[at - 1]));
}

// `a` with `had` in place of `has` at an end of one of its words is nearer to `b`.
bool nearer_with(std::string_view a, std::string_view b, std::string_view has, std::string_view had, std::size_t distance) {
  const std::string plain = lower_case(a), other = lower_case(b);
  for (std::size_t at = 0; at + has.size() <= plain.size(); ++at) {
    if (plain.compare(at, has.size(), has) != 0 || !(parts(a, at) || parts(a, at + has.size()))) continue;
    std::string swapped = plain;
    swapped.replace(at, has.size(), had);
    if (edit_distance(swapped, other, distance) < distance) return true;
  }
  return false;
}

std::string digits_of(std::string_view name) {
  std::string out;
  std::copy_if(name.begin(), name.end(), std::back_inserter(out), [](char c) { return c >= '0' && c <= '9'; });
  return out;
}

}  // namespace

std::string listed(const std::vector<std::string>& names, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " " + std::string(last) + " " : ", ";
    out += "`" + names[i] + "`";
  }
  return out;
}

std::string did_you_mean(const std::vector<std::string>& candidates) {
  return candidates.empty() ? std::string{} : "did you mean " + listed(candidates) + "?";
}

std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("aeioAEIO").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(noun);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

// Insertions, deletions, replacements and swaps of neighbours; gives up beyond `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

bool opposed(std::string_view a, std::string_view b) {
  const std::string numbers = digits_of(a), others = digits_of(b);
  if (numbers != others && !numbers.empty() && !others.empty()) return true;
  const std::size_t distance = edit_distance(lower_case(a), lower_case(b), std::max(a.size(), b.size()));
  const auto swaps = [&](std::string_view one, std::string_view other) {
    return nearer_with(a, b, one, other, distance) || nearer_with(b, a, one, other, distance);
  };
  return std::any_of(kAffixes.begin(), kAffixes.end(), [&](std::string_view affix) { return swaps(affix, ""); }) ||
         std::any_of(kOpposites.begin(), kOpposites.end(),
                     [&](const Pair& p) { return swaps(p.first, p.second) || swaps(p.second, p.first); });
}

}  // namespace flyball
