// See tokens.h. Thread safety: pure functions.
#include "parser/format/tokens.h"

#include "parser/grammar/scan.h"

namespace flyball::format {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// `//` is written `#`, with a blank behind it: no doc comment comes of it.
std::string written(std::string_view comment) {
  while (!comment.empty() && is_blank(comment.back())) comment.remove_suffix(1);
  if (comment.starts_with('#')) return std::string(comment);
  comment.remove_prefix(2);
  return (comment.empty() || is_blank(comment.front()) ? "#" : "# ") + std::string(comment);
}

// Blanks and comments of text[from, to) → what is before the token at `to`.
Token after_blanks(std::string_view text, std::uint32_t from, std::uint32_t to) {
  Token t;
  t.begin = to;
  std::size_t lines = 0;
  bool own_line = from == 0 || (from == 3 && text.starts_with("\xEF\xBB\xBF"));
  for (std::uint32_t p = from; p < to;) {
    if (text[p] == '\n') {
      ++lines;
      own_line = true;
      ++p;
    } else if (text[p] == '#' || text.substr(p, 2) == "//") {
      std::size_t end = text.find('\n', p);
      if (end > to) end = to;
      t.comments.push_back({written(text.substr(p, end - p)), own_line, lines > 1});
      lines = 0;
      p = static_cast<std::uint32_t>(end);
    } else {
      ++p;
    }
  }
  t.blank_before = lines > 1;
  return t;
}

struct Collector {
  const cst::Tree& tree;
  std::string_view text;
  std::uint32_t& last;
  std::vector<Token> out;

  void token(std::uint32_t begin, std::uint32_t end) {
    Token t = after_blanks(text, last, begin);
    t.end = end;
    out.push_back(std::move(t));
    last = end;
  }
  void gap(std::uint32_t from, std::uint32_t to) {
    const char* const end = text.data() + to;
    const char* p = text.data() + from;
    while (true) {
      p = cst::skip_blanks(p, end, text.data(), {});
      if (p == end) return;
      const char* q = p;
      while (q != end && cst::is_word(*q)) ++q;
      if (q == p) {
        const std::string_view two(p, end - p >= 2 ? 2 : 1);
        q += two == "||" || two == ".?" || two == "[?" ? 2 : 1;
      }
      token(static_cast<std::uint32_t>(p - text.data()), static_cast<std::uint32_t>(q - text.data()));
      p = q;
    }
  }
  void walk(const cst::Node& n) {
    if (n.kind <= cst::Kind::kFText || n.kind == cst::Kind::kFString) {
      token(n.begin, n.end);
      return;
    }
    std::uint32_t at = n.begin;
    for (const cst::Node& c : tree.children(n)) {
      if (c.begin == c.end) continue;
      gap(at, c.begin);
      walk(c);
      at = c.end;
    }
    gap(at, n.end);
  }
};

}  // namespace

std::vector<Token> tokens_of(const cst::Tree& tree, std::string_view text, std::uint32_t& last) {
  Collector c{tree, text, last, {}};
  c.walk(tree.root);
  return std::move(c.out);
}

Token end_of(std::string_view text, std::uint32_t last) { return after_blanks(text, last, static_cast<std::uint32_t>(text.size())); }

}  // namespace flyball::format
