// Loading: paths → texts → files → a checked package.
#include "app/package/package.h"

#include "app/io/files.h"
#include "app/package/standard.h"
#include "parser/diagnostics/render.h"
#include "parser/parser.h"
#include "parser/tables/table_files.h"

namespace flyball::app {

bool parse_into(Package& package, const std::vector<std::string>& arguments, Io& io, SymbolIndex* index) {
  const Result<std::vector<std::string>> paths = rule_paths(arguments);
  if (!paths) {
    io.error(paths.error().message, paths.error().help);
    return false;
  }
  std::vector<std::pair<std::string, std::string>> texts;
  for (const std::string& path : *paths) {
    Result<std::string> text = read_rules(path, io.in);
    if (!text) {
      io.error(text.error().message, text.error().help);
      return false;
    }
    texts.emplace_back(path == "-" ? "<stdin>" : path, std::move(*text));
  }
  const ReadTable read = [&](const std::string& path) { return read_text(path, io.in, kMaxTableFileBytes); };
  return parse_texts(package, std::move(texts), read, io, index);
}

bool parse_texts(Package& package, std::vector<std::pair<std::string, std::string>> texts, const ReadTable& read, Io& io,
                 SymbolIndex* index) {
  std::vector<ast::File> files;
  for (auto& [path, text] : texts) {
    const Result<std::uint32_t> file = package.sources.add(std::move(path), std::move(text));
    if (!file) {
      io.error(file.error().message, file.error().help);
      return false;
    }
    files.push_back(parse_file(package.sources, *file, package.interner, package.diagnostics));
  }
  package.rule_files = files.size();
  for (ast::File& one : files) read_table_files(one, package.sources, read, package.interner, package.diagnostics);
  package.standard_files = add_standard_modules(files, package.sources, package.interner, package.diagnostics);
  package.rules = check_package(std::move(files), package.sources, package.interner, package.diagnostics, index);
  return true;
}

std::unique_ptr<Package> parse_package(const std::vector<std::string>& arguments, Io& io, Interner* shared) {
  auto package = std::make_unique<Package>(shared);
  return parse_into(*package, arguments, io) ? std::move(package) : nullptr;
}

}  // namespace flyball::app
