// Grammar, part 3: declarations. Door: parse_declaration of grammar.h.
// Thread safety: rules are constants; the Builder is the state.
// INVARIANT: parsers with state are plain constants or functions, never variable templates: those are initialised in no order.
//
// Lines are not ended by their newline but by what cannot go on; words are tried with a boundary, and `name ":"` before
// any word of the language, so that a fact may be bound to the name `node` or `check`.
#include "model/suggest.h"
#include "parser/ast/words.h"
#include "parser/grammar/foreign.h"
#include "parser/grammar/grammar.h"
#include "parser/grammar/items.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

void fail_unknown_word(Iterator at, Builder const& b, Place place, std::string_view what, std::string_view of,
                       std::vector<std::string> const& words) {
  std::string const w(word_at(at, b.end()));
  if (w.empty()) b.fail_item(at, what);
  SyntaxError e{b.error(codes::kUnknownPart, at, at + w.size(), "`" + w + "` is no " + std::string(of)), b.offset(at + w.size()), false};
  if (Slip const* slip = find_slip(place, w)) {
    e.diagnostic.help = slip->help;
    if (!slip->instead.empty()) e.diagnostic.fix = Fix{e.diagnostic.span, std::string(slip->instead)};
  } else if (!suggest(e.diagnostic, w, words)) {
    e.diagnostic.help = "these are: " + flyball::listed(words, "and");
  }
  throw e;
}

namespace {

// ---- Types

using TypeRule = x3::rule<struct TypeId>;
TypeRule const type{"type"};
BOOST_SPIRIT_DECLARE(TypeRule)

Iterator nullable_end(Iterator p, Builder const& b) { return p != b.end() && *p == '?' ? p + 1 : p; }
bool single_bar(Iterator p, Builder const& b) { return starts(p, b, "|") && !starts(p, b, "||"); }
template <auto Test>
AheadParser<Test> const ahead{};
auto const bar = ahead<single_bar> >> mark("|");

auto const type_arguments =
    node<Kind::kTypeArguments>[mark("<") >> inside[must(type, "a type") >> *(mark(",") >> must(type, "a type"))] >> must(mark(">"))];
auto const type_set = node<Kind::kTypeSet>[plain_string >> *(bar >> must(plain_string, "a string"))];
// A type, but not the name of the next field when the type is missing.
Iterator field_type_end(Iterator p, Builder const& b) {
  Iterator const end = path_end(p, b);
  if (end == p || !b.new_line_before(p)) return end;
  Iterator const next = skip_blanks(end, b.end(), b.begin(), b.bad_bytes());
  return next != b.end() && *next == ':' ? p : end;
}
// `[string]`, `string[]`, `list of string`: said, and taken as `list<string>`.
struct ForeignList : Terminal<ForeignList> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last) return false;
    Builder& b = builder(context);
    Builder::Mark const m = b.mark(first);
    Iterator const start = first;
    bool const bracket = *first == '[';
    Iterator const word = bracket ? skip_blanks(first + 1, last, b.begin(), b.bad_bytes()) : first;
    Iterator element = word;
    Iterator stop = path_end(word, b);
    Iterator element_end = stop;
    if (stop == word) return false;
    Iterator const after = skip_blanks(stop, last, b.begin(), b.bad_bytes());
    if (bracket) {
      if (after == last || *after != ']') return false;
      stop = after + 1;
    } else if (starts(stop, b, "[]")) {
      stop += 2;
    } else if (std::string_view(word, stop) == "list" && at_word(after, last, "of")) {
      element = skip_blanks(after + 2, last, b.begin(), b.bad_bytes());
      stop = element_end = path_end(element, b);
      if (stop == element) return false;
    } else {
      return false;
    }
    Diagnostic d = b.error(codes::kUnexpected, start, stop, "lists are written `list<…>`");
    d.fix = Fix{d.span, "list<" + std::string(element, element_end) + ">"};
    b.report_intact(std::move(d));
    first = b.token(stop);
    b.close(Kind::kType, m);
    return true;
  }
};
// `up | down`: a closed set without its quotes, said, and taken for a type.
struct ForeignSet : Terminal<ForeignSet> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    Builder::Mark const m = b.mark(first);
    Iterator const start = first;
    Iterator end = word_end(first, last);
    if (end == first) return false;
    std::string set = "\"" + std::string(first, end) + "\"";
    bool several = false;
    while (true) {
      Iterator const at = skip_blanks(end, last, b.begin(), b.bad_bytes());
      if (!single_bar(at, b)) break;
      Iterator const word = skip_blanks(at + 1, last, b.begin(), b.bad_bytes());
      Iterator const stop = word_end(word, last);
      if (stop == word) return false;
      set += " | \"" + std::string(word, stop) + "\"";
      end = stop;
      several = true;
    }
    if (!several) return false;
    Diagnostic d = b.error(codes::kUnexpected, start, end, "the words of a closed set stand in quotes");
    d.fix = Fix{d.span, set};
    b.report_intact(std::move(d));
    first = b.token(end);
    b.close(Kind::kType, m);
    return true;
  }
};
auto const type_def = ForeignList{} | ForeignSet{} |
                      node<Kind::kType>[(type_set | (LeafParser<Kind::kTypePath, field_type_end>{} >> -type_arguments)) >>
                                        -LeafParser<Kind::kNullable, nullable_end>{}];
