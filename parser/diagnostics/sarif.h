// Diagnostics as SARIF 2.1.0 (OASIS), which code hosts and editors read: one run, its rules, its results with their fixes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"

namespace flyball {

// One JSON document with a line end. `version` is the program's.
std::string render_sarif(const std::vector<Diagnostic>& diagnostics, const SourceFiles& sources, std::string_view version);

}  // namespace flyball
