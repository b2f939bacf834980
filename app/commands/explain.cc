// `flyball explain`: what a diagnostic's code means, with an example that gives it and one that does not.
#include <fmt/core.h>

#include <algorithm>

#include "app/commands/commands.h"
#include "app/diagnostics/pages.h"
#include "model/schema.h"
#include "model/suggest.h"
#include "parser/diagnostics/code_titles.h"

namespace flyball::app {
namespace {

void indented(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out += "    " + std::string(text.substr(0, end));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// E0203 of `e203`, `error[E0203]`, `[E0203]:`.
std::string code_in(std::string_view word) {
  const std::size_t bracket = word.find('[');
  if (bracket != std::string_view::npos) word.remove_prefix(bracket + 1);
  std::string code;
  for (const char c : word) {
    if (c >= 'a' && c <= 'z') {
      code += static_cast<char>(c - 'a' + 'A');
    } else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) {
      code += c;
    } else {
      break;
    }
  }
  if (code.size() > 1 && code.size() < 5 && (code[0] == 'E' || code[0] == 'W' || code[0] == 'L')) code.insert(1, 5 - code.size(), '0');
  return code;
}

class Explain : public Command {
 public:
  Manual manual() const override {
    return {.name = "explain",
            .summary = "say what a diagnostic's code means",
            .synopsis = {"explain [CODE]"},
            .description =
                "Shows what an error or a warning of `flyball check` means: in words, with an example that gives it, what `check` says of "
                "that "
                "example, and one that is right. The letter of a code may be small and its zeros missing. Without a code all codes are "
                "listed.\n\n"
                "The pages are those of docs/reference/diagnostics.md; every example is a test.",
            .examples = {{"flyball explain E0203", "the page of one code"}, {"flyball explain", "all codes with their titles"}},
            .exit_codes = "0   explained\n1   there is no such code\n64  wrong usage"};
  }
  void options(Options& options) override { options.positional("CODE", code_, "the code in the brackets of a message, as E0203", false); }

  int run(Io& io) override {
    if (code_.empty()) {
      list(io);
      return kExitFine;
    }
    const CodePage* page = find_code_page(code_in(code_));
    if (page == nullptr) {
      unknown(io);
      return kExitFailed;
    }
    show(*page, io);
    return kExitFine;
  }

 private:
  static void list(Io& io) {
    std::string out;
    std::string_view group;
    for (const CodePage& page : code_pages()) {
      if (page.group != group) {
        out += fmt::format("{}{}{}{}\n", out.empty() ? "" : "\n", io.paint_out(colour::kBold), page.group, io.paint_out(colour::kReset));
        group = page.group;
      }
      out += fmt::format("  {}  {}\n", page.code, page.title);
    }
    io.data(out);
  }

  static void show(const CodePage& page, Io& io) {
    const bool error = page.code.starts_with('E');
    std::string out =
        fmt::format("{}{}[{}]{}: {}{}{}\n", io.paint_out(error ? colour::kRed : colour::kYellow), error ? "error" : "warning", page.code,
                    io.paint_out(colour::kReset), io.paint_out(colour::kBold), page.title, io.paint_out(colour::kReset));
    for (const CodePart& part : page.parts) {
      out += '\n';
      if (!part.is_code) {
        out += part.text;
        continue;
      }
      indented(part.text, out);
      if (part.gives.empty()) continue;
      const bool lint = page.code.starts_with('L');
      out += fmt::format("\n`flyball {}` says:\n\n", lint ? "lint" : "check");
      indented(checked_example(part.text, io.out_colour, lint ? page.code : std::string_view{}), out);
    }
    io.data(out);
  }

  // Codes of which one character is another, or that have the number with the other letter.
  void unknown(Io& io) const {
    const std::string code = code_in(code_);
    std::vector<std::string> codes, near;
    for (const CodeTitle& t : kCodeTitles) codes.emplace_back(t.code);
    for (const std::string& c : codes) {
      if (code.size() == 5 && c.substr(1) == code.substr(1)) near.push_back(c);
    }
    if (near.empty()) near = nearest(code, codes);
    std::string help = "`flyball explain` lists all codes";
    if (!near.empty() && near.size() <= 9) {
      help = "near ones:";
      for (const std::string& c : near)
        help += fmt::format("\n    {}  {}", c, find_code_page(c) != nullptr ? find_code_page(c)->title : "");
    }
    io.error(fmt::format("there is no diagnostic `{}`", code_), help);
  }

  std::string code_;
};

}  // namespace

std::unique_ptr<Command> make_explain() { return std::make_unique<Explain>(); }

}  // namespace flyball::app
