// Grammar, part 2: expressions, loosest first; language.md §9 gives the order. Doors: the rules `expression`, `operand`,
// `range`, `compare` and `record_body` of x3.h, and parse_expression_text of grammar.h.
// Thread safety: rules are constants; the Builder is the state.
//
// Every level is left-factored (chain): an expression is read once, however it goes on. Recursion passes through
// `inside`, which counts depth.
#include <algorithm>
#include <array>

#include "model/suggest.h"
#include "model/text.h"
#include "parser/grammar/foreign_expressions.h"
#include "parser/grammar/grammar.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/slips.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {
namespace {

// ---- Operators that only expressions have (the others: operators.h)

Iterator range_end(Iterator p, Builder const& b) {
  if (!starts(p, b, "..")) return p;
  return p + 2 != b.end() && p[2] == '<' ? p + 3 : p + 2;
}
Iterator coalesce_end(Iterator p, Builder const& b) { return starts(p, b, "??") ? p + 2 : p; }
Iterator add_end(Iterator p, Builder const& b) { return p != b.end() && (*p == '+' || (*p == '-' && !starts(p, b, "->"))) ? p + 1 : p; }
Iterator multiply_end(Iterator p, Builder const& b) {
  if (starts(p, b, "**")) return p + 2;  // said to be none when lowered
  return p != b.end() && (*p == '*' || *p == '/' || *p == '%') ? p + 1 : p;
}
Iterator prefix_end(Iterator p, Builder const& b) { return p != b.end() && (*p == '-' || (*p == '!' && !starts(p, b, "!="))) ? p + 1 : p; }

// `?` of the ternary: not the first of `??`.
bool ternary_mark(Iterator p, Builder const& b) { return !starts(p, b, "??"); }
// After the point a member stands on the same line; what begins the next one is something else.
bool member_here(Iterator p, Builder const& b) { return !b.new_line_before(p); }
// `.` of a member: not the first of `..`.
bool member_mark(Iterator p, Builder const& b) { return !starts(p, b, ".."); }
// A message or fact literal: a qualified type, then `{`.
bool at_record(Iterator p, Builder const& b) {
  if (p == b.end() || !is_word_start(*p)) return false;
  Iterator q = type_path_end(p, b.end());
  if (q == p) return false;
  while (q != b.end() && (*q == ' ' || *q == '\t')) ++q;
  return q != b.end() && *q == '{';
}
// An aggregate: its word, `(`, perhaps a number or name and `,`, then a type.
// Past what stands for the number of `topk(3, …)`; also of what is none, or is worked out (`1/8`), which the checker says.
Iterator number_end(Iterator p, Iterator last) {
  auto const blanks = [&](Iterator q) {
    while (q != last && (*q == ' ' || *q == '\t')) ++q;
    return q;
  };
  for (bool more = true; more;) {
    while (p != last && (is_word(*p) || *p == '.' || *p == '-' || *p == '%' || *p == '"')) ++p;
    Iterator const sign = blanks(p);
    more = sign != last && (*sign == '/' || *sign == '*' || *sign == '+' || *sign == '-');
    if (more) p = blanks(sign + 1);
  }
  return p;
}

bool at_aggregate(Iterator p, Builder const& b) {
  std::string_view const w = word_at(p, b.end());
  if (w.size() < 3 || !is_aggregate(w)) return false;
  auto const blanks = [&](Iterator q) {
    while (q != b.end() && (*q == ' ' || *q == '\t' || *q == '\n' || *q == '\r')) ++q;
    return q;
  };
  Iterator q = blanks(p + w.size());
  if (q == b.end() || *q != '(') return false;
  q = blanks(q + 1);
  if (type_path_end(q, b.end()) != q) return true;
  Iterator k = number_end(q, b.end());
  if (k == q) return false;
  k = blanks(k);
  // `count(links where …)`: an aggregate whose type lacks its capital letter; lowering says so.
  std::string_view const next = word_at(k, b.end());
  if (next == "where" || next == "over") return true;
  if (k == b.end() || *k != ',') return false;
  k = blanks(k + 1);
  return type_path_end(k, b.end()) != k;
}

template <auto Test>
AheadParser<Test> const ahead{};

// A name as an operand. After `check a and` the next line's `some Type …` or `then {` is no operand: no name is
// followed by another or by a brace, so what looks so at the beginning of a line is the next item.
Iterator operand_name_end(Iterator p, Builder const& b) {
  Iterator const end = name_end(p, b);
  if (end == p || p == b.begin()) return end;
  Iterator line = p;
  while (line != b.begin() && (line[-1] == ' ' || line[-1] == '\t')) --line;
  if (line == b.begin() || line[-1] != '\n') return end;
  Iterator after = end;
  while (after != b.end() && (*after == ' ' || *after == '\t')) ++after;
  // `name:` begins the next pattern, where no map or ternary waits for a colon.
  if (!b.number_wins && after != b.end() && *after == ':' && !starts(after, b, "::")) return p;
  static constexpr std::array<std::string_view, 24> kItemWords{"some",   "no",     "check",   "let",     "cross", "every", "either", "do",
                                                               "derive", "assert", "set",     "retract", "log",   "then",  "until",  "on",
                                                               "when",   "case",   "default", "at",      "by",    "send",  "expect", "ask"};
  if (std::find(kItemWords.begin(), kItemWords.end(), std::string_view(p, static_cast<std::size_t>(end - p))) == kItemWords.end())
    return end;
  Iterator q = end;
  while (q != b.end() && (*q == ' ' || *q == '\t')) ++q;
  if (q == end || q == b.end()) return end;
  bool const next_item = *q == '{' || *q == '"' || is_digit(*q) || (is_word_start(*q) && !is_reserved(word_at(q, b.end())));
  return next_item ? p : end;
}

// ---- Atoms

auto const comma = mark(",");
auto const arguments = node<Kind::kArguments>[mark("(") >> listed(expression, mark(")"), "`,` or `)`", "an expression or `)`")];

auto const optional_part = node<Kind::kOptionalPart>[mark("?") >> must(expression, "an expression")];
// `("a", "b")`, as other languages write a list.
struct OneValue : Terminal<OneValue> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first != last && *first == ',')
      builder(context).fail(codes::kUnexpected, first, first + 1, "expected `)`, found `,`", "a list stands in brackets: `[…, …]`");
    return true;
  }
};
auto const paren = node<Kind::kParen>[mark("(") >> inside[must(expression, "an expression")] >> OneValue{} >> must(mark(")"))];
auto const list = node<Kind::kList>[mark("[") >> listed(optional_part | expression, mark("]"), "`,` or `]`", "an expression or `]`")];
auto const map_key = number_wins[node<Kind::kOptionalPart>[mark("?") >> must(expression, "a key")] | expression];
// `in {"a", "b"}`: a map has values.
struct NoSet : Terminal<NoSet> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || (*first != ',' && *first != '}')) return true;
    Builder const& b = builder(context);
    SyntaxError e{
        b.error(codes::kUnexpected, first, first + 1, "expected `:`, found " + b.found(first), "a list stands in brackets: `[…, …]`"),
        b.offset(first + 1), false};
    // The whole of it, if it is on this line and nothing in it has braces.
    Iterator open = first;
    while (open != b.begin() && *open != '{' && *open != '\n') --open;
    Iterator const close = std::find_if(first, last, [](char c) { return std::string_view("{}:#\n").find(c) != std::string_view::npos; });
    Iterator before = open;
    while (before != b.begin() && before[-1] == ' ') --before;
    bool const member = before - b.begin() > 2 && lower_case(std::string_view(before - 2, before)) == "in" && !is_word(before[-3]);
    if (member && *open == '{' && close != last && *close == '}') {
      e.diagnostic.fix = Fix{{b.file(), b.offset(open), b.offset(close + 1)}, "[" + std::string(open + 1, close) + "]"};
      e.resume = b.offset(close + 1);
    }
    throw e;
  }
};
auto const map_entry = node<Kind::kMapEntry>[map_key >> NoSet{} >> must(mark(":")) >> must(expression, "a value")];
auto const map = node<Kind::kMap>[mark("{") >> listed(map_entry, mark("}"), "`,` or `}`", "an entry or `}`")];