BOOST_SPIRIT_DEFINE(type)

// What a declaration's name is followed by when it is not one word: `drain-hot`, `drain hot`.
struct WholeName : Terminal<WholeName> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    Iterator const name = b.begin() + b.last_end();
    bool const dash = first != last && *first == '-' && first == name && last - first > 1 && is_word(first[1]);
    bool const is_type = b.declaration == Kind::kFact || b.declaration == Kind::kMutableFact || b.declaration == Kind::kEvent ||
                         b.declaration == Kind::kAction;
    bool const word =
        first != last && is_word(*first) && !ast::is_among(ast::kRuleWords, word_at(first, last)) && !b.new_line_before(first) && !is_type;
    if (!dash && !word) return true;
    Iterator begin = name;
    while (begin != b.begin() && is_word(begin[-1])) --begin;
    Iterator end = first;
    std::string joined(begin, name);
    while (end != last && (is_word(*end) || *end == '-' || (word && *end == ' '))) ++end;
    while (end[-1] == ' ' || end[-1] == '-') --end;
    if (is_type && is_lower(joined[0])) joined[0] = static_cast<char>(joined[0] ^ 0x20);
    for (Iterator p = name; p != end; ++p) {
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

// ---- Fields and the types of the world

auto const default_value = node<Kind::kDefault>[mark("=") >> must(expression, "a value")];
auto const param_value = node<Kind::kDefault>[soft(mark("="), "`=` and a value") >> must(expression, "a value")];
// `string device`: the type first, as elsewhere.
struct TypeFirst : Terminal<TypeFirst> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    std::string_view const word = word_at(first, last);
    if (word != "string" && word != "int" && word != "bool" && word != "double" && word != "percent" && word != "ip" && word != "duration")
      return true;
    Builder const& b = builder(context);
    Iterator name = first + word.size();
    while (name != last && (*name == ' ' || *name == '\t')) ++name;
    Iterator const end = word_end(name, last);
    if (end == name || name == first + word.size() || (end != last && *end == ':')) return true;
    SyntaxError e{b.error(codes::kUnexpected, first, end, "the name of a field stands before its type"), b.offset(end), false};
    e.diagnostic.fix = Fix{e.diagnostic.span, std::string(name, end) + ": " + std::string(word)};
    throw e;
  }
};
auto const field =
    node<Kind::kField>[TypeFirst{} >> name >> OneWord{} >> soft(mark(":")) >> must(type, "a type") >> -default_value >> -mark(",")];
void unknown_field(Iterator p, Builder const& b) { b.fail_item(p, "a field, as in `name: string`"); }
// Of a field with a mistake its name is kept, and its type if that was read, so that uses of it are none.
bool keep_field(Iterator, Builder& b, Builder::Mark const& m) {
  std::size_t const pushed = b.pushed_since(m);
  if (pushed == 0 || b.pushed(m, 0).kind != Kind::kName) return false;
  b.keep(m, pushed > 1 && b.pushed(m, 1).kind == Kind::kType ? 2 : 1);
  b.close(Kind::kField, m, true);
  return true;
}
template <Kind K>
auto fields() {
  return block<K>(field, unknown_field, never, keep_field);
}

// `key a, b` and `key [a]`: said, and taken as `key (a, b)`.
struct BareKey : Terminal<BareKey> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    bool const bracket = first != last && (*first == '[' || *first == '<');
    if (first == last || (!bracket && name_end(first, b) == first)) return false;
    Iterator const start = first;
    if (bracket) first = b.token(first + 1);
    std::string names;
    while (true) {
      Iterator const end = name_end(first, b);
      if (end == first) break;
      b.leaf(Kind::kName, first, end);
      names += (names.empty() ? "" : ", ") + std::string(first, end);
      first = b.token(end);
      if (first == last || *first != ',') break;
      first = b.token(first + 1);
    }
    if (bracket && first != last && (*first == ']' || *first == '>')) first = b.token(first + 1);
    Diagnostic d = b.error(codes::kUnexpected, start, b.begin() + b.last_end(), "the fields of a key stand in parentheses");
    d.fix = Fix{d.span, "(" + names + ")"};
    b.report_intact(std::move(d));
    return true;
  }
};
auto const key_names = BareKey{} | (must(mark("(")) >> listed(name, mark(")"), "`,` or `)`", "a name or `)`"));
auto const option =
    node<Kind::kKey>[word("key") >> key_names] | node<Kind::kOption>[word_leaf("ttl") >> must(operand, "a duration")] |
    node<Kind::kOption>[word_leaf("lateness") >> must(operand, "a duration")] |
    node<Kind::kOption>[word_leaf("late") >> must_name(name, "`apply`, `drop` or `divert`")] |
    node<Kind::kOption>[word_leaf("tries") >> must(operand, "a number") >> -(word("every") >> must(operand, "a duration"))] |
    node<Kind::kOption>[word_leaf("timeout") >> must(operand, "a duration")] |
    node<Kind::kOption>[word_leaf("rate") >> must(operand, "a number") >> must(word("per"), "`per` and a duration") >>
                        must(operand, "a duration") >> -(word("else") >> must(word_leaf("refuse"), "`refuse`"))] |
    node<Kind::kOption>[word_leaf("retain") >> must(operand, "a duration")];

