// Grammar, part 4: rules: their options, the lines of `when`, effects.
// Thread safety: rules are constants; the Builder is the state.
// INVARIANT: parsers with state are plain constants or functions, never variable templates: those are initialised in no order.
#include "model/suggest.h"
#include "parser/ast/keywords.h"
#include "parser/grammar/foreign.h"
#include "parser/grammar/forms.h"
#include "parser/grammar/items.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/parts.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

namespace {

constexpr std::ptrdiff_t kFarthest = 2000;  // bytes that a message looks at: a line, or what has no end, may be very long

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
auto const hold = node<Kind::kFor>[word("for") >> no_mark >> must(operand, "a duration")];
// `where if up`: said, and read as if it were not there. A field may have that name.
struct NoIf : Terminal<NoIf> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (!at_word(first, last, "if")) return true;
    Builder& b = builder(context);
    Iterator const next = skip_blanks(first + 2, last, b.begin(), b.bad_bytes());
    std::string_view const w = word_at(next, last);
    bool const goes_on = !w.empty() ? w == "not" || (!is_reserved(w) && !ast::is_among(ast::words_of<ast::kSuffix>(), w) &&
                                                     !ast::is_among(ast::words_of<ast::kLine>(), w) && !ast::is_among(ast::kRuleWords, w))
                                    : next != last && *next == '(';
    if (!goes_on || b.new_line_before(next) || chooses(next, b)) return true;
    Diagnostic d = b.error(codes::kUnexpected, first, first + 2, "`if` means nothing here");
    d.fix = Fix{{b.file(), b.offset(first), b.offset(next)}, ""};
    b.report_intact(std::move(d));
    first = b.token(first + 2);
    return true;
  }

 private:
  // `if(condition, value, other)` is another mistake.
  static bool chooses(Iterator open, Builder const& b) {
    int depth = 0;
    for (Iterator p = open; *open == '(' && p != b.end() && *p != '\n' && p - open < kFarthest; ++p) {
      depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
      if (depth == 0) return false;
      if (depth == 1 && *p == ',') return true;
    }
    return false;
  }
};
auto const suffix = same | node<Kind::kWhere>[word("where") >> NoIf{} >> must(expression, "a condition")] |
                    node<Kind::kWithin>[word("within") >> no_mark >> must(operand, "a duration") >>
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
// `during not night`.
struct DuringNot : Terminal<DuringNot> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (!at_word(first, last, "not")) return true;
    builder(context).fail(codes::kUnexpected, first, first + 3, "`not` stands before `during`", "outside a calendar: `not during night`");
  }
};
// `each Type.field`: the values, not the facts.
auto const each_type = LeafParser<Kind::kTypePath, type_end>{};
auto const each_body =
    node<Kind::kEach>[word("each") >> must_name(each_type, "a fact type") >>
                      must(mark("."), "`.` and a field, as in `name: each Type.field`") >> must(any_word, "a field name")];
auto const bound = must_begin(name, "a name") >> must(mark(":")) >> -not_yet("collect", "", "collect") >> NoQuantifier{} >>
                   (each_body | pattern_body);
auto const plain_line =
    node<Kind::kPattern>[ahead<at_binding> >> bound] | node<Kind::kCross>[word("cross") >> bound] |
    node<Kind::kSome>[word("some") >> no_name >> pattern_body] | node<Kind::kNo>[word("no") >> no_name >> pattern_body] |
    node<Kind::kLetLine>[word("let") >> must_name(name, "a name") >> soft(mark("=")) >> must(expression, "an expression")] |
    node<Kind::kCheck>[word("check") >> NoIf{} >> must(expression, "a condition") >> -hold] | every_line;

// What begins a line of `when` that has no name.
constexpr auto kLineVerbs = ast::words_of<ast::kLine>();
constexpr auto kSuffixes = ast::words_of<ast::kSuffix>();
constexpr auto kEffectVerbs = ast::words_of<ast::kEffect>();

// Where the word that was read last begins.
Iterator last_word(Builder const& b) {
  Iterator p = b.begin() + b.last_end();
  while (p != b.begin() && is_word(p[-1])) --p;
  return p;
}

