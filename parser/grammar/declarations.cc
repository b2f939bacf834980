// Grammar, part 3: declarations, those of the world. Rules are in rules.cc, decisions in decisions.cc, tests in tests.cc.
// Door: parse_declaration of grammar.h.
// Thread safety: rules are constants; the Builder is the state.
// INVARIANT: parsers with state are plain constants or functions, never variable templates: those are initialised in no order.
//
// Lines are not ended by their newline but by what cannot go on; words are tried with a boundary, and `name ":"` before
// any word of the language, so that a fact may be bound to the name `node` or `check`.
#include <algorithm>
#include <array>

#include "model/suggest.h"
#include "parser/ast/keywords.h"
#include "parser/grammar/foreign.h"
#include "parser/grammar/forms.h"
#include "parser/grammar/grammar.h"
#include "parser/grammar/items.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/parts.h"
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

Iterator nullable_end(Iterator p, Builder const& b) { return p != b.end() && *p == '?' ? p + 1 : p; }

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
// Whether a word that stands where a type does is one that the language has.
bool is_type_word(std::string_view word) {
  constexpr std::array<std::string_view, 12> kWords{"bool",     "int",       "uint", "double", "string", "bytes",
                                                    "duration", "timestamp", "ip",   "cidr",   "null",   "any"};
  return std::ranges::find(kWords, word) != kWords.end();
}

// What other languages call null; a closed set may have such a word, one of a type and it has not.
bool is_null_word(std::string_view word) {
  constexpr std::array<std::string_view, 4> kWords{"null", "none", "nil", "undefined"};
  return std::ranges::find(kWords, lower_case(word)) != kWords.end();
}

// The mark or word at `p` that joins parts of a type; its length, 0 if there is none.
std::ptrdiff_t joins_types(Iterator p, Builder const& b) { return single_bar(p, b) ? 1 : at_word(p, b.end(), "or") ? 2 : 0; }

// `up | down`: a closed set without its quotes, said, and taken for a type. `string | null` is a type that may be null.
struct ForeignSet : Terminal<ForeignSet> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    Builder::Mark const m = b.mark(first);
    Iterator const start = first;
    Iterator end = word_end(first, last);
    if (end == first) return false;
    std::vector<std::string> words{std::string(first, end)};
    while (true) {
      Iterator const at = skip_blanks(end, last, b.begin(), b.bad_bytes());
      std::ptrdiff_t const mark = joins_types(at, b);
      if (mark == 0) break;
      Iterator const word = skip_blanks(at + mark, last, b.begin(), b.bad_bytes());
      Iterator const stop = word_end(word, last);
      if (stop == word) return false;
      words.emplace_back(word, stop);
      end = stop;
    }
    if (words.size() == 1) return false;
    auto null = std::ranges::find(words, "null");
    if (null == words.end() && words.size() == 2 && std::ranges::any_of(words, is_type_word))
      null = std::ranges::find_if(words, is_null_word);
    if (null != words.end()) {
      words.erase(null);
      bool const is_type = words.size() == 1 && is_type_word(words.front());
      std::string const ours = is_type ? words.front() + "?" : "string?";
      Diagnostic d = b.error(codes::kUnexpected, start, end, "a type that may be null is written `" + ours + "`");
      if (is_type) d.fix = Fix{d.span, ours};
      b.report_intact(std::move(d));
    } else {
      Diagnostic d = b.error(codes::kUnexpected, start, end, "the words of a closed set stand in quotes");
      std::string set;
      for (const std::string& word : words) set += (set.empty() ? "\"" : " | \"") + word + "\"";
      if (std::ranges::none_of(words, is_type_word)) d.fix = Fix{d.span, set};
      b.report_intact(std::move(d));
    }
    first = b.token(end);
    b.close(Kind::kType, m);
    return true;
  }
};
// `list[str]`, `Optional[int]`, `varchar(20)`, `enum("a", "b")`: said, and taken for a type.
struct ForeignType : Terminal<ForeignType> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    TypeForm const form = find_type_form(b.text().substr(b.offset(first)));
    if (form.size == 0) return false;
    Builder::Mark const m = b.mark(first);
    Diagnostic d = b.error(codes::kUnexpected, first, first + form.size, "this type is written `" + form.ours + "`");
    d.fix = Fix{d.span, form.ours};
    b.report_intact(std::move(d));
    first = b.token(first + form.size);
    b.close(Kind::kType, m);
    return true;
  }
};
// Behind a field's type: `not null`, `primary key`. Said, and read as if it were not there.
struct ForeignFieldWords : Terminal<ForeignFieldWords> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    while (first != last && is_word_start(*first) && !b.new_line_before(first)) {
      Form const form = find_form(FormPlace::kField, b.text().substr(b.offset(first)));
      if (form.slip == nullptr) break;
      Iterator const stop = first + form.size;
      if (Iterator const next = skip_blanks(stop, last, b.begin(), b.bad_bytes()); next != last && *next == ':') break;  // the next field
      std::string_view const ours = form.slip->instead;
      Diagnostic d = b.error(codes::kUnexpected, first, stop, "`" + std::string(first, stop) + "` means nothing behind a type",
                             std::string(form.slip->help));
      if (ours == "-") {
        d.fix = Fix{{b.file(), b.last_end(), b.offset(stop)}, ""};
      } else if (!ours.empty()) {
        d.fix = Fix{{b.file(), b.last_end(), b.offset(stop)}, std::string(ours)};
      }
      b.report_intact(std::move(d));
      first = b.token(stop);
    }
    return true;
  }
};
auto const type_def = ForeignList{} | ForeignType{} | ForeignSet{} |
                      node<Kind::kType>[(type_set | (LeafParser<Kind::kTypePath, field_type_end>{} >> -type_arguments)) >>
                                        -LeafParser<Kind::kNullable, nullable_end>{}];

