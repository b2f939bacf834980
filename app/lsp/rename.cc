// Rename: every use of a declaration at once, if the rules then still mean what they meant: they are parsed and checked with the new name
// before the edit is given, so that it takes nobody else's name and hides nothing. See features.h.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/lsp/features.h"
#include "app/lsp/text.h"
#include "app/package/standard.h"
#include "model/text.h"
#include "parser/ast/keywords.h"
#include "parser/tables/table_files.h"

namespace flyball::app::lsp {

using nlohmann::json;

namespace {

// The package of an analysis with other words in some places.
class Renamed {
 public:
  Renamed(const Analysis& before, std::vector<ast::Span> places, const std::string& name)
      : before_(before), places_(std::move(places)), name_(name) {
    std::sort(places_.begin(), places_.end(),
              [](const ast::Span& a, const ast::Span& b) { return a.file != b.file ? a.file < b.file : a.begin < b.begin; });
  }

  // Error: a mistake that was not there, or a name that is another one's now.
  Result<void> means_the_same() const {
    SourceFiles sources;
    Interner interner;
    Diagnostics diagnostics;
    SymbolIndex index;
    std::vector<ast::File> files;
    for (std::uint32_t file = 0; file < before_.sources.size(); ++file) {
      // Behind the rule files stand tables, then what the program carries; both are added in that order again.
      if (is_table_file(before_.sources.path(file)) || is_standard_path(before_.sources.path(file))) break;
      const Result<std::uint32_t> added = sources.add(before_.sources.path(file), text(file));
      if (!added) return std::unexpected(added.error());
      files.push_back(parse_file(sources, *added, interner, diagnostics));
    }
    const ReadTable read = [this](const std::string& path) -> Result<std::string> {
      const std::uint32_t file = before_.file(path);
      if (file == kNoId) return fail("`" + path + "` cannot be read");
      return text(file);
    };
    for (ast::File& file : files) read_table_files(file, sources, read, interner, diagnostics);
    add_standard_modules(files, sources, interner, diagnostics);
    static_cast<void>(check_package(std::move(files), sources, interner, diagnostics, &index));
    const auto is_error = [](const Diagnostic& d) { return d.severity == Severity::kError; };
    const std::vector<Diagnostic>& now = diagnostics.all();
    const auto errors = std::count_if(before_.diagnostics.begin(), before_.diagnostics.end(), is_error);
    if (std::count_if(now.begin(), now.end(), is_error) > errors) {
      for (const Diagnostic& d : now) {
        if (!is_error(d) || was_there(d)) continue;
        return fail(fmt::format("`{}` cannot be the name: {}:{}: {}", name_, sources.path(d.span.file),
                                sources.position(d.span.file, d.span.begin).line, d.message));
      }
    }
    // Nothing is wrong; and nothing is another one's.
    const std::vector<SymbolUse>& uses = before_.index.all();
    for (const SymbolUse& use : uses) {
      const ast::Span at = moved(use.at), declaration = moved(use.declaration);
      const std::vector<const SymbolUse*> found = index.at(at.file, at.begin);
      const bool same = std::any_of(found.begin(), found.end(), [&](const SymbolUse* f) {
        return f->declaration.file == declaration.file && f->declaration.begin == declaration.begin;
      });
      if (same) continue;
      return fail(fmt::format("`{}` has a meaning already: {}:{} would be about another one", name_, before_.sources.path(use.at.file),
                              before_.sources.position(use.at.file, use.at.begin).line));
    }
    return {};
  }

 private:
  std::string text(std::uint32_t file) const {
    const std::string_view old = before_.sources.text(file);
    std::string out;
    std::size_t from = 0;
    for (const ast::Span& place : places_) {
      if (place.file != file) continue;
      out.append(old.substr(from, place.begin - from));
      out += name_;
      from = place.end;
    }
    out.append(old.substr(from));
    return out;
  }
  std::uint32_t moved(std::uint32_t file, std::uint32_t offset) const {
    std::int64_t by = 0;
    for (const ast::Span& place : places_) {
      if (place.file == file && place.end <= offset) by += static_cast<std::int64_t>(name_.size()) - (place.end - place.begin);
    }
    return static_cast<std::uint32_t>(offset + by);
  }
  ast::Span moved(const ast::Span& s) const { return {s.file, moved(s.file, s.begin), moved(s.file, s.end)}; }
  bool was_there(const Diagnostic& d) const {
    return std::any_of(before_.diagnostics.begin(), before_.diagnostics.end(), [&](const Diagnostic& old) {
      return old.code == d.code && old.span.file == d.span.file && moved(old.span.file, old.span.begin) == d.span.begin;
    });
  }

  const Analysis& before_;
  std::vector<ast::Span> places_;
  const std::string& name_;
};

}  // namespace

json prepare_rename(const Spot& s) {
  const std::vector<const SymbolUse*> found = s.analysis.index.at(s.file, s.offset);
  if (found.size() != 1 || is_standard_path(s.analysis.sources.path(found.front()->declaration.file))) return nullptr;
  return {{"range", range_of(s.analysis.text(s.file), found.front()->at.begin, found.front()->at.end)},
          {"placeholder", found.front()->name}};
}

Result<json> rename(const Spot& s, const std::string& new_name) {
  const std::vector<const SymbolUse*> found = s.analysis.index.at(s.file, s.offset);
  if (found.empty()) return fail("there is no name of these rules here");
  if (found.size() > 1)
    return fail(fmt::format("`{}` stands here for fields of several types; rename it where one of them is declared", found.front()->name));
  const SymbolUse& use = *found.front();
  if (!is_word(new_name)) return fail(fmt::format("`{}` is no name: letters, digits and `_`, not a digit first", new_name));
  if (ast::is_among(ast::kReservedWords, new_name)) return fail(fmt::format("`{}` is a word of the language", new_name));
  const bool capital = new_name[0] >= 'A' && new_name[0] <= 'Z';
  if (capital != (use.meaning == Meaning::kType))
    return fail(use.meaning == Meaning::kType ? "a type begins with a capital letter" : "only types begin with a capital letter");
  if (is_standard_path(s.analysis.sources.path(use.declaration.file)))
    return fail(fmt::format("`{}` is of the standard vocabulary: it has this name for everyone", use.name));
  std::map<std::string, json> changes;
  std::vector<ast::Span> places;
  for (const SymbolUse* other : s.analysis.index.of(use.declaration)) {
    // A field that `same` names is the other type's, too: both would have to change.
    if (s.analysis.index.at(other->at.file, other->at.begin).size() > 1) {
      const Position at = s.analysis.sources.position(other->at.file, other->at.begin);
      return fail(fmt::format("`{}` is joined by this name with another type's at {}:{}; write that join as an equality in `where` first",
                              use.name, s.analysis.sources.path(other->at.file), at.line));
    }
    json& edits = changes.try_emplace(uri_of(s.analysis.sources.path(other->at.file)), json::array()).first->second;
    edits.push_back({{"range", range_of(s.analysis.text(other->at.file), other->at.begin, other->at.end)}, {"newText", new_name}});
    places.push_back(other->at);
  }
  if (const Result<void> same = Renamed(s.analysis, std::move(places), new_name).means_the_same(); !same)
    return std::unexpected(same.error());
  return json{{"changes", changes}};
}

}  // namespace flyball::app::lsp