// Between a declaration's name and its `{` only options may stand.
struct OnlyOptions : Terminal<OnlyOptions> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first != last && is_word_start(*first) && !builder(context).new_line_before(first)) {
      fail_unknown_word(first, builder(context), Place::kOption, "`{`", "option of this declaration",
                        {ast::kOptionWords.begin(), ast::kOptionWords.end()});
    }
    return true;
  }
};
auto const type_head = must_name(name, "the name of the type") >> WholeName{} >> *option >> OnlyOptions{} >>
                       must(fields<Kind::kFields>(), "`{` and the fields");
auto const mutable_fact = must(word("fact"), "`fact`") >> type_head;
auto const action = type_head >> -(word("result") >> must(fields<Kind::kResultFields>(), "`{` and the fields of the result"));

// ---- module, import, param, let

auto const module_decl = must_name(path, "the module's name") >> -not_yet("strategy", "", "strategy");
auto const import_decl = ForeignImport<false>{} >> must_name(path, "a module's name") >> ForeignImport<true>{} >>
                         -(word("as") >> must_name(name, "a name"));
// `param high = 80%`: a param has a type.
struct ParamColon : Terminal<ParamColon> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A& a) const {
    if (mark(":").parse(first, last, context, r, a)) return true;
    Builder const& b = builder(context);
    if (first == last || *first != '=') b.fail_expected(first, "`:` and a type");
    b.fail(codes::kUnexpected, first, first + 1, "expected `:` and a type, found `=`", "as in `param high: percent = 80%`");
  }
};
auto const param = must_name(name, "the param's name") >> OneWord{} >> ParamColon{} >> must(type, "a type") >> param_value >>
                   -node<Kind::kValue>[word("range") >> must(range, "a range, as in `50%..99%`")];
auto const parameter = node<Kind::kField>[name >> soft(mark(":")) >> must(type, "a type")];
auto const parameters = node<Kind::kParameters>[mark("(") >> listed(parameter, mark(")"), "`,` or `)`", "a parameter or `)`")];
// `let x: int = …`: the type is said to be none and left out.
struct LetType : Terminal<LetType> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    if (first == last || *first != ':') return false;
    Builder& b = builder(context);
    Builder::Mark const m = b.mark(first);
    Iterator const colon = first;
    first = b.token(first + 1);
    if (!type.parse(first, last, context, r, x3::unused)) {
      first = colon;
      b.back(m);
      return false;
    }
    std::uint32_t const end = b.last_end();
    b.keep(m, 0);
    Diagnostic d = b.error(codes::kUnexpected, colon, b.begin() + end, "a `let` has the type of its value");
    d.fix = Fix{d.span, ""};
    b.report_intact(std::move(d));
    return true;
  }
};
auto const let = must_name(name, "a name") >> OneWord{} >> -parameters >> -LetType{} >>
                 soft(mark("=")) >> node<Kind::kValue>[must(expression, "an expression")];

// ---- when

// `name :`, but not the `::` of an address.
bool at_binding(Iterator p, Builder const& b) {
  Iterator q = word_end(p, b.end());
  if (q == p) return false;
  q = skip_blanks(q, b.end(), b.begin(), b.bad_bytes());
  return q != b.end() && *q == ':' && !starts(q, b, "::");
}

// `same device with hot`, `same device`: with what is said by `as`.
struct SameAs : Terminal<SameAs> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || at_word(first, last, "as")) return true;
    Builder& b = builder(context);
    std::size_t const size = std::max<std::size_t>(word_at(first, last).size(), 1);
    b.fail(codes::kUnexpected, first, first + size, "expected `as` and the name of another pattern, found " + b.found(first),
           "for example `same device as hot`");
  }
};
auto const same = node<Kind::kSame>[word("same") >> must_name(name, "a field name") >> *(mark(",") >> must_name(name, "a field name")) >>
                                    SameAs{} >> must(word("as"), "`as` and the name of another pattern") >>
                                    node<Kind::kSameAs>[must_name(name, "the name of another pattern")]];
auto const hold = node<Kind::kFor>[word("for") >> must(operand, "a duration")];
auto const suffix = same | node<Kind::kWhere>[word("where") >> must(expression, "a condition")] |
                    node<Kind::kWithin>[word("within") >> must(operand, "a duration") >>
                                        -node<Kind::kAfter>[word("after") >> must_name(name, "the name of a pattern")]] |
                    hold;

