// See pages.h. Thread safety: the pages are made once and then constant.
#include "app/diagnostics/pages.h"

#include <algorithm>
#include <sstream>

#include "app/package/standard.h"
#include "parser/diagnostics/render.h"
#include "parser/parser.h"

namespace flyball::app {
namespace {

std::vector<CodePage> read_pages() {
  std::vector<CodePage> pages;
  std::istringstream in{std::string(diagnostics_page())};
  std::string group;
  bool inside = false;
  CodePage* page = nullptr;
  const auto part = [&](bool code, std::string gives) -> CodePart& {
    if (page->parts.empty() || code || page->parts.back().is_code) page->parts.push_back({code, std::move(gives), {}});
    return page->parts.back();
  };
  for (std::string line; std::getline(in, line);) {
    if (inside) {
      inside = line != "```";
      if (inside && page != nullptr) page->parts.back().text += line + "\n";
    } else if (line.starts_with("## ")) {
      const std::size_t dot = line.find("· ");
      group = dot == std::string::npos ? line.substr(3) : line.substr(dot + std::string_view("· ").size());
      page = nullptr;
    } else if (line.starts_with("### ") && line.size() > 10) {
      page = &pages.emplace_back(CodePage{line.substr(4, 5), line.substr(10), group, {}});
    } else if (line.starts_with("```")) {
      inside = true;
      if (page == nullptr) continue;
      // ```fly error=E0203, ```fly part warning=W0801
      const std::size_t equals = line.find('=');
      part(true, equals == std::string::npos ? std::string{} : line.substr(equals + 1, 5));
    } else if (page != nullptr && !(line.empty() && (page->parts.empty() || page->parts.back().is_code))) {
      part(false, {}).text += line + "\n";
    }
  }
  for (CodePage& p : pages) {
    for (CodePart& t : p.parts) {
      while (!t.is_code && t.text.ends_with("\n\n")) t.text.pop_back();
    }
  }
  return pages;
}

}  // namespace

const std::vector<CodePage>& code_pages() {
  static const std::vector<CodePage> pages = read_pages();
  return pages;
}

const CodePage* find_code_page(std::string_view code) {
  const std::vector<CodePage>& pages = code_pages();
  const auto at = std::find_if(pages.begin(), pages.end(), [&](const CodePage& p) { return p.code == code; });
  return at == pages.end() ? nullptr : &*at;
}

std::string checked_example(const std::string& example, bool colour) {
  SourceFiles sources;
  std::string name = "example.fly", text;
  std::istringstream in(example);
  const auto add = [&] {
    if (!text.empty() && !sources.add(name, text)) return;
    text.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#--- ")) {
      add();
      name = line.substr(5);
    } else {
      text += line + "\n";
    }
  }
  add();
  Interner interner;
  Diagnostics out;
  std::vector<ast::File> files;
  for (std::uint32_t i = 0; i < sources.size(); ++i) files.push_back(parse_file(sources, i, interner, out));
  add_standard_modules(files, sources, interner, out);
  static_cast<void>(check_package(std::move(files), sources, interner, out));
  return render_all(out, sources, colour);
}

}  // namespace flyball::app
