// `# lint: allow L0104 because …` above a declaration: what it takes out, and what is wrong with it. See linter.h.
#include <fmt/format.h>

#include <algorithm>

#include "parser/diagnostics/code_titles.h"
#include "parser/lint/linter.h"

namespace flyball::lint {
namespace {

struct Allowance {
  ast::Span at;      // the comment
  ast::Span covers;  // the declaration below it
  std::string code;
  bool reason = false;
  bool used = false;
};

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

std::string_view word(std::string_view& s) {
  s = trimmed(s);
  const std::size_t end = std::min(s.find(' '), s.size());
  const std::string_view w = s.substr(0, end);
  s = trimmed(s.substr(end));
  return w;
}

// The declarations of the files, by where they begin.
std::vector<ast::Span> declarations(const Linter& l) {
  std::vector<ast::Span> out;
  for (const ast::RuleDecl& r : l.rules.rules) out.push_back(r.span);
  for (const ast::DecisionDecl& d : l.rules.decisions) out.push_back(d.span);
  for (const ast::TestDecl& t : l.rules.tests) out.push_back(t.span);
  for (const SymbolUse& use : l.index.all()) {
    const bool top = use.meaning == Meaning::kType || use.meaning == Meaning::kParam || use.meaning == Meaning::kConstant ||
                     use.meaning == Meaning::kFunction;
    if (top && use.is_declaration()) out.push_back(use.whole);
  }
  std::sort(out.begin(), out.end(),
            [](const ast::Span& a, const ast::Span& b) { return std::pair(a.file, a.begin) < std::pair(b.file, b.begin); });
  return out;
}

std::vector<Allowance> allowances(const Linter& l, const std::vector<ast::Span>& all) {
  std::vector<Allowance> out;
  for (std::uint32_t file = 0; file < l.sources.size(); ++file) {
    const std::string_view text = l.sources.text(file);
    if (text.find("lint:") == std::string_view::npos) continue;
    std::vector<Allowance> waiting;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = trimmed(text.substr(at, end - at));
      const auto begin = static_cast<std::uint32_t>(line.empty() ? at : static_cast<std::size_t>(line.data() - text.data()));
      std::string_view rest = line;
      if (rest.starts_with("#")) {
        while (rest.starts_with("#")) rest.remove_prefix(1);
        rest = trimmed(rest);
        if (rest.starts_with("lint:")) {
          rest = trimmed(rest.substr(5));
          Allowance a;
          a.at = {file, begin, begin + static_cast<std::uint32_t>(line.size())};
          if (word(rest) == "allow") a.code = std::string(word(rest));
          a.reason = word(rest) == "because" && !rest.empty();
          waiting.push_back(std::move(a));
        }
      } else {
        // The line below the comments: a declaration, or something that takes none.
        for (Allowance& a : waiting) {
          const auto d =
              std::find_if(all.begin(), all.end(), [&](const ast::Span& s) { return s.file == file && s.begin >= begin && s.begin < end; });
          if (d != all.end()) a.covers = *d;
          out.push_back(std::move(a));
        }
        waiting.clear();
      }
      at = end + 1;
    }
    for (Allowance& a : waiting) out.push_back(std::move(a));
  }
  return out;
}

bool is_lint(std::string_view code) {
  return code.starts_with('L') && std::any_of(kCodeTitles.begin(), kCodeTitles.end(), [&](const CodeTitle& t) { return t.code == code; });
}

}  // namespace

void apply_allowances(Linter& l) {
  const std::vector<ast::Span> all = declarations(l);
  std::vector<Allowance> allowed = allowances(l, all);
  std::erase_if(l.found, [&](const Diagnostic& d) {
    bool taken = false;
    for (Allowance& a : allowed) {
      const bool covers =
          a.covers.end > a.covers.begin && a.covers.file == d.span.file && a.covers.begin <= d.span.begin && d.span.begin < a.covers.end;
      if (!a.reason || a.code != d.code || !covers) continue;
      a.used = true;
      taken = true;
    }
    return taken;
  });
  for (const Allowance& a : allowed) {
    if (!is_lint(a.code)) {
      l.say("L0119", a.at, "this names no lint", "write `# lint: allow L0101 because …`; `flyball explain` lists the codes");
    } else if (!a.reason) {
      l.say("L0119", a.at, fmt::format("`{}` is to be allowed, and nothing says why", a.code),
            fmt::format("write `# lint: allow {} because …`", a.code));
    } else if (!a.used) {
      l.say("L0120", a.at, fmt::format("nothing below gives {}", a.code),
            a.covers.end > a.covers.begin ? "remove this comment" : "it stands right above the declaration that it is about");
    }
  }
}

}  // namespace flyball::lint