// What stands after `n:` when it is no type.
struct NoQuantifier : Terminal<NoQuantifier> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    for (std::string_view const w : {"some", "no", "every"}) {
      if (!at_word(first, last, w)) continue;
      builder(context).fail(codes::kUnexpected, first, first + w.size(), "a line with `" + std::string(w) + "` has no name",
                            "leave the name out: `" + std::string(w) + " Type …`");
    }
    return true;
  }
};
// `no p: Probe`: what is absent, or only asked for, has no name.
struct NoName : Terminal<NoName> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (!at_binding(first, b)) return true;
    Iterator const colon = skip_blanks(word_end(first, b.end()), b.end(), b.begin(), b.bad_bytes());
    Diagnostic d = b.error(codes::kUnexpected, first, colon + 1, "a line with `some`, `no` or `every` has no name",
                           "to use the fact, bind it without: `" + std::string(first, word_end(first, b.end())) + ": Type …`");
    Iterator const type_at = skip_blanks(colon + 1, b.end(), b.begin(), b.bad_bytes());
    d.fix = Fix{{b.file(), b.offset(first), b.offset(type_at)}, ""};
    b.report_intact(std::move(d));
    first = b.token(colon + 1);
    return true;
  }
};
auto const no_name = NoName{};
auto const pattern_body = must_name(type_path, "a fact type") >> *suffix;
auto const every_line = node<
    Kind::kEveryLine>[word("every") >> no_name >> pattern_body >>
                      node<Kind::kSatisfies>[must(word("satisfies"), "`satisfies` and a condition") >> must(expression, "a condition")] >>
                      -hold];
auto const bound = must_begin(name, "a name") >> must(mark(":")) >> -not_yet("each", "", "each") >>
                   -not_yet("collect", "", "collect") >> NoQuantifier{} >> pattern_body;
auto const plain_line =
    node<Kind::kPattern>[ahead<at_binding> >> bound] | node<Kind::kCross>[word("cross") >> bound] |
    node<Kind::kSome>[word("some") >> no_name >> pattern_body] | node<Kind::kNo>[word("no") >> no_name >> pattern_body] |
    node<Kind::kLetLine>[word("let") >> must_name(name, "a name") >> soft(mark("=")) >> must(expression, "an expression")] |
    node<Kind::kCheck>[word("check") >> must(expression, "a condition") >> -hold] | every_line;

void unknown_line(Iterator p, Builder const& b) {
  std::string const w(word_at(p, b.end()));
  std::vector<std::string> const suffixes{"same", "where", "within", "for"};
  std::vector<std::string> const words{"some", "no", "let", "check", "cross", "every", "either"};
  if (!b.new_line_before(p) && !w.empty() && b.text()[b.last_end() - 1] != '{' &&
      (find_slip(Place::kSuffix, w) != nullptr || !nearest(w, suffixes).empty()))
    fail_unknown_word(p, b, Place::kSuffix, "a part of the pattern", "part of a pattern", suffixes);
  if (*p == '(' || *p == '{') {
    b.fail(codes::kUnexpected, p, p + 1, "expected a line of `when`, found `" + std::string(1, *p) + "`",
           "a condition on a pattern is written `where …`: `name: Type where …`");
  }
  if (is_lower(*p) && !at_binding(p, b)) {
    Iterator const after = skip_blanks(p + w.size(), b.end(), b.begin(), b.bad_bytes());
    // `l.util > 80%`, `l == 3`: a condition without its verb.
    if (after != b.end() && (*after == '.' || *after == '<' || *after == '>' || *after == '!' || starts(after, b, "=="))) {
      Diagnostic d =
          b.error(codes::kUnknownPart, p, p + w.size(), "`" + w + "` begins no line of `when`", "a condition begins with `check`");
      d.fix = Fix{{b.file(), b.offset(p), b.offset(p)}, "check "};
      throw SyntaxError{std::move(d), b.offset(p + w.size()), false};
    }
    std::string_view const next = word_at(after, b.end());
    bool const mark = after != b.end() && *after == '=' && !starts(after, b, "==");
    Iterator const type_at = mark ? skip_blanks(after + 1, b.end(), b.begin(), b.bad_bytes())
                                  : skip_blanks(after + next.size(), b.end(), b.begin(), b.bad_bytes());
    if ((mark || next == "in" || next == "is" || next == "as") && type_at != b.end() && is_upper(*type_at)) {
      Iterator const stop = mark ? after + 1 : after + next.size();
      Diagnostic d =
          b.error(codes::kUnexpected, after, stop, "expected `:`, found `" + std::string(after, stop) + "`", "a pattern is `name: Type …`");
      d.fix = Fix{d.span, ":"};
      throw SyntaxError{std::move(d), b.offset(stop), false};
    }
  }
  if (!w.empty() && is_upper(w[0])) {
    std::string name = w;
    name[0] = static_cast<char>(name[0] | 0x20);
    b.fail(codes::kUnknownPart, p, p + w.size(), "a pattern begins with a name, `some` or `no`",
           "write `" + name + ": " + w + " …` to use the fact, `some " + w + " …` if one must exist");
  }
  if (!w.empty() && find_slip(Place::kLine, w) == nullptr && nearest(w, words).empty()) {
    b.fail(codes::kUnknownPart, p, p + w.size(), "`" + w + "` begins no line of `when`",
           "a condition is written `check …`, a pattern `name: Type …`, `some Type …` or `no Type …`");
  }
  fail_unknown_word(p, b, Place::kLine, "a line of `when`", "line of `when`", words);
}

