// The canonical form of a rule file: `flyball fmt`. No options. Comments are kept where they stand, of several empty
// lines one; what the text means is the same, which is checked before it is given.
// docs/reference/format.md says what the form is. Thread safety: one call, one thread.
#pragma once

#include <optional>
#include <string>

#include "model/interner.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"

namespace flyball {

// Nothing if the file has a mistake of grammar, which `out` then has.
std::optional<std::string> format_file(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out);

}  // namespace flyball
