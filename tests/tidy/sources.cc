// Finding and reading our own sources, and blanking what is not code in them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/tidy/checks.h"

namespace flyball::tidy {
namespace {

bool is_ours(const std::filesystem::path& file) {
  static const std::vector<std::string> kExtensions = {".h", ".cc", ".py", ".fly", ".cmake", ".sh"};
  return file.filename() == "CMakeLists.txt" || file.filename() == "Makefile" ||
         std::find(kExtensions.begin(), kExtensions.end(), file.extension().string()) != kExtensions.end();
}

bool is_skipped_folder(const std::string& name) { return name.starts_with(".") || name.starts_with("build") || name == "__pycache__"; }

}  // namespace

std::vector<SourceText> our_sources(const std::string& root) {
  namespace fs = std::filesystem;
  std::vector<SourceText> out;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    if (it->is_directory() && is_skipped_folder(it->path().filename().string())) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() && is_ours(it->path())) {
      std::ifstream in(it->path(), std::ios::binary);
      out.push_back({fs::relative(it->path(), root).generic_string(), std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  std::sort(out.begin(), out.end(), [](const SourceText& a, const SourceText& b) { return a.path < b.path; });
  return out;
}

std::string code_only(std::string_view text) {
  std::string out(text);
  auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t k = from; k < to && k < out.size(); ++k) {
      if (out[k] != '\n') out[k] = ' ';
    }
  };
  std::size_t i = 0;
  while (i < text.size()) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("//")) {
      const std::size_t end = std::min(text.find('\n', i), text.size());
      blank(i, end);
      i = end;
    } else if (rest.starts_with("/*")) {
      const std::size_t close = text.find("*/", i + 2);
      const std::size_t end = close == std::string_view::npos ? text.size() : close + 2;
      blank(i, end);
      i = end;
    } else if (rest.starts_with("R\"")) {
      const std::size_t open = text.find('(', i);
      if (open == std::string_view::npos) return out;
      const std::string close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
      const std::size_t at = text.find(close, open);
      const std::size_t end = at == std::string_view::npos ? text.size() : at + close.size();
      blank(i, end);
      i = end;
    } else if (rest.starts_with("#include")) {
      i = std::min(text.find('\n', i), text.size());  // the quoted path of an include is code
    } else if (text[i] == '"' || (text[i] == '\'' && !(i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1])) != 0))) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != text[i] && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
      blank(i + 1, std::min(end, text.size()));
      i = end + 1;
    } else {
      ++i;
    }
  }
  return out;
}

}  // namespace flyball::tidy
