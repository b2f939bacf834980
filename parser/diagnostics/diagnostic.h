// Diagnostic: one mistake of an author, as a value; collected, never thrown. Rendering is render.h's.
// Wording (docs/reference/diagnostics.md): message lower case, one line, names in `backticks`, says what is wrong;
// help says what to do; a fix is a replacement a tool can apply. Never a parser's internal name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/ast/expr.h"

namespace flyball {

enum class Severity : std::uint8_t { kError, kWarning };

struct Fix {
  ast::Span span;  // replaced by `replacement`; empty span: inserted there
  std::string replacement;
  bool choice = false;  // part of it is the author's to choose: shown and offered, never applied unasked
};

struct Diagnostic {
  std::string code;  // "E0203"; stable for ever, one per kind of mistake
  Severity severity = Severity::kError;
  ast::Span span;  // what the caret underlines
  std::string message;
  std::string help;  // may be empty
  std::optional<Fix> fix;
};

// What a misspelt `word` most likely is: the one nearest of `names` is the fix; several are all listed in the help, and so is
// one that means the opposite;
// false if none is near. `quoted`: they are texts.
bool suggest(Diagnostic& d, std::string_view word, const std::vector<std::string>& names, bool quoted = false);

// Collects diagnostics; keeps at most kMaxPerFile errors of a file and counts the rest.
class Diagnostics {
 public:
  static constexpr std::size_t kMaxPerFile = 100;
  void add(Diagnostic d);
  // A declaration with a mistake of grammar: what later passes find inside it may follow from what did not parse, and is
  // left out. Its own diagnostics are there already.
  void mute(ast::Span declaration) { muted_.push_back(declaration); }
  // Whether anything was left out: what is missing may have been in it.
  bool has_muted() const { return !muted_.empty(); }
  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  std::size_t suppressed() const { return suppressed_; }
  // Sorted by file, then place.
  const std::vector<Diagnostic>& all();

 private:
  std::vector<Diagnostic> items_;
  std::vector<std::size_t> per_file_;
  std::vector<ast::Span> muted_;
  std::size_t errors_ = 0;
  std::size_t suppressed_ = 0;
};

}  // namespace flyball
