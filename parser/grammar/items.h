// Blocks: `{ item item … }` with recovery, so that a mistake in one line, field or step hides none in the others.
// Included by parser/grammar/*.cc only.
//
// A mistake in an item leaves it out and goes on at the next line that can begin an item (next_item in scan.h). A block
// that meets what only follows it (Stop) or the next declaration is taken as closed there, said once a declaration.
#pragma once

#include <algorithm>
#include <optional>

#include "parser/grammar/slips.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

using Stop = bool (*)(Iterator, Builder const&);
using Keep = bool (*)(Iterator, Builder&, Builder::Mark const&);  // of an item that did not parse, closes what can be kept
struct Bare {  // of a block whose `{` is missing: what must stand there so that it is one, and what ends it
  Stop begins = nullptr;
  Stop ends = nullptr;
};
using Unknown = void (*)(Iterator, Builder const&);  // throws: what stands here begins no item

inline bool keep_nothing(Iterator, Builder&, Builder::Mark const&) { return false; }
inline bool never(Iterator, Builder const&) { return false; }

// At the beginning of a line, a declaration begins here; one that a block's own items look like only at column 1.
inline bool next_declaration_here(Iterator p, Builder const& b) {
  Iterator line = p;
  while (line != b.begin() && line[-1] != '\n') {
    if (line[-1] != ' ' && line[-1] != '\t') return false;
    --line;
  }
  return at_declaration(p, b.end()) && (line == p || !at_word(p, b.end(), "let"));
}

// "`cooldwon` is no part of a rule", with the nearest of `words`.
[[noreturn]] void fail_unknown_word(Iterator at, Builder const& b, Place place, std::string_view what, std::string_view of,
                                    std::vector<std::string> const& words);

