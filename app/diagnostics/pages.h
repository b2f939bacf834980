// What each diagnostic's code means, out of docs/reference/diagnostics.md, which the program carries: a section a code, with
// an example that gives it and one that does not. The codes and titles themselves are parser/diagnostics/code_titles.h's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flyball::app {

// The whole page, as Markdown.
std::string_view diagnostics_page();

struct CodePart {
  bool is_code = false;
  std::string gives;  // of an example: the code that it gives; empty if it gives none
  std::string text;   // prose (Markdown, lines as they are) or an example
};

struct CodePage {
  std::string code, title;
  std::string group;  // the heading it stands under: "types and units"
  std::vector<CodePart> parts;
};

// In the page's order.
const std::vector<CodePage>& code_pages();
const CodePage* find_code_page(std::string_view code);

// What `flyball check` says of an example, which may be of several files (`#--- NAME`); with a lint's code what `flyball lint` says of
// that.
std::string checked_example(const std::string& example, bool colour, std::string_view lint = {});

}  // namespace flyball::app