// `absent(Link where up)`, `not Link`: whether there is such a fact, in words of elsewhere.
void foreign_presence(Iterator p, std::string const& w, Builder const& b) {
  std::string_view const verb = presence_meant(w);
  if (verb.empty()) return;
  Iterator const word = p + w.size();
  Iterator const open = skip_blanks(word, b.end(), b.begin(), b.bad_bytes());
  bool const paren = open != b.end() && *open == '(';
  Iterator const type = paren ? skip_blanks(open + 1, b.end(), b.begin(), b.bad_bytes()) : open;
  Iterator const type_end = type_path_end(type, b.end());
  if (!paren && (w != "not" || type_end == type)) return;
  Diagnostic d = b.error(codes::kUnknownPart, p, word, "`" + w + "` is no line of `when`",
                         "`" + std::string(verb) + " Type where …` is true if there is " + (verb == "no" ? "no " : "") + "such " +
                             (verb == "no" ? "fact" : "a fact"));
  if (type_end == type && verb == "no") d.help += "; a condition is `check not (…)`";
  // What is in parentheses must be a pattern as it stands.
  Iterator stop = type;
  for (int depth = 1; paren && stop != b.end() && *stop != '\n' && *stop != '"'; ++stop) {
    depth += *stop == '(' ? 1 : *stop == ')' ? -1 : 0;
    if (depth == 0) break;
  }
  std::string_view const next = word_at(skip_blanks(type_end, b.end(), b.begin(), b.bad_bytes()), b.end());
  bool const pattern =
      type_end != type && (next == "where" || next == "same" || skip_blanks(type_end, b.end(), b.begin(), b.bad_bytes()) == stop);
  if (!paren && type_end != type) {
    d.fix = Fix{d.span, std::string(verb)};
  } else if (paren && pattern && stop != b.end() && *stop == ')') {
    d.fix = Fix{{b.file(), b.offset(p), b.offset(stop + 1)}, std::string(verb) + " " + std::string(type, stop)};
  }
  throw SyntaxError{std::move(d), b.offset(word), false};
}

// Whether the line of which `p` is a part has its condition already: it has one.
bool has_condition(Iterator p, Builder const& b) {
  Iterator line = p;
  while (line != b.begin() && p - line < kFarthest && std::string_view("\n{}").find(line[-1]) == std::string_view::npos) --line;
  for (Iterator q = line; q < p; ++q) {
    Iterator const end = word_end(q, p);
    std::string_view const w(q, end);
    if (w == "where" || w == "check" || w == "let" || w == "satisfies") return true;
    if (end != q) q = end - 1;
  }
  return false;
}

// Past the blocks that a line of elsewhere has, `or { … } or { … }`: their ends are not those of `when`.
Iterator past_blocks(Iterator p, Builder const& b) {
  Iterator at = p;
  while (true) {
    Iterator const word = word_end(at, b.end());
    Iterator const open = skip_blanks(word, b.end(), b.begin(), b.bad_bytes());
    if (open == b.end() || *open != '{' || (at != p && word == at)) return at == p ? word_end(p, b.end()) : at;
    int depth = 0;
    Iterator q = open;
    Iterator const farthest = open + std::min<std::ptrdiff_t>(b.end() - open, kFarthest);
    for (; q != farthest; ++q) {
      depth += *q == '{' ? 1 : *q == '}' ? -1 : 0;
      if (depth == 0) break;
    }
    if (q == farthest) return word;
    at = skip_blanks(q + 1, b.end(), b.begin(), b.bad_bytes());
    if (word_at(at, b.end()) != "or") return q + 1;
  }
}

// `for all`, `{ some A } or { some B }`, `?h: Host`.
void foreign_line(Iterator p, Builder const& b) {
  if (Form const form = find_form(FormPlace::kLine, b.text().substr(b.offset(p))); form.slip != nullptr) {
    Iterator const stop = p + form.size;
    Diagnostic d =
        b.error(codes::kUnknownPart, p, stop, "`" + std::string(p, stop) + "` is no line of `when`", std::string(form.slip->help));
    throw SyntaxError{std::move(d), b.offset(past_blocks(p, b)), false};
  }
  if (*p != '?' && *p != '$') return;
  Iterator const stop = word_end(p + 1, b.end());
  if (stop == p + 1) return;
  std::string const name(p + 1, stop);
  SyntaxError e{
      b.error(codes::kUnexpected, p, stop, "`" + std::string(p, stop) + "` is no name", "a fact is bound by `" + name + ": Type where …`"),
      b.offset(stop), false};
  if (at_binding(p + 1, b)) e.diagnostic.fix = Fix{e.diagnostic.span, name};
  throw e;
}