// `{ l.device, l.port }`: values without names.
struct NamedField : Terminal<NamedField> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || (*first != '.' && *first != ',' && *first != '}' && *first != '+' && *first != '-')) return true;
    Builder& b = builder(context);
    if (*first == '+' || *first == '-')
      b.fail(codes::kUnexpected, first, first + 1, "expected `:`, found `" + std::string(1, *first) + "`",
             "a field is given its new value: `count: name.count + 1`");
    b.fail(codes::kUnexpected, first, first + 1, "expected `:`, found `" + std::string(1, *first) + "`",
           "every field is named: `{ field: value }`");
  }
};
auto const record_field = node<Kind::kRecordField>[name >> NamedField{} >> soft(mark(":")) >> must(expression, "a value")];
// A comma between the fields of a record; forgotten, it is said and taken as written if the next field is clear.
struct RecordComma : Terminal<RecordComma> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A& a) const {
    if (mark(",").parse(first, last, context, r, a)) return true;
    Builder& b = builder(context);
    Iterator q = name_end(first, b);
    if (q == first) return false;
    q = skip_blanks(q, last, b.begin(), b.bad_bytes());
    if (q == last || *q != ':' || starts(q, b, "::")) return false;
    Diagnostic d =
        b.error(codes::kUnexpected, b.begin() + b.last_end(), b.begin() + b.last_end(), "`,` is missing before " + b.found(first));
    d.fix = Fix{d.span, ","};
    b.report_intact(std::move(d));
    return true;
  }
};
auto const record_body_def = mark("{") >> ((inside[record_field >> *(RecordComma{} >> record_field) >> -mark(",")] >>
                                            must<MarkParser>(mark("}"), "`,` or `}`")) |
                                           must_begin(mark("}"), "a field or `}`"));