// What follows a block of a rule if its `}` is missing.
bool at_next_part(Iterator p, Builder const& b) {
  std::string_view const w = word_at(p, b.end());
  if (w != "then" && w != "until" && w != "on" && w != "when" && w != "return") return false;
  Iterator q = skip_blanks(p + w.size(), b.end(), b.begin(), b.bad_bytes());
  if (w == "on") {
    if (!at_word(q, b.end(), "clear")) return false;
    q = skip_blanks(q + 5, b.end(), b.begin(), b.bad_bytes());
  }
  return q != b.end() && *q == '{';
}
// The next part of a rule, after a block without `{`.
bool at_rule_word(Iterator p, Builder const& b) {
  if (at_binding(p, b)) return false;
  return ast::is_among(ast::kRuleWords, word_at(p, b.end()));
}
bool at_line(Iterator p, Builder const& b) {
  std::string_view const w = word_at(p, b.end());
  return at_binding(p, b) || w == "some" || w == "no" || w == "let" || w == "check" || w == "cross" || w == "every" || w == "either";
}
bool at_effect(Iterator p, Builder const& b) {
  std::string_view const w = word_at(p, b.end());
  return w == "do" || w == "derive" || w == "assert" || w == "set" || w == "retract" || w == "log";
}
// Of a line with a mistake the name it binds is kept.
bool keep_line(Iterator start, Builder& b, Builder::Mark const& m) {
  std::size_t const pushed = b.pushed_since(m);
  if (pushed == 0 || b.pushed(m, 0).kind != Kind::kName) return false;
  bool const is_let = !at_binding(start, b) && at_word(start, b.end(), "let");
  b.keep(m, !is_let && pushed > 1 && b.pushed(m, 1).kind == Kind::kTypePath ? 2 : 1);
  b.close(is_let ? Kind::kLetLine : Kind::kPattern, m, true);
  return true;
}
// Branches have no branches: what is inside one stands beside the others as well.
void unknown_branch_line(Iterator p, Builder const& b) {
  if (word_at(p, b.end()) == "either") {
    b.fail(codes::kNotInThisVersion, p, p + 6, "`either` inside `either` is not in this version",
           "write its branches beside the others: `either { … } or { … } or { … }`");
  }
  unknown_line(p, b);
}
auto const branch = block<Kind::kBranch>(plain_line, unknown_branch_line, at_next_part, keep_line, true);
auto const line =
    plain_line |
    node<Kind::kEither>[word("either") >> must(branch, "`{` and the lines of a branch") >> must(word("or"), "`or` and another branch") >>
                        must(branch, "`{` and the lines of a branch") >> *(word("or") >> must(branch, "`{` and the lines of a branch"))];
template <Kind K>
auto lines() {
  return block<K>(line, unknown_line, at_next_part, keep_line, true, {at_line, at_rule_word});
}

// ---- then

// `do Drain(device: x)`: a call, as elsewhere.
struct ForeignRecord : Terminal<ForeignRecord> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first != last && (*first == '.' || *first == '='))
      builder(context).fail(codes::kUnexpected, first, first + 1, "expected `{`, found `" + std::string(1, *first) + "`",
                            "fields are set by name: `set name { field: value }`");
    if (first == last || *first != '(') return true;
    builder(context).fail(codes::kUnexpected, first, first + 1, "expected `{`, found `(`", "fields stand in braces: `{ field: value }`");
  }
};

auto const the_record = ForeignRecord{} >> must(record_body, "`{` and the fields, as in `{ field: value }`");
auto const effect = node<Kind::kDo>[word("do") >> must_name(type_path, "an action") >> the_record] |
                    node<Kind::kDerive>[word("derive") >> must_name(type_path, "a fact type") >> the_record] |
                    node<Kind::kAssert>[word("assert") >> must_name(type_path, "a mutable fact type") >> the_record] |
                    node<Kind::kSet>[word("set") >> must_name(name, "the name of a pattern") >> the_record] |
                    node<Kind::kRetract>[word("retract") >> must_name(name, "the name of a pattern")] |
                    node<Kind::kLog>[word("log") >> must(expression, "an expression")];

