// Shrinking a failing case: fewer steps, then fewer declarations and lines of rules, as long as it still fails.
// Works on text, so that what is left can be kept as a file of cases/.
#pragma once

#include <functional>

#include "tests/reference/case.h"

namespace flyball::reference {

// True if the case still fails. Cases that do not compile do not fail.
using StillFails = std::function<bool(const CaseText&)>;

CaseText shrink(CaseText failing, const StillFails& still_fails);

}  // namespace flyball::reference