auto const record = node<Kind::kRecord>[ahead<at_record> >> type_path >> record_body];

// The type; or, in its place, the path that ought to be one.
Iterator aggregate_type_end(Iterator p, Builder const& b) {
  Iterator const e = type_path_end(p, b.end());
  return e != p ? e : path_end(p, b);
}
bool at_k(Iterator p, Builder const& b) {
  if (type_path_end(p, b.end()) != p) return false;
  Iterator q = number_end(p, b.end());
  if (q == p) return false;
  q = skip_blanks(q, b.end(), b.begin(), b.bad_bytes());
  return q != b.end() && *q == ',';
}
auto const aggregate_k = node<Kind::kAggregateK>[operand >> comma];
auto const aggregate_type = LeafParser<Kind::kTypePath, aggregate_type_end>{};
auto const aggregate_field = node<Kind::kAggregateField>[mark(".") >> must(any_word, "a field name")];
auto const over = word("over") >> (node<Kind::kAggregateOverLast>[word("last") >> operand] |
                                   node<Kind::kAggregateOver>[must(operand, "a duration or `last N`")]);
auto const at_least = node<Kind::kAggregateAtLeast>[word("at") >> word("least") >> must(operand, "a number of samples") >>
                                                    must(word("samples"), "`samples`")];