// ---- Fields and the types of the world

// `x: int default 3`, where another field may have that name.
struct DefaultWord : Terminal<DefaultWord> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    std::string_view const w = word_at(first, last);
    if ((w != "default" && w != "DEFAULT") || b.new_line_before(first)) return false;
    Iterator const next = skip_blanks(first + w.size(), last, b.begin(), b.bad_bytes());
    if (next == last || *next == ':') return false;
    Diagnostic d = b.error(codes::kUnexpected, first, first + w.size(), "a default is written `=`");
    d.fix = Fix{d.span, "="};
    b.report_intact(std::move(d));
    first = b.token(first + w.size());
    return true;
  }
};
auto const default_value = node<Kind::kDefault>[(mark("=") | DefaultWord{}) >> must(expression, "a value")];
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
auto const field = node<Kind::kField>[TypeFirst{} >> name >> OneWord{} >> soft(mark(":")) >> must(type, "a type") >> ForeignFieldWords{} >>
                                      -default_value >> ForeignFieldWords{} >> -mark(",")];
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

auto const input_fields_def = fields<Kind::kInput>();
auto const output_fields_def = fields<Kind::kOutput>();

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
// `fact Link(device: string)`, `fact Link(device) { … }`.
struct FieldsInParentheses : Terminal<FieldsInParentheses> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || *first != '(') return true;
    Builder& b = builder(context);
    Iterator const stop =
        std::find_if(first + 1, last, [](char c) { return std::string_view("(){}#\"'").find(c) != std::string_view::npos; });
    bool const closed = stop != last && *stop == ')';
    std::string_view inside(first + 1, closed ? stop : first + 1);
    bool const names = closed && inside.find(':') == std::string_view::npos;
    while (inside.starts_with(' ')) inside.remove_prefix(1);
    while (inside.ends_with(' ')) inside.remove_suffix(1);
    SyntaxError e{b.error(codes::kUnexpected, first, first + 1, "expected `{` and the fields, found `(`",
                          names ? "the fields that say which fact it is are `key (…)`" : "fields stand in braces: `{ name: string }`"),
                  b.offset(first + 1), false};
    // What follows says whether it is the fields, or the key alone.
    Iterator const next = closed ? skip_blanks(stop + 1, last, b.begin(), b.bad_bytes()) : first;
    bool const body = next != last && *next == '{';
    std::string const blank = first != b.begin() && is_word(first[-1]) ? " " : "";
    ast::Span const whole{b.file(), b.offset(first), closed ? b.offset(stop + 1) : b.offset(first)};
    bool const ends = closed && (next == last || std::find(stop, next, '\n') != next);
    if (names && !inside.empty() && body) {
      e.diagnostic.fix = Fix{whole, blank + "key (" + std::string(inside) + ")"};
    } else if (closed && !names && !body && ends) {
      e.diagnostic.fix = Fix{whole, blank + "{ " + std::string(inside) + " }"};
    }
    throw e;
  }
};
// `fact mutable A`, `fact event A`.
struct WordsInTurn : Terminal<WordsInTurn> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    std::string_view const w = word_at(first, last);
    if (w != "mutable" && w != "event" && w != "action" && w != "fact") return true;
    Builder const& b = builder(context);
    Iterator const name = skip_blanks(first + w.size(), last, b.begin(), b.bad_bytes());
    if (name == last || !is_upper(*name)) return true;
    SyntaxError e{b.error(codes::kUnexpected, first, first + w.size(), "`" + std::string(w) + "` cannot stand here",
                          "a type is one of `fact`, `mutable fact`, `event` and `action`"),
                  b.offset(name), false};
    Iterator const before = b.begin() + b.last_end();
    if (w == "mutable" && b.declaration == Kind::kFact)
      e.diagnostic.fix = Fix{{b.file(), b.offset(before - 4), b.offset(first + w.size())}, "mutable fact"};
    throw e;
  }
};
auto const type_head = WordsInTurn{} >> must_name(name, "the name of the type") >> WholeName{} >> *option
                       >> OnlyOptions{} >> FieldsInParentheses{} >> must(fields<Kind::kFields>(), "`{` and the fields");
