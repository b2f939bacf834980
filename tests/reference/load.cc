// Text to a checked package, through the real front end.
#include "parser/parser.h"
#include "tests/reference/case.h"

namespace flyball::reference {

Result<std::unique_ptr<Loaded>> load(const std::vector<std::string>& files, const std::vector<std::size_t>& order) {
  auto out = std::make_unique<Loaded>();
  out->interner = std::make_unique<Interner>();
  SourceFiles sources;
  Diagnostics diagnostics;
  std::vector<ast::File> parsed;
  for (std::size_t at = 0; at < files.size(); ++at) {
    const std::size_t i = order.empty() ? at : order[at];
    const Result<std::uint32_t> file = sources.add("file" + std::to_string(i) + ".fly", files[i]);
    if (!file) return std::unexpected(file.error());
    parsed.push_back(parse_file(sources, *file, *out->interner, diagnostics));
  }
  if (!diagnostics.has_errors()) out->rules = check_package(std::move(parsed), sources, *out->interner, diagnostics);
  if (diagnostics.has_errors()) {
    std::string message;
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.severity != Severity::kError) continue;
      const Position p = sources.position(d.span.file, d.span.begin);
      message += sources.path(d.span.file) + ":" + std::to_string(p.line) + ":" + std::to_string(p.column) + ": " + d.code + " " +
                 d.message + " (" + d.help + ")\n    " + std::string(sources.line_text(d.span.file, p.line)) + "\n";
    }
    return fail(message);
  }
  for (const Param& p : out->rules.schema.params) out->params.push_back(p.default_value);
  return out;
}

}  // namespace flyball::reference
