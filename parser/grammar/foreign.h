// What stands in declarations as elsewhere and not here: names with dashes, imports of files and of single names, tables as
// Markdown has them. Terminals that say so. Included by parser/grammar/*.cc only.
#pragma once

#include <algorithm>

#include "parser/ast/keywords.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

// `last-seen: timestamp`: a dash subtracts.
struct OneWord : Terminal<OneWord> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder const& b = builder(context);
    Iterator const stop = b.begin() + b.last_end();
    if (first == last || *first != '-' || first != stop || last - first < 2 || !is_word(first[1])) return true;
    Iterator begin = stop;
    while (begin != b.begin() && is_word(begin[-1])) --begin;
    Iterator end = stop;
    while (end != last && (is_word(*end) || (*end == '-' && last - end > 1 && is_word(end[1])))) ++end;
    std::string joined(begin, end);
    std::replace(joined.begin(), joined.end(), '-', '_');
    SyntaxError e{b.error(codes::kUnexpected, begin, end, "a name is one word of letters, digits and `_`"), b.offset(end), false};
    e.diagnostic.fix = Fix{e.diagnostic.span, joined};
    throw e;
  }
};
// What a declaration's name is followed by when it is not one word: `drain-hot`, `drain hot`.
struct WholeName : Terminal<WholeName> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    Iterator const stop = b.begin() + b.last_end();
    bool const dash = first != last && *first == '-' && first == stop && last - first > 1 && is_word(first[1]);
    bool const is_type = b.declaration == Kind::kFact || b.declaration == Kind::kMutableFact || b.declaration == Kind::kEvent ||
                         b.declaration == Kind::kAction;
    bool const word =
        first != last && is_word(*first) && !ast::is_among(ast::kRuleWords, word_at(first, last)) && !b.new_line_before(first) && !is_type;
    if (!dash && !word) return true;
    Iterator begin = stop;
    while (begin != b.begin() && is_word(begin[-1])) --begin;
    Iterator end = first;
    std::string joined(begin, stop);
    while (end != last && (is_word(*end) || *end == '-' || (word && *end == ' '))) ++end;
    while (end[-1] == ' ' || end[-1] == '-') --end;
    if (is_type && is_lower(joined[0])) joined[0] = static_cast<char>(joined[0] ^ 0x20);
    for (Iterator p = stop; p != end; ++p) {
      bool const begins = p != begin && !is_word(p[-1]);
      if (is_word(*p)) {
        joined += is_type && begins && is_lower(*p) ? static_cast<char>(*p ^ 0x20) : *p;
      } else if (!is_type && joined.back() != '_') {
        joined += '_';
      }
    }
    SyntaxError e{b.error(codes::kUnexpected, begin, end, "a name is one word of letters, digits and `_`"), b.offset(end), false};
    e.diagnostic.fix = Fix{e.diagnostic.span, joined};
    throw e;
  }
};
// `import "types.fly"`, `import net.*`, `import a, b`: a whole module by its name, one a line.
template <bool after>
struct ForeignImport : Terminal<ForeignImport<after>> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder const& b = builder(context);
    if (first == last || b.new_line_before(first)) return true;
    if (!after && (*first == '"' || *first == '\'')) {
      b.fail(codes::kUnexpected, first, plain_string_end(first, b), "a module is imported by its name, not by its file",
             "as in `import net.types`; its files are given to the command");
    }
    if (after && (starts(first, b, ".*") || *first == '{' || starts(first, b, ".{")))
      b.fail(codes::kUnexpected, first, first + 1, "a module is imported as a whole", "all its names come with it: `import net.types`");
    if (after && *first == ',')
      b.fail(codes::kUnexpected, first, first + 1, "one import names one module", "write `import` again for the next");
    return true;
  }
};
// The bar between inputs and outputs. A table that has none, as elsewhere, is one mistake, however many rows it has.
struct DoubleBar : Terminal<DoubleBar> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A& a) const {
    if (mark("||").parse(first, last, context, r, a)) return true;
    Builder& b = builder(context);
    Iterator const bar_end = first != last && *first == '|' ? first + 1 : first;
    Iterator const next = skip_blanks(bar_end, last, b.begin(), b.bad_bytes());
    bool const row_ended = bar_end != first && (next == last || *next == '}' || std::find(bar_end, next, '\n') != next);
    if (!row_ended) b.fail_expected(first, "`||` between the inputs and the outputs");
    Iterator const after = bar_end;
    SyntaxError e{b.error(codes::kUnexpected, after - 1, after, "this row has no `||` between its inputs and its outputs",
                          "a double bar divides them, in every row: `| input || output |`"),
                  b.offset(bar_end), !b.first_time("||")};
    throw e;
  }
};
// `|---|---|` under a head, as Markdown has it: said, and passed over.
inline bool at_head_rule(Iterator p, Builder const& b) {
  if (p == b.end() || *p != '|') return false;
  Iterator end = p;
  while (end != b.end() && *end != '\n') ++end;
  std::string_view const text(p, static_cast<std::size_t>(end - p));
  return text.find("--") != text.npos && text.find_first_not_of("|-:+ \t\r") == text.npos;
}
struct HeadRule : Terminal<HeadRule> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Iterator end = first;
    while (end != last && *end != '\n') ++end;
    while (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r') --end;
    Builder& b = builder(context);
    Diagnostic d = b.error(codes::kUnexpected, first, end, "a table has no line between its head and its rows", "leave it out");
    d.fix = Fix{d.span, ""};
    b.report_intact(std::move(d));
    first = b.token(end);
    return true;
  }
};
}  // namespace flyball::cst