// `Host(load > 3, name == "a")`: its parts as one `where`, if they are conditions and nothing else.
void constraint_list(Iterator p, Builder const& b, SyntaxError& e) {
  char const close = *p == '(' ? ')' : '}';
  std::string where;
  int depth = 0;
  bool plain = true;
  Iterator from = p + 1;
  Iterator const farthest = p + std::min<std::ptrdiff_t>(b.end() - p, kFarthest);
  auto const take = [&](Iterator stop) {
    std::string_view part(from, stop);
    while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
    plain = plain && !part.empty();
    where += (where.empty() ? "" : " and ") + std::string(part);
    from = stop + 1;
  };
  for (Iterator q = p + 1; q != farthest && *q != '\n'; ++q) {
    if (*q == '"' || *q == '\'') {
      Iterator const closing = std::find(q + 1, farthest, *q);
      if (closing == farthest) return;
      q = closing;
    } else if (*q == close && depth == 0) {
      take(q);
      e.resume = b.offset(q + 1);
      if (plain) e.diagnostic.fix = Fix{{b.file(), b.last_end(), e.resume}, " where " + where};
      return;
    } else if (*q == ',' && depth == 0) {
      take(q);
    } else if (*q == '(' || *q == '[' || *q == '{') {
      ++depth;
    } else if (*q == ')' || *q == ']' || *q == '}') {
      --depth;
    } else if (*q == ':' || *q == '$' || *q == '|' || *q == '#' || (is_word_start(*q) && !is_word(q[-1]) && at_word(q, farthest, "or"))) {
      plain = false;  // a name that is bound, or a choice
    }
  }
}

