// Builder: the tree under construction and how a mistake is worded. Door and invariants: builder.h.
#include "parser/grammar/builder.h"

#include <algorithm>
#include <utility>

#include "parser/diagnostics/codes.h"
#include "parser/grammar/scan.h"
#include "parser/grammar/slips.h"

namespace flyball::cst {

namespace {

// Blanks that cannot be told from others; the length of the one here.
std::size_t special_blank(std::string_view text) {
  for (const std::string_view blank : {"\u00A0", "\u200B", "\u2009", "\u202F", "\u3000", "\uFEFF"}) {
    if (text.starts_with(blank)) return blank.size();
  }
  return 0;
}

// `- -` and then a comment, before what is negated.
bool is_negated_twice(std::string_view rest) {
  const std::size_t at = rest.find_first_not_of(' ', 2);
  return at != std::string_view::npos && rest[at] == '#';
}

}  // namespace

void Builder::back(const Mark& m) {
  stack_.resize(m.stack);
  arena_.resize(m.arena);
  last_end_ = m.last_end;
}

void Builder::close(Kind kind, const Mark& m, bool broken) {
  Node n{kind,
         broken,
         m.begin,
         std::max(m.begin, last_end_),
         static_cast<std::uint32_t>(arena_.size()),
         static_cast<std::uint32_t>(stack_.size() - m.stack)};
  arena_.insert(arena_.end(), stack_.begin() + static_cast<std::ptrdiff_t>(m.stack), stack_.end());
  stack_.resize(m.stack);
  stack_.push_back(n);
}

const char* Builder::token(const char* at) {
  last_end_ = offset(at);
  // Most tokens are followed by one blank and then no comment.
  if (at != end() && (is_word(*at) || *at == '.' || *at == ',' || *at == '(' || *at == ')')) return at;
  return skip(at);
}

const char* Builder::skip(const char* at) {
  while (true) {
    at = skip_blanks(at, end(), begin(), bad_bytes_);
    if (at == end()) return at;
    const std::string_view rest(at, static_cast<std::size_t>(end() - at));
    if (rest.starts_with(';') && begins_line(at) && rest.size() > 1 && rest[1] != '\n' && rest[1] != '\r') {
      const std::size_t marks = std::min(rest.find_first_not_of(';'), rest.size());
      Diagnostic d = error(codes::kUnexpected, at, at + marks, "`;` begins no comment", "comments begin with `#`");
      d.fix = Fix{d.span, "#"};
      report_intact(std::move(d));
      at = std::find(at, end(), '\n');
    } else if (rest.starts_with(';')) {
      if (semicolon_ == kNowhere) semicolon_ = offset(at);
      if (semicolon_ == offset(at)) {
        Diagnostic d = error(codes::kUnexpected, at, at + 1, "`;` means nothing", "lines need no mark at their end, here and below");
        d.fix = Fix{d.span, ""};
        report_intact(std::move(d));
      }
      ++at;
    } else if (rest.starts_with("/*")) {
      const std::size_t stop = std::min(rest.find("*/"), rest.size());
      const char* past = at + std::min(stop + 2, rest.size());
      report_intact(error(codes::kUnexpected, at, at + 2, "`/* … */` is no comment", "begin each line of it with `#`"));
      // One without an end would swallow the file.
      at = stop == rest.size() ? std::find(at, end(), '\n') : past;
    } else if (rest.starts_with("-- ") && begins_line(at) && !is_negated_twice(rest)) {
      Diagnostic d = error(codes::kUnexpected, at, at + 2, "`--` begins no comment", "comments begin with `#`");
      d.fix = Fix{d.span, "#"};
      report_intact(std::move(d));
      at = std::find(at, end(), '\n');
    } else if (const std::size_t blank = special_blank(rest); blank > 0) {
      Diagnostic d = error(codes::kUnexpected, at, at + blank, "a special blank", "replace it by a plain one");
      d.fix = Fix{d.span, " "};
      report_intact(std::move(d));
      at += blank;
    } else {
      return at;
    }
  }
}

bool Builder::begins_line(const char* at) const {
  while (at != begin() && (at[-1] == ' ' || at[-1] == '\t')) --at;
  return at == begin() || at[-1] == '\n';
}

bool Builder::first_time(std::string_view what) {
  if (std::find(said_.begin(), said_.end(), what) != said_.end()) return false;
  said_.push_back(what);
  return true;
}

Tree Builder::take(Kind kind, const Mark& m, bool broken) {
  close(kind, m, broken);
  Tree t{stack_.back(), std::move(arena_)};
  stack_.clear();
  arena_.clear();
  return t;
}

void Builder::reuse(Tree&& tree) {
  arena_ = std::move(tree.arena);
  arena_.clear();
}

namespace {

// A token of any length may be quoted in a message; its middle is left out then, between code points.
void shorten(std::string& text) {
  constexpr std::size_t kMax = 300;
  if (text.size() <= kMax) return;
  const auto continues = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80; };
  std::size_t from = 160;
  std::size_t to = text.size() - 100;
  while (from > 0 && continues(from)) --from;
  while (to < text.size() && continues(to)) ++to;
  text.replace(from, to - from, "…");
}

}  // namespace

void Builder::report(Diagnostic d) {
  ++mistakes_;
  report_intact(std::move(d));
}

void Builder::report_intact(Diagnostic d) {
  shorten(d.message);
  shorten(d.help);
  // A byte that is not text was reported with the whole file; what it did to the grammar is the same mistake.
  const auto bad = [&](std::uint32_t at) { return std::binary_search(bad_bytes_.begin(), bad_bytes_.end(), at); };
  if (bad(d.span.begin) || (d.span.begin > 0 && bad(d.span.begin - 1))) return;
  out_.add(std::move(d));
}

