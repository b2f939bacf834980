// Random cases of rules whose lines are tied by where something lies: addresses in prefixes, numbers and times between two ends. Points and
// spans are few and lie on each other's borders.
#pragma once

#include <cstdint>

#include "tests/reference/case.h"

namespace flyball::reference {

CaseText spanning_case(std::uint64_t seed);

}  // namespace flyball::reference