// `avg(Link.util for 5m)`: `for` holds a condition, a window is `over`.
struct WindowWord : Terminal<WindowWord> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (first != last && *first == ',') {
      Iterator const next = skip_blanks(first + 1, last, b.begin(), b.bad_bytes());
      Iterator const stop = std::find_if(next, last, [](char c) { return c == ')' || c == ' ' || c == '\n'; });
      bool const window = at_word(next, last, "last") || parse_duration_ns(std::string_view(next, stop)).has_value();
      SyntaxError e{b.error(codes::kUnexpected, first, first + 1, "the window of an aggregate is written `over`, not `,`",
                            window ? "" : "of two values the smaller is `math.least(a, b)`, the greater `math.greatest(a, b)`"),
                    b.offset(first + 1), false};
      if (window) e.diagnostic.fix = Fix{e.diagnostic.span, " over"};
      throw e;
    }
    if (first != last && *first == '[') {
      Iterator const stop = std::find_if(first, last, [](char c) { return c == ']' || c == ')' || c == '\n'; });
      bool const closed = stop != last && *stop == ']';
      SyntaxError e{b.error(codes::kUnexpected, first, closed ? stop + 1 : first + 1,
                            "the window of an aggregate is written `over`, not `[…]`", "as in `avg(Type.field over 5m)`"),
                    b.offset(closed ? stop + 1 : first + 1), false};
      std::string const inside(first + 1, closed ? stop : first + 1);
      if (parse_duration_ns(inside)) e.diagnostic.fix = Fix{e.diagnostic.span, " over " + inside};
      throw e;
    }
    if (at_word(first, last, "group"))
      b.fail(codes::kUnexpected, first, first + 5, "an aggregate is not divided by `group by`", std::string(kGroupHelp));
    for (std::string_view const w : {"for", "within", "last", "in", "during"}) {
      if (!at_word(first, last, w)) continue;
      SyntaxError e{b.error(codes::kUnexpected, first, first + w.size(),
                            "the window of an aggregate is written `over`, not `" + std::string(w) + "`"),
                    b.offset(first + w.size()), false};
      e.diagnostic.fix = Fix{e.diagnostic.span, w == "last" ? "over last" : "over"};
      throw e;
    }
    return false;
  }
};
auto const aggregate_part = WindowWord{} | node<Kind::kAggregateBy>[word("by") >> must(expression, "an expression")] |
                            node<Kind::kWhere>[word("where") >> must(expression, "a condition")] | over | at_least;
auto const aggregate = node<
    Kind::kAggregate>[ahead<at_aggregate> >> name >> mark("(") >>
                      inside[-(ahead<at_k> >> aggregate_k) >> must(aggregate_type, "a fact type") >> -aggregate_field >> *aggregate_part] >>
                      must(mark(")"))];

// As a message lists them.
std::string all_aggregates() {
  std::string out = "there are ";
  for (std::size_t i = 0; i < ast::kAggregateWords.size(); ++i)
    out += (i == 0 ? "`" : i + 1 == ast::kAggregateWords.size() ? " and `" : ", `") + std::string(ast::kAggregateWords[i]) + "`";
  return out;
}

