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

// The mistakes of grammar, by file, and those of them that have no fix.
struct Unread {
  std::vector<std::size_t> all, for_good;
};
Unread unread(const std::vector<Diagnostic>& all, std::size_t files) {
  Unread n{std::vector<std::size_t>(files), std::vector<std::size_t>(files)};
  for (const Diagnostic& d : all) {
    if (d.span.file >= files || !d.code.starts_with("E01")) continue;  // of the standard modules
    ++n.all[d.span.file];
    if (!d.fix) ++n.for_good[d.span.file];
  }
  return n;
}

// What makes two mistakes the same one, wherever it is now.
std::set<std::pair<std::string, std::string>> said(const std::vector<Diagnostic>& all) {
  std::set<std::pair<std::string, std::string>> out;
  for (const Diagnostic& d : all) out.emplace(d.code, d.message);
  return out;
}

// What a round does, so that it can be taken back.
struct Round {
  struct Change {
    ast::Span span;  // in the text before it
    std::string replacement;
    AppliedFix shown;
  };
  std::vector<Text> texts;          // before it
  std::vector<std::size_t> unread;  // likewise
  std::set<std::pair<std::string, std::string>> said;
  std::vector<Change> changes;  // by place

  void apply(std::vector<Text>& now) const {
    // From the last to the first, so that places stay right.
    for (auto c = changes.rbegin(); c != changes.rend(); ++c)
      now[c->span.file].text.replace(c->span.begin, c->span.end - c->span.begin, c->replacement);
  }

  // Whether changes behind which the text still cannot be read, and nobody knows how it would be, are taken back: what they say was not
  // meant, or it does not help.
  bool take_back_blind(std::vector<Text>& now, const std::vector<Diagnostic>& all) {
    std::vector<Change> kept;
    std::int64_t shift = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const ast::Span& span = changes[i].span;
      if (i > 0 && changes[i - 1].span.file != span.file) shift = 0;
      const auto begin = static_cast<std::size_t>(span.begin + shift);
      const std::string& text = now[span.file].text;
      const std::size_t next = std::min(text.find_first_not_of(' ', begin + changes[i].replacement.size()), text.size());
      shift += static_cast<std::int64_t>(changes[i].replacement.size()) - (span.end - span.begin);
      const bool blind = std::any_of(all.begin(), all.end(), [&](const Diagnostic& d) {
        const bool here = d.span.file == span.file && d.span.begin >= begin && d.span.begin <= next;
        return here && d.code.starts_with("E01") && !d.fix && !said.contains({d.code, d.message});
      });
      if (!blind) kept.push_back(changes[i]);
    }
    if (kept.size() == changes.size()) return false;
    changes = std::move(kept);
    for (std::size_t f = 0; f < texts.size(); ++f) now[f].text = texts[f].text;
    apply(now);
    return true;
  }

  // Whether the texts of files that parse worse than before it are theirs again. What it uncovered and is to be fixed in turn is not worse.
  bool take_back(std::vector<Text>& now, const std::vector<std::size_t>& unread_now) {
    bool any = false;
    for (std::uint32_t f = 0; f < texts.size(); ++f) {
      if (unread_now[f] <= unread[f]) continue;
      any = std::erase_if(changes, [&](const Change& c) { return c.span.file == f; }) > 0 || any;
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
    Unread mistakes = unread(all, texts.size());
    if (last.take_back(texts, mistakes.for_good) || last.take_back_blind(texts, all)) continue;
    for (Round::Change& c : last.changes) result.applied.push_back(std::move(c.shown));
    last = {texts, std::move(mistakes.all), said(all), {}};
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
      last.changes.push_back({d->fix->span,
                              d->fix->replacement,
                              {fmt::format("{}:{}:{}", sources.path(d->fix->span.file), at.line, at.column), d->code,
                               std::string(sources.text(d->fix->span)), d->fix->replacement}});
    }
    last.apply(texts);
  }
}

}  // namespace flyball::app
