// Rendering of diagnostics: as text for people (with the source line and a caret) and as JSON lines for tools.
// Both are deterministic; docs/reference/diagnostics.md shows them.
#pragma once

#include <string>
#include <string_view>

#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"

namespace flyball {

// error[E0203]: message
//   --> file:line:column
// 16 |     source line
//    |          ^^ help        (the fix, if there is one, stands here as: fix: `replacement`)
// Ends with a newline. `color` adds ANSI colours.
std::string render(const Diagnostic& d, const SourceFiles& sources, bool color = false);
// All, a blank line between them, and a last line when some were left out.
std::string render_all(Diagnostics& diagnostics, const SourceFiles& sources, bool color = false);

// One object on one line, without the newline: file line column end_line end_column severity code message help fix.
// `help` is null when empty; `fix` is null or {line, column, end_line, end_column, replacement}.
std::string render_json(const Diagnostic& d, const SourceFiles& sources);

// What the fix of `d`, which has one, does: "fix: `80%`", "fix: insert `,`", "fix: remove `;`".
std::string fix_text(const Diagnostic& d, const SourceFiles& sources);
// A JSON string; what is not UTF-8 becomes U+FFFD.
std::string json_text(std::string_view text);

}  // namespace flyball
