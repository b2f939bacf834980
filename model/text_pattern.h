// TextPattern: a compiled RE2 expression (`matches`) or glob (`like`). Immutable; any number of threads may use one.
//
// A glob: `*` any text, `?` one character, `\` before a character takes it as it is; the whole text must match.
// Limits: a regex of at most kMaxPatternBytes, a glob of at most kMaxGlobBytes; RE2's program at most kMaxPatternMemory. RE2 is linear in
// the text; a glob is at most O(text × pattern).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace flyball {

inline constexpr std::size_t kMaxPatternBytes = 4096;
inline constexpr std::size_t kMaxGlobBytes = 512;
inline constexpr int kMaxPatternMemory = 8 << 20;

bool glob_matches(std::string_view glob, std::string_view text);

class TextPattern {
 public:
  static TextPattern regex(std::string_view re2);
  static TextPattern glob(std::string_view glob);
  ~TextPattern();
  TextPattern(TextPattern&&) noexcept;

  bool ok() const { return error_.empty(); }
  // What is wrong with it: "missing ): ^db(".
  const std::string& error() const { return error_; }
  // Only if ok(). A regex may match anywhere, a glob matches the whole.
  bool matches(std::string_view text) const;
  const std::string& source() const { return source_; }

 private:
  TextPattern();
  struct Regex;
  enum class Form : unsigned char { kRegex, kExact, kPrefix, kSuffix, kAround, kAny, kGlob };
  Form form_ = Form::kGlob;
  std::string source_, error_;
  std::string head_, tail_;  // fixed texts at the ends of a glob with one `*`
  std::unique_ptr<Regex> regex_;
};

}  // namespace flyball
