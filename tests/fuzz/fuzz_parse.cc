// libFuzzer target: any bytes, as a file and as an expression. Whatever they are, parsing ends, gives a tree that can be
// dumped and diagnostics that can be rendered. Built only with -DFLYBALL_FUZZ=ON (clang).
#include <cstddef>
#include <cstdint>
#include <string>

#include "model/check.h"
#include "parser/ast/dump.h"
#include "parser/diagnostics/render.h"
#include "parser/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flyball;
  const std::string text(reinterpret_cast<const char*>(data), size);
  SourceFiles sources;
  if (!sources.add("fuzz.fly", text)) return 0;
  Interner in;
  Diagnostics of_file;
  (void)ast::dump(parse_file(sources, 0, in, of_file), in);
  (void)render_all(of_file, sources);
  for (const Diagnostic& d : of_file.all()) {
    FB_CHECK(d.span.begin <= d.span.end && d.span.end <= text.size());
    (void)render_json(d, sources);
  }
  Diagnostics of_expression;
  (void)ast::dump(parse_expression(sources, 0, in, of_expression), in);
  (void)render_all(of_expression, sources);
  return 0;
}
