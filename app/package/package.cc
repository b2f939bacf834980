// Loading: paths → texts → files → a checked package.
#include "app/package/package.h"

#include "app/io/files.h"
#include "app/package/standard.h"
#include "parser/diagnostics/render.h"
#include "parser/parser.h"
#include "parser/tables/table_files.h"

namespace flyball::app {

bool parse_into(Package& package, const std::vector<std::string>& arguments, Io& io) {
  const Result<std::vector<std::string>> paths = rule_paths(arguments);
  if (!paths) {
    io.error(paths.error().message, paths.error().help);
    return false;
  }
  std::vector<ast::File> files;
  for (const std::string& path : *paths) {
    Result<std::string> text = read_text(path, io.in, SourceFiles::kMaxFileBytes);
    if (!text) {
      io.error(text.error().message, text.error().help);
      return false;
    }
    const Result<std::uint32_t> index = package.sources.add(path == "-" ? "<stdin>" : path, std::move(*text));
    if (!index) {
      io.error(index.error().message, index.error().help);
      return false;
    }
    files.push_back(parse_file(package.sources, *index, package.interner, package.diagnostics));
  }
  const ReadTable read = [&](const std::string& path) { return read_text(path, io.in, kMaxTableFileBytes); };
  for (ast::File& file : files) read_table_files(file, package.sources, read, package.interner, package.diagnostics);
  package.standard_files = add_standard_modules(files, package.sources, package.interner, package.diagnostics);
  package.rules = check_package(std::move(files), package.sources, package.interner, package.diagnostics);
  return true;
}

std::unique_ptr<Package> parse_package(const std::vector<std::string>& arguments, Io& io, Interner* shared) {
  auto package = std::make_unique<Package>(shared);
  return parse_into(*package, arguments, io) ? std::move(package) : nullptr;
}

}  // namespace flyball::app