// `median(Type.field over 5m)`, `cuont(Type where …)`: a type stands in parentheses only of an aggregate.
struct ForeignAggregate : Terminal<ForeignAggregate> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    std::string const w(word_at(first, last));
    if (w.empty()) return false;
    Iterator const word = first + w.size();
    std::string const lower = lower_case(w);
    not_grouped(first, word, lower, b);
    not_a_star(first, word, lower, b);
    if (word == last || *word != '(' || is_aggregate(w)) return false;
    Iterator type = skip_blanks(word + 1, last, b.begin(), b.bad_bytes());
    if (at_k(type, b)) {  // `percentile(95, Type.field …)`
      while (*type != ',') ++type;
      type = skip_blanks(type + 1, last, b.begin(), b.bad_bytes());
    }
    Iterator q = type_path_end(type, last);
    if (q == type) return false;
    if (q != last && *q == '.') q = word_end(q + 1, last);
    std::string_view const next = word_at(skip_blanks(q, last, b.begin(), b.bad_bytes()), last);
    if (std::string_view const verb = presence_meant(w); !verb.empty()) {
      std::string_view const before = b.text().substr(0, b.last_end());
      bool const negated = before.ends_with("not") || before.ends_with("NOT") || before.ends_with('!');
      b.fail(
          "E0310", first, word, "whether there is such a fact is a line of `when`, not a value",
          "write `" + std::string(negated == (verb == "no") ? "some" : "no") + " " + std::string(type, q) + " where …`, without `check`");
    }
    if (lower == "forall" || lower == "all" || lower == "every") {
      b.fail("E0310", first, word, "what is so of all facts is a line of `when`, not a value",
             "write `every " + std::string(type, q) + " where … satisfies …`, without `check`");
    }
    Slip const* const slip = find_aggregate_slip(is_aggregate(lower) ? w : lower);
    bool const capitals = is_aggregate(lower);
    if (slip == nullptr && !capitals && next != "over" && next != "where") return false;
    SyntaxError e{b.error("E0310", first, word, "there is no aggregate `" + w + "`"), b.offset(word), false};
    if (capitals) {
      e.diagnostic.fix = Fix{e.diagnostic.span, lower};
    } else if (slip != nullptr && !slip->instead.empty()) {
      e.diagnostic.fix = Fix{e.diagnostic.span, std::string(slip->instead)};
    } else if (slip != nullptr) {
      e.diagnostic.help = slip->help;
    } else if (w.size() > 1 && w[0] == 'p' && is_digit(w[1])) {
      e.diagnostic.help = find_aggregate_slip("percentile")->help;
    } else if (!suggest(e.diagnostic, w, {ast::kAggregateWords.begin(), ast::kAggregateWords.end()})) {
      e.diagnostic.help = all_aggregates();
    }
    throw e;
  }

 private:
  // `count(*)`.
  static void not_a_star(Iterator first, Iterator word, std::string const& lower, Builder const& b) {
    if (!is_aggregate(lower) || word == b.end() || *word != '(') return;
    Iterator const star = skip_blanks(word + 1, b.end(), b.begin(), b.bad_bytes());
    if (star == b.end() || *star != '*') return;
    b.fail("E0310", first, star + 1, "an aggregate reads the facts of a type, which it names", "as in `" + lower + "(Type where …)`");
  }
  // `sum by (device) (…)`.
  static void not_grouped(Iterator first, Iterator word, std::string const& lower, Builder const& b) {
    Iterator const by = skip_blanks(word, b.end(), b.begin(), b.bad_bytes());
    bool const grouped = at_word(by, b.end(), "by") || at_word(by, b.end(), "without");
    if (by == word || !grouped || (!is_aggregate(lower) && find_aggregate_slip(lower) == nullptr)) return;
    Iterator const stop = word_end(by, b.end());
    Iterator const open = skip_blanks(stop, b.end(), b.begin(), b.bad_bytes());
    if (open != b.end() && *open == '(')
      b.fail(codes::kUnexpected, first, stop, "an aggregate is not divided by `" + std::string(by, stop) + "`", std::string(kGroupHelp));
  }
};

// `up or { util > 3% }`: conditions in braces. A map has a colon, and is no condition.
struct BracedCondition : Terminal<BracedCondition> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || *first != '{') return false;
    Builder& b = builder(context);
    std::string_view const before = b.text().substr(0, b.last_end());
    auto const follows = [&](std::string_view word) {
      return before.ends_with(word) &&
             (before.size() == word.size() || !is_word(before[before.size() - word.size() - 1]) || word == "&&" || word == "||");
    };
    bool const operand =
        follows("or") || follows("and") || follows("not") || follows("where") || follows("check") || follows("&&") || follows("||");
    Iterator const stop =
        operand ? std::find_if(first + 1, last, [](char c) { return std::string_view("{}:\"'#\n").find(c) != std::string_view::npos; })
                : last;
    if (stop == last || *stop != '}') return false;
    std::string_view inside(first + 1, stop);
    while (inside.starts_with(' ')) inside.remove_prefix(1);
    while (inside.ends_with(' ')) inside.remove_suffix(1);
    if (inside.empty()) return false;
    // `x.up or { some Link }`: lines, not conditions.
    bool const lines = ast::is_among(ast::words_of<ast::kLine>(), word_at(inside.data(), last));
    SyntaxError e{b.error(codes::kUnexpected, first, stop + 1, "conditions stand together in `( … )`",
                          lines ? "alternatives of lines are `either { … } or { … }`" : ""),
                  b.offset(stop + 1), false};
    if (!lines) e.diagnostic.fix = Fix{e.diagnostic.span, "(" + std::string(inside) + ")"};
    throw e;
  }
};

// A leading point is kept in the name: `.x` is the outermost x.
auto const plain_name = LeafParser<Kind::kName, operand_name_end>{} | LeafParser<Kind::kName, +[](Iterator p, Builder const& b) {
                          if (p == b.end() || *p != '.' || p + 1 == b.end() || !is_word_start(p[1])) return p;
                          return word_end(p + 1, b.end());
                        }>{};
auto const named = fold<Kind::kCall>[plain_name >> -arguments];