void unknown_line(Iterator p, Builder const& b) {
  std::string const w(word_at(p, b.end()));
  foreign_line(p, b);
  foreign_presence(p, w, b);
  if (Iterator const after = skip_blanks(p + w.size(), b.end(), b.begin(), b.bad_bytes());
      (lower_case(w) == "group" && lower_case(word_at(after, b.end())) == "by") ||
      ((w == "by" || w == "without") && after != b.end() && *after == '('))
    b.fail(codes::kUnexpected, p, p + w.size(), "`" + w + "` cannot stand here", std::string(kGroupHelp));
  std::vector<std::string> const suffixes(kSuffixes.begin(), kSuffixes.end());
  std::vector<std::string> const words(kLineVerbs.begin(), kLineVerbs.end());
  if (!b.new_line_before(p) && ast::is_among(kSuffixes, w)) {
    std::string_view const all = b.text().substr(0, b.offset(p));
    std::string_view const before = all.substr(all.rfind('\n') + 1);
    b.fail(codes::kUnexpected, p, p + w.size(), "`" + w + "` cannot stand here",
           before.find(" each ") != std::string_view::npos
               ? "a line with `each` is its values and nothing more: ask about the facts behind one in a line after it"
               : "it follows the type of a pattern: `name: Type " + w + " …`");
  }
  Slip const* const suffix_slip = find_slip(Place::kSuffix, w);
  if (!b.new_line_before(p) && suffix_slip != nullptr && suffix_slip->instead == "where" && has_condition(p, b))
    b.fail(codes::kUnexpected, p, p + w.size(), "`" + w + "` cannot stand here",
           "what is asked about one fact is joined by `and`; a choice is `condition ? value : other`");
  if (!b.new_line_before(p) && !w.empty() && b.text()[b.last_end() - 1] != '{' && (suffix_slip != nullptr || !nearest(w, suffixes).empty()))
    fail_unknown_word(p, b, Place::kSuffix, "a part of the pattern", "part of a pattern", suffixes);
  if (*p == '(' || *p == '{') {
    SyntaxError e{b.error(codes::kUnexpected, p, p + 1, "expected a line of `when`, found `" + std::string(1, *p) + "`",
                          "a condition on a pattern is written `where …`: `name: Type where …`"),
                  b.offset(p + 1), false};
    if (!b.new_line_before(p) && is_upper(*last_word(b))) constraint_list(p, b, e);
    throw e;
  }
  if (is_lower(*p) && !at_binding(p, b)) {
    Iterator const after = skip_blanks(p + w.size(), b.end(), b.begin(), b.bad_bytes());
    // `l.util > 80%`, `l == 3`: a condition without its verb.
    if (after != b.end() && (*after == '.' || *after == '<' || *after == '>' || *after == '!' || starts(after, b, "=="))) {
      // `no Link up == false`: behind a type it asks about its fact.
      bool const own_line = b.new_line_before(p) || b.text()[b.last_end() - 1] == '{';
      bool const of_type = !own_line && is_upper(*last_word(b));
      Diagnostic d =
          b.error(codes::kUnknownPart, p, p + w.size(), "`" + w + "` begins no line of `when`",
                  of_type    ? "what is asked about the fact follows `where`"
                  : own_line ? "a condition begins with `check`"
                             : "what is asked about one fact is joined by `and`; a condition of its own is another line, `check …`");
      if (own_line || of_type) d.fix = Fix{{b.file(), b.offset(p), b.offset(p)}, of_type ? "where " : "check "};
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
  if (!w.empty() && is_upper(w[0]) && find_slip(Place::kLine, w) == nullptr) {
    std::string name = w;
    name[0] = static_cast<char>(name[0] | 0x20);
    b.fail(codes::kUnknownPart, p, p + w.size(), "a pattern begins with a name, `some`, `no` or `every`",
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
bool at_line(Iterator p, Builder const& b) { return at_binding(p, b) || ast::is_among(kLineVerbs, word_at(p, b.end())); }
bool at_effect(Iterator p, Builder const& b) { return ast::is_among(kEffectVerbs, word_at(p, b.end())); }
// Of a line with a mistake the name it binds is kept.
bool keep_line(Iterator start, Builder& b, Builder::Mark const& m) {
  std::size_t const pushed = b.pushed_since(m);
  if (pushed == 0 || b.pushed(m, 0).kind != Kind::kName) return false;
  bool const is_let = !at_binding(start, b) && at_word(start, b.end(), "let");
  b.keep(m, !is_let && pushed > 1 && b.pushed(m, 1).kind == Kind::kTypePath ? 2 : 1);
  b.close(is_let ? Kind::kLetLine : Kind::kPattern, m, true);
  return true;
}
// Branches may have branches themselves.
auto const line = plain_line | either;
auto const branch = block<Kind::kBranch>(line, unknown_line, at_next_part, keep_line, true);
auto const either_def =
    node<Kind::kEither>[word("either") >> must(branch, "`{` and the lines of a branch, as in `either { … } or { … }`") >>
                        must(word("or"), "`or` and another branch, as in `either { … } or { … }`") >>
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

auto const the_record_def = ForeignRecord{} >> must(record_body, "`{` and the fields, as in `{ field: value }`");
// `retract(h)`, `retract Seen { … }`, `assert(Seen { … })`.
struct NoCall : Terminal<NoCall> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || *first != '(') return true;
    Builder const& b = builder(context);
    bool const retracts = last_word(b) == b.begin() + b.last_end() - 7;
    Iterator const inside = skip_blanks(first + 1, last, b.begin(), b.bad_bytes());
    Iterator const end = name_end(inside, b);
    Iterator const close = skip_blanks(end, last, b.begin(), b.bad_bytes());
    SyntaxError e{b.error(codes::kUnexpected, first, first + 1, "an effect is no call",
                          retracts ? "the name of a pattern follows: `retract name`"
                                   : "a type and its fields follow: `assert Type { field: value }`"),
                  b.offset(first + 1), false};
    if (retracts && end != inside && close != last && *close == ')') {
      std::string const blank = b.last_end() == b.offset(first) ? " " : "";
      e.diagnostic.fix = Fix{{b.file(), b.offset(first), b.offset(close + 1)}, blank + std::string(inside, end)};
      e.resume = b.offset(close + 1);
    }
    throw e;
  }
};
struct NoRecord : Terminal<NoRecord> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || *first != '{') return true;
    Builder const& b = builder(context);
    std::string const type(last_word(b), b.begin() + b.last_end());
    b.fail(codes::kUnexpected, first, first + 1, "`retract` takes the name of a pattern, not a fact",
           "bind the fact in `when`, `it: " + type + " where …`, then `retract it`");
  }
};
auto const effect = node<Kind::kDo>[word("do") >> must_name(type_path, "an action") >> the_record] |
                    node<Kind::kDerive>[word("derive") >> must_name(type_path, "a fact type") >> the_record] |
                    node<Kind::kAssert>[word("assert") >> NoCall{} >> must_name(type_path, "a mutable fact type") >> the_record] |
                    node<Kind::kSet>[word("set") >> must_name(name, "the name of a pattern") >> the_record] |
                    node<Kind::kRetract>[word("retract") >> NoCall{} >> must_name(name, "the name of a pattern") >> NoRecord{}] |
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
  fail_unknown_word(p, b, Place::kEffect, "an effect", "effect", {kEffectVerbs.begin(), kEffectVerbs.end()});
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
auto const rule_part =
    node<Kind::kPriority>[word("priority") >> no_mark >> must(operand, "a number")] |
    node<Kind::kCooldown>[word("cooldown") >> no_mark >> must(operand, "a duration") >>
                          -(word("per") >> must(operand, "a value") >> *(mark(",") >> must(operand, "a value")))] |
    node<Kind::kMode>[word("mode") >> no_mark >> must_name(name, "`active`, `shadow` or `off`")] |
    node<Kind::kKeep>[word("keep") >> no_mark >> must(operand, "a duration")] |
    node<Kind::kRepeat>[word("repeat") >> no_mark >> must(operand, "a duration")] |
    node<Kind::kLateSkip>[word("late") >> must(word("skip"), "`skip` and a duration") >> must(operand, "a duration")] | tags |
    node<Kind::kOwner>[word("owner") >> no_mark >> must(text_or_name, "a text")] |
    node<Kind::kRunbook>[word("runbook") >> no_mark >> must(text_or_name, "a text")] |
    (word("when") >> must(lines<Kind::kWhen>(), "`{` and the conditions")) |
    (word("then") >> must(effects<Kind::kThen>(), "`{` and the effects")) |
    (word("until") >> must(lines<Kind::kUntil>(), "`{` and the conditions")) |
    (word("on") >> must(word("clear"), "`clear`") >> must(effects<Kind::kOnClear>(), "`{` and the effects")) |
    (ahead<at_nameless_then> >> NamelessThen{} >> effects<Kind::kThen>()) |
    node<Kind::kDuring>[word("during") >> no_mark >> DuringNot{} >> must_name(path, "the name of a calendar")] |
    node<Kind::kDuring>[word_leaf("not") >> must(word("during"), "`during` and the name of a calendar") >>
                        must_name(path, "the name of a calendar")] |
    node<Kind::kApprove>[word("approve") >> must(word("when"), "`when` and a condition") >> must(expression, "a condition")] |
    not_yet("partition", "", "partition by");

