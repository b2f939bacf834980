// Files as commands see them: whole texts of rules, and lines of recorded facts read one at a time in bounded memory.
// Door: read_text, rule_paths, LineReader. Not thread-safe. No locale, no globbing: names are bytes.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace flyball::app {

// The whole file; `-` is `in`. Error: what the system said, and files above `max_bytes`.
Result<std::string> read_text(const std::string& path, std::FILE* in, std::size_t max_bytes);

// A rule file: the same, and a recording or facts in its place are said to be that.
Result<std::string> read_rules(const std::string& path, std::FILE* in);

// Rule files named by PATH… arguments: a file as it is, a folder's *.fly files at any depth in the order of their names.
// A path named twice counts once. Error: a path that does not exist, a folder without rules.
Result<std::vector<std::string>> rule_paths(const std::vector<std::string>& arguments);

// Reads lines of at most kMaxLineBytes; a longer one is reported once as oversize and skipped, the rest goes on.
class LineReader {
 public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

  // `-` is `in`, which is not closed.
  static Result<LineReader> open(const std::string& path, std::FILE* in);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  enum class Status { kLine, kOversize, kEnd, kFailed };
  // `line` views the reader's buffer until the next call; without its line end and a byte order mark. Empty lines are given.
  Status next(std::string_view& line);
  // True if next() need not wait: a whole line is here already.
  bool buffered() const { return buffer_.find('\n', at_) != std::string::npos; }
  // Waits up to timeout_ms for something to read; true if there is, or the end is. With a regular file always true.
  bool ready(int timeout_ms) const;
  // For content that is no lines: the next `n` bytes, fewer at the end, valid until the next call; they stay. And passing over bytes that
  // peek() gave.
  std::string_view peek(std::size_t n);
  void skip(std::size_t n) { at_ += n; }
  bool failed() const { return failed_; }
  std::uint64_t line_number() const { return line_number_; }
  const std::string& name() const { return name_; }  // `<stdin>` for `-`

 private:
  LineReader(std::string name, std::FILE* file, bool owned) : name_(std::move(name)), file_(file), owned_(owned) {}
  Status next_bytes(std::string_view& line);
  bool fill();

  std::string name_;
  std::FILE* file_;
  bool owned_;
  bool failed_ = false;
  std::uint64_t line_number_ = 0;
  std::string buffer_;
  std::size_t at_ = 0;
};

}  // namespace flyball::app