void unknown_effect(Iterator p, Builder const& b) {
  std::string const w(word_at(p, b.end()));
  if (!w.empty() && is_upper(w[0])) {
    SyntaxError e{b.error(codes::kUnknownPart, p, p + w.size(), "an effect begins with its verb",
                          "write `do " + w + " {…}` for an action, `derive " + w + " {…}` for a fact"),
                  b.offset(p + w.size()), false};
    throw e;
  }
  if (!w.empty() && starts(skip_blanks(p + w.size(), b.end(), b.begin(), b.bad_bytes()), b, "."))
    b.fail(codes::kUnknownPart, p, p + w.size(), "`" + w + "` is no effect", "a field of a mutable fact: `set " + w + " { field: value }`");
  fail_unknown_word(p, b, Place::kEffect, "an effect", "effect", {"do", "derive", "assert", "set", "retract", "log"});
}
template <Kind K>
auto effects() {
  return block<K>(effect, unknown_effect, at_next_part, keep_nothing, false, {at_effect, at_rule_word});
}

// ---- rule

auto const text_or_name = plain_string | path;
auto const tags = node<Kind::kTags>[word("tags") >> ((mark("[") >> listed(text_or_name, mark("]"), "`,` or `]`", "a tag or `]`")) |
                                                     (must(text_or_name, "a tag") >> *(mark(",") >> must(text_or_name, "a tag"))))];
// `-> { … }` and `{ … }` behind `when { … }`: said, and taken as `then { … }`.
bool at_nameless_then(Iterator p, Builder const& b) {
  if (starts(p, b, "->") || starts(p, b, "=>") || starts(p, b, "→")) {
    p = skip_blanks(p + (*p == '-' || *p == '=' ? 2 : 3), b.end(), b.begin(), b.bad_bytes());
  }
  if (p == b.end() || *p != '{') return false;
  return at_effect(skip_blanks(p + 1, b.end(), b.begin(), b.bad_bytes()), b);
}
struct NamelessThen : Terminal<NamelessThen> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    bool const arrow = *first != '{';
    Iterator const stop = !arrow ? first : b.char_end(first) + (*first == '-' || *first == '=' ? 1 : 0);
    Diagnostic d = b.error(codes::kUnexpected, first, arrow ? stop : first + 1,
                           "`then` is missing before " + b.found(stop == first ? first : b.skip(stop)));
    d.fix = Fix{{b.file(), b.offset(first), b.offset(stop)}, arrow ? "then" : "then "};
    b.report_intact(std::move(d));
    if (arrow) first = b.token(stop);
    return true;
  }
};
// `cooldown: 5m`, `priority = 5`: said, and read as if the mark were not there.
struct NoMark : Terminal<NoMark> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || (*first != ':' && *first != '=')) return true;
    Builder& b = builder(context);
    if (b.first_time("option mark")) {
      Diagnostic d = b.error(codes::kUnexpected, first, first + 1, "`" + std::string(1, *first) + "` means nothing here",
                             "an option is followed by its value");
      d.fix = Fix{d.span, ""};
      b.report_intact(std::move(d));
    }
    first = b.token(first + 1);
    return true;
  }
};
auto const no_mark = NoMark{};
auto const rule_part = node<Kind::kPriority>[word("priority") >> no_mark >> must(operand, "a number")] |
                       node<Kind::kCooldown>[word("cooldown") >> no_mark >> must(operand, "a duration") >>
                                             -(word("per") >> must(operand, "a value") >> *(mark(",") >> must(operand, "a value")))] |
                       node<Kind::kMode>[word("mode") >> no_mark >> must_name(name, "`active`, `shadow` or `off`")] |
                       node<Kind::kKeep>[word("keep") >> no_mark >> must(operand, "a duration")] |
                       node<Kind::kRepeat>[word("repeat") >> no_mark >> must(operand, "a duration")] |
                       node<Kind::kLateSkip>[word("late") >> must(word("skip"), "`skip` and a duration") >> must(operand, "a duration")] |
                       tags | node<Kind::kOwner>[word("owner") >> no_mark >> must(text_or_name, "a text")] |
                       node<Kind::kRunbook>[word("runbook") >> no_mark >> must(text_or_name, "a text")] |
                       (word("when") >> must(lines<Kind::kWhen>(), "`{` and the conditions")) |
                       (word("then") >> must(effects<Kind::kThen>(), "`{` and the effects")) |
                       (word("until") >> must(lines<Kind::kUntil>(), "`{` and the conditions")) |
                       (word("on") >> must(word("clear"), "`clear`") >> must(effects<Kind::kOnClear>(), "`{` and the effects")) |
                       (ahead<at_nameless_then> >> NamelessThen{} >> effects<Kind::kThen>()) | not_yet("during", "", "during") |
                       not_yet("not", "during", "not during") | not_yet("approve", "", "approve when") |
                       not_yet("partition", "", "partition by");

void unknown_rule_part(Iterator p, Builder const& b) {
  fail_unknown_word(p, b, Place::kRulePart, "a part of the rule", "part of a rule", {ast::kRuleWords.begin(), ast::kRuleWords.end()});
}
auto const rule_decl = must_name(name, "the rule's name") >> WholeName{} >>
                       must(block<Kind::kFields>(rule_part, unknown_rule_part, never, keep_nothing, false, {at_rule_word, never}), "`{`");