auto const mutable_fact = must(word("fact"), "`fact`") >> type_head;
auto const action = type_head >> -(word("result") >> must(fields<Kind::kResultFields>(), "`{` and the fields of the result"));

// ---- module, import, param, let

// `strategy(lex)`, `strategy = lex`.
struct BareStrategy : Terminal<BareStrategy> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || (*first != '(' && *first != '=' && *first != ':')) return true;
    Builder const& b = builder(context);
    Iterator const word = skip_blanks(first + 1, last, b.begin(), b.bad_bytes());
    Iterator stop = word_end(word, last);
    std::string const name(word, stop);
    if (*first == '(' && stop != last && *stop == ')') ++stop;
    SyntaxError e{b.error(codes::kUnexpected, first, stop, "the strategy's name follows its word", "as in `module name strategy lex`"),
                  b.offset(stop), false};
    if (!name.empty()) e.diagnostic.fix = Fix{{b.file(), b.last_end(), b.offset(stop)}, " " + name};
    throw e;
  }
};
auto const module_decl =
    must_name(path, "the module's name") >>
    -node<Kind::kStrategy>[word("strategy") >> BareStrategy{} >> must_name(name, "`depth`, `breadth`, `lex` or `mea`")];
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
                            (is<Kind::kLet> >> let) | (is<Kind::kCalendar> >> calendar) | (is<Kind::kParam> >> param) |
                            (is<Kind::kMutableFact> >> mutable_fact) | (is<Kind::kImport> >> import_decl) |
                            (is<Kind::kModule> >> module_decl);
BOOST_SPIRIT_DEFINE(after_word)

}  // namespace

BOOST_SPIRIT_DEFINE(type, input_fields, output_fields)
BOOST_SPIRIT_INSTANTIATE(TypeRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(InputFieldsRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(OutputFieldsRule, Iterator, Context)

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
