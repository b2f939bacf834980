// See fix.h. Thread safety: pure function.
#include "app/package/fix.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "app/package/standard.h"
#include "parser/parser.h"

namespace flyball::app {
namespace {

// What makes two fixes the same one, tried again: the same words in the same place of the same line.
using Tried = std::tuple<std::uint32_t, std::string, std::string, std::uint32_t, std::string>;

Tried tried(const Diagnostic& d, const SourceFiles& sources) {
  const Position at = sources.position(d.fix->span.file, d.fix->span.begin);
  return {d.fix->span.file, d.code, d.fix->replacement, at.column, std::string(sources.line_text(d.fix->span.file, at.line))};
}

// The fixes of one round that do not touch each other, by place.
std::vector<const Diagnostic*> chosen(const std::vector<Diagnostic>& all, const SourceFiles& sources, std::set<Tried>& before) {
  std::vector<const Diagnostic*> fixes;
  for (const Diagnostic& d : all) {
    const bool wanted = d.severity == Severity::kError && d.fix && !d.fix->choice && !is_standard_path(sources.path(d.fix->span.file));
    if (wanted && !before.contains(tried(d, sources))) fixes.push_back(&d);
  }
  const auto place = [](const Diagnostic* d) { return std::tuple(d->fix->span.file, d->fix->span.begin, d->fix->span.end); };
  std::stable_sort(fixes.begin(), fixes.end(), [&](const Diagnostic* a, const Diagnostic* b) { return place(a) < place(b); });
  std::vector<const Diagnostic*> out;
  for (const Diagnostic* d : fixes) {
    const ast::Span& span = d->fix->span;
    if (!out.empty()) {
      const ast::Span& last = out.back()->fix->span;
      const bool inserts = span.begin == span.end || last.begin == last.end;
      if (last.file == span.file && (span.begin < last.end || (inserts && span.begin == last.end))) continue;
    }
    out.push_back(d);
  }
  for (const Diagnostic* d : out) before.insert(tried(*d, sources));
  return out;
}

// The mistakes of grammar, by file.
std::vector<std::size_t> unread(const std::vector<Diagnostic>& all, std::size_t files) {
  std::vector<std::size_t> n(files);
  for (const Diagnostic& d : all) {
    if (d.span.file < files && d.code.starts_with("E01")) ++n[d.span.file];  // not of the standard modules
  }
  return n;
}

// What a round does, so that it can be taken back.
struct Round {
  std::vector<Text> texts;          // before it
  std::vector<std::size_t> unread;  // likewise
  std::vector<std::pair<std::uint32_t, AppliedFix>> fixes;

  // Whether the texts of files that parse worse than before it are theirs again.
  bool take_back(std::vector<Text>& now, const std::vector<std::size_t>& unread_now) {
    bool any = false;
    for (std::uint32_t f = 0; f < texts.size(); ++f) {
      if (unread_now[f] <= unread[f]) continue;
      any = std::erase_if(fixes, [&](const auto& fix) { return fix.first == f; }) > 0 || any;
      now[f].text = texts[f].text;
    }
    return any;
  }
};

}  // namespace

FixResult fix_texts(std::vector<Text> texts, const ReadTable& read) {
  FixResult result;
  const std::size_t given = texts.size();
  std::set<Tried> before;
  Round last;
  for (int round = 0;; ++round) {
    SourceFiles sources;
    Interner interner;
    Diagnostics diagnostics;
    std::vector<ast::File> files;
    for (const Text& t : texts) {
      const Result<std::uint32_t> index = sources.add(t.path, t.text);
      if (!index) return result;  // too large by its fixes
      if (*index < given) files.push_back(parse_file(sources, *index, interner, diagnostics));
    }
    if (read) {
      for (ast::File& file : files) read_table_files(file, sources, read, interner, diagnostics);
      for (std::uint32_t i = static_cast<std::uint32_t>(texts.size()); i < sources.size(); ++i) {
        texts.push_back({sources.path(i), std::string(sources.text(i))});
        result.tables.push_back(texts.back());
      }
    }
    add_standard_modules(files, sources, interner, diagnostics);
    static_cast<void>(check_package(std::move(files), sources, interner, diagnostics));
    const std::vector<Diagnostic>& all = diagnostics.all();
    std::vector<std::size_t> mistakes = unread(all, texts.size());
    if (last.take_back(texts, mistakes)) continue;
    for (auto& fix : last.fixes) result.applied.push_back(std::move(fix.second));
    last = {texts, std::move(mistakes), {}};
    if (round == 0) result.errors_before = diagnostics.error_count();
    result.errors_left = diagnostics.error_count();
    result.warnings_with_fix = static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.severity == Severity::kWarning && d.fix; }));
    result.choices =
        static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.fix && d.fix->choice; }));
    result.texts = texts;
    const std::vector<const Diagnostic*> fixes = chosen(all, sources, before);
    if (fixes.empty()) return result;
    if (round == kMaxFixRounds) {
      result.circle = true;
      return result;
    }
    for (const Diagnostic* d : fixes) {
      const Position at = sources.position(d->fix->span.file, d->fix->span.begin);
      // A foreign aggregate is said instead of what is behind its name.
      if (d->code == "E0310") ++last.unread[d->fix->span.file];
      last.fixes.push_back({d->fix->span.file,
                            {fmt::format("{}:{}:{}", sources.path(d->fix->span.file), at.line, at.column), d->code,
                             std::string(sources.text(d->fix->span)), d->fix->replacement}});
    }
    // From the last to the first, so that places stay right.
    for (auto d = fixes.rbegin(); d != fixes.rend(); ++d) {
      const Fix& fix = *(*d)->fix;
      texts[fix.span.file].text.replace(fix.span.begin, fix.span.end - fix.span.begin, fix.replacement);
    }
  }
}

}  // namespace flyball::app
