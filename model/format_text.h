// The format strings of `"%d of %s".format([1, "x"])`: CEL's clauses, read once for the checker and the evaluator.
// Not here: what a clause makes of a value (engine/expr/functions_format.cc). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace flyball {

inline constexpr int kMaxFormatPrecision = 100;  // digits after the point

struct FormatPiece {
  std::string_view text;  // as it stands; a view into the format string. Empty where there is a clause
  char clause = '\0';     // s d f e b o x X; '\0': text
  int precision = 6;      // of f and e
};

// Views into `format`. The error says which clause is none.
Result<std::vector<FormatPiece>> parse_format(std::string_view format);

}  // namespace flyball
