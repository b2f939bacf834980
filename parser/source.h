// SourceFiles: the texts being compiled and where a byte offset lies in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "parser/ast/expr.h"

namespace flyball {

struct Position {  // both from 1; columns count UTF-8 code points
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

class SourceFiles {
 public:
  static constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;  // larger files are refused

  // Index of the file. `path` is what messages show.
  Result<std::uint32_t> add(std::string path, std::string text);
  const std::string& path(std::uint32_t file) const { return files_[file].path; }
  std::string_view text(std::uint32_t file) const { return files_[file].text; }
  std::string_view text(ast::Span s) const;
  Position position(std::uint32_t file, std::uint32_t offset) const;  // O(log lines)
  std::string_view line_text(std::uint32_t file, std::uint32_t line) const;
  std::size_t size() const { return files_.size(); }

 private:
  struct File {
    std::string path;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };
  std::vector<File> files_;
};

}  // namespace flyball
