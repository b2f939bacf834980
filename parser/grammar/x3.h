// The X3 side of the grammar: terminals made of scan.h, directives that write to the Builder, and the rules that cross
// files. Included by parser/grammar/*.cc only; no other header or folder may see X3.
//
// Conventions: a terminal skips the blanks after itself, so rules need no skipper. No rule has an attribute; what it
// read is on the Builder. A parser that returns false has put `first` and the Builder back. After the point where only
// one reading is left, must() turns failure into a SyntaxError, caught by the innermost list of items.
#pragma once

#include <boost/spirit/home/x3.hpp>
#include <string_view>
#include <type_traits>
#include <utility>

#include "parser/ast/keywords.h"
#include "parser/diagnostics/codes.h"
#include "parser/grammar/builder.h"
#include "parser/grammar/scan.h"
#include "parser/parser.h"

namespace flyball::cst {

namespace x3 = boost::spirit::x3;

struct BuilderTag;
using Iterator = char const*;
using Context = x3::context<BuilderTag, Builder>;

template <typename C>
Builder& builder(C const& context) {
  return x3::get<BuilderTag>(context);
}
inline Context make_context(Builder& b) { return Context(b); }

// ---- Terminals

template <typename Derived>
struct Terminal : x3::parser<Derived> {
  using attribute_type = x3::unused_type;
  static bool const has_attribute = false;
};

// A word with a boundary; `leaf` pushes a kWord.
struct WordParser : Terminal<WordParser> {
  std::string_view word;
  bool leaf = false;
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || *first != word.front() || word_at(first, last) != word) return false;
    Builder& b = builder(context);
    if (leaf) b.leaf(Kind::kWord, first, first + word.size());
    first = b.token(first + word.size());
    return true;
  }
};
inline WordParser word(ast::Word w) { return {{}, w.text, false}; }
inline WordParser word_leaf(ast::Word w) { return {{}, w.text, true}; }

// A mark that may touch anything: `{`, `,`, `..`.
struct MarkParser : Terminal<MarkParser> {
  std::string_view mark;
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (static_cast<std::size_t>(last - first) < mark.size() || *first != mark.front() || std::string_view(first, mark.size()) != mark)
      return false;
    first = builder(context).token(first + mark.size());
    return true;
  }
};
inline MarkParser mark(std::string_view m) { return {{}, m}; }

// A leaf whose end a function finds: `end(first, builder)` is the end, or first if there is none.
template <Kind K, auto End>
struct LeafParser : Terminal<LeafParser<K, End>> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    Iterator const end = End(first, static_cast<Builder const&>(b));
    if (end == first) return false;
    b.leaf(K, first, end);
    first = b.token(end);
    return true;
  }
};

// Only looks: true where the function says so.
template <auto Test>
struct AheadParser : Terminal<AheadParser<Test>> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    return Test(first, static_cast<Builder const&>(builder(context)));
  }
};

inline Iterator name_end(Iterator p, Builder const& b) {
  std::string_view const w = word_at(p, b.end());
  if (is_reserved(w)) return p;
  // After `let x = 1 +` the next declaration is no operand.
  if (p != b.begin() && p[-1] == '\n' && is_declaration_word(w) && w.size() < static_cast<std::size_t>(b.end() - p) &&
      (p[w.size()] == ' ' || p[w.size()] == '\n'))
    return p;
  return p + w.size();
}
inline Iterator any_word_end(Iterator p, Builder const& b) { return word_end(p, b.end()); }
inline Iterator type_end(Iterator p, Builder const& b) { return type_path_end(p, b.end()); }
// a.b.c, of any case; the first word is not reserved.
inline Iterator path_end(Iterator p, Builder const& b) {
  Iterator q = name_end(p, b);
  if (q == p) return p;
  while (q != b.end() && *q == '.' && q + 1 != b.end() && is_word_start(q[1])) q = word_end(q + 1, b.end());
  return q;
}
inline Iterator quoted_name_end(Iterator p, Builder const& b) {
  if (p == b.end() || *p != '`') return p;
  Iterator q = p + 1;
  while (q != b.end() && *q != '`' && *q != '\n') ++q;
  return q == b.end() || *q == '\n' || q == p + 1 ? p : q + 1;
}
inline Iterator plain_string_end(Iterator p, Builder const& b) {
  if (p == b.end() || (*p != '"' && *p != '\'')) return p;
  return scan_string(p, b).end;
}

