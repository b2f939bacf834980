// See standard.h. The texts are made from rules/std by embed_standard.cmake.
#include "app/package/standard.h"

#include <algorithm>
#include <set>
#include <string>

#include "parser/parser.h"

namespace flyball::app {
namespace {

constexpr std::string_view kFolder = "<std>/";
constexpr std::string_view kPrefix = "std.";

}  // namespace

bool is_standard_module(std::string_view name) {
  const std::vector<StandardModule>& all = standard_modules();
  return std::any_of(all.begin(), all.end(), [&](const StandardModule& m) { return m.name == name; });
}

bool is_standard_path(std::string_view path) { return path.starts_with(kFolder); }

std::size_t add_standard_modules(std::vector<ast::File>& files, SourceFiles& sources, Interner& interner, Diagnostics& diagnostics) {
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