template <Kind K, typename Item>
struct BlockParser : Terminal<BlockParser<K, Item>> {
  Item item;
  Unknown unknown;
  Stop stop;
  Keep keep;
  bool lets;  // `let` begins an item of this block
  Bare bare_block;
  BlockParser(Item const& i, Unknown u, Stop s, Keep k, bool l, Bare bare)
      : item(i), unknown(u), stop(s), keep(k), lets(l), bare_block(bare) {}

  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    if (first == last) return false;
    Builder& b = builder(context);
    needless_colon(b, first);
    bool const bare = *first != '{';
    std::optional<Diagnostic> missing;
    if (bare && (bare_block.begins == nullptr || !not_opened(b, first, missing))) return false;
    Builder::Mark const whole = b.mark(first);
    Iterator const open = first;
    Deeper const deeper(b, first);
    Modes const modes(b, false, false);
    if (!bare) first = b.token(first + 1);
    bool broken = false;
    bool closed = false;
    while (true) {
      if (first != last && *first == '}') {
        // Of a block without `{` it closes what is around; of a rule's body there is nothing around.
        closed = !bare || b.depth == 1 || part_follows(b, first + 1);
        if (closed) first = b.token(first + 1);
        break;
      }
      bool const follows = first == last || stop(first, b) || (next_declaration_here(first, b) && !(lets && at_word(first, last, "let")));
      if (follows || (bare && bare_block.ends(first, b))) {
        if (bare) break;
        not_closed(b, open, first);
        broken = true;
        break;
      }
      if (*first == ',') {
        if (std::string_view const number = b.grouped_number(first); !number.empty()) {
          b.report(b.grouped_error(number));
          broken = true;
          first = b.token(number.data() + number.size());
          continue;
        }
        if (b.first_time(",")) {
          Diagnostic d = b.error(codes::kUnexpected, first, first + 1, "`,` means nothing here", "lines need no mark between them");
          d.fix = Fix{d.span, ""};
          b.report_intact(std::move(d));
        }
        first = b.token(first + 1);
        continue;
      }
      Iterator const start = first;
      Builder::Mark const m = b.mark(first);
      try {
        if (!item.parse(first, last, context, r, x3::unused)) unknown(first, b);
      } catch (SyntaxError& e) {
        if (!e.reported) b.report(std::move(e.diagnostic));
        broken = true;
        if (!keep(start, b, m)) b.back(m);
        first = std::max(next_item(start, b.begin() + e.resume, b), start + 1);
        first = b.skip(first);
      }
    }
    if (missing) say_missing(b, std::move(*missing), closed || broken || open == b.begin() + b.last_end());
    b.close(K, whole, broken);
    return true;
  }

 private:
  bool part_follows(Builder const& b, Iterator at) const {
    Iterator const next = skip_blanks(at, b.end(), b.begin(), b.bad_bytes());
    return bare_block.ends != nullptr && bare_block.ends != &never && bare_block.ends(next, b);
  }
  static Iterator skip_spaces(Iterator p, Iterator end) {
    while (p != end && (*p == ' ' || *p == '\t')) ++p;
    return p;
  }
  // The block ends with its last item where its `}` is missing as well.
  static void say_missing(Builder& b, Diagnostic d, bool open_only) {
    Iterator const from = b.begin() + d.span.begin;
    Iterator const begins = skip_blanks(from, b.end(), b.begin(), b.bad_bytes());
    std::string const text(begins, b.begin() + std::max(b.last_end(), b.offset(begins)));
    if (open_only || text.empty() || text.find('#') != text.npos || text.find("//") != text.npos) {
      d.fix = Fix{d.span, " {"};
    } else {
      std::string const gap(from, begins);
      bool const lines = gap.find('\n') != gap.npos;
      Iterator line = from;
      while (line != b.begin() && line[-1] != '\n') --line;
      Iterator const indented = skip_spaces(line, from);
      d.fix = Fix{{b.file(), d.span.begin, b.last_end()},
                  " {" + (lines ? gap : " ") + text + (lines ? "\n" + std::string(line, indented) : " ") + "}"};
    }
    b.report_intact(std::move(d));
  }

  // `when: {`: said, and read as if the colon were not there.
  static void needless_colon(Builder& b, Iterator& at) {
    if (*at != ':') return;
    Iterator const open = skip_blanks(at + 1, b.end(), b.begin(), b.bad_bytes());
    if (open == b.end() || *open != '{') return;
    Diagnostic d = b.error(codes::kUnexpected, at, at + 1, "`:` means nothing here", "blocks stand in `{ … }`");
    d.fix = Fix{d.span, ""};
    b.report_intact(std::move(d));
    at = b.token(at + 1);
  }

  // The `{` is missing, but what stands here can begin an item: said, and read as if it were there.
  bool not_opened(Builder& b, Iterator& at, std::optional<Diagnostic>& missing) const {
    if (*at == ':') {  // `rule r:`, as if indentation made blocks
      Diagnostic d = b.error(codes::kUnexpected, at, at + 1, "expected `{`, found `:`", "blocks stand in `{ … }`");
      d.fix = Fix{d.span, "{"};
      b.report_intact(std::move(d));
      at = b.token(at + 1);
      return true;
    }
    if (!bare_block.begins(at, b)) return false;
    Iterator const after = b.begin() + b.last_end();
    missing = b.error(codes::kNotClosed, after, after, "`{` is missing before " + b.found(at), "and `}` at the block's end");
    return true;
  }

  // One message a declaration: a mistake before, or an inner block that was not closed, is the likely cause.
  static void not_closed(Builder& b, Iterator open, Iterator at) {
    if (b.mistakes_in_declaration() > 0) return;
    if (at == b.end()) {
      b.report(b.error(codes::kNotClosed, open, open + 1, "this `{` is not closed"));
      return;
    }
    auto const line = 1 + std::count(b.begin(), open, '\n');
    char const* after = b.begin() + b.last_end();
    Diagnostic d = b.error(codes::kNotClosed, after, after, "`}` is missing before " + b.found(at),
                           "the block that begins on line " + std::to_string(line) + " is not closed");
    d.fix = Fix{d.span, "}"};
    b.report(std::move(d));
  }
};
template <Kind K, typename P>
auto block(P const& item, Unknown unknown, Stop stop = never, Keep keep = keep_nothing, bool lets = false, Bare bare = {}) {
  using Item = typename x3::extension::as_parser<P>::value_type;
  return BlockParser<K, Item>(x3::as_parser(item), unknown, stop, keep, lets, bare);
}

// Words of the language that this version does not have: one message, by name.
struct NotYetParser : Terminal<NotYetParser> {
  std::string_view first_word, second_word;  // the second may be empty
  std::string_view construct;
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (!at_word(first, last, first_word)) return false;
    Iterator stop = first + first_word.size();
    if (!second_word.empty()) {
      Iterator const q = skip_blanks(stop, last, b.begin(), b.bad_bytes());
      if (!at_word(q, last, second_word)) return false;
      stop = q + second_word.size();
    }
    b.fail(codes::kNotInThisVersion, first, stop, "`" + std::string(construct) + "` is not in this version",
           std::string(instead_of(construct)));
  }
};
inline NotYetParser not_yet(std::string_view first_word, std::string_view second_word, std::string_view construct) {
  NotYetParser p;
  p.first_word = first_word;
  p.second_word = second_word;
  p.construct = construct;
  return p;
}

}  // namespace flyball::cst
