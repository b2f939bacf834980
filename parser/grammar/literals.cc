// Grammar, part 1: literals and f-strings. Door: the rule `literal` of x3.h.
// Thread safety: rules are constants; the Builder is the state.
#include "parser/grammar/slips.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {
namespace {

// A literal without parts, its kind decided by the scanner.
struct ScannedLiteral : Terminal<ScannedLiteral> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last) return false;
    Builder& b = builder(context);
    Literal l = scan_string(first, b);
    if (l.end == first) l = scan_number_or_address(first, b);
    if (l.end == first) l = foreign_string(first, b);
    if (l.end == first) return false;
    if (l.kind == Kind::kInt || l.kind == Kind::kDouble) l = unit_apart(first, l, b);
    b.leaf(l.kind, first, l.end);
    first = b.token(l.end);
    return true;
  }

 private:
  // `10 seconds`: said, and no value.
  static Literal unit_apart(Iterator number, Literal l, Builder& b) {
    SpacedUnit const unit = scan_spaced_unit(l.end, b);
    if (unit.end == l.end) return l;
    Diagnostic d = b.error(codes::kBadUnit, number, unit.end, "a number and its unit are written together");
    d.fix = Fix{d.span, std::string(number, l.end) + unit.unit};
    b.report_intact(std::move(d));
    return {unit.end, Kind::kNothing};
  }

  // “text” with the quotes of a word processor: said, and no value.
  static Literal foreign_string(Iterator p, Builder& b) {
    if (p == b.end() || !is_foreign_quote({p, static_cast<std::size_t>(b.token_end(p) - p)})) return {p, Kind::kNothing};
    Iterator const body = b.token_end(p);
    for (Iterator q = body; q != b.end() && *q != '\n'; q = b.char_end(q)) {
      Iterator const stop = b.char_end(q);
      if (*q != '"' && *q != '\'' && !is_foreign_quote({q, static_cast<std::size_t>(stop - q)})) continue;
      Diagnostic d = b.error(codes::kUnexpected, p, stop, "these are not the quotes of a text");
      d.fix = Fix{d.span, "\"" + std::string(body, q) + "\""};
      b.report_intact(std::move(d));
      return {stop, Kind::kNothing};
    }
    return {p, Kind::kNothing};
  }
};

// f"text {hole} text". The text keeps its escapes; `{{` and `}}` stand for braces. Quotes: one or three, either kind.
template <typename Hole>
struct FStringParser : Terminal<FStringParser<Hole>> {
  Hole hole;
  explicit FStringParser(Hole const& h) : hole(h) {}
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    if (last - first < 2 || (*first != 'f' && *first != 'F') || (first[1] != '"' && first[1] != '\'')) return false;
    Builder& b = builder(context);
    Builder::Mark const m = b.mark(first);
    char const quote = first[1];
    bool const triple = last - first >= 4 && first[2] == quote && first[3] == quote;
    Iterator const opening = first;
    Iterator p = first + (triple ? 4 : 2);
    Iterator piece = p;
    auto const end_piece = [&] {
      if (piece != p) b.leaf(Kind::kFText, piece, p);
    };
    while (true) {
      if (p == last || (*p == '\n' && !triple)) {
        SyntaxError e{b.error(codes::kNotClosed, opening, opening + (triple ? 4 : 2), "this string is not closed",
                              "end it with " + std::string(triple ? 3 : 1, quote)),
                      b.offset(p), false};
        throw e;
      }
      if (*p == quote && (!triple || (last - p >= 3 && p[1] == quote && p[2] == quote))) {
        end_piece();
        first = b.token(p + (triple ? 3 : 1));
        b.close(Kind::kFString, m);
        return true;
      }
      if (*p == '\\' && p + 1 != last && p[1] != '\n') {
        p += 2;
      } else if ((*p == '{' || *p == '}') && p + 1 != last && p[1] == *p) {
        p += 2;
      } else if (*p == '}') {
        b.fail(codes::kUnmatched, p, p + 1, "`}` closes nothing in this string", "write `}}` for a brace");
      } else if (*p == '{') {
        end_piece();
        Iterator q = b.token(p + 1);
        if (!hole.parse(q, last, context, r, x3::unused)) b.fail_expected(q, "an expression");
        if (q == last || *q != '}') b.fail_expected(q, "`}`");
        p = q + 1;
        piece = p;
      } else {
        ++p;
      }
    }
  }
};
template <typename H>
auto f_string(H const& h) {
  using Hole = typename x3::extension::as_parser<H>::value_type;
  return FStringParser<Hole>(x3::as_parser(h));
}

auto const literal_def = f_string(inside[expression]) | ScannedLiteral{} | word_leaf("true") | word_leaf("false") | word_leaf("null");

}  // namespace

BOOST_SPIRIT_DEFINE(literal)
BOOST_SPIRIT_INSTANTIATE(LiteralRule, Iterator, Context)

}  // namespace flyball::cst