inline LeafParser<Kind::kName, name_end> const name{};
inline LeafParser<Kind::kName, any_word_end> const any_word{};  // after a point every word is a name
inline LeafParser<Kind::kQuotedName, quoted_name_end> const quoted_name{};
inline LeafParser<Kind::kTypePath, path_end> const type_path{};  // lowering or the checker says if it is no type
inline LeafParser<Kind::kPath, path_end> const path{};
inline LeafParser<Kind::kString, plain_string_end> const plain_string{};

// ---- Directives

template <typename Subject, typename Derived>
struct Directive : x3::unary_parser<Subject, Derived> {
  using attribute_type = x3::unused_type;
  static bool const has_attribute = false;
  static bool const is_pass_through_unary = false;
  constexpr explicit Directive(Subject const& s) : x3::unary_parser<Subject, Derived>(s) {}
  template <typename C, typename R>
  bool inner(Iterator& first, Iterator const& last, C const& context, R const& r) const {
    return this->subject.parse(first, last, context, r, x3::unused);
  }
};

template <template <typename> class D, typename P>
auto direct(P const& p) {
  using Subject = typename x3::extension::as_parser<P>::value_type;
  return D<Subject>(x3::as_parser(p));
}

// node<K>[p]: what p pushes becomes the children of a K.
template <Kind K>
struct NodeDirective {
  template <typename Subject>
  struct Parser : Directive<Subject, Parser<Subject>> {
    using Directive<Subject, Parser<Subject>>::Directive;
    template <typename C, typename R, typename A>
    bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
      Builder& b = builder(context);
      Builder::Mark const m = b.mark(first);
      Iterator const start = first;
      if (!this->inner(first, last, context, r)) {
        b.back(m);
        first = start;
        return false;
      }
      b.close(K, m);
      return true;
    }
  };
  template <typename P>
  auto operator[](P const& p) const {
    return direct<Parser>(p);
  }
};
template <Kind K>
inline NodeDirective<K> const node{};

// fold<K>[p]: as node, but a single child stays itself.
template <Kind K>
struct FoldDirective {
  template <typename Subject>
  struct Parser : Directive<Subject, Parser<Subject>> {
    using Directive<Subject, Parser<Subject>>::Directive;
    template <typename C, typename R, typename A>
    bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
      Builder& b = builder(context);
      Builder::Mark const m = b.mark(first);
      Iterator const start = first;
      if (!this->inner(first, last, context, r)) {
        b.back(m);
        first = start;
        return false;
      }
      if (b.pushed_since(m) > 1) b.close(K, m);
      return true;
    }
  };
  template <typename P>
  auto operator[](P const& p) const {
    return direct<Parser>(p);
  }
};
template <Kind K>
inline FoldDirective<K> const fold{};

