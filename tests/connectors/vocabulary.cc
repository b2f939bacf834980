// Reading and checking three files.
#include "tests/connectors/vocabulary.h"

#include <stdexcept>

#include "parser/parser.h"
#include "tests/connectors/fake_socket.h"

namespace flyball::connectors::testing {

Vocabulary::Vocabulary() {
  SourceFiles sources;
  Diagnostics diagnostics;
  std::vector<ast::File> files;
  for (const char* name : {"lb", "host", "connector"}) {
    const std::string path = std::string(FLYBALL_SOURCE_DIR) + "/rules/" + name + "/types.fly";
    const auto file = sources.add(path, read_text(path));
    files.push_back(parse_file(sources, file.value(), interner, diagnostics));
  }
  rules = check_package(std::move(files), sources, interner, diagnostics);
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity == Severity::kError) throw std::runtime_error(d.message);
  }
}

}  // namespace flyball::connectors::testing
