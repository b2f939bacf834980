// Blanks, words, strings, and where recovery goes on. Door: scan.h; numbers and addresses: scan_number.cc.
#include "parser/grammar/scan.h"

#include <algorithm>

#include "parser/diagnostics/codes.h"
#include "parser/diagnostics/utf8.h"

namespace flyball::cst {

const char* skip_blanks(const char* p, const char* end, const char* base, const std::vector<std::uint32_t>& bad_bytes) {
  while (p != end) {
    const char c = *p;
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++p;
    } else if (c == '#' || (c == '/' && p + 1 != end && p[1] == '/')) {
      while (p != end && *p != '\n') ++p;
    } else if (!bad_bytes.empty() && std::binary_search(bad_bytes.begin(), bad_bytes.end(), static_cast<std::uint32_t>(p - base))) {
      ++p;
    } else {
      break;
    }
  }
  return p;
}

const std::vector<std::string>& declaration_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all;
    for (const Declaration& d : kDeclarations) all.emplace_back(d.word);
    return all;
  }();
  return words;
}

bool follows_declaration_word(std::string_view w, const char* p, const char* end) {
  const char* q = p;
  if (q == end || (*q != ' ' && *q != '\t')) return false;
  while (q != end && (*q == ' ' || *q == '\t')) ++q;
  if (q == end) return false;
  if (w == "fact" || w == "event" || w == "action") return is_upper(*q);
  if (w == "mutable") return at_word(q, end, "fact");
  if (w == "test") return *q == '"';
  return is_declaration_word(w) && is_word_start(*q);
}

bool at_declaration(const char* p, const char* end) {
  const std::string_view w = word_at(p, end);
  return is_declaration_word(w) && follows_declaration_word(w, p + w.size(), end);
}

const char* type_path_end(const char* p, const char* end) {
  const char* q = p;
  while (true) {
    const char* e = word_end(q, end);
    if (e == q) return p;
    if (is_upper(*q)) return e;
    if (e == end || *e != '.') return p;
    q = e + 1;
  }
}

namespace {

// The end of the quote mark at p: one or three characters; p if there is none.
const char* quote_end(const char* p, const char* end) {
  if (p == end || (*p != '"' && *p != '\'')) return p;
  if (end - p >= 3 && p[1] == *p && p[2] == *p) return p + 3;
  return p + 1;
}

// Past the string whose quote is at p, or to where its line ends without it. `closed` says which.
const char* string_end(const char* p, const char* end, bool raw, bool& closed) {
  const char* body = quote_end(p, end);
  const bool triple = body - p == 3;
  const char quote = *p;
  closed = true;
  const char* q = body;
  while (q != end) {
    if (*q == '\\' && !raw && q + 1 != end && (triple || q[1] != '\n')) {
      q += 2;
    } else if (*q == quote && !triple) {
      return q + 1;
    } else if (*q == quote && end - q >= 3 && q[1] == quote && q[2] == quote) {
      return q + 3;
    } else if (*q == '\n' && !triple) {
      break;
    } else {
      ++q;
    }
  }
  closed = false;
  if (triple) {
    // An unclosed block of text would swallow the file; recovery goes on after the line it begins in.
    q = std::find(p, end, '\n');
  }
  return q;
}

}  // namespace

Literal scan_string(const char* p, const Builder& b) {
  const char* end = b.end();
  const char* q = p;
  bool raw = false;
  bool bytes = false;
  if (q != end && (*q == 'b' || *q == 'B')) {
    bytes = true;
    ++q;
  }
  if (q != end && (*q == 'r' || *q == 'R')) {
    raw = true;
    ++q;
  }
  if (q == end || (*q != '"' && *q != '\'')) return {p, Kind::kNothing};
  bool closed = false;
  const char* e = string_end(q, end, raw, closed);
  if (!closed) {
    const char* quote = quote_end(q, end);
    const std::string mark(q, quote);
    SyntaxError error{
        b.error(codes::kNotClosed, p, quote, "this string is not closed",
                mark.size() == 1 ? "end it with " + mark + " on the same line, or use " + mark + mark + mark + " for text of several lines"
                                 : "end it with " + mark),
        b.offset(e), false};
    throw error;
  }
  return {e, bytes ? Kind::kBytes : Kind::kString};
}