// must(p, "a name"): here only p can stand.
template <typename Subject>
struct MustParser : Directive<Subject, MustParser<Subject>> {
  std::string_view what;
  bool names;      // a name is wanted: a reserved word is said to be one
  bool same_line;  // on the line of the word before it, else what begins the next line would be taken for it
  MustParser(Subject const& s, std::string_view w, bool n, bool l)
      : Directive<Subject, MustParser<Subject>>(s), what(w), names(n), same_line(l) {}
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    Builder& b = builder(context);
    bool const next_line = same_line && first != last && !is_upper(*first) && b.new_line_before(first) && b.last_end() > 0 &&
                           b.text()[b.last_end() - 1] != ',';
    if (next_line || !this->inner(first, last, context, r)) b.fail_expected(first, what, names);
    return true;
  }
};
template <typename P>
auto must(P const& p, std::string_view what) {
  using Subject = typename x3::extension::as_parser<P>::value_type;
  return MustParser<Subject>(x3::as_parser(p), what, false, false);
}
// The mark itself, in backticks, is what the message names.
struct MustMark : Terminal<MustMark> {
  MarkParser inner;
  explicit MustMark(MarkParser const& p) : inner(p) {}
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A& a) const {
    if (!inner.parse(first, last, context, r, a)) builder(context).fail_expected(first, "`" + std::string(inner.mark) + "`");
    return true;
  }
};
inline MustMark must(MarkParser const& p) { return MustMark(p); }
// A mark between a name and what it stands for. Forgotten, it is said and taken as written: what follows is clear.
struct SoftMark : Terminal<SoftMark> {
  MarkParser inner;
  std::string_view wanted;  // if more than the mark is missing at the end of a line
  SoftMark(MarkParser const& p, std::string_view w) : inner(p), wanted(w) {}
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A& a) const {
    if (inner.parse(first, last, context, r, a)) return true;
    Builder& b = builder(context);
    std::string const what = "`" + std::string(inner.mark) + "`";
    // The mark that another language has in its place.
    for (std::string_view const other : {"==", "=>", "->", ":=", "=", ":"}) {
      if (std::string_view(first, static_cast<std::size_t>(last - first)).substr(0, other.size()) != other) continue;
      if (b.first_time(inner.mark == ":" ? "mark :" : "mark =")) {
        Diagnostic d =
            b.error(codes::kUnexpected, first, first + other.size(), "expected " + what + ", found `" + std::string(other) + "`");
        d.fix = Fix{d.span, std::string(inner.mark)};
        b.report_intact(std::move(d));
      }
      first = b.token(first + other.size());
      return true;
    }
    // `device  port: string`: what is missing is more than the mark.
    Iterator const next = skip_blanks(word_end(first, last), last, b.begin(), b.bad_bytes());
    bool const other = inner.mark == ":" && next != last && *next == ':';
    bool const clear = first != last && !b.new_line_before(first) && (is_word(*first) || *first == '"' || *first == '[') &&
                       !is_reserved(word_at(first, last)) && !other;
    if (!clear) b.fail_expected(first, wanted.empty() ? std::string_view(what) : wanted);
    Diagnostic d = b.error(codes::kUnexpected, first, b.token_end(first), "expected " + what + ", found " + b.found(first));
    d.fix = Fix{{b.file(), b.last_end(), b.last_end()}, inner.mark == "=" ? " =" : std::string(inner.mark)};
    b.report_intact(std::move(d));
    return true;
  }
};
inline SoftMark soft(MarkParser const& p, std::string_view wanted = {}) { return SoftMark(p, wanted); }

template <typename P>
auto must_name(P const& p, std::string_view what) {
  using Subject = typename x3::extension::as_parser<P>::value_type;
  return MustParser<Subject>(x3::as_parser(p), what, true, true);
}
// As must_name, where an item or a list begins and so a line may.
template <typename P>
auto must_begin(P const& p, std::string_view what) {
  using Subject = typename x3::extension::as_parser<P>::value_type;
  return MustParser<Subject>(x3::as_parser(p), what, true, false);
}

// One level deeper; beyond kMaxNesting it is a mistake.
class Deeper {
 public:
  Deeper(Builder& b, Iterator at) : b_(b) {
    if (b_.depth >= kMaxNesting) {
      // The bracket itself, which is the last thing read, or, for a block, still to be read.
      Iterator const bracket =
          b_.last_end() > 0 && at != b_.end() && *at == '{' ? at : b_.begin() + (b_.last_end() > 0 ? b_.last_end() - 1 : 0);
      b_.fail(codes::kTooDeep, bracket, bracket + 1, "nested deeper than 64 levels", "give parts of it a name with `let`");
    }
    ++b_.depth;
  }
  ~Deeper() { --b_.depth; }
  Deeper(Deeper const&) = delete;
  Deeper& operator=(Deeper const&) = delete;