// ---- decision

Iterator wildcard_end(Iterator p, Builder const& b) {
  if (p == b.end() || *p != '-') return p;
  Iterator const q = skip_blanks(p + 1, b.end(), b.begin(), b.bad_bytes());
  return q != b.end() && *q == '|' ? p + 1 : p;
}
auto const cell_unit = node<Kind::kCellTest>[op<compare_end> >> must(range, "a value")] | compare;
auto const cell_value = chain<Kind::kOr>(chain<Kind::kAnd>(prefixed<Kind::kNot>(op<not_end>, cell_unit), op<and_end>), op<or_end>);
auto const cell =
    node<Kind::kCell>[LeafParser<Kind::kWildcard, wildcard_end>{} | in_cell[cell_value >> *(mark(",") >> must(cell_value, "a value"))]];
auto const output_cell = node<Kind::kOutputCell>[in_cell[expression]];
bool same_line(Iterator p, Builder const& b) { return p != b.end() && !b.new_line_before(p); }
bool at_output(Iterator p, Builder const& b) { return p != b.end() && *p != '|' && *p != '}' && !b.new_line_before(p); }
auto const row = (ahead<at_head_rule> >> HeadRule{}) |
                 node<Kind::kRow>[mark("|") >> must(cell, "a cell, or `-` for any value") >>
                                  *(bar >> ahead<same_line> >> must(cell, "a cell, or `-` for any value")) >> DoubleBar{} >>
                                  +(ahead<at_output> >> must(output_cell, "a value") >> must(ahead<same_line> >> mark("|"), "`|`"))];
void unknown_row(Iterator p, Builder const& b) { b.fail_item(p, "a row, which begins with `|`"); }

Iterator second_policy_word_end(Iterator p, Builder const& b) { return at_word(p, b.end(), "from") ? p : word_end(p, b.end()); }
auto const policy = node<Kind::kPolicy>[any_word >> -LeafParser<Kind::kName, second_policy_word_end>{}];
auto const table =
    node<Kind::kTable>[word("table") >> -not_yet("from", "", "table … from") >> must(policy, "a hit policy, as `first`") >>
                       -not_yet("from", "", "table … from") >> must(block<Kind::kFields>(row, unknown_row), "`{` and the rows")];
auto const the_return = must(word("return"), "`return`") >> node<Kind::kReturn>[the_record];
auto const decision_part = (word("input") >> must(fields<Kind::kInput>(), "`{` and the fields")) |
                           (word("output") >> must(fields<Kind::kOutput>(), "`{` and the fields")) |
                           node<Kind::kCase>[word("case") >> must_name(name, "the case's name") >> must(word("when"), "`when`") >>
                                             must(lines<Kind::kWhen>(), "`{`") >> the_return] |
                           node<Kind::kDefaultCase>[word("default") >> the_return] |
                           node<Kind::kOnUnknown>[word("on") >> must(word("unknown"), "`unknown fail`") >> must(word("fail"), "`fail`")] |
                           table;
void unknown_decision_part(Iterator p, Builder const& b) {
  fail_unknown_word(p, b, Place::kDecisionPart, "a part of the decision", "part of a decision",
                    {"input", "output", "case", "table", "default", "on"});
}
auto const decision = must_name(name, "the decision's name") >> must(block<Kind::kFields>(decision_part, unknown_decision_part), "`{`");

// ---- test

auto const from_to = node<Kind::kFrom>[must(word("from"), "`from`") >> must(operand, "a duration")] >>
                     node<Kind::kTo>[must(word("to"), "`to`") >> must(operand, "a duration")];
auto const time_of_step = node<Kind::kAt>[word("at") >> must(operand, "a duration")] |
                          node<Kind::kBy>[word("by") >> must(operand, "a duration")] |
                          (node<Kind::kEvery>[word("every") >> must(operand, "a duration")] >> from_to);
auto const from_rule = node<Kind::kFromRule>[word("from") >> must_name(path, "the name of a rule or case")];
// `from row 3` of a table, `from high_load` of a case.
Iterator row_end(Iterator p, Builder const& b) {
  if (!at_word(p, b.end(), "row")) return p;
  Iterator const number = skip_blanks(p + 3, b.end(), b.begin(), b.bad_bytes());
  Iterator q = number;
  while (q != b.end() && is_digit(*q)) ++q;
  return q == number ? p : q;
}
auto const from_case = node<Kind::kFromRule>[word("from") >> (LeafParser<Kind::kPath, row_end>{} |
                                                              must_name(path, "the name of a case, `row N` or `default`"))];
