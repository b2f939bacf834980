// Builder: what the grammar's rules write to while they parse: the tree, the mistakes and how deep they are.
// It is the X3 context of every rule. It is not the grammar and knows no X3.
// Thread safety: none; one parse, one Builder.
//
// Trees are built like a stack machine: a leaf is pushed as it is read; closing a node takes everything pushed since
// its mark as its children. A rule that fails goes back to its mark, so backtracking costs two assignments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/diagnostics/diagnostic.h"
#include "parser/grammar/cst.h"

namespace flyball::cst {

// A mistake from which the innermost list of items (lines, fields, declarations) recovers.
struct SyntaxError {
  Diagnostic diagnostic;
  std::uint32_t resume = 0;  // recovery looks for the next item from here on
  bool reported = false;     // only recovery is left to do
};

class Builder {
 public:
  static constexpr std::uint32_t kMaxArenaNodes = 64u << 20;
  static constexpr std::uint32_t kNowhere = 0xFFFF'FFFF;

  struct Mark {
    std::size_t stack, arena;
    std::uint32_t begin, last_end;
  };

  Builder(std::string_view text, std::uint32_t file, Diagnostics& out, const std::vector<std::uint32_t>& bad_bytes)
      : text_(text), file_(file), out_(out), bad_bytes_(bad_bytes) {}

  const char* begin() const { return text_.data(); }
  const char* end() const { return text_.data() + text_.size(); }
  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - text_.data()); }
  std::string_view text() const { return text_; }
  std::uint32_t file() const { return file_; }
  const std::vector<std::uint32_t>& bad_bytes() const { return bad_bytes_; }

  // The tree.
  Mark mark(const char* at) const { return {stack_.size(), arena_.size(), offset(at), last_end_}; }
  void back(const Mark& m);
  void leaf(Kind kind, const char* begin, const char* end) { stack_.push_back({kind, false, offset(begin), offset(end), 0, 0}); }
  void close(Kind kind, const Mark& m, bool broken = false);
  std::size_t pushed_since(const Mark& m) const { return stack_.size() - m.stack; }
  const Node& pushed(const Mark& m, std::size_t i) const { return stack_[m.stack + i]; }
  void keep(const Mark& m, std::size_t count) { stack_.resize(m.stack + count); }  // of what was pushed, the first
  // Ends a token at `end`; returns where the next one begins, past blanks and comments.
  const char* token(const char* end);
  // Past blanks and comments, and past what other languages have in their place (`;`, `/* */`, `-- …`), which is said.
  const char* skip(const char* at);
  std::uint32_t last_end() const { return last_end_; }
  Tree take(Kind kind, const Mark& m, bool broken);
  void reuse(Tree&& tree);

  // Mistakes. `fail…` throw SyntaxError.
  void report(Diagnostic d);
  void report_intact(Diagnostic d);  // the tree is as if it had been written right: counts as no mistake of grammar
  Diagnostic error(const char* code, const char* begin, const char* end, std::string message, std::string help = {}) const;
  [[noreturn]] void fail(const char* code, const char* begin, const char* end, std::string message, std::string help = {}) const;
  // "expected WHAT, found …", placed after the last token if the next one is on another line. `names`: WHAT is a name.
  [[noreturn]] void fail_expected(const char* at, std::string_view what, bool names = false) const;
  // The same where an item begins: placed at what stands there.
  [[noreturn]] void fail_item(const char* at, std::string_view what) const;
  // `1,000`, read as far as to its comma or past it: from its first digit to its last; empty if there is none.
  std::string_view grouped_number(const char* at) const;
  Diagnostic grouped_error(std::string_view number) const;
  std::string found(const char* at) const;         // the token at `at`, for a message
  const char* token_end(const char* at) const;     // where it ends, roughly
  const char* char_end(const char* at) const;      // of the code point at `at`
  std::string foreign_help(const char* at) const;  // if it is a mark that stands for another; else empty
  bool new_line_before(const char* at) const;
  bool begins_line(const char* at) const;
  std::size_t mistakes() const { return mistakes_; }
  void begin_declaration() {
    before_declaration_ = mistakes_;
    said_.clear();
  }
  // Whether this is the first time in this declaration: a habit is one mistake, however often it shows.
  bool first_time(std::string_view what);
  std::size_t mistakes_in_declaration() const { return mistakes_ - before_declaration_; }

  // Modes of the expression being read; see x3.h's directives.
  bool number_wins = false;  // 10:20 is not a time of day: in a map key, between `?` and `:`
  bool in_cell = false;      // `||` ends a table's inputs
  int depth = 0;
  Kind declaration = Kind::kNothing;  // which one is being read

 private:
  [[noreturn]] void fail_reserved(const char* at, std::string_view word) const;

  std::string_view text_;
  std::uint32_t file_;
  Diagnostics& out_;
  const std::vector<std::uint32_t>& bad_bytes_;  // sorted; already reported, read as blanks
  std::vector<Node> stack_;
  std::vector<Node> arena_;
  std::uint32_t last_end_ = 0;
  std::size_t mistakes_ = 0;
  std::size_t before_declaration_ = 0;
  std::vector<std::string_view> said_;
  std::uint32_t semicolon_ = kNowhere;  // the first one, for which all are said
};

}  // namespace flyball::cst