auto const atom = literal | paren | list | BracedCondition{} | map | ForeignOperand{} | ForeignAggregate{} | aggregate | record | named;

// ---- Postfix to ternary

// `l->util`, taken as `l.util`.
struct ArrowMark : Terminal<ArrowMark> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (!starts(first, b, "->") || last - first < 3 || !is_word_start(first[2])) return false;
    Diagnostic d = b.error(codes::kForeignOperator, first, first + 2, "a field follows a point");
    d.fix = Fix{d.span, "."};
    b.report_intact(std::move(d));
    first = b.token(first + 2);
    return true;
  }
};
auto const member = node<Kind::kMember>[((ahead<member_mark> >> mark(".")) | ArrowMark{}) >>
                                        ((ahead<member_here> >> any_word >> -arguments) | must(quoted_name, "a member name"))];
auto const optional_member = node<Kind::kOptionalMember>[mark(".?") >> must(any_word | quoted_name, "a member name")];
// `name[1:3]`, `name[:3]`.
struct NoSlice : Terminal<NoSlice> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first != last && *first == ':' && !starts(first, builder(context), "::"))
      builder(context).fail(
          codes::kUnexpected, first, first + 1, "a part is cut out by a method, not by `:`",
          "of a text `x.substring(1, 3)`, of a list `x.slice(1, 3)`: from the first to before the second, counted from 0");
    return true;
  }
};
auto const index = node<Kind::kIndex>[mark("[") >> inside[NoSlice{} >> must(expression, "an index") >> NoSlice{}] >> must(mark("]"))];
auto const optional_index = node<Kind::kOptionalIndex>[mark("[?") >> inside[must(expression, "an index")] >> must(mark("]"))];
auto const postfix = fold<Kind::kPostfix>[atom >> *(optional_member | member | optional_index | index)];

auto const unary = prefixed<Kind::kUnary>(op<prefix_end>, postfix);
auto const multiply = chain<Kind::kMultiply>(unary, op<multiply_end>);
auto const add = chain<Kind::kAdd>(multiply, op<add_end>);
auto const operand_def = chain<Kind::kCoalesce>(add, op<coalesce_end>);
auto const range_def = chain<Kind::kRange>(operand, op<range_end>);
auto const compare_def = chain<Kind::kCompare>(range, op<compare_end>) >> ForeignBehind{};
auto const negation = prefixed<Kind::kNot>(op<not_end>, compare);
auto const conjunction = chain<Kind::kAnd>(negation, op<and_end>);

using DisjunctionRule = x3::rule<struct DisjunctionId>;
DisjunctionRule const disjunction{"disjunction"};
BOOST_SPIRIT_DECLARE(DisjunctionRule)
auto const disjunction_def = chain<Kind::kOr>(conjunction, op<or_end>);
BOOST_SPIRIT_DEFINE(disjunction)

// c ? a : d ? b : e is read as one flat list c a d b e: no recursion, however long.
auto const expression_def =
    fold<Kind::kTernary>[disjunction >> *(ahead<ternary_mark> >> mark("?") >> number_wins[must(disjunction, "an expression")] >>
                                          must(mark(":")) >> must(disjunction, "an expression"))];

}  // namespace

BOOST_SPIRIT_DEFINE(expression, operand, range, compare, record_body)
BOOST_SPIRIT_INSTANTIATE(ExpressionRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(OperandRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(RangeRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(CompareRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(RecordBodyRule, Iterator, Context)

Tree parse_expression_text(Builder& b) {
  Iterator const last = b.end();
  Iterator first = skip_blanks(b.begin(), last, b.begin(), b.bad_bytes());
  Builder::Mark const m = b.mark(first);
  bool broken = false;
  try {
    auto const whole = must(expression, "an expression");
    whole.parse(first, last, make_context(b), x3::unused, x3::unused);
    if (first != last) b.fail_expected(first, "the end of the expression");
  } catch (SyntaxError& e) {
    if (!e.reported) b.report(std::move(e.diagnostic));
    broken = true;
  }
  return b.take(Kind::kExpressionInput, m, broken);
}

}  // namespace flyball::cst