bool at_number(Iterator p, Builder const& b) { return p != b.end() && is_digit(*p); }
// `1 B`: a number of actions named B, not one byte.
Iterator count_end(Iterator p, Builder const& b) {
  Iterator const digits = std::find_if_not(p, b.end(), is_digit);
  Iterator q = digits;
  while (q != b.end() && (*q == ' ' || *q == '\t')) ++q;
  return q != digits && q != b.end() && is_upper(*q) ? digits : p;
}
auto const number = node<Kind::kCount>[ahead<at_number> >> (LeafParser<Kind::kInt, count_end>{} | operand)];
auto const described = must_name(type_path, "a type") >> -record_body;
auto const expectation =
    node<Kind::kExpectNothing>[word("nothing") >> must(word("else"), "`else`")] | node<Kind::kNone>[word("no") >> described] |
    node<Kind::kFirings>[number >> word("firings") >> -(word("of") >> node<Kind::kFromRule>[must_name(path, "the name of a rule")])] |
    node<Kind::kExpect>[-number >> described >> -from_rule];
auto const acknowledgement = word_leaf("ack") | word_leaf("fail") | word_leaf("approve") | word_leaf("reject");
auto const step_body =
    node<Kind::kStart>[word("start") >> must(plain_string, "a timestamp in quotes")] |
    node<Kind::kSetStep>[word("set") >> must_name(path, "the name of a param") >> soft(mark("=")) >> must(expression, "a value")] |
    node<Kind::kSendFrom>[word("send") >> word("from") >> must(plain_string, "a file name in quotes")] |
    node<Kind::kSend>[word("send") >> must_name(type_path, "a type") >> the_record >>
                      -node<Kind::kStamped>[word("stamped") >> must(operand, "a duration")]] |
    node<Kind::kRetractStep>[word("retract") >> must_name(type_path, "a type") >> the_record] |
    node<Kind::kAcknowledge>[acknowledgement >> described >> -node<Kind::kResult>[word("result") >> the_record]] |
    (word("expect") >> must(expectation, "what is expected")) |
    node<Kind::kAsk>[word("ask") >> must_name(path, "the name of a decision") >> node<Kind::kInput>[the_record] >>
                     -node<Kind::kExpected>[word("expect") >> must(record_body, "`{` and the expected output")] >> -from_case] |
    node<Kind::kRestart>[word("restart")] | node<Kind::kDown>[word("down") >> from_to];
std::vector<std::string> const kStepWords{"start",  "set", "send",    "retract", "ack", "fail", "approve", "reject",
                                          "expect", "ask", "restart", "down",    "at",  "by",   "every"};
void unknown_step(Iterator p, Builder const& b) { fail_unknown_word(p, b, Place::kStep, "a step", "step of a test", kStepWords); }
struct AfterTime : Terminal<AfterTime> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (b.new_line_before(first)) b.fail_expected(first, "a step");
    unknown_step(first, b);
    return false;
  }
};
auto const step = node<Kind::kStep>[time_of_step >> (step_body | AfterTime{})] | node<Kind::kStep>[step_body];
auto const test = must(plain_string, "the test's title in quotes") >> must(block<Kind::kFields>(step, unknown_step), "`{`");

// ---- The doors' rules: a declaration after its word.

using AfterWordRule = x3::rule<struct AfterWordId>;
AfterWordRule const after_word{"after_word"};
BOOST_SPIRIT_DECLARE(AfterWordRule)

// Only the alternative of the declaration's kind is tried.
template <Kind K>
struct IsKind : Terminal<IsKind<K>> {
  template <typename C, typename R, typename A>
  bool parse(Iterator&, Iterator const&, C const& context, R const&, A&) const {
    return builder(context).declaration == K;
  }
};
template <Kind K>
IsKind<K> const is{};
auto const after_word_def = (is<Kind::kRule> >> rule_decl) | (is<Kind::kFact> >> type_head) | (is<Kind::kEvent> >> type_head) |
                            (is<Kind::kAction> >> action) | (is<Kind::kDecision> >> decision) | (is<Kind::kTest> >> test) |
                            (is<Kind::kLet> >> let) | (is<Kind::kParam> >> param) | (is<Kind::kMutableFact> >> mutable_fact) |
                            (is<Kind::kImport> >> import_decl) | (is<Kind::kModule> >> module_decl);
BOOST_SPIRIT_DEFINE(after_word)

}  // namespace

Tree parse_declaration(char const*& first, std::string_view as, Builder& b) {
  Iterator const start = first;
  Iterator const last = b.end();
  Builder::Mark const m = b.mark(first);
  Declaration const* const declared = find_declaration(as);
  b.declaration = declared != nullptr ? declared->kind : Kind::kNothing;
  b.begin_declaration();
  bool broken = false;
  try {
    Iterator const end = word_end(first, last);
    if (b.declaration == Kind::kNothing)
      b.fail(codes::kNotInThisVersion, first, end, "`" + std::string(as) + "` is not in this version", std::string(instead_of(as)));
    first = b.token(end);
    after_word.parse(first, last, make_context(b), x3::unused, x3::unused);
  } catch (SyntaxError& e) {
    if (!e.reported) b.report(std::move(e.diagnostic));
    broken = true;
    first = next_declaration(start, b.begin() + e.resume, b);
  }
  return b.take(b.declaration, m, broken || b.mistakes_in_declaration() > 0);
}

}  // namespace flyball::cst
