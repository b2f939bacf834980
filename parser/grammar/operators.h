// Where operators end, for expressions and for cells of tables. Words have a boundary; a longer mark is not the
// beginning of another. Included by parser/grammar/*.cc only.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "parser/grammar/x3.h"

namespace flyball::cst {

inline bool starts(Iterator p, Builder const& b, std::string_view s) {
  return static_cast<std::size_t>(b.end() - p) >= s.size() && std::string_view(p, s.size()) == s;
}
// A word of another language in the place of an operator, said to be wrong when lowered: not where it can be the name of
// the next line or field, or of a fact.
inline Iterator foreign_operator_end(Iterator p, Builder const& b, std::initializer_list<std::string_view> words) {
  std::string_view const w = word_at(p, b.end());
  if (std::find(words.begin(), words.end(), w) == words.end() || b.begins_line(p)) return p;
  Iterator q = p + w.size();
  while (q != b.end() && (*q == ' ' || *q == '\t')) ++q;
  return q == b.end() || *q == ':' || *q == '{' || *q == '.' || *q == ',' || *q == ')' ? p : p + w.size();
}
inline Iterator or_end(Iterator p, Builder const& b) {
  if (p == b.end()) return p;
  // A single `|` or `&` is taken for the double one and said to be wrong when lowered.
  if (*p == '|') return b.in_cell ? p : starts(p, b, "||") ? p + 2 : p + 1;
  return at_word(p, b.end(), "or") ? p + 2 : foreign_operator_end(p, b, {"OR", "Or"});
}
inline Iterator and_end(Iterator p, Builder const& b) {
  if (p == b.end()) return p;
  if (*p == '&') return starts(p, b, "&&") ? p + 2 : p + 1;
  return at_word(p, b.end(), "and") ? p + 3 : foreign_operator_end(p, b, {"AND", "And"});
}
inline Iterator not_end(Iterator p, Builder const& b) {
  if (p == b.end() || (*p != 'n' && *p != 'N')) return p;
  return at_word(p, b.end(), "not") ? p + 3 : foreign_operator_end(p, b, {"NOT", "Not"});
}
// `is`, `IS NOT`
inline Iterator is_end(Iterator p, Builder const& b) {
  Iterator const is = foreign_operator_end(p, b, {"is", "IS", "Is"});
  if (is == p) return p;
  Iterator q = is;
  while (q != b.end() && *q == ' ') ++q;
  return at_word(q, b.end(), "not") || at_word(q, b.end(), "NOT") ? q + 3 : is;
}
inline Iterator compare_end(Iterator p, Builder const& b) {
  if (p == b.end()) return p;
  char const next = p + 1 != b.end() ? p[1] : '\0';
  switch (*p) {
    // Operators of other languages (= === => =< !== <>) are taken for ours and said to be wrong when lowered.
    case '=': {
      // `=! 3`, but `=!up`.
      bool const unequal = next == '!' && p + 2 != b.end() && (p[2] == ' ' || is_digit(p[2]) || p[2] == '"');
      return starts(p, b, "===") ? p + 3 : next == '=' || next == '>' || next == '<' || next == '~' || unequal ? p + 2 : p + 1;
    }
    case '!': {
      // `!in`, `!like`, `!~`
      std::string_view const w = p + 1 == b.end() ? std::string_view{} : word_at(p + 1, b.end());
      if (w == "in" || w == "like") return p + 1 + w.size();
      return starts(p, b, "!==") ? p + 3 : next == '=' || next == '~' ? p + 2 : p;
    }
    case '~': return next == '=' ? p + 2 : p + 1;
    case '<': return next == '=' || next == '>' ? p + 2 : p + 1;
    case '>': return next == '=' ? p + 2 : p + 1;
    case 'i': {
      if (at_word(p, b.end(), "in")) return p + 2;
      return is_end(p, b);
    }
    case 'c':
    case 's':
    case 'e':
    case 'm': return foreign_operator_end(p, b, {"contains", "startsWith", "endsWith", "matches"});
    case 'I':
      if (Iterator const is = is_end(p, b); is != p) return is;
      [[fallthrough]];
    case 'L': return foreign_operator_end(p, b, {"IN", "LIKE"});
    case 'l': return at_word(p, b.end(), "like") ? p + 4 : p;
    case 'N':
    case 'n': {
      if (at_word(p, b.end(), "NOT")) {
        Iterator q = p + 3;
        while (q != b.end() && *q == ' ') ++q;
        std::string_view const w = word_at(q, b.end());
        return w == "IN" || w == "LIKE" || w == "in" || w == "like" ? q + w.size() : p;
      }
      if (!at_word(p, b.end(), "not")) return foreign_operator_end(p, b, {"not_in", "notin", "nin", "not_like"});
      Iterator q = p + 3;
      while (q != b.end() && *q == ' ') ++q;
      std::string_view const w = word_at(q, b.end());
      return w == "in" || w == "like" ? q + w.size() : p;
    }
    default: return p;
  }
}

template <auto End>
inline LeafParser<Kind::kOp, End> const op{};

// Prefix operators, each a leaf before the operand; without any the operand stays itself.
template <Kind K, typename Operator, typename Operand>
struct PrefixParser : Terminal<PrefixParser<K, Operator, Operand>> {
  Operator prefix;
  Operand operand;
  PrefixParser(Operator const& o, Operand const& a) : prefix(o), operand(a) {}
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    Builder& b = builder(context);
    Builder::Mark const m = b.mark(first);
    bool prefixed = false;
    while (prefix.parse(first, last, context, r, x3::unused)) prefixed = true;
    Iterator const before = first;
    if (!operand.parse(first, last, context, r, x3::unused)) {
      if (!prefixed) return false;
      b.fail_expected(before, "an expression");
    }
    if (prefixed) b.close(K, m);
    return true;
  }
};
template <Kind K, typename Operator, typename Operand>
auto prefixed(Operator const& o, Operand const& a) {
  return PrefixParser<K, Operator, typename x3::extension::as_parser<Operand>::value_type>(o, x3::as_parser(a));
}

// One or more, a comma between them and perhaps after the last.
template <typename P>
auto comma_list(P const& p) {
  return p >> *(mark(",") >> p) >> -mark(",");
}

// A list, perhaps empty, one level deeper, and the bracket after it; the two texts say what could stand instead of
// what stands there, after an item and in place of the first.
template <typename P>
auto listed(P const& p, MarkParser const& bracket, std::string_view after_item, std::string_view first) {
  return (inside[comma_list(p)] >> must<MarkParser>(bracket, after_item)) | must_begin<MarkParser>(bracket, first);
}

}  // namespace flyball::cst