BadBytes find_bad_bytes(std::string_view text, bool controls) {
  BadBytes bad;
  const char* base = text.data();
  const char* end = base + text.size();
  const auto note = [&](const char* p) {
    const auto at = static_cast<std::uint32_t>(p - base);
    if (bad.all.empty() || bad.all.back() + 1 != at) bad.runs.push_back(at);
    bad.all.push_back(at);
  };
  for (const char* p = base; p != end;) {
    const auto c = static_cast<unsigned char>(*p);
    if (c >= 0x20 && c < 0x7F) {
      ++p;
    } else if (c < 0x20 || c == 0x7F) {
      if (controls && c != '\n' && c != '\t' && c != '\r') note(p);
      ++p;
    } else if (const std::size_t n = utf8_length(p, end); n != 0) {
      p += n;
    } else {
      note(p);
      ++p;
    }
  }
  return bad;
}

namespace {

// One step of recovery: past a string, a comment or one character.
const char* step(const char* p, const char* end) {
  if (*p == '"' || *p == '\'') {
    bool closed = false;
    return string_end(p, end, false, closed);
  }
  if (*p == '#' || (*p == '/' && p + 1 != end && p[1] == '/')) return std::find(p, end, '\n');
  return p + 1;
}

bool opens(char c) { return c == '{' || c == '(' || c == '['; }
bool closes(char c) { return c == '}' || c == ')' || c == ']'; }

// The column (in bytes) of the first thing on the line of p, and that thing.
struct Indent {
  std::ptrdiff_t width;
  const char* first;
};
Indent indent_of_line(const char* line, const char* end) {
  const char* p = line;
  while (p != end && (*p == ' ' || *p == '\t' || *p == '\r')) ++p;
  return {p - line, p};
}
const char* line_begin(const char* p, const char* base) {
  while (p != base && p[-1] != '\n') --p;
  return p;
}

}  // namespace

// Goes on at the next line that can begin an item: brackets opened by this item are closed again, or the indentation
// says that the item is over although a bracket is missing; or at the bracket that closes the list.
const char* next_item(const char* from, const char* error, const Builder& b) {
  const char* end = b.end();
  const std::ptrdiff_t own = indent_of_line(line_begin(from, b.begin()), end).width;
  int depth = 0;
  const char* p = from;
  while (p != end) {
    const char c = *p;
    if (c == '\n' && p >= error) {
      const Indent next = indent_of_line(p + 1, end);
      if (next.first == end || *next.first == '\n' || *next.first == '#') {
        ++p;
        continue;
      }
      if (depth <= 0) return next.first;
      if (next.width < own || (next.width == own && !closes(*next.first))) return next.first;
      p = next.first;
      continue;
    }
    if (opens(c)) {
      ++depth;
    } else if (closes(c)) {
      if (depth <= 0 && p >= error) {
        if (c == '}') return p;
      } else {
        --depth;
      }
    }
    const char* q = step(p, end);
    p = q == p ? p + 1 : q;
  }
  return end;
}

const char* next_declaration(const char* from, const char* error, const Builder& b) {
  const char* end = b.end();
  int depth = 0;
  const char* p = from;
  while (p != end) {
    const char c = *p;
    if (c == '\n') {
      const Indent next = indent_of_line(p + 1, end);
      if (p >= error && (next.width == 0 || depth <= 0) && at_declaration(next.first, end)) return next.first;
      p = next.first == p ? p + 1 : next.first;
      continue;
    }
    if (opens(c)) ++depth;
    if (closes(c)) depth = std::max(0, depth - 1);
    const char* q = step(p, end);
    p = q == p ? p + 1 : q;
  }
  return end;
}

}  // namespace flyball::cst