 private:
  Builder& b_;
};

// Sets the modes of an expression for a while.
class Modes {
 public:
  Modes(Builder& b, bool number_wins, bool in_cell) : b_(b), number_wins_(b.number_wins), in_cell_(b.in_cell) {
    b.number_wins = number_wins;
    b.in_cell = in_cell;
  }
  ~Modes() {
    b_.number_wins = number_wins_;
    b_.in_cell = in_cell_;
  }
  Modes(Modes const&) = delete;
  Modes& operator=(Modes const&) = delete;

 private:
  Builder& b_;
  bool number_wins_, in_cell_;
};

// inside[p]: p stands in brackets: one level deeper, all modes off.
template <typename Subject>
struct InsideParser : Directive<Subject, InsideParser<Subject>> {
  using Directive<Subject, InsideParser<Subject>>::Directive;
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    Builder& b = builder(context);
    Deeper const deeper(b, first);
    Modes const modes(b, false, false);
    return this->inner(first, last, context, r);
  }
};
template <typename Subject>
struct NumberWinsParser : Directive<Subject, NumberWinsParser<Subject>> {
  using Directive<Subject, NumberWinsParser<Subject>>::Directive;
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    Builder& b = builder(context);
    Modes const modes(b, true, b.in_cell);
    return this->inner(first, last, context, r);
  }
};
template <typename Subject>
struct InCellParser : Directive<Subject, InCellParser<Subject>> {
  using Directive<Subject, InCellParser<Subject>>::Directive;
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    Modes const modes(builder(context), false, true);
    return this->inner(first, last, context, r);
  }
};
template <template <typename> class D>
struct DirectiveMaker {
  template <typename P>
  auto operator[](P const& p) const {
    return direct<D>(p);
  }
};
inline DirectiveMaker<InsideParser> const inside{};
inline DirectiveMaker<NumberWinsParser> const number_wins{};
inline DirectiveMaker<InCellParser> const in_cell{};

// chain<K>(operand, op): operand { op operand }, folded. One copy of the operand's code, where `a >> *(op >> a)` has two.
template <Kind K, typename Operand, typename Op>
struct ChainParser : Terminal<ChainParser<K, Operand, Op>> {
  Operand operand;
  Op op;
  ChainParser(Operand const& a, Op const& o) : operand(a), op(o) {}
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    Builder& b = builder(context);
    Builder::Mark const m = b.mark(first);
    bool chained = false;
    while (true) {
      Iterator const before = first;
      if (!operand.parse(first, last, context, r, x3::unused)) {
        if (!chained) return false;
        b.fail_expected(before, "an expression");
      }
      if (!op.parse(first, last, context, r, x3::unused)) break;
      chained = true;
    }
    if (chained) b.close(K, m);
    return true;
  }
};
template <Kind K, typename Operand, typename Op>
auto chain(Operand const& operand, Op const& op) {
  return ChainParser<K, typename x3::extension::as_parser<Operand>::value_type, Op>(x3::as_parser(operand), op);
}

// ---- Rules used in more than one file

using LiteralRule = x3::rule<struct LiteralId>;
using ExpressionRule = x3::rule<struct ExpressionId>;
using OperandRule = x3::rule<struct OperandId>;  // down from `??`: what `for`, `ttl`, `within` … take
using RangeRule = x3::rule<struct RangeId>;
using CompareRule = x3::rule<struct CompareId>;
using RecordBodyRule = x3::rule<struct RecordBodyId>;
inline LiteralRule const literal{"literal"};
inline ExpressionRule const expression{"expression"};
inline OperandRule const operand{"operand"};
inline RangeRule const range{"range"};
inline CompareRule const compare{"compare"};
inline RecordBodyRule const record_body{"record_body"};
BOOST_SPIRIT_DECLARE(LiteralRule, ExpressionRule, OperandRule, RangeRule, CompareRule, RecordBodyRule)

}  // namespace flyball::cst
