// See standard.h. The texts are made from rules/std by embed_standard.cmake.
#include "app/package/standard.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include "parser/parser.h"

namespace flyball::app {
namespace {

constexpr std::string_view kFolder = "<std>/";
constexpr std::string_view kPrefix = "std.";

// `Lost` needs no import: it is part of the language, not of what a network tells.
constexpr std::string_view kSourceModule = "std.source", kLost = "Lost";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Whether a rule text has this name outside of comments and texts, not behind a point.
bool names(std::string_view text, std::string_view name) {
  if (text.find(name) == std::string_view::npos) return false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '#' || text.substr(i).starts_with("//")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i) i += text[i] == '\\' ? 1 : 0;
      ++i;
    } else if (is_word(c)) {
      const std::size_t begin = i;
      while (i < text.size() && is_word(text[i])) ++i;
      if (text.substr(begin, i - begin) == name && (begin == 0 || text[begin - 1] != '.')) return true;
    } else {
      ++i;
    }
  }
  return false;
}

// Files that name `Lost` import its module, where the package has no such type of its own.
void import_lost(std::vector<ast::File>& files, const SourceFiles& sources) {
  const auto declares = [](const ast::File& file) {
    return std::any_of(file.types.begin(), file.types.end(), [](const ast::TypeDecl& type) { return type.name.text == kLost; });
  };
  if (std::any_of(files.begin(), files.end(), declares)) return;
  for (ast::File& file : files) {
    const bool there = std::any_of(file.imports.begin(), file.imports.end(),
                                   [](const ast::Import& import) { return import.module.text == kSourceModule; });
    if (there || !names(sources.text(file.source), kLost)) continue;
    ast::Import& import = file.imports.emplace_back();
    import.span.file = file.source;
    import.module.text = kSourceModule;
    import.module.span.file = file.source;
  }
}

}  // namespace

bool is_standard_module(std::string_view name) {
  const std::vector<StandardModule>& all = standard_modules();
  return std::any_of(all.begin(), all.end(), [&](const StandardModule& m) { return m.name == name; });
}

bool is_standard_path(std::string_view path) { return path.starts_with(kFolder); }

std::size_t add_standard_modules(std::vector<ast::File>& files, SourceFiles& sources, Interner& interner, Diagnostics& diagnostics) {
  import_lost(files, sources);
  std::set<std::string_view> declared;
  std::set<std::string_view> wanted;
  bool misspelt = false;
  for (const ast::File& file : files) {
    if (file.module) declared.insert(file.module->text);
    for (const ast::Import& import : file.imports) wanted.insert(import.module.text);
  }
  for (const std::string_view module : wanted) {
    misspelt = misspelt || (module.starts_with(kPrefix) && !declared.contains(module) && !is_standard_module(module));
  }
  std::vector<ast::File> added;
  for (const StandardModule& m : standard_modules()) {
    if (declared.contains(m.name) || !(misspelt || wanted.contains(m.name))) continue;
    const Result<std::uint32_t> index = sources.add(std::string(m.path), std::string(m.text));
    if (index) added.push_back(parse_file(sources, *index, interner, diagnostics));
  }
  const std::size_t count = added.size();
  std::move(added.begin(), added.end(), std::back_inserter(files));
  return count;
}

}  // namespace flyball::app
