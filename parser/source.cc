// SourceFiles: texts and places. Not reading of files (app/ does that). Door: parser/source.h.
// Thread safety: const members may be called from several threads once all files are added.
// INVARIANT: line_starts is sorted and begins with 0.
#include "parser/source.h"

#include <algorithm>

#include "model/check.h"

namespace flyball {

Result<std::uint32_t> SourceFiles::add(std::string path, std::string text) {
  if (text.size() > kMaxFileBytes) {
    return fail("`" + path + "` is larger than 16 MiB", "split it into several files of one module");
  }
  File file{std::move(path), std::move(text), {0}};
  for (std::size_t at = file.text.find('\n'); at != std::string::npos; at = file.text.find('\n', at + 1)) {
    file.line_starts.push_back(static_cast<std::uint32_t>(at + 1));
  }
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::string_view SourceFiles::text(ast::Span s) const {
  FB_CHECK(s.file < files_.size());
  const std::string_view whole = files_[s.file].text;
  if (s.begin >= whole.size() || s.end <= s.begin) return {};
  return whole.substr(s.begin, s.end - s.begin);
}

Position SourceFiles::position(std::uint32_t file, std::uint32_t offset) const {
  FB_CHECK(file < files_.size());
  const File& f = files_[file];
  const auto limit = static_cast<std::uint32_t>(f.text.size());
  offset = std::min(offset, limit);
  const auto after = std::upper_bound(f.line_starts.begin(), f.line_starts.end(), offset);
  const std::uint32_t start = *(after - 1);
  Position p{static_cast<std::uint32_t>(after - f.line_starts.begin()), 1};
  for (std::uint32_t i = start; i < offset; ++i) {
    // Every byte that does not continue a code point begins one.
    if ((static_cast<unsigned char>(f.text[i]) & 0xC0) != 0x80) ++p.column;
  }
  return p;
}

std::string_view SourceFiles::line_text(std::uint32_t file, std::uint32_t line) const {
  FB_CHECK(file < files_.size());
  const File& f = files_[file];
  if (line == 0 || line > f.line_starts.size()) return {};
  std::string_view rest = std::string_view(f.text).substr(f.line_starts[line - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

}  // namespace flyball