Diagnostic Builder::error(const char* code, const char* from, const char* to, std::string message, std::string help) const {
  return Diagnostic{code, Severity::kError, {file_, offset(from), offset(to)}, std::move(message), std::move(help), {}};
}

void Builder::fail(const char* code, const char* from, const char* to, std::string message, std::string help) const {
  throw SyntaxError{error(code, from, to, std::move(message), std::move(help)), offset(to), false};
}

bool Builder::new_line_before(const char* at) const {
  return text_.substr(last_end_, offset(at) - std::min(last_end_, offset(at))).find('\n') != std::string_view::npos;
}

namespace {

const char* code_point_end(const char* p, const char* end) {
  ++p;
  while (p != end && (static_cast<unsigned char>(*p) & 0xC0) == 0x80) ++p;
  return p;
}

// The end of the token at p, only for messages: a word, a number with its letters, a string's quote, one character.
const char* rough_token_end(const char* p, const char* end) {
  if (p == end) return p;
  if (is_word(*p)) {
    while (p != end && is_word(*p)) ++p;
    return p;
  }
  for (const std::string_view two : {"==", "!=", "<=", ">=", "&&", "||", "??", "..", "::"}) {
    if (std::string_view(p, static_cast<std::size_t>(end - p)).starts_with(two)) return p + 2;
  }
  return code_point_end(p, end);
}

}  // namespace

std::string Builder::found(const char* at) const {
  if (at >= end()) return "the end of the file";
  return "`" + std::string(at, token_end(at)) + "`";
}

const char* Builder::token_end(const char* at) const { return rough_token_end(at, end()); }
const char* Builder::char_end(const char* at) const { return code_point_end(at, end()); }

std::string Builder::foreign_help(const char* at) const {
  const std::string_view t(at, static_cast<std::size_t>(token_end(at) - at));
  for (const Slip& mark : foreign_marks()) {
    if (t != mark.word) continue;
    if (is_foreign_quote(t)) return "write straight quotes: `\"`";
    return mark.instead.empty() ? std::string(mark.help) : "write `" + std::string(mark.instead) + "`";
  }
  // x == edge1": the text lacks its first quote.
  if ((t == "\"" || t == "'") && at != begin() && is_word(at[-1])) {
    const char* word = at;
    while (word != begin() && is_word(word[-1])) --word;
    return "a text begins with a quote, too: `" + std::string(t) + std::string(word, at) + std::string(t) + "`";
  }
  return {};
}

namespace {

std::string expected(std::string_view what, std::string_view found) {
  return "expected " + std::string(what) + ", found " + std::string(found);
}

}  // namespace

void Builder::fail_reserved(const char* at, std::string_view word) const {
  fail(codes::kReservedWord, at, at + word.size(), "`" + std::string(word) + "` is a reserved word and cannot be a name",
       "choose another word, for example `" + std::string(word) + "_`");
}

std::string_view Builder::grouped_number(const char* at) const {
  const char* comma = at;
  if (comma > begin() && comma[-1] == ',') --comma;
  if (comma == end() || *comma != ',' || comma == begin()) return {};
  const char* first = comma;
  while (first > begin() && is_digit(first[-1])) --first;
  while (comma - first == 3 && first - begin() > 1 && first[-1] == ',' && is_digit(first[-2])) {
    comma = first - 1;
    first = comma;
    while (first > begin() && is_digit(first[-1])) --first;
  }
  if (first == comma || comma - first > 3 || (first > begin() && (is_word(first[-1]) || first[-1] == '.'))) return {};
  const char* last = comma;
  while (end() - last >= 4 && *last == ',' && is_digit(last[1]) && is_digit(last[2]) && is_digit(last[3])) last += 4;
  if (last == comma || (last != end() && is_digit(*last))) return {};
  return {first, static_cast<std::size_t>(last - first)};
}

Diagnostic Builder::grouped_error(std::string_view number) const {
  Diagnostic d = error(codes::kBadNumber, number.data(), number.data() + number.size(), "digits of a number are not divided by `,`");
  std::string plain(number);
  std::erase(plain, ',');
  d.fix = Fix{d.span, std::move(plain)};
  return d;
}

void Builder::fail_expected(const char* at, std::string_view what, bool names) const {
  if (const std::string_view number = grouped_number(at); !number.empty())
    throw SyntaxError{grouped_error(number), offset(number.data() + number.size()), false};
  const std::string_view word = word_at(at, end());
  const bool after_comma = last_end_ > 0 && text_[last_end_ - 1] == ',';
  if ((names || after_comma) && is_reserved(word)) fail_reserved(at, word);
  if (names && at < end() && (*at == '"' || *at == '\'') && !new_line_before(at))
    fail(codes::kUnexpected, at, token_end(at), expected(what, found(at)), "a name stands without quotes, and its words are joined by `_`");
  if (at < end() && !new_line_before(at)) fail(codes::kUnexpected, at, token_end(at), expected(what, found(at)), foreign_help(at));
  const char* after = begin() + last_end_;
  fail(codes::kUnexpected, after, after, expected(what, at >= end() ? "the end of the file" : "the end of the line"));
}

void Builder::fail_item(const char* at, std::string_view what) const {
  if (const std::string_view number = grouped_number(at); !number.empty())
    throw SyntaxError{grouped_error(number), offset(number.data() + number.size()), false};
  if (const std::string_view word = word_at(at, end()); is_reserved(word)) fail_reserved(at, word);
  fail(codes::kUnexpected, at, token_end(at), expected(what, found(at)), foreign_help(at));
}

}  // namespace flyball::cst