void unknown_rule_part(Iterator p, Builder const& b) {
  // `no-loop true`: a word with dashes is one.
  Iterator end = word_end(p, b.end());
  while (end != p && b.end() - end > 1 && *end == '-' && is_word_start(end[1])) end = word_end(end + 1, b.end());
  std::string const dashed(p, end);
  Slip const* const slip = find_slip(Place::kRulePart, dashed);
  if (dashed.find('-') != std::string::npos) {
    b.fail(codes::kUnknownPart, p, end, "`" + dashed + "` is no part of a rule",
           slip != nullptr ? std::string(slip->help)
                           : "these are: " + flyball::listed({ast::kRuleWords.begin(), ast::kRuleWords.end()}, "and"));
  }
  // `if (Host.load > 3)`: what follows is no block and no line.
  Iterator const next = skip_blanks(end, b.end(), b.begin(), b.bad_bytes());
  if (slip != nullptr && slip->instead == "when" && next != b.end() && *next != '{' && !at_line(next, b))
    b.fail(codes::kUnknownPart, p, end, "`" + dashed + "` is no part of a rule", "conditions stand in a block: `when { h: Host where … }`");
  fail_unknown_word(p, b, Place::kRulePart, "a part of the rule", "part of a rule", {ast::kRuleWords.begin(), ast::kRuleWords.end()});
}
auto const rule_decl_def = must_name(name, "the rule's name") >> WholeName{} >>
                           must(block<Kind::kFields>(rule_part, unknown_rule_part, never, keep_nothing, false, {at_rule_word, never}),
                                "`{`");

auto const when_lines_def = lines<Kind::kWhen>();

}  // namespace

BOOST_SPIRIT_DEFINE(rule_decl, when_lines, the_record, either)
BOOST_SPIRIT_INSTANTIATE(RuleDeclRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(WhenLinesRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(TheRecordRule, Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(EitherRule, Iterator, Context)

}  // namespace flyball::cst
